//! The calls of peers that handlers of this node work on.
//!
//! A reply is sent by whoever completes it, on its own thread: waking another one to do so would
//! be the longest part of a short call.

use std::{
    collections::{HashMap, HashSet},
    future::Future,
    pin::Pin,
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    task::{Context, Poll, Wake, Waker},
};

use commy_core::{Error, Status, record::NodeLife};
use commy_mesh::LocalAnswer;
use parking_lot::Mutex;
use tokio::{
    sync::oneshot,
    task::coop::{Unconstrained, unconstrained},
};

use crate::wire::RequestId;

/// Where answers go.
pub(crate) trait Replies: Send + Sync + 'static {
    /// Sends an answer to who asked.
    fn reply(&self, to: NodeLife, id: RequestId, answer: LocalAnswer);
}

type Key = (NodeLife, RequestId);

/// The calls that are being worked on.
#[derive(Default)]
pub(crate) struct Serving {
    in_flight: Mutex<HashMap<Key, Arc<Attendance>>>,
    /// Set before the goodbyes: from then on nothing is begun.
    is_closed: AtomicBool,
    /// Who did not read, and so misses an answer.
    unanswered: Mutex<HashSet<NodeLife>>,
}

/// Waits for one handler.
struct Attendance {
    key: Key,
    serving: Weak<Serving>,
    replies: Weak<dyn Replies>,
    /// Gone once there is an answer, or nobody waits for one.
    answer: Mutex<Option<Unconstrained<oneshot::Receiver<LocalAnswer>>>>,
}

impl Serving {
    /// Whether this call is being worked on: a request that comes twice is carried out once.
    pub(crate) fn has(&self, from: NodeLife, id: RequestId) -> bool {
        self.in_flight.lock().contains_key(&(from, id))
    }

    /// How many calls are being worked on.
    pub(crate) fn len(&self) -> usize {
        self.in_flight.lock().len()
    }

    /// Has a handler begin, and replies when it is done. Once this is closed, nothing is begun: the
    /// goodbye tells the caller so.
    pub(crate) fn attend(
        self: &Arc<Self>,
        from: NodeLife,
        id: RequestId,
        begin: impl FnOnce() -> oneshot::Receiver<LocalAnswer>,
        replies: &Weak<dyn Replies>,
    ) {
        // Held while it begins, so that whoever closes sees all that has begun.
        let mut in_flight = self.in_flight.lock();
        if self.is_closed.load(Relaxed) {
            return;
        }
        let attendance = Arc::new(Attendance {
            key: (from, id),
            serving: Arc::downgrade(self),
            replies: Weak::clone(replies),
            answer: Mutex::new(Some(unconstrained(begin()))),
        });
        in_flight.insert((from, id), Arc::clone(&attendance));
        drop(in_flight);
        attendance.wake();
    }

    /// Begins nothing any more.
    pub(crate) fn close(&self) {
        let _in_flight = self.in_flight.lock();
        self.is_closed.store(true, Relaxed);
    }

    /// An answer to a caller was given up.
    pub(crate) fn leave_unanswered(&self, caller: NodeLife) {
        self.unanswered.lock().insert(caller);
    }

    /// Whether all that was begun for a caller was answered; what it still waits for once this is
    /// closed was never begun.
    pub(crate) fn is_settled(&self, caller: NodeLife) -> bool {
        let is_idle = !self
            .in_flight
            .lock()
            .keys()
            .any(|(from, _)| *from == caller);
        is_idle && !self.unanswered.lock().contains(&caller)
    }

    /// Nobody waits for the reply any more: the handler's work is cancelled.
    pub(crate) fn cancel(&self, from: NodeLife, id: RequestId) {
        let attendance = self.in_flight.lock().remove(&(from, id));
        if let Some(attendance) = attendance {
            attendance.give_up();
        }
    }

    /// A caller was lost: its calls are cancelled, and it is told so, in case that it only seemed
    /// to be.
    pub(crate) fn cancel_all_of(&self, caller: NodeLife) {
        let lost: Vec<_> = self
            .in_flight
            .lock()
            .extract_if(|(from, _), _| *from == caller)
            .collect();
        for ((from, id), attendance) in lost {
            attendance.give_up();
            if let Some(replies) = attendance.replies.upgrade() {
                let error = Error::new(
                    Status::Cancelled,
                    "the callee lost sight of the caller and cancelled the call",
                );
                replies.reply(from, id, LocalAnswer::Handled(Err(error)));
            }
        }
    }
}

impl Attendance {
    fn give_up(&self) {
        // Dropped after the lock: whoever is told of it may do anything.
        let answer = self.answer.lock().take();
        drop(answer);
    }

    /// The handler's answer, once.
    fn poll(self: &Arc<Self>) -> Option<LocalAnswer> {
        let mut slot = self.answer.lock();
        let waker = Waker::from(Arc::clone(self));
        let polled = Pin::new(slot.as_mut()?).poll(&mut Context::from_waker(&waker));
        let Poll::Ready(answer) = polled else {
            return None;
        };
        *slot = None;
        Some(answer.unwrap_or_else(|_| {
            LocalAnswer::Handled(Err(Error::new(
                Status::Internal,
                "the handler was dropped without an answer",
            )))
        }))
    }
}

impl Wake for Attendance {
    fn wake(self: Arc<Self>) {
        let Some(answer) = self.poll() else {
            return;
        };
        let (from, id) = self.key;
        if let Some(replies) = self.replies.upgrade() {
            replies.reply(from, id, answer);
        }
        // After the reply is on its way: closing waits until nothing is in flight.
        if let Some(serving) = self.serving.upgrade() {
            serving.in_flight.lock().remove(&self.key);
        }
    }
}
