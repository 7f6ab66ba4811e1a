//! Events: on their way out in a bounded queue, and on their way in past a gate that lets each one
//! through once and in order.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use commy_core::{Error, Event, Result, Status, record::NodeLife};
use parking_lot::Mutex;
use tokio::sync::mpsc;

use crate::{
    carrier::{Carrier, Congestion, Parcel},
    keys::Keys,
    wire,
};

/// How many events may wait for the way out.
const QUEUED_MAX: usize = 4_096;
/// How many bytes they may have together.
const QUEUED_BYTES_MAX: usize = 64 << 20;
/// How many publishers the gate knows at once; those that are gone are forgotten before.
const PUBLISHERS_MAX: usize = 65_536;

/// The queue of events on their way out.
pub(crate) struct Outgoing {
    sender: mpsc::Sender<Arc<Event>>,
    queued_bytes: Arc<AtomicUsize>,
}

/// The other end of the queue.
pub(crate) struct Sending {
    receiver: mpsc::Receiver<Arc<Event>>,
    queued_bytes: Arc<AtomicUsize>,
}

pub(crate) fn queue() -> (Outgoing, Sending) {
    let (sender, receiver) = mpsc::channel(QUEUED_MAX);
    let queued_bytes = Arc::new(AtomicUsize::new(0));
    (
        Outgoing {
            sender,
            queued_bytes: Arc::clone(&queued_bytes),
        },
        Sending {
            receiver,
            queued_bytes,
        },
    )
}

impl Outgoing {
    /// Whether all events have left.
    pub(crate) fn is_empty(&self) -> bool {
        self.sender.capacity() == QUEUED_MAX
    }

    /// Queues an event.
    pub(crate) fn push(&self, event: Arc<Event>) -> Result<()> {
        let bytes = event.message.payload.len();
        let queued = self.queued_bytes.fetch_add(bytes, Relaxed);
        let refuse = |status, reason: String| {
            self.queued_bytes.fetch_sub(bytes, Relaxed);
            Err(Error::new(status, reason))
        };
        if queued + bytes > QUEUED_BYTES_MAX && queued > 0 {
            return refuse(
                Status::ResourceExhausted,
                format!(
                    "events of {queued} bytes wait for the way to other nodes, and at most {QUEUED_BYTES_MAX} may"
                ),
            );
        }
        match self.sender.try_send(event) {
            Ok(()) => Ok(()),
            Err(mpsc::error::TrySendError::Full(_)) => refuse(
                Status::ResourceExhausted,
                format!("{QUEUED_MAX} events wait for the way to other nodes, and no more may"),
            ),
            Err(mpsc::error::TrySendError::Closed(_)) => {
                refuse(Status::Unavailable, "the mesh was stopped".into())
            }
        }
    }
}

impl Sending {
    /// Sends what is queued, in order, until the queue is closed.
    pub(crate) async fn run(mut self, me: NodeLife, keys: Arc<Keys>, carrier: Arc<Carrier>) {
        let mut position = 0;
        while let Some(event) = self.receiver.recv().await {
            position += 1;
            let payload = event.message.payload.clone();
            self.queued_bytes.fetch_sub(payload.len(), Relaxed);
            let parcel = Parcel::new(wire::event(me, position, &event), payload);
            if carrier
                .put(&keys.event(&event.topic), parcel, Congestion::Lose)
                .is_err()
            {
                return;
            }
        }
    }
}

/// Lets each event through once, however many filters it matches, and none after a later one.
#[derive(Default)]
pub(crate) struct Gate {
    latest: Mutex<HashMap<NodeLife, u64>>,
}

impl Gate {
    /// Whether an event at this position of its publisher may pass.
    pub(crate) fn pass(&self, publisher: NodeLife, position: u64) -> bool {
        let mut latest = self.latest.lock();
        if let Some(before) = latest.get_mut(&publisher) {
            let is_later = position > *before;
            *before = position.max(*before);
            return is_later;
        }
        if latest.len() >= PUBLISHERS_MAX {
            return false;
        }
        latest.insert(publisher, position);
        true
    }

    /// A publisher is gone.
    pub(crate) fn forget(&self, publisher: NodeLife) {
        self.latest.lock().remove(&publisher);
    }
}
