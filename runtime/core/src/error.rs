//! What can go wrong, in the words of gRPC's status codes. Every error that a user sees is this
//! type, in every language; it must not know where it happened or how it travels.
//!
//! Codes 1 to 16 are gRPC's (<https://grpc.io/docs/guides/status-codes/>); 100 is commy's own.

use std::fmt;

/// Why an operation failed. The discriminants are stable and travel between nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u16)]
pub enum Status {
    /// The operation was cancelled by its caller.
    Cancelled = 1,
    /// A value breaks a rule; the same request cannot succeed.
    InvalidArgument = 3,
    /// The deadline passed before there was an answer.
    DeadlineExceeded = 4,
    /// There is no such service, or no instance of it that the call may use.
    NotFound = 5,
    /// What was to be made exists.
    AlreadyExists = 6,
    /// The caller may not do this.
    PermissionDenied = 7,
    /// A bound was reached: a queue, a payload size, calls in flight.
    ResourceExhausted = 8,
    /// The state does not allow it.
    FailedPrecondition = 9,
    /// The service has no such method.
    Unimplemented = 12,
    /// A handler panicked or broke its contract, or commy has a defect.
    Internal = 13,
    /// No instance can answer now; another try may succeed.
    Unavailable = 14,
    /// The caller's identity is not known.
    Unauthenticated = 16,
    /// The handler itself reported a failure.
    HandlerFailed = 100,
}

impl Status {
    /// Every status, by code.
    pub const ALL: [Self; 13] = [
        Self::Cancelled,
        Self::InvalidArgument,
        Self::DeadlineExceeded,
        Self::NotFound,
        Self::AlreadyExists,
        Self::PermissionDenied,
        Self::ResourceExhausted,
        Self::FailedPrecondition,
        Self::Unimplemented,
        Self::Internal,
        Self::Unavailable,
        Self::Unauthenticated,
        Self::HandlerFailed,
    ];

    /// The stable numeric code.
    #[must_use]
    pub const fn code(self) -> u16 {
        self as u16
    }

    /// The status that has this code, if one has.
    #[must_use]
    pub fn from_code(code: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.code() == code)
    }

    /// The name, as gRPC writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cancelled => "CANCELLED",
            Self::InvalidArgument => "INVALID_ARGUMENT",
            Self::DeadlineExceeded => "DEADLINE_EXCEEDED",
            Self::NotFound => "NOT_FOUND",
            Self::AlreadyExists => "ALREADY_EXISTS",
            Self::PermissionDenied => "PERMISSION_DENIED",
            Self::ResourceExhausted => "RESOURCE_EXHAUSTED",
            Self::FailedPrecondition => "FAILED_PRECONDITION",
            Self::Unimplemented => "UNIMPLEMENTED",
            Self::Internal => "INTERNAL",
            Self::Unavailable => "UNAVAILABLE",
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::HandlerFailed => "HANDLER_FAILED",
        }
    }

    /// Whether this outcome says that the instance, not the request, is in trouble: what outlier
    /// ejection and the circuit breaker count.
    #[must_use]
    pub const fn blames_instance(self) -> bool {
        matches!(
            self,
            Self::Unavailable | Self::Internal | Self::DeadlineExceeded
        )
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What is known about an error beyond its status and reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ErrorContext {
    /// The service concerned.
    pub service: Option<String>,
    /// The method concerned.
    pub method: Option<String>,
    /// The instance that failed.
    pub instance_id: Option<String>,
    /// How many instances were tried.
    pub attempts: u32,
    /// The handler's own code.
    pub code: Option<String>,
    /// The handler's own details, as JSON text.
    pub details_json: Option<String>,
}

/// An error: its status, what went wrong, and what it concerns.
///
/// ```
/// use commy_core::{Error, Status};
///
/// let error = Error::new(Status::NotFound, "no service \"orders\" in mesh \"shop\"");
/// assert_eq!(error.status().code(), 5);
/// assert_eq!(error.to_string(), "NOT_FOUND: no service \"orders\" in mesh \"shop\"");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{status}: {reason}")]
pub struct Error {
    status: Status,
    reason: String,
    // Boxed, so that a `Result` on the call path stays small.
    context: Box<ErrorContext>,
}

/// The result of an operation that fails with [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error of which nothing but the status and the reason is known.
    #[must_use]
    pub fn new(status: Status, reason: impl Into<String>) -> Self {
        Self {
            status,
            reason: reason.into(),
            context: Box::default(),
        }
    }

    /// Why the operation failed.
    #[must_use]
    pub const fn status(&self) -> Status {
        self.status
    }

    /// What went wrong, in lower case, naming the value that was wrong.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// What the error concerns.
    #[must_use]
    pub const fn context(&self) -> &ErrorContext {
        &self.context
    }

    /// The same error with more of a reason.
    #[must_use]
    pub fn with_reason(mut self, reason: impl Into<String>) -> Self {
        self.reason = reason.into();
        self
    }

    /// The same error about this service.
    #[must_use]
    pub fn with_service(mut self, service: impl Into<String>) -> Self {
        self.context.service = Some(service.into());
        self
    }

    /// The same error about this method.
    #[must_use]
    pub fn with_method(mut self, method: impl Into<String>) -> Self {
        self.context.method = Some(method.into());
        self
    }

    /// The same error, from this instance.
    #[must_use]
    pub fn with_instance(mut self, instance_id: impl Into<String>) -> Self {
        self.context.instance_id = Some(instance_id.into());
        self
    }

    /// The same error, after this many attempts.
    #[must_use]
    pub fn with_attempts(mut self, attempts: u32) -> Self {
        self.context.attempts = attempts;
        self
    }

    /// The same error with the handler's own code and details.
    #[must_use]
    pub fn with_application(mut self, code: Option<String>, details_json: Option<String>) -> Self {
        self.context.code = code;
        self.context.details_json = details_json;
        self
    }
}

/// A value that breaks a rule, before it is known what it was for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} {value} is not valid: {rule}")]
pub struct InvalidValue {
    what: &'static str,
    value: String,
    rule: String,
}

impl InvalidValue {
    /// How much of a wrong value is shown: enough to recognise it, too little to flood a log.
    const SHOWN_CHARS_MAX: usize = 64;

    /// The value of `what` breaks `rule`.
    #[must_use]
    pub fn new(what: &'static str, value: &str, rule: impl Into<String>) -> Self {
        let mut shown: String = value.chars().take(Self::SHOWN_CHARS_MAX).collect();
        if shown.len() < value.len() {
            shown.push('…');
        }
        Self {
            what,
            value: format!("{shown:?}"),
            rule: rule.into(),
        }
    }

    /// The number given for `what` breaks `rule`.
    #[must_use]
    pub fn number(what: &'static str, value: impl fmt::Display, rule: impl Into<String>) -> Self {
        Self {
            what,
            value: value.to_string(),
            rule: rule.into(),
        }
    }
}

impl From<InvalidValue> for Error {
    fn from(invalid: InvalidValue) -> Self {
        Self::new(Status::InvalidArgument, invalid.to_string())
    }
}
