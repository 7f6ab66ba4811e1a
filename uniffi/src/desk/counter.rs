//! What lies on a desk: news for the event loop, calls that wait for an answer, and requests that
//! wait for one. Any thread puts news there; the loop alone takes them.

use std::{collections::HashMap, io, mem, sync::Arc};

use commy::{Bytes, Failure, IncomingRequest, Message, Reply, Roaming};
use parking_lot::{Condvar, Mutex};

use super::{bell::Bell, page, publishing::Publishing};
use crate::{error::CommyError, invocation::Invocation};

/// Something that the event loop is to know.
pub(super) enum News {
    /// A call has its reply.
    Replied(u64, Reply),
    /// A call failed.
    Failed(u64, CommyError),
    /// A handler, by its number, is asked for something.
    Asked(u64, u64, IncomingRequest),
    /// Nobody waits for the answer of a handler to an invocation any more.
    Cancelled(u64, u64),
    /// A handler gets no more requests.
    Gone(u64),
    /// An event that had to wait may go on. Whoever takes the news takes it further.
    Due(Arc<Publishing>),
    /// An event that had to wait is published.
    Published(u64),
    /// There may be an event for a follower, by its number.
    Ready(u64),
}

/// What was handed over and is not over yet.
pub(super) trait Errand: Send + Sync {
    /// Nobody waits for it any more.
    fn end(&self);
}

impl Errand for Roaming {
    fn end(&self) {
        Self::end(self);
    }
}

/// What lies on a desk.
pub(super) struct Counter {
    news: Mutex<Tray>,
    rung: Condvar,
    errands: Mutex<HashMap<u64, Arc<dyn Errand>>>,
    requests: Mutex<HashMap<u64, Arc<Invocation>>>,
}

/// How many news there are is bounded by what they tell of: calls and events that the loop handed
/// over, subscriptions that it waits for, and requests of which an instance takes no more than its
/// `max_in_flight`.
struct Tray {
    bell: Bell,
    waiting: Vec<News>,
    /// What the loop was told last, and the payloads that this refers to: its own until it asks
    /// again.
    page: Vec<u8>,
    lent: Vec<Bytes>,
    is_closed: bool,
}

impl Counter {
    pub(super) fn open() -> io::Result<Self> {
        Ok(Self {
            news: Mutex::new(Tray {
                bell: Bell::hang()?,
                waiting: Vec::new(),
                page: Vec::new(),
                lent: Vec::new(),
                is_closed: false,
            }),
            rung: Condvar::new(),
            errands: Mutex::default(),
            requests: Mutex::default(),
        })
    }

    /// What the loop watches to know that there are news.
    pub(super) fn descriptor(&self) -> Option<i32> {
        self.news.lock().bell.descriptor()
    }

    /// Tells the loop something; false when it is closed.
    pub(super) fn tell(&self, news: News) -> bool {
        let mut tray = self.news.lock();
        if tray.is_closed {
            return false;
        }
        tray.waiting.push(news);
        if tray.bell.ring() {
            self.rung.notify_all();
        }
        true
    }

    /// Waits until the bell was rung more often than that, and gives how often; none when the desk
    /// is closed. For a thread that watches it for a loop that cannot.
    pub(super) fn wait(&self, heard: u64) -> Option<u64> {
        let mut tray = self.news.lock();
        while !tray.is_closed && tray.bell.rings == heard {
            self.rung.wait(&mut tray);
        }
        (!tray.is_closed).then_some(tray.bell.rings)
    }

    /// All news there are, as a page that stays until the next one is taken.
    pub(super) fn take(&self) -> (*const u8, usize) {
        let mut tray = self.news.lock();
        tray.bell.still();
        let waiting = mem::take(&mut tray.waiting);
        drop(tray);
        let told: Vec<_> = waiting
            .into_iter()
            .filter_map(|news| self.gone_on(news))
            .collect();
        let mut tray = self.news.lock();
        let Tray { page, lent, .. } = &mut *tray;
        page.clear();
        let returned = mem::take(lent);
        for news in told {
            page::write(page, lent, news);
        }
        let taken = (page.as_ptr(), page.len());
        drop(tray);
        // Outside of the lock: a payload may be memory that another process shares.
        drop(returned);
        taken
    }

    /// The news that the loop is told; what may go on goes on now.
    fn gone_on(&self, news: News) -> Option<News> {
        match news {
            News::Due(publishing) => {
                let outcome = publishing.go()?;
                self.finish(publishing.ticket()).then_some(outcome)
            }
            news => Some(news),
        }
    }

    /// A call is about to be sent, or an event has to wait.
    pub(super) fn expect(&self, ticket: u64, errand: Arc<dyn Errand>) {
        self.errands.lock().insert(ticket, errand);
    }

    /// What became of a call, which is told if it is waited for.
    pub(super) fn settle(&self, ticket: u64, outcome: News) {
        if self.finish(ticket) {
            self.tell(outcome);
        }
    }

    /// Something is over; whether anybody waits for it.
    fn finish(&self, ticket: u64) -> bool {
        let errand = self.errands.lock().remove(&ticket);
        errand.is_some()
    }

    /// Nobody waits for a call or an event any more.
    pub(super) fn forget(&self, ticket: u64) {
        let errand = self.errands.lock().remove(&ticket);
        if let Some(errand) = errand {
            errand.end();
        }
    }

    /// A handler is asked for something; false when the loop is closed.
    pub(super) fn ask(
        &self,
        handler: u64,
        id: u64,
        invocation: Arc<Invocation>,
        request: IncomingRequest,
    ) -> bool {
        self.requests.lock().insert(id, invocation);
        let is_told = self.tell(News::Asked(handler, id, request));
        if !is_told {
            self.requests.lock().remove(&id);
        }
        is_told
    }

    /// A handler's answer; the first counts.
    pub(super) fn answer(&self, id: u64, answer: Result<Message, Failure>) {
        let invocation = self.requests.lock().remove(&id);
        if let Some(invocation) = invocation {
            invocation.answer(answer);
        }
    }

    /// The loop takes nothing any more: its calls are cancelled, and its requests dropped, which
    /// their callers are told.
    pub(super) fn close(&self) {
        let mut tray = self.news.lock();
        tray.is_closed = true;
        self.rung.notify_all();
        let waiting = mem::take(&mut tray.waiting);
        drop(tray);
        drop(waiting);
        let errands = mem::take(&mut *self.errands.lock());
        for errand in errands.into_values() {
            errand.end();
        }
        let requests = mem::take(&mut *self.requests.lock());
        for invocation in requests.into_values() {
            invocation.answer(Err(super::window::closed()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: usize = 56;

    fn news(counter: &Counter) -> Vec<u8> {
        let (data, len) = counter.take();
        if len == 0 {
            return Vec::new();
        }
        // SAFETY: nothing else is taken before it is copied.
        unsafe { std::slice::from_raw_parts(data, len) }.to_vec()
    }

    #[test]
    fn news_are_taken_in_their_order_and_once() {
        let counter = Counter::open().unwrap();
        assert!(counter.tell(News::Cancelled(7, 1)));
        assert!(counter.tell(News::Gone(7)));
        let page = news(&counter);
        assert_eq!(page.len(), 2 * HEAD);
        assert_eq!((page[0], page[HEAD]), (4, 5));
        assert_eq!((page[8], page[16]), (1, 7));
        assert!(news(&counter).is_empty());
    }

    #[test]
    fn a_bell_rings_once_until_the_news_are_taken() {
        let counter = Counter::open().unwrap();
        counter.tell(News::Gone(1));
        counter.tell(News::Gone(2));
        assert_eq!(counter.wait(0), Some(1));
        news(&counter);
        counter.tell(News::Gone(3));
        assert_eq!(counter.wait(1), Some(2));
        // Nothing is there that would ring without being told.
        news(&counter);
        news(&counter);
    }

    #[test]
    fn a_closed_counter_answers_what_waits_and_takes_nothing_more() {
        let counter = Counter::open().unwrap();
        let (invocation, id, mut answered) = Invocation::begin();
        counter.requests.lock().insert(id, Arc::new(invocation));
        counter.close();
        let failure = answered.try_recv().unwrap().unwrap_err();
        assert!(failure.reason.contains("its event loop is closed"));
        assert!(!counter.tell(News::Gone(1)));
        assert_eq!(counter.wait(0), None);
        assert!(news(&counter).is_empty());
    }
}
