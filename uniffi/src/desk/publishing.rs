//! An event that waits for room. Whoever makes room may hold locks that publishing needs, so nothing
//! is done on its thread: the loop is told that the event may go on, and takes it further itself.

use std::{
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
};

use futures_util::future::BoxFuture;
use parking_lot::Mutex;

use super::counter::{Counter, Errand, News};

/// An event on its way into the mesh.
pub(super) struct Publishing {
    ticket: u64,
    counter: Arc<Counter>,
    /// Gone once it is over.
    work: Mutex<Option<BoxFuture<'static, commy::Result<()>>>>,
}

impl Publishing {
    pub(super) fn new(
        ticket: u64,
        counter: Arc<Counter>,
        work: BoxFuture<'static, commy::Result<()>>,
    ) -> Arc<Self> {
        Arc::new(Self {
            ticket,
            counter,
            work: Mutex::new(Some(work)),
        })
    }

    /// Takes it further, and gives what became of it, once. Only the loop's thread does.
    pub(super) fn go(self: &Arc<Self>) -> Option<News> {
        let waker = Waker::from(Arc::clone(self));
        let mut work = self.work.lock();
        let polled = work
            .as_mut()?
            .as_mut()
            .poll(&mut Context::from_waker(&waker));
        let Poll::Ready(outcome) = polled else {
            return None;
        };
        *work = None;
        Some(match outcome {
            Ok(()) => News::Published(self.ticket),
            Err(error) => News::Failed(self.ticket, error.into()),
        })
    }

    pub(super) fn ticket(&self) -> u64 {
        self.ticket
    }
}

impl Wake for Publishing {
    fn wake(self: Arc<Self>) {
        let counter = Arc::clone(&self.counter);
        // A closed loop has given it up.
        counter.tell(News::Due(self));
    }
}

impl Errand for Publishing {
    fn end(&self) {
        let work = self.work.lock().take();
        drop(work);
    }
}
