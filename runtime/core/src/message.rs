//! What travels: requests, replies and events. Payloads are opaque bytes, shared and never copied.

use std::{borrow::Cow, collections::BTreeMap, time::Duration};

use bytes::Bytes;

use crate::{
    error::{Error, InvalidValue, Result, Status},
    identity::{InstanceId, NodeId},
    name::{MethodName, ServiceName, Tag, check_bytes},
    topic::Topic,
};

/// The media type of a payload of which nothing is said.
pub const OCTET_STREAM: &str = "application/octet-stream";
/// The media type of a JSON payload.
pub const JSON: &str = "application/json";

/// The most headers in a message.
const HEADERS_MAX: usize = 64;
/// The most bytes in a header's value: room for a token or a `tracestate`.
const HEADER_VALUE_BYTES_MAX: usize = 4096;
/// The most bytes in a content type.
const CONTENT_TYPE_BYTES_MAX: usize = 256;

/// The content of a request, a reply or an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The payload.
    pub payload: Bytes,
    /// What the payload is, as a media type.
    pub content_type: Cow<'static, str>,
    /// Headers, by name.
    pub headers: BTreeMap<String, String>,
}

impl Default for Message {
    fn default() -> Self {
        Self::bytes(Bytes::new())
    }
}

impl Message {
    /// A message of bytes that are carried untouched.
    #[must_use]
    pub fn bytes(payload: impl Into<Bytes>) -> Self {
        Self {
            payload: payload.into(),
            content_type: Cow::Borrowed(OCTET_STREAM),
            headers: BTreeMap::new(),
        }
    }

    /// A message whose payload is JSON text.
    #[must_use]
    pub fn json(payload: impl Into<Bytes>) -> Self {
        Self {
            content_type: Cow::Borrowed(JSON),
            ..Self::bytes(payload)
        }
    }

    /// The same message with one header more.
    #[must_use]
    pub fn with_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.insert(name.into(), value.into());
        self
    }

    /// Checks the bounds of a message that was given by a user or came from the network.
    ///
    /// # Errors
    /// `RESOURCE_EXHAUSTED` for a payload over `payload_bytes_max`, `INVALID_ARGUMENT` otherwise.
    pub fn check(&self, payload_bytes_max: u64) -> Result<()> {
        if self.payload.len() as u64 > payload_bytes_max {
            return Err(Error::new(
                Status::ResourceExhausted,
                format!(
                    "the payload has {} bytes, and this mesh allows at most {payload_bytes_max} (max_payload_bytes)",
                    self.payload.len()
                ),
            ));
        }
        check_bytes("content type", &self.content_type, CONTENT_TYPE_BYTES_MAX)?;
        check_line("content type", &self.content_type)?;
        if self.headers.len() > HEADERS_MAX {
            return Err(InvalidValue::number(
                "the number of headers",
                self.headers.len(),
                format!("at most {HEADERS_MAX} are allowed"),
            )
            .into());
        }
        for (name, value) in &self.headers {
            Tag::new(name)?;
            check_bytes("header value", value, HEADER_VALUE_BYTES_MAX)?;
            check_line("header value", value)?;
        }
        Ok(())
    }
}

/// Checks text that may become a line of another protocol, where a line break would begin a second.
fn check_line(what: &'static str, value: &str) -> Result<(), InvalidValue> {
    if value.chars().any(char::is_control) {
        return Err(InvalidValue::new(
            what,
            value,
            "no control character is allowed",
        ));
    }
    Ok(())
}

/// A request as its caller makes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// The method that is asked for.
    pub method: String,
    /// The content.
    pub message: Message,
}

impl Request {
    /// A request for a method.
    #[must_use]
    pub fn new(method: impl Into<String>, message: Message) -> Self {
        Self {
            method: method.into(),
            message,
        }
    }
}

/// A request as its handler receives it: checked, and with what is known of the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncomingRequest {
    /// The service that was called.
    pub service: ServiceName,
    /// The method that is asked for.
    pub method: MethodName,
    /// The content.
    pub message: Message,
    /// What was left of the caller's deadline on arrival.
    pub time_left: Duration,
    /// The node that calls.
    pub caller: NodeId,
    /// Which attempt of the call this is, from 1.
    pub attempt: u32,
}

/// The answer to a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The content.
    pub message: Message,
    /// The instance that answered.
    pub served_by: InstanceId,
}

/// An event as its subscribers receive it.
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
}

/// What a handler tells its caller instead of a reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Why there is no reply.
    pub kind: FailureKind,
    /// The application's own code, such as `OUT_OF_STOCK`; may be empty.
    pub code: String,
    /// What happened, for people.
    pub reason: String,
    /// The application's own details, as JSON text.
    pub details_json: Option<String>,
}

/// Why a handler gives no reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// The handler's own failure.
    Application,
    /// The service has no such method.
    UnknownMethod,
    /// The request cannot be understood.
    BadRequest,
    /// The handler or its SDK is broken.
    Internal,
}

impl Failure {
    /// The most bytes kept of an application's code.
    const CODE_BYTES_MAX: usize = 128;
    /// The most bytes kept of a failure's reason.
    const REASON_BYTES_MAX: usize = 8 * 1024;
    /// The most bytes of details that travel; larger ones are dropped, and the reason says so.
    const DETAILS_BYTES_MAX: usize = 64 * 1024;

    /// The handler's own failure, with a code that its callers know.
    #[must_use]
    pub fn new(code: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            kind: FailureKind::Application,
            code: code.into(),
            reason: reason.into(),
            details_json: None,
        }
    }

    /// A failure of another kind, which has no code.
    #[must_use]
    pub fn of_kind(kind: FailureKind, reason: impl Into<String>) -> Self {
        Self {
            kind,
            ..Self::new("", reason)
        }
    }
}

/// What `?` makes of an error in a handler: the handler's own failure, with the name of the error's
/// type as its code. An [`Error`] of commy passes on the code of the failure that it reports, or
/// gives the name of its status.
impl<E: std::error::Error + 'static> From<E> for Failure {
    fn from(error: E) -> Self {
        let Some(error) = (&error as &dyn std::any::Any).downcast_ref::<Error>() else {
            return Self::new(type_name::<E>(), error.to_string());
        };
        let context = error.context();
        let code = context.code.as_deref().unwrap_or(error.status().name());
        Self {
            details_json: context.details_json.clone(),
            ..Self::new(code, error.reason())
        }
    }
}

/// The name of a type without its path and its parameters.
fn type_name<T>() -> &'static str {
    let path = std::any::type_name::<T>();
    let path = path.split('<').next().unwrap_or(path);
    path.rsplit("::").next().unwrap_or(path)
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        let Failure {
            kind,
            mut code,
            mut reason,
            mut details_json,
        } = failure;
        truncate(&mut code, Failure::CODE_BYTES_MAX);
        truncate(&mut reason, Failure::REASON_BYTES_MAX);
        if let Some(fault) = details_json.as_deref().and_then(fault_of_details) {
            details_json = None;
            reason.push_str(&format!(" (its details were dropped: {fault})"));
        }
        let status = match kind {
            FailureKind::Application => Status::HandlerFailed,
            FailureKind::UnknownMethod => Status::Unimplemented,
            FailureKind::BadRequest => Status::InvalidArgument,
            FailureKind::Internal => Status::Internal,
        };
        Self::new(status, reason)
            .with_application(Some(code).filter(|code| !code.is_empty()), details_json)
    }
}

/// Why details cannot travel, if they cannot: callers rely on their being JSON.
fn fault_of_details(details: &str) -> Option<String> {
    if details.len() > Failure::DETAILS_BYTES_MAX {
        let (bytes, max) = (details.len(), Failure::DETAILS_BYTES_MAX);
        return Some(format!("they have {bytes} bytes, and at most {max} travel"));
    }
    serde_json::from_str::<serde::de::IgnoredAny>(details)
        .err()
        .map(|error| format!("they are not JSON: {error}"))
}

/// Cuts text to at most this many bytes, at a character's boundary.
fn truncate(text: &mut String, bytes_max: usize) {
    if text.len() > bytes_max {
        text.truncate(text.floor_char_boundary(bytes_max));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("only {left} left")]
    struct OutOfStock<N: std::fmt::Display + std::fmt::Debug> {
        left: N,
    }

    #[test]
    fn an_error_in_a_handler_is_told_by_the_name_of_its_type() {
        let failure = Failure::from(OutOfStock { left: 3 });
        assert_eq!(failure, Failure::new("OutOfStock", "only 3 left"));
    }

    #[test]
    fn details_that_are_not_json_are_dropped_and_the_reason_says_so() {
        let failure = Failure {
            details_json: Some("{left: 3}".into()),
            ..Failure::new("SOLD_OUT", "no tea")
        };
        let error = Error::from(failure);
        assert_eq!(error.context().details_json, None);
        assert!(
            error
                .reason()
                .starts_with("no tea (its details were dropped: they are not JSON")
        );
    }

    #[test]
    fn an_error_of_a_nested_call_keeps_its_code() {
        let inner = Failure {
            details_json: Some("[1]".into()),
            ..Failure::new("SOLD_OUT", "no tea")
        };
        let failure = Failure::from(Error::from(inner.clone()));
        assert_eq!(failure, inner);
    }

    #[test]
    fn an_error_of_a_nested_call_without_a_code_is_told_by_its_status() {
        let failure = Failure::from(Error::new(Status::Unavailable, "nobody there"));
        assert_eq!(failure, Failure::new("UNAVAILABLE", "nobody there"));
    }
}
