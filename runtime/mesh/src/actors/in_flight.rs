//! What an actor has begun and not finished: how much it is, and when there is none left. It lives
//! on the actor's own thread.

use std::{cell::Cell, rc::Rc};

use tokio::sync::Notify;

/// The work that an actor has begun and not finished.
#[derive(Default)]
pub(crate) struct InFlight {
    count: Cell<u32>,
    idle: Notify,
}

/// One piece of work, in flight for as long as this lives.
pub(crate) struct Entered(Rc<InFlight>);

impl InFlight {
    /// How much work is in flight.
    pub(crate) fn count(&self) -> u32 {
        self.count.get()
    }

    /// Begins a piece of work.
    pub(crate) fn enter(self: &Rc<Self>) -> Entered {
        self.count.set(self.count.get() + 1);
        Entered(Rc::clone(self))
    }

    /// Resolves when no work is in flight.
    pub(crate) async fn wait_until_idle(&self) {
        while self.count.get() > 0 {
            self.idle.notified().await;
        }
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        let count = self.0.count.get() - 1;
        self.0.count.set(count);
        if count == 0 {
            self.0.idle.notify_waiters();
        }
    }
}
