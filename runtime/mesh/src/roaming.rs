//! Futures that go on, on whichever thread wakes them. Waking another thread to do so would be the
//! longest part of a short call; so this is for work that only waits for what others give, and
//! never for anything that computes, blocks, or needs a thread's own runtime.

use std::{
    future::Future as _,
    pin::Pin,
    sync::{
        Arc,
        atomic::{
            AtomicU8,
            Ordering::{AcqRel, Acquire},
        },
    },
    task::{Context, Wake, Waker},
};

use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use tokio::task::coop::{Unconstrained, unconstrained};

/// Nobody polls it.
const RESTING: u8 = 0;
/// A thread polls it.
const GOING: u8 = 1;
/// A thread polls it, and it was woken meanwhile: that thread polls it again.
const CALLED: u8 = 2;

/// A future that goes on, on whichever thread wakes it.
pub struct Roaming {
    state: AtomicU8,
    /// Gone once it is over. Unconstrained, as it may be polled in the middle of somebody else's
    /// task.
    work: Mutex<Option<Unconstrained<BoxFuture<'static, ()>>>>,
}

impl Roaming {
    /// A future that has not begun.
    #[must_use]
    pub fn new(work: BoxFuture<'static, ()>) -> Arc<Self> {
        Arc::new(Self {
            state: AtomicU8::new(RESTING),
            work: Mutex::new(Some(unconstrained(work))),
        })
    }

    /// Polls it here and now, unless a thread already does, which then polls it once more.
    pub fn go(self: &Arc<Self>) {
        if self.step(|state| if state == RESTING { GOING } else { CALLED }) != RESTING {
            return;
        }
        let waker = Waker::from(Arc::clone(self));
        let mut context = Context::from_waker(&waker);
        // Over, it stays in a state in which nobody polls it again.
        while !self.poll(&mut context) {
            if self.step(|state| if state == CALLED { GOING } else { RESTING }) == GOING {
                return;
            }
        }
    }

    /// Drops it where it stands. Waits for a thread that polls it.
    pub fn end(&self) {
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
        if Pin::new(work).poll(context).is_pending() {
            return false;
        }
        let over = slot.take();
        drop(slot);
        drop(over);
        true
    }

    /// Changes the state, and gives what it was before.
    fn step(&self, next: impl Fn(u8) -> u8) -> u8 {
        self.state
            .fetch_update(AcqRel, Acquire, |state| Some(next(state)))
            .unwrap_or_else(|state| state)
    }
}

impl Wake for Roaming {
    fn wake(self: Arc<Self>) {
        self.go();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

    use futures_util::future::poll_fn;
    use tokio::sync::oneshot;

    use super::*;

    #[test]
    fn what_wakes_it_carries_it_to_its_end() {
        let (give, given) = oneshot::channel::<u32>();
        let (tell, mut told) = oneshot::channel();
        let roaming = Roaming::new(Box::pin(async move {
            let _ = tell.send(given.await);
        }));
        roaming.go();
        assert!(told.try_recv().is_err());
        let sender = std::thread::spawn(move || give.send(7));
        sender.join().unwrap().unwrap();
        assert_eq!(told.try_recv().unwrap().unwrap(), 7);
    }

    #[test]
    fn one_that_wakes_itself_while_it_is_polled_is_polled_again() {
        let polls = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&polls);
        let roaming = Roaming::new(Box::pin(poll_fn(move |context| {
            if counted.fetch_add(1, SeqCst) == 2 {
                return std::task::Poll::Ready(());
            }
            context.waker().wake_by_ref();
            std::task::Poll::Pending
        })));
        roaming.go();
        assert_eq!(polls.load(SeqCst), 3);
    }

    #[test]
    fn one_that_was_ended_drops_what_it_holds_and_goes_nowhere() {
        let held = Arc::new(());
        let here = Arc::clone(&held);
        let roaming = Roaming::new(Box::pin(async move {
            let _here = here;
            std::future::pending::<()>().await;
        }));
        roaming.go();
        roaming.end();
        roaming.go();
        assert_eq!(Arc::strong_count(&held), 1);
    }

    #[test]
    fn however_many_threads_wake_it_each_wake_is_seen() {
        for _ in 0..200 {
            let (first, one) = oneshot::channel::<()>();
            let (second, two) = oneshot::channel::<()>();
            let (tell, mut told) = oneshot::channel();
            let roaming = Roaming::new(Box::pin(async move {
                let both = futures_util::join!(one, two);
                let _ = tell.send(both.0.is_ok() && both.1.is_ok());
            }));
            roaming.go();
            let other = std::thread::spawn(move || second.send(()));
            first.send(()).unwrap();
            other.join().unwrap().unwrap();
            // Either thread may be the one that goes on, and both have returned.
            assert!(told.try_recv().unwrap());
        }
    }
}
