//! What an actor has begun and not finished: how much it is, and when there is none left. The actor
//! alone begins; what it began may finish on any thread.

use std::sync::{
    Arc,
    atomic::{
        AtomicU32,
        Ordering::{AcqRel, Acquire},
    },
};

use tokio::sync::Notify;

/// The work that an actor has begun and not finished.
#[derive(Default)]
pub(crate) struct InFlight {
    count: AtomicU32,
    idle: Notify,
}

/// One piece of work, in flight for as long as this lives.
pub(crate) struct Entered(Arc<InFlight>);

impl InFlight {
    /// How much work is in flight.
    pub(crate) fn count(&self) -> u32 {
        self.count.load(Acquire)
    }

    /// Begins a piece of work.
    pub(crate) fn enter(self: &Arc<Self>) -> Entered {
        self.count.fetch_add(1, AcqRel);
        Entered(Arc::clone(self))
    }

    /// Resolves when no work is in flight.
    pub(crate) async fn wait_until_idle(&self) {
        loop {
            // Made before the count is read, so that it hears of whatever finishes from then on.
            let idle = self.idle.notified();
            if self.count() == 0 {
                return;
            }
            idle.await;
        }
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        if self.0.count.fetch_sub(1, AcqRel) == 1 {
            self.0.idle.notify_waiters();
        }
    }
}
