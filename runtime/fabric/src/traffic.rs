//! What went over a link, counted.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use commy_mesh::Traffic;

/// Counters that all of a link's threads add to.
#[derive(Default)]
pub(crate) struct Counters {
    messages_sent: AtomicU64,
    messages_received: AtomicU64,
    bytes_sent: AtomicU64,
    bytes_received: AtomicU64,
}

impl Counters {
    pub(crate) fn sent(&self, payload_bytes: usize) {
        self.messages_sent.fetch_add(1, Relaxed);
        self.bytes_sent.fetch_add(payload_bytes as u64, Relaxed);
    }

    pub(crate) fn received(&self, payload_bytes: usize) {
        self.messages_received.fetch_add(1, Relaxed);
        self.bytes_received.fetch_add(payload_bytes as u64, Relaxed);
    }

    pub(crate) fn read(&self) -> Traffic {
        Traffic {
            messages_sent: self.messages_sent.load(Relaxed),
            messages_received: self.messages_received.load(Relaxed),
            bytes_sent: self.bytes_sent.load(Relaxed),
            bytes_received: self.bytes_received.load(Relaxed),
        }
    }
}
