//! Queues of events: publishers push into them, subscribers take from them, nobody locks.

use std::{
    collections::VecDeque,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    task::{Context, Poll},
};

use actix_rt::ArbiterHandle;
use async_channel::{Receiver, Sender, TrySendError};
use commy_core::{
    message::Event,
    options::{Overflow, SubscribeOptions},
    topic::TopicFilter,
};
use futures_util::Stream;
use parking_lot::Mutex;

use crate::{actors::broker::Unsubscribe, node::Node, stats::Counters, watch::Closer};

/// An event, and what was lost before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The event.
    pub event: Event,
    /// How many events this subscription lost, by its own overflow policy, just before this one.
    pub missed: u64,
}

/// A queue of the events whose topics match a filter: a [`Stream`] that ends when it is closed or
/// its mesh is stopped, after what was queued has been taken. Dropping it unsubscribes.
pub struct Subscription {
    queue: Arc<Queue>,
    taken: Pin<Box<Receiver<Queued>>>,
    filter: TopicFilter,
    node: Arc<Node>,
}

/// Where publishers put events for one subscription.
pub(crate) struct Queue {
    pub(crate) id: u64,
    queued: Sender<Queued>,
    receiver: Receiver<Queued>,
    overflow: Overflow,
    counters: Arc<Counters>,
    losses: Losses,
    /// Events from other nodes that wait for room in a queue that makes its publishers wait.
    backlog: Mutex<Backlog>,
    backlog_max: usize,
}

/// Events from publishers that cannot be made to wait, because they are on other nodes.
#[derive(Default)]
struct Backlog {
    events: VecDeque<Arc<Event>>,
    is_moving: bool,
}

/// What a subscription lost. Where in the order of events a loss is told depends on which end of
/// the queue it happened at.
#[derive(Default)]
struct Losses {
    total: AtomicU64,
    /// Lost at the front, and told with the next event taken.
    at_front: AtomicU64,
    /// Lost at the back, and told with the next event queued.
    at_back: AtomicU64,
}

struct Queued {
    event: Arc<Event>,
    missed: u64,
}

impl Queue {
    pub(crate) fn new(id: u64, options: SubscribeOptions, counters: Arc<Counters>) -> Self {
        let (queued, receiver) = async_channel::bounded(options.capacity as usize);
        Self {
            id,
            queued,
            receiver,
            overflow: options.overflow,
            counters,
            losses: Losses::default(),
            backlog: Mutex::default(),
            backlog_max: options.capacity as usize,
        }
    }

    /// Puts an event from another node in, by the queue's own policy. Its publisher cannot be made
    /// to wait, nor can the thread that brought it: where the policy is to block, as many more
    /// events as the queue holds wait beside it, and what does not fit there either is lost and
    /// counted. The wait happens on the control thread.
    pub(crate) fn offer_from_afar(self: &Arc<Self>, event: &Arc<Event>, control: &ArbiterHandle) {
        let mut backlog = self.backlog.lock();
        if backlog.events.is_empty() && !backlog.is_moving && self.offer(event) == Offer::Taken {
            return;
        }
        if backlog.events.len() >= self.backlog_max {
            self.lose(&self.losses.at_back, 0);
            return;
        }
        backlog.events.push_back(Arc::clone(event));
        if !backlog.is_moving {
            // When the node has ended nobody takes events any more.
            backlog.is_moving = control.spawn(Arc::clone(self).move_backlog());
        }
    }

    /// Moves events into the queue as there is room, until none waits.
    async fn move_backlog(self: Arc<Self>) {
        loop {
            let event = {
                let mut backlog = self.backlog.lock();
                let event = backlog.events.pop_front();
                backlog.is_moving = event.is_some();
                event
            };
            match event {
                Some(event) => self.wait_for_room(&event).await,
                None => return,
            }
        }
    }

    /// Puts an event in, and says whether there was room by the queue's own policy. Where there was
    /// none because the policy is to block, [`Queue::wait_for_room`] is what comes next.
    pub(crate) fn offer(&self, event: &Arc<Event>) -> Offer {
        let queued = Queued {
            event: Arc::clone(event),
            missed: self.losses.at_back.swap(0, Relaxed),
        };
        match self.overflow {
            Overflow::DropOldest => {
                if let Ok(displaced) = self.queued.force_send(queued) {
                    self.counters.events_delivered.fetch_add(1, Relaxed);
                    if let Some(displaced) = displaced {
                        self.lose(&self.losses.at_front, displaced.missed);
                    }
                }
            }
            Overflow::DropNewest => match self.queued.try_send(queued) {
                Ok(()) => {
                    self.counters.events_delivered.fetch_add(1, Relaxed);
                }
                Err(TrySendError::Full(queued)) => self.lose(&self.losses.at_back, queued.missed),
                Err(TrySendError::Closed(_)) => {}
            },
            Overflow::Block => match self.queued.try_send(queued) {
                Ok(()) => {
                    self.counters.events_delivered.fetch_add(1, Relaxed);
                }
                Err(TrySendError::Full(_)) => return Offer::Full,
                Err(TrySendError::Closed(_)) => {}
            },
        }
        Offer::Taken
    }

    /// Puts an event in as soon as there is room, or at once when the queue is closed.
    pub(crate) async fn wait_for_room(&self, event: &Arc<Event>) {
        let queued = Queued {
            event: Arc::clone(event),
            missed: self.losses.at_back.swap(0, Relaxed),
        };
        if self.queued.send(queued).await.is_ok() {
            self.counters.events_delivered.fetch_add(1, Relaxed);
        }
    }

    pub(crate) fn close(&self) {
        self.queued.close();
    }

    /// Resolves when the queue is closed.
    pub(crate) async fn closed(&self) {
        self.queued.closed().await;
    }

    /// Counts one event as lost, with those whose loss it would have told.
    fn lose(&self, end: &AtomicU64, told_by_it: u64) {
        end.fetch_add(told_by_it + 1, Relaxed);
        self.losses.total.fetch_add(1, Relaxed);
        self.counters.events_dropped.fetch_add(1, Relaxed);
    }
}

/// What became of an event that was offered to a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Offer {
    /// The queue has dealt with it by its policy.
    Taken,
    /// The queue is full, and its policy is that the publisher waits.
    Full,
}

impl Subscription {
    pub(crate) fn new(queue: Arc<Queue>, filter: TopicFilter, node: Arc<Node>) -> Self {
        Self {
            taken: Box::pin(queue.receiver.clone()),
            queue,
            filter,
            node,
        }
    }

    /// How many events this subscription has lost by its overflow policy so far.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.queue.losses.total.load(Relaxed)
    }

    /// What ends this subscription from elsewhere.
    #[must_use]
    pub fn closer(&self) -> Closer {
        let queue = Arc::clone(&self.queue);
        Closer::new(move || queue.close())
    }
}

impl Stream for Subscription {
    type Item = Delivery;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Delivery>> {
        let queued = std::task::ready!(self.taken.as_mut().poll_next(cx));
        Poll::Ready(queued.map(|Queued { event, missed }| Delivery {
            event: Arc::unwrap_or_clone(event),
            missed: missed + self.queue.losses.at_front.swap(0, Relaxed),
        }))
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.queue.close();
        self.node.unsubscribe(Unsubscribe {
            filter: self.filter.clone(),
            id: self.queue.id,
        });
    }
}

impl std::fmt::Debug for Subscription {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Subscription")
            .field("filter", &self.filter)
            .field("dropped", &self.dropped())
            .finish_non_exhaustive()
    }
}
