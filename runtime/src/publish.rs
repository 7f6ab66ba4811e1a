//! An event on its way out.

use std::future::IntoFuture;

use serde::Serialize;

use crate::{BoxFuture, Bytes, Message, Result, json};

/// An event that is being described. Awaiting it publishes it; that is done when every subscriber's
/// queue has dealt with it by its own overflow policy.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> commy::Result<()> {
/// # let mesh = commy::Mesh::builder("shop").build()?;
/// # mesh.start().await?;
/// mesh.publish("orders/created").json(&17).await?;
/// mesh.publish("thumbnails/made").bytes(vec![0xff, 0xd8]).header("size", "64x64").await?;
/// # mesh.stop().await?;
/// # Ok(()) }
/// ```
#[must_use = "an event is published when it is awaited"]
#[derive(Debug)]
pub struct Publish<'mesh> {
    mesh: &'mesh commy_mesh::Mesh,
    topic: String,
    message: Result<Message>,
}

impl<'mesh> Publish<'mesh> {
    pub(crate) fn new(mesh: &'mesh commy_mesh::Mesh, topic: String) -> Self {
        Self {
            mesh,
            topic,
            message: Ok(Message::default()),
        }
    }

    /// Publishes a value as JSON.
    pub fn json<T: Serialize + ?Sized>(self, value: &T) -> Self {
        let message = json::encode(value);
        self.content(message)
    }

    /// Publishes bytes untouched.
    pub fn bytes(self, payload: impl Into<Bytes>) -> Self {
        self.content(Ok(Message::bytes(payload)))
    }

    /// Publishes a message: a payload with its content type and headers, in place of what was given
    /// before.
    pub fn message(mut self, message: Message) -> Self {
        self.message = Ok(message);
        self
    }

    /// Adds a header.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.message = self.message.map(|message| message.with_header(name, value));
        self
    }

    /// Replaces the content and keeps the headers.
    fn content(mut self, content: Result<Message>) -> Self {
        self.message = self.message.and_then(|before| {
            content.map(|content| Message {
                headers: before.headers,
                ..content
            })
        });
        self
    }
}

impl<'mesh> IntoFuture for Publish<'mesh> {
    type Output = Result<()>;
    type IntoFuture = BoxFuture<'mesh, Result<()>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { self.mesh.publish(&self.topic, self.message?).await })
    }
}
