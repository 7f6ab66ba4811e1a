//! The outcome of a call, as it is counted.

use std::sync::atomic::Ordering::Relaxed;

use commy_core::{Result, Status};

use crate::stats::{Counters, Present};

/// The outcome of one call, which is counted once: as cancelled when it is dropped before it is
/// known.
pub(super) struct Outcome<'c> {
    counters: &'c Counters,
    is_known: bool,
    _in_flight: Present<'c>,
}

impl<'c> Outcome<'c> {
    pub(super) fn pending(counters: &'c Counters) -> Self {
        Self {
            counters,
            is_known: false,
            _in_flight: Present::in_gauge(&counters.calls_in_flight),
        }
    }

    pub(super) fn is<T>(mut self, answer: Result<T>) -> Result<T> {
        self.is_known = true;
        match &answer {
            Ok(_) => {
                self.counters.calls_ok.fetch_add(1, Relaxed);
            }
            Err(error) => self.counters.call_failed(error.status()),
        }
        answer
    }
}

impl Drop for Outcome<'_> {
    fn drop(&mut self) {
        if !self.is_known {
            self.counters.call_failed(Status::Cancelled);
        }
    }
}
