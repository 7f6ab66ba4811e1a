//! What the outcome of a call says about the instance that it was sent to, as outlier ejection and
//! the circuit breaker understand it.

use crate::error::Status;

/// What an outcome says about an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Evidence {
    /// It answers, even if with an error that concerns the request.
    Good,
    /// It is in trouble.
    Bad,
    /// Nothing: the call was given up by its caller, or refused because of a bound.
    None,
}

impl Evidence {
    /// The evidence in a reply (no status) or of an error.
    #[must_use]
    pub const fn of(outcome: Option<Status>) -> Self {
        match outcome {
            None => Self::Good,
            Some(Status::Cancelled | Status::ResourceExhausted) => Self::None,
            Some(status) if status.blames_instance() => Self::Bad,
            Some(_) => Self::Good,
        }
    }
}
