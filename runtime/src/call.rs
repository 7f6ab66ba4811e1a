//! A call, from its description to its reply.

use std::{future::IntoFuture, time::Duration};

use serde::{Serialize, de::DeserializeOwned};

use crate::{Balance, BoxFuture, Bytes, CallOptions, InstanceId, Message, Request, Result, json};

/// A call that is being described. Awaiting it sends it; dropping that future cancels the handler's
/// work.
///
/// ```no_run
/// # async fn example(mesh: commy::Mesh) -> commy::Result<()> {
/// use std::time::Duration;
///
/// let reply = mesh
///     .call("images", "thumbnail")
///     .bytes(vec![0x89, b'P', b'N', b'G'])
///     .header("size", "64x64")
///     .timeout(Duration::from_millis(250))
///     .idempotent()
///     .await?;
/// let thumbnail: &[u8] = &reply.message.payload;
/// # Ok(()) }
/// ```
#[must_use = "a call is sent when it is awaited"]
#[derive(Debug)]
pub struct Call<'mesh> {
    mesh: &'mesh commy_mesh::Mesh,
    service: String,
    method: String,
    // A value that has no JSON form is told when the call is awaited, with everything else that is
    // wrong with a call, so that describing one needs no `?` in its middle.
    message: Result<Message>,
    options: CallOptions,
}

impl<'mesh> Call<'mesh> {
    pub(crate) fn new(mesh: &'mesh commy_mesh::Mesh, service: String, method: String) -> Self {
        Self {
            mesh,
            service,
            method,
            message: Ok(Message::default()),
            options: CallOptions::default(),
        }
    }

    /// Sends a value as JSON.
    pub fn json<T: Serialize + ?Sized>(self, value: &T) -> Self {
        let message = json::encode(value);
        self.content(message)
    }

    /// Sends bytes untouched.
    pub fn bytes(self, payload: impl Into<Bytes>) -> Self {
        self.content(Ok(Message::bytes(payload)))
    }

    /// Sends a message: a payload with its content type and headers, in place of what was given
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

    /// How long the call may take; as the mesh says by default. Zero is `DEADLINE_EXCEEDED` at
    /// once, and nothing is sent.
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.options.timeout = Some(timeout);
        self
    }

    /// Says that executing the call twice does no harm, so that it may be retried on another
    /// instance.
    pub const fn idempotent(mut self) -> Self {
        self.options.idempotent = true;
        self
    }

    /// Balances by consistent hash: calls with the same key go to the same instance, while the set
    /// of instances is the same.
    pub fn routing_key(mut self, key: impl Into<String>) -> Self {
        self.options.routing_key = Some(key.into());
        self.options.balance = Some(Balance::ConsistentHash);
        self
    }

    /// How this call is balanced; as the mesh says by default.
    pub const fn balance(mut self, balance: Balance) -> Self {
        self.options.balance = Some(balance);
        self
    }

    /// Considers instances of every zone alike. By default those of the mesh's own zone are
    /// preferred.
    pub const fn any_zone(mut self) -> Self {
        self.options.zone_first = false;
        self
    }

    /// Asks for a version of the instance, in Cargo's syntax, such as `^1.2`.
    pub fn version(mut self, requirement: impl Into<String>) -> Self {
        self.options.version = Some(requirement.into());
        self
    }

    /// Asks for a tag of the instance.
    pub fn tag(mut self, tag: impl Into<String>) -> Self {
        self.options.tags.push(tag.into());
        self
    }

    /// Asks for a metadata entry of the instance.
    pub fn metadata(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.options.metadata.insert(key.into(), value.into());
        self
    }

    /// Sets all options at once, in place of what was given before.
    pub fn options(mut self, options: CallOptions) -> Self {
        self.options = options;
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

impl<'mesh> IntoFuture for Call<'mesh> {
    type Output = Result<Reply>;
    type IntoFuture = BoxFuture<'mesh, Result<Reply>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let request = Request::new(self.method, self.message?);
            let reply = self
                .mesh
                .call(&self.service, request, &self.options)
                .await?;
            Ok(reply.into())
        })
    }
}

/// The answer to a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The content.
    pub message: Message,
    /// The instance that answered.
    pub served_by: InstanceId,
}

impl Reply {
    /// The content as a value, read from JSON.
    ///
    /// # Errors
    /// `INTERNAL` when the payload is not JSON of such a value: the service broke its contract.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        json::decode(&self.message, "reply")
    }
}

impl From<commy_core::message::Reply> for Reply {
    fn from(reply: commy_core::message::Reply) -> Self {
        let commy_core::message::Reply { message, served_by } = reply;
        Self { message, served_by }
    }
}
