//! Events on their way in.

use std::{
    future::IntoFuture,
    pin::Pin,
    task::{Context, Poll},
};

use futures_util::{Stream, StreamExt};
use serde::de::DeserializeOwned;

use crate::{BoxFuture, Closer, Message, NodeId, Overflow, Result, SubscribeOptions, Topic, json};

/// A subscription that is being described. Awaiting it subscribes.
#[must_use = "nothing is subscribed to until this is awaited"]
#[derive(Debug)]
pub struct Subscribe<'mesh> {
    mesh: &'mesh commy_mesh::Mesh,
    filter: String,
    options: SubscribeOptions,
}

impl<'mesh> Subscribe<'mesh> {
    pub(crate) fn new(mesh: &'mesh commy_mesh::Mesh, filter: String) -> Self {
        Self {
            mesh,
            filter,
            options: SubscribeOptions::default(),
        }
    }

    /// How many events may wait: 1 to 65,536, and 256 by default.
    pub const fn capacity(mut self, events: u32) -> Self {
        self.options.capacity = events;
        self
    }

    /// What happens to one event more: the oldest makes room by default.
    pub const fn overflow(mut self, overflow: Overflow) -> Self {
        self.options.overflow = overflow;
        self
    }

    /// Sets all options at once, in place of what was given before.
    pub const fn options(mut self, options: SubscribeOptions) -> Self {
        self.options = options;
        self
    }
}

impl<'mesh> IntoFuture for Subscribe<'mesh> {
    type Output = Result<Subscription>;
    type IntoFuture = BoxFuture<'mesh, Result<Subscription>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let queue = self.mesh.subscribe(&self.filter, self.options).await?;
            Ok(Subscription(queue))
        })
    }
}

/// The events whose topics match a filter: a [`Stream`] that ends when it is closed or its mesh is
/// stopped, after what was queued has been taken. Dropping it unsubscribes.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> commy::Result<()> {
/// # let mesh = commy::Mesh::builder("shop").build()?;
/// # mesh.start().await?;
/// use futures_util::StreamExt;
///
/// let mut orders = mesh.subscribe("orders/*").await?;
/// mesh.publish("orders/created").json(&17).await?;
///
/// let event = orders.next().await.expect("the subscription is open");
/// assert_eq!(event.topic.as_str(), "orders/created");
/// assert_eq!(event.json::<u32>()?, 17);
/// # mesh.stop().await?;
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Subscription(commy_mesh::Subscription);

impl Subscription {
    /// How many events this subscription has lost by its overflow policy so far.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.0.dropped()
    }

    /// What ends this subscription from elsewhere.
    #[must_use]
    pub fn closer(&self) -> Closer {
        self.0.closer()
    }
}

impl Stream for Subscription {
    type Item = Event;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        self.0
            .poll_next_unpin(cx)
            .map(|delivery| delivery.map(Event::from))
    }
}

/// An event as its subscriber receives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The topic that it was published on.
    pub topic: Topic,
    /// The content.
    pub message: Message,
    /// The node that published it.
    pub publisher: NodeId,
    /// The number of the event, rising for each event of one publisher.
    pub sequence: u64,
    /// How many events the subscription lost, by its own overflow policy, just before this one.
    pub missed: u64,
}

impl Event {
    /// The content as a value, read from JSON.
    ///
    /// # Errors
    /// `INTERNAL` when the payload is not JSON of such a value: the publisher broke its contract.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        json::decode(&self.message, "event")
    }
}

impl From<commy_mesh::Delivery> for Event {
    fn from(delivery: commy_mesh::Delivery) -> Self {
        let commy_mesh::Delivery { event, missed } = delivery;
        let commy_core::message::Event {
            topic,
            message,
            publisher,
            sequence,
        } = event;
        Self {
            topic,
            message,
            publisher,
            sequence,
            missed,
        }
    }
}
