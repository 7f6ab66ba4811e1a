//! A call under way: a future that goes on, on whichever thread wakes it, until there is an answer.
//! Waking another thread to do so would be the longest part of a short call.

use std::{
    future::Future as _,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering::AcqRel, Ordering::Acquire},
    },
    task::{Context, Poll, Wake, Waker},
};

use commy::{BoxFuture, Reply};
use parking_lot::Mutex;
use tokio::task::coop::{Unconstrained, unconstrained};

use super::counter::{Counter, News};

type Work = BoxFuture<'static, commy::Result<Reply>>;

/// Nobody polls it.
const RESTING: u8 = 0;
/// A thread polls it.
const GOING: u8 = 1;
/// A thread polls it, and it was woken meanwhile: that thread polls it again.
const CALLED: u8 = 2;

/// A call under way.
pub(super) struct Errand {
    ticket: u64,
    counter: Arc<Counter>,
    state: AtomicU8,
    /// Gone once there is an answer, or nobody waits for one. Unconstrained, as it may be polled in
    /// the middle of somebody else's task.
    work: Mutex<Option<Unconstrained<Work>>>,
}

impl Errand {
    pub(super) fn new(ticket: u64, counter: Arc<Counter>, work: Work) -> Arc<Self> {
        Arc::new(Self {
            ticket,
            counter,
            state: AtomicU8::new(RESTING),
            work: Mutex::new(Some(unconstrained(work))),
        })
    }

    /// Goes on, unless a thread already does, which then goes on once more.
    pub(super) fn go(self: Arc<Self>) {
        let step = |state| Some(if state == RESTING { GOING } else { CALLED });
        if self.state.fetch_update(AcqRel, Acquire, step) != Ok(RESTING) {
            return;
        }
        let waker = Waker::from(Arc::clone(&self));
        loop {
            if self.poll(&mut Context::from_waker(&waker)) {
                // It stays in a state in which nobody polls it again.
                return;
            }
            let step = |state| Some(if state == CALLED { GOING } else { RESTING });
            if self.state.fetch_update(AcqRel, Acquire, step) != Ok(CALLED) {
                return;
            }
        }
    }

    /// Nobody waits for it any more.
    pub(super) fn drop_it(&self) {
        // Dropped after the lock: whoever is told of it may do anything.
        let work = self.work.lock().take();
        drop(work);
    }

    /// Whether it is over.
    fn poll(&self, context: &mut Context<'_>) -> bool {
        let mut slot = self.work.lock();
        let Some(work) = slot.as_mut() else {
            return true;
        };
        let Poll::Ready(answer) = std::pin::Pin::new(work).poll(context) else {
            return false;
        };
        let work = slot.take();
        drop(slot);
        drop(work);
        if self.counter.is_expected(self.ticket) {
            self.counter.tell(match answer {
                Ok(reply) => News::Replied(self.ticket, reply),
                Err(error) => News::Failed(self.ticket, error.into()),
            });
        }
        true
    }
}

impl Wake for Errand {
    fn wake(self: Arc<Self>) {
        self.go();
    }
}
