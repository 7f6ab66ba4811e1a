//! What a mesh counts.

use std::collections::HashMap;

/// Counters of one mesh.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MeshStats {
    /// Calls made that got a reply.
    pub calls_ok: u64,
    /// Calls made that failed, by status name.
    pub calls_failed: HashMap<String, u64>,
    /// Calls made that have no answer yet.
    pub calls_in_flight: u64,
    /// Requests that handlers were given.
    pub requests_handled: u64,
    /// Requests that handlers are at work on.
    pub requests_in_flight: u64,
    /// Events published.
    pub events_published: u64,
    /// Events put into queues.
    pub events_delivered: u64,
    /// Events lost by overflow.
    pub events_dropped: u64,
    /// Registrations of this mesh.
    pub registrations: u64,
    /// Other nodes that are connected.
    pub peers: u64,
    /// Messages that went over the fabric, either way.
    pub fabric_messages: u64,
    /// Payload bytes handed to the fabric.
    pub bytes_sent: u64,
    /// Payload bytes that came from it.
    pub bytes_received: u64,
}

impl From<commy::MeshStats> for MeshStats {
    fn from(stats: commy::MeshStats) -> Self {
        let commy::MeshStats {
            calls_ok,
            calls_failed,
            calls_in_flight,
            requests_handled,
            requests_in_flight,
            events_published,
            events_delivered,
            events_dropped,
            registrations,
            peers,
            fabric_messages,
            bytes_sent,
            bytes_received,
        } = stats;
        Self {
            calls_ok,
            calls_failed: calls_failed
                .into_iter()
                .map(|(status, count)| (status.name().to_owned(), count))
                .collect(),
            calls_in_flight,
            requests_handled,
            requests_in_flight,
            events_published,
            events_delivered,
            events_dropped,
            registrations,
            peers,
            fabric_messages,
            bytes_sent,
            bytes_received,
        }
    }
}
