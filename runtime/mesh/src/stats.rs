//! What a mesh counts. Every counter is written where the thing happens and read without a lock.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

use commy_core::Status;

use crate::fabric::Traffic;

/// Counters of one mesh since it was created. All but the gauges only rise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MeshStats {
    /// Calls made that got a reply.
    pub calls_ok: u64,
    /// Calls made that failed, by status; a status that never occurred is absent.
    pub calls_failed: BTreeMap<Status, u64>,
    /// Gauge: calls made that have no answer yet.
    pub calls_in_flight: u64,
    /// Requests that handlers of this mesh were given.
    pub requests_handled: u64,
    /// Gauge: requests that handlers of this mesh are at work on.
    pub requests_in_flight: u64,
    /// Events published.
    pub events_published: u64,
    /// Events put into queues of this mesh's subscriptions.
    pub events_delivered: u64,
    /// Events that this mesh's subscriptions lost by their overflow policy.
    pub events_dropped: u64,
    /// Gauge: registrations of this mesh.
    pub registrations: u64,
    /// Gauge: other nodes of the mesh that are connected.
    pub peers: u64,
    /// Messages that went over the fabric, to or from this node: calls, replies and events. A
    /// message within this process never does.
    pub fabric_messages: u64,
    /// Bytes of payload sent over the fabric.
    pub bytes_sent: u64,
    /// Bytes of payload received over the fabric.
    pub bytes_received: u64,
}

/// The live counters behind [`MeshStats`].
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) calls_ok: AtomicU64,
    calls_failed: [AtomicU64; Status::ALL.len()],
    pub(crate) calls_in_flight: AtomicU64,
    pub(crate) requests_handled: AtomicU64,
    pub(crate) requests_in_flight: AtomicU64,
    pub(crate) events_published: AtomicU64,
    pub(crate) events_delivered: AtomicU64,
    pub(crate) events_dropped: AtomicU64,
    pub(crate) registrations: AtomicU64,
}

impl Counters {
    pub(crate) fn call_failed(&self, status: Status) {
        if let Some(place) = Status::ALL.iter().position(|each| *each == status) {
            self.calls_failed[place].fetch_add(1, Relaxed);
        }
    }

    /// All counters; what is counted by the node is passed in.
    pub(crate) fn read(&self, peers: u64, traffic: Traffic) -> MeshStats {
        let Traffic {
            messages_sent,
            messages_received,
            bytes_sent,
            bytes_received,
        } = traffic;
        MeshStats {
            calls_ok: self.calls_ok.load(Relaxed),
            calls_failed: Status::ALL
                .into_iter()
                .zip(&self.calls_failed)
                .map(|(status, count)| (status, count.load(Relaxed)))
                .filter(|(_, count)| *count > 0)
                .collect(),
            calls_in_flight: self.calls_in_flight.load(Relaxed),
            requests_handled: self.requests_handled.load(Relaxed),
            requests_in_flight: self.requests_in_flight.load(Relaxed),
            events_published: self.events_published.load(Relaxed),
            events_delivered: self.events_delivered.load(Relaxed),
            events_dropped: self.events_dropped.load(Relaxed),
            registrations: self.registrations.load(Relaxed),
            peers,
            fabric_messages: messages_sent + messages_received,
            bytes_sent,
            bytes_received,
        }
    }
}

/// Counts something as present for as long as it lives.
#[derive(Debug)]
pub(crate) struct Present<'c>(&'c AtomicU64);

impl<'c> Present<'c> {
    pub(crate) fn in_gauge(gauge: &'c AtomicU64) -> Self {
        gauge.fetch_add(1, Relaxed);
        Self(gauge)
    }
}

impl Drop for Present<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}
