//! The broker: sole writer of the subscriptions of this process. It publishes them as a snapshot,
//! which publishers read, so that no event waits behind a subscription, and tells other nodes which
//! events are wanted here.

use std::sync::{Arc, OnceLock};

use actix::{Actor, Context, Handler, Message};
use arc_swap::ArcSwap;
use commy_core::{
    Result,
    topic::{TopicFilter, TopicTree},
};

use super::CONTROL_MAILBOX_CAPACITY;
use crate::{fabric::Link, subscription::Queue};

/// The subscriptions of this process, as publishers read them.
pub(crate) type Subscriptions = TopicTree<Arc<Queue>>;

/// The actor that owns the subscriptions.
pub(crate) struct Broker {
    subscriptions: Subscriptions,
    published: Arc<ArcSwap<Subscriptions>>,
    /// The link to other nodes, once there is one: before the first subscription, or never.
    link: Arc<OnceLock<Arc<dyn Link>>>,
}

/// Add a queue for the topics that match a filter.
#[derive(Message)]
#[rtype(result = "Result<()>")]
pub(crate) struct Subscribe {
    /// Which topics.
    pub(crate) filter: TopicFilter,
    /// Where their events go.
    pub(crate) queue: Arc<Queue>,
}

/// Remove a queue.
#[derive(Message)]
#[rtype(result = "Result<()>")]
pub(crate) struct Unsubscribe {
    /// The filter that it was added with.
    pub(crate) filter: TopicFilter,
    /// The number of the queue.
    pub(crate) id: u64,
}

impl Broker {
    pub(crate) fn new(
        published: Arc<ArcSwap<Subscriptions>>,
        link: Arc<OnceLock<Arc<dyn Link>>>,
    ) -> Self {
        Self {
            subscriptions: TopicTree::default(),
            published,
            link,
        }
    }

    fn publish(&self) {
        self.published.store(Arc::new(self.subscriptions.clone()));
    }
}

impl Actor for Broker {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(CONTROL_MAILBOX_CAPACITY);
    }
}

impl Handler<Subscribe> for Broker {
    type Result = Result<()>;

    fn handle(
        &mut self,
        Subscribe { filter, queue }: Subscribe,
        _: &mut Self::Context,
    ) -> Self::Result {
        let id = queue.id;
        let replaced = self.subscriptions.insert(&filter, id, queue);
        self.publish();
        if let Some(link) = self.link.get().filter(|_| replaced.is_none()) {
            link.subscribe(&filter);
        }
        Ok(())
    }
}

impl Handler<Unsubscribe> for Broker {
    type Result = Result<()>;

    fn handle(
        &mut self,
        Unsubscribe { filter, id }: Unsubscribe,
        _: &mut Self::Context,
    ) -> Self::Result {
        if self.subscriptions.remove(&filter, id).is_some() {
            self.publish();
            if let Some(link) = self.link.get() {
                link.unsubscribe(&filter);
            }
        }
        Ok(())
    }
}
