//! The calls of peers that handlers of this node work on.
//!
//! A reply is sent by whoever completes it, on its own thread: waking another one to do so would
//! be the longest part of a short call.

use std::{
    collections::HashMap,
    future::Future,
    pin::Pin,
    sync::{Arc, Weak},
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

    /// Replies when the handler is done.
    pub(crate) fn attend(
        self: &Arc<Self>,
        from: NodeLife,
        id: RequestId,
        answer: oneshot::Receiver<LocalAnswer>,
        replies: &Weak<dyn Replies>,
    ) {
        let attendance = Arc::new(Attendance {
            key: (from, id),
            serving: Arc::downgrade(self),
            replies: Weak::clone(replies),
            answer: Mutex::new(Some(unconstrained(answer))),
        });
        self.in_flight
            .lock()
            .insert((from, id), Arc::clone(&attendance));
        attendance.wake();
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
