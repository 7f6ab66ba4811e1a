//! Counts futures, so that tests can prove that cancelling reached Rust.

use std::{
    future::Future,
    sync::atomic::{AtomicU64, Ordering},
};

static LIVE: AtomicU64 = AtomicU64::new(0);
static CANCELLED: AtomicU64 = AtomicU64::new(0);

struct Guard {
    finished: bool,
}

impl Drop for Guard {
    fn drop(&mut self) {
        LIVE.fetch_sub(1, Ordering::SeqCst);
        if !self.finished {
            CANCELLED.fetch_add(1, Ordering::SeqCst);
        }
    }
}

/// The future, counted as alive until it is dropped, and as cancelled if it had not finished.
pub(crate) async fn tracked<F: Future>(future: F) -> F::Output {
    LIVE.fetch_add(1, Ordering::SeqCst);
    let mut guard = Guard { finished: false };
    let output = future.await;
    guard.finished = true;
    output
}

pub(crate) fn live() -> u64 {
    LIVE.load(Ordering::SeqCst)
}

pub(crate) fn cancelled() -> u64 {
    CANCELLED.load(Ordering::SeqCst)
}
