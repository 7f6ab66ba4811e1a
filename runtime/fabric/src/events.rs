//! Events: on their way out in a bounded queue, if anybody else wants them, and on their way in past
//! a gate that lets each one through once and in order.

use std::{collections::HashMap, sync::Arc};

use commy_core::{Error, Event, Result, Status, Topic, record::NodeLife};
use parking_lot::Mutex;
use tokio::sync::{Semaphore, mpsc};
use zenoh::{Wait, pubsub::Publisher, sample::Locality};

use crate::{
    carrier::{Carrier, Congestion, Haste, Parcel},
    keys::Keys,
    wire,
};

/// The room for events that wait for the way out, in bytes.
const ROOM: u32 = 64 << 20;
/// The room that the smallest event takes, so that at most 4,096 wait.
const EVENT_ROOM_MIN: u32 = 16 << 10;
/// Of how many topics it is kept who wants their events.
const TOPICS_MAX: usize = 1_024;
/// How many publishers the gate knows at once; those that are gone are forgotten before.
const PUBLISHERS_MAX: usize = 65_536;

/// The queue of events on their way out. Who finds it full waits, in turn.
pub(crate) struct Outgoing {
    sender: mpsc::UnboundedSender<Arc<Event>>,
    room: Arc<Semaphore>,
}

/// The other end of the queue.
pub(crate) struct Sending {
    receiver: mpsc::UnboundedReceiver<Arc<Event>>,
    room: Arc<Semaphore>,
}

pub(crate) fn queue() -> (Outgoing, Sending) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let room = Arc::new(Semaphore::new(ROOM as usize));
    (
        Outgoing {
            sender,
            room: Arc::clone(&room),
        },
        Sending { receiver, room },
    )
}

impl Outgoing {
    /// Whether all events have left.
    pub(crate) fn is_empty(&self) -> bool {
        self.room.available_permits() == ROOM as usize
    }

    /// Queues an event as soon as there is room for it.
    pub(crate) fn push(&self, event: Arc<Event>) -> impl Future<Output = Result<()>> + use<> {
        let room = Arc::clone(&self.room);
        let sender = self.sender.clone();
        async move {
            let stopped = || Error::new(Status::Unavailable, "the mesh was stopped");
            let permit = room.acquire_many(room_of(&event)).await;
            permit.map_err(|_| stopped())?.forget();
            sender.send(event).map_err(|_| stopped())
        }
    }
}

impl Sending {
    /// Sends what is queued and wanted elsewhere, in order, until the queue is closed.
    pub(crate) async fn run(
        mut self,
        me: NodeLife,
        keys: Arc<Keys>,
        carrier: Arc<Carrier>,
        mut interest: Interest,
    ) {
        let mut position = 0;
        while let Some(event) = self.receiver.recv().await {
            self.room.add_permits(room_of(&event) as usize);
            if !interest.is_in(&event.topic, &keys, &carrier) {
                continue;
            }
            position += 1;
            let parcel = Parcel::new(
                wire::event(me, position, &event),
                event.message.payload.clone(),
            );
            // The last of a burst takes along whatever waits before it.
            let haste = if self.receiver.is_empty() {
                Haste::Express
            } else {
                Haste::Together
            };
            let key = keys.event(&event.topic);
            if carrier.put(&key, parcel, Congestion::Lose, haste).is_err() {
                return;
            }
        }
    }
}

/// What is known of who wants which events.
pub(crate) struct Interest {
    /// Whether this node is told of all subscriptions of others, as direct neighbours tell each
    /// other. From behind a router they may still be under way when an event is published.
    is_told: bool,
    topics: HashMap<Topic, Publisher<'static>>,
}

impl Interest {
    /// What is known before anything was published.
    pub(crate) fn new(is_told: bool) -> Self {
        Self {
            is_told,
            topics: HashMap::new(),
        }
    }

    /// Whether somebody may want events on a topic.
    fn is_in(&mut self, topic: &Topic, keys: &Keys, carrier: &Carrier) -> bool {
        if !self.is_told {
            return true;
        }
        if !self.topics.contains_key(topic) {
            let declared = carrier.with(|session| {
                session
                    .declare_publisher(keys.event(topic))
                    .allowed_destination(Locality::Remote)
                    .wait()
            });
            let Some(Ok(publisher)) = declared else {
                return true;
            };
            if self.topics.len() >= TOPICS_MAX {
                self.topics.clear();
            }
            self.topics.insert(topic.clone(), publisher);
        }
        let status = self
            .topics
            .get(topic)
            .map(|publisher| publisher.matching_status().wait());
        // Who cannot say is asked by sending.
        !matches!(status, Some(Ok(status)) if !status.matching())
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        // Nobody makes room any more.
        self.room.close();
    }
}

/// The room that an event takes. One that is larger than all of it takes all of it.
fn room_of(event: &Event) -> u32 {
    u32::try_from(event.message.payload.len())
        .unwrap_or(ROOM)
        .clamp(EVENT_ROOM_MIN, ROOM)
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
