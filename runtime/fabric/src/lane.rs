//! The way out to one peer, on which nobody waits. Zenoh's own queue makes its writer wait while a
//! peer does not read, and the writers here are actors and users' threads. So a message is written
//! at once while the peer has lately shown that it reads, and is queued for a thread of the link's
//! own otherwise; when too much is queued, the message is refused.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use commy_core::Bytes;
use parking_lot::Mutex;
use tokio::runtime::Handle;
use zenoh::key_expr::KeyExpr;

use crate::{
    carrier::{Carrier, Congestion, Haste, Parcel},
    shortcut::Shortcut,
};

/// How much may be written at once since the peer last said something: what the buffers between
/// two processes of one host hold for certain.
const UNHEARD_BYTES_MAX: usize = 96 * 1024;
/// How much may be queued for a peer that does not read, or reads slowly.
const QUEUED_BYTES_MAX: usize = 64 << 20;
/// How many messages may be queued for it.
const QUEUED_MAX: usize = 16_384;

/// The way out to one peer.
pub(crate) struct Lane {
    inbox: KeyExpr<'static>,
    carrier: Arc<Carrier>,
    runtime: Handle,
    /// The way past Zenoh, if the peer is a neighbour.
    shortcut: Option<Arc<Shortcut>>,
    /// What was written since the peer was last heard of.
    unheard_bytes: AtomicUsize,
    queue: Mutex<Queue>,
}

#[derive(Default)]
struct Queue {
    parcels: VecDeque<Parcel>,
    bytes: usize,
    /// Whether a thread is busy with what is queued.
    is_emptied: bool,
}

/// The peer does not read what is sent to it: this much waits for it already.
#[derive(Debug)]
pub(crate) struct Full {
    pub(crate) messages: usize,
    pub(crate) bytes: usize,
}

impl Lane {
    pub(crate) fn new(
        inbox: KeyExpr<'static>,
        carrier: Arc<Carrier>,
        runtime: Handle,
        shortcut: Option<Arc<Shortcut>>,
    ) -> Self {
        Self {
            inbox,
            carrier,
            runtime,
            shortcut,
            unheard_bytes: AtomicUsize::new(0),
            queue: Mutex::default(),
        }
    }

    /// The peer said something: it is alive and reads.
    pub(crate) fn heard(&self) {
        self.unheard_bytes.store(0, Relaxed);
    }

    /// Sends a call or a reply, never waiting, the shortest way that takes it.
    pub(crate) fn carry(self: &Arc<Self>, envelope: Vec<u8>, payload: Bytes) -> Result<(), Full> {
        if let Some(shortcut) = &self.shortcut
            && shortcut.write(&envelope, &payload)
        {
            self.carrier.traffic.sent(payload.len());
            return Ok(());
        }
        self.send(self.carrier.parcel(envelope, payload))
    }

    /// Says that nobody waits for a call any more: each way on which the call may be, as a
    /// cancellation that comes before its call is none.
    pub(crate) fn cancel(self: &Arc<Self>, envelope: Vec<u8>) -> Result<(), Full> {
        if let Some(shortcut) = &self.shortcut {
            shortcut.write(&envelope, &[]);
        }
        self.send(Parcel::upkeep(envelope))
    }

    /// Whether what was to go past Zenoh is on its way.
    pub(crate) fn is_shortcut_idle(&self) -> bool {
        self.shortcut.as_ref().is_none_or(|way| way.is_idle())
    }

    /// Sends a message over Zenoh, never waiting. What one caller sends arrives in the order of
    /// sending as long as all of it is queued or none; replies and requests need no order.
    pub(crate) fn send(self: &Arc<Self>, parcel: Parcel) -> Result<(), Full> {
        let bytes = parcel.bytes();
        let mut queue = self.queue.lock();
        if !queue.is_emptied {
            let unheard = self.unheard_bytes.fetch_add(bytes, Relaxed);
            if unheard + bytes <= UNHEARD_BYTES_MAX {
                drop(queue);
                // One that goes out alone must not wait; where many go, they share what each costs.
                let haste = if unheard == 0 || !parcel.is_counted {
                    Haste::Express
                } else {
                    Haste::Together
                };
                self.write(parcel, haste);
                return Ok(());
            }
        } else if queue.parcels.len() >= QUEUED_MAX || queue.bytes >= QUEUED_BYTES_MAX {
            return Err(Full {
                messages: queue.parcels.len(),
                bytes: queue.bytes,
            });
        }
        queue.bytes += bytes;
        queue.parcels.push_back(parcel);
        if !queue.is_emptied {
            queue.is_emptied = true;
            let lane = Arc::clone(self);
            self.runtime.spawn_blocking(move || lane.empty());
        }
        Ok(())
    }

    /// Writes what is queued, waiting for the peer as long as Zenoh does.
    fn empty(&self) {
        loop {
            let mut queue = self.queue.lock();
            let Some(parcel) = queue.parcels.pop_front() else {
                queue.is_emptied = false;
                return;
            };
            queue.bytes -= parcel.bytes();
            drop(queue);
            self.write(parcel, Haste::Express);
        }
    }

    fn write(&self, parcel: Parcel, haste: Haste) {
        // On a closed link nobody waits for what was sent: closing ends all calls.
        let _ = self
            .carrier
            .put(&self.inbox, parcel, Congestion::Wait, haste);
    }
}
