//! The numbers that a node gives: none of them twice, also when it ends and is launched again, as
//! others may still know what had them.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// The numbers that a node gives.
#[derive(Debug, Default)]
pub(crate) struct Numbers {
    serials: AtomicU64,
    sequence: AtomicU64,
}

impl Numbers {
    /// A number that was not given before.
    pub(crate) fn next_serial(&self) -> u64 {
        self.serials.fetch_add(1, Relaxed) + 1
    }

    /// The number of the next event.
    pub(crate) fn next_sequence(&self) -> u64 {
        self.sequence.fetch_add(1, Relaxed) + 1
    }
}
