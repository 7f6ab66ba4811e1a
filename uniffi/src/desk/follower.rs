//! Following a subscription from an event loop: an event is taken in one crossing that does not
//! wait, and when there is none, the loop is told once there is one again.

use std::{
    mem,
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
};

use commy::Bytes;
use parking_lot::Mutex;

use super::{
    counter::{Counter, News},
    page,
};
use crate::subscription::Subscription;

/// A subscription that the event loop follows, known to it by a number.
pub(super) struct Follower {
    subscription: Arc<Subscription>,
    waker: Waker,
    sheet: Mutex<Sheet>,
}

/// What the loop took last, which is its own until it takes the next.
#[derive(Default)]
struct Sheet {
    page: Vec<u8>,
    lent: Vec<Bytes>,
}

/// Tells the loop that there may be an event.
struct Ready {
    counter: Arc<Counter>,
    number: u64,
}

impl Wake for Ready {
    fn wake(self: Arc<Self>) {
        // A closed loop takes nothing.
        self.counter.tell(News::Ready(self.number));
    }
}

impl Follower {
    pub(super) fn new(subscription: Arc<Subscription>, counter: Arc<Counter>, number: u64) -> Self {
        Self {
            subscription,
            waker: Arc::new(Ready { counter, number }).into(),
            sheet: Mutex::default(),
        }
    }

    /// The next event, as a page that stays until the next one is taken; none when there comes no
    /// more. Pending, the loop is told when to try again.
    pub(super) fn next(&self) -> Poll<Option<(*const u8, usize)>> {
        let mut sheet = self.sheet.lock();
        let returned = mem::take(&mut sheet.lent);
        let mut context = Context::from_waker(&self.waker);
        let polled = self.subscription.poll_next(&mut context).map(|event| {
            let Sheet { page, lent } = &mut *sheet;
            page.clear();
            page::write_event(page, lent, event?);
            Some((page.as_ptr(), page.len()))
        });
        drop(sheet);
        // Outside of the lock: a payload may be memory that another process shares.
        drop(returned);
        polled
    }
}
