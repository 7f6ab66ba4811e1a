//! A service as a Rust program writes it: typed functions, one a method.

use std::{collections::HashMap, future::Future, sync::Arc, time::Duration};

use serde::{Serialize, de::DeserializeOwned};

use crate::{
    BoxFuture, Bytes, Failure, FailureKind, Handler, IncomingRequest, Message, MethodName, NodeId,
    ServiceName, ServiceSpec, json,
};

/// A service and its methods. [`Mesh::serve`](crate::Mesh::serve) makes it answer.
///
/// A method of JSON takes and gives any type of serde; one of bytes takes and gives them untouched;
/// one of messages sees content types and headers too. `?` works in a handler on any error:
/// callers receive `HANDLER_FAILED` with the error's type as code. A [`Failure`] says it in the
/// service's own words.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> commy::Result<()> {
/// # let mesh = commy::Mesh::builder("shop").build()?;
/// # mesh.start().await?;
/// use commy::{Bytes, Failure, Service, ServiceSpec, Status};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize)]
/// struct Order { item: String, count: u32 }
///
/// #[derive(Serialize, Deserialize)]
/// struct Receipt { total_cents: u64 }
///
/// let orders = Service::new(ServiceSpec::new("orders").version("1.4.0").tag("eu"))
///     .method("create", |order: Order, _| async move {
///         if order.count == 0 {
///             return Err(Failure::new("EMPTY_ORDER", "an order has at least one item"));
///         }
///         Ok(Receipt { total_cents: u64::from(order.count) * 250 })
///     })
///     .bytes("checksum", |payload: Bytes, _| async move {
///         Ok(payload.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte)).to_be_bytes().to_vec())
///     });
/// mesh.serve(orders).await?;
///
/// let reply = mesh.call("orders", "create").json(&Order { item: "tea".into(), count: 2 }).await?;
/// assert_eq!(reply.json::<Receipt>()?.total_cents, 500);
///
/// let error = mesh.call("orders", "create").json(&Order { item: "tea".into(), count: 0 }).await;
/// let error = error.unwrap_err();
/// assert_eq!(error.status(), Status::HandlerFailed);
/// assert_eq!(error.context().code.as_deref(), Some("EMPTY_ORDER"));
/// # mesh.stop().await?;
/// # Ok(()) }
/// ```
#[must_use = "a service answers when `Mesh::serve` is given it"]
pub struct Service {
    spec: ServiceSpec,
    methods: Methods,
}

/// One method of a service, whatever types it has.
type Method =
    Box<dyn Fn(IncomingRequest) -> BoxFuture<'static, Result<Message, Failure>> + Send + Sync>;

impl Service {
    /// A service that has no method yet, by its name or by its whole description.
    pub fn new(spec: impl Into<ServiceSpec>) -> Self {
        Self {
            spec: spec.into(),
            methods: Methods::default(),
        }
    }

    /// Adds a method that takes a value and gives a value, both as JSON. A request that is not JSON
    /// of such a value is `INVALID_ARGUMENT`.
    ///
    /// A method of the same name, added before, is replaced.
    pub fn method<T, R, F, Answer>(self, name: impl Into<String>, handler: F) -> Self
    where
        T: DeserializeOwned + Send + 'static,
        R: Serialize,
        F: Fn(T, Context) -> Answer + Send + Sync + 'static,
        Answer: Future<Output = Result<R, Failure>> + Send + 'static,
    {
        let handler = Arc::new(handler);
        self.add(name, move |request| {
            let handler = Arc::clone(&handler);
            async move {
                let (message, context) = Context::take(request);
                let value = serde_json::from_slice(&message.payload).map_err(|error| {
                    Failure::of_kind(
                        FailureKind::BadRequest,
                        format!(
                            "the request cannot be read as {}: {error}",
                            std::any::type_name::<T>()
                        ),
                    )
                })?;
                let answer = handler(value, context).await?;
                json::encode(&answer)
                    .map_err(|error| Failure::of_kind(FailureKind::Internal, error.reason()))
            }
        })
    }

    /// Adds a method that takes bytes and gives bytes, both untouched.
    pub fn bytes<R, F, Answer>(self, name: impl Into<String>, handler: F) -> Self
    where
        R: Into<Bytes>,
        F: Fn(Bytes, Context) -> Answer + Send + Sync + 'static,
        Answer: Future<Output = Result<R, Failure>> + Send + 'static,
    {
        let handler = Arc::new(handler);
        self.add(name, move |request| {
            let (message, context) = Context::take(request);
            let answer = handler(message.payload, context);
            async move { Ok(Message::bytes(answer.await?)) }
        })
    }

    /// Adds a method that takes a message and gives a message: payloads with their content types
    /// and headers.
    pub fn message<F, Answer>(self, name: impl Into<String>, handler: F) -> Self
    where
        F: Fn(Message, Context) -> Answer + Send + Sync + 'static,
        Answer: Future<Output = Result<Message, Failure>> + Send + 'static,
    {
        self.add(name, move |request| {
            let (message, context) = Context::take(request);
            handler(message, context)
        })
    }

    pub(crate) fn into_parts(self) -> (ServiceSpec, impl Handler) {
        (self.spec, self.methods)
    }

    fn add<F, Answer>(mut self, name: impl Into<String>, method: F) -> Self
    where
        F: Fn(IncomingRequest) -> Answer + Send + Sync + 'static,
        Answer: Future<Output = Result<Message, Failure>> + Send + 'static,
    {
        let method: Method = Box::new(move |request| Box::pin(method(request)));
        self.methods.0.insert(name.into(), method);
        self
    }
}

impl std::fmt::Debug for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Service")
            .field("spec", &self.spec)
            .field("methods", &self.methods.names())
            .finish()
    }
}

/// The methods of a service, by name.
#[derive(Default)]
struct Methods(HashMap<String, Method>);

impl Methods {
    fn names(&self) -> Vec<&str> {
        let mut names: Vec<_> = self.0.keys().map(String::as_str).collect();
        names.sort_unstable();
        names
    }
}

impl Handler for Methods {
    fn handle(&self, request: IncomingRequest) -> BoxFuture<'static, Result<Message, Failure>> {
        if let Some(method) = self.0.get(request.method.as_str()) {
            return method(request);
        }
        let reason = format!(
            "service {:?} has no method {:?}; it has {:?}",
            request.service.as_str(),
            request.method.as_str(),
            self.names()
        );
        Box::pin(async move { Err(Failure::of_kind(FailureKind::UnknownMethod, reason)) })
    }
}

/// What a handler knows of its request besides the content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    /// The service that was called.
    pub service: ServiceName,
    /// The method that is asked for.
    pub method: MethodName,
    /// The headers of the request.
    pub headers: std::collections::BTreeMap<String, String>,
    /// What was left of the caller's deadline on arrival. When it has passed, the handler's future
    /// is dropped.
    pub time_left: Duration,
    /// The node that calls.
    pub caller: NodeId,
    /// Which attempt of the call this is, from 1.
    pub attempt: u32,
}

impl Context {
    fn take(request: IncomingRequest) -> (Message, Self) {
        let IncomingRequest {
            service,
            method,
            message,
            time_left,
            caller,
            attempt,
        } = request;
        let context = Self {
            service,
            method,
            headers: message.headers.clone(),
            time_left,
            caller,
            attempt,
        };
        (message, context)
    }
}
