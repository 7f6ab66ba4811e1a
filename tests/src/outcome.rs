//! What an operation must have failed with.

use commy::{Error, Status};

/// The outcome of an operation that must have failed.
pub trait Outcome {
    /// The error, which must have this status.
    fn fails_as(self, status: Status) -> Error;
}

impl<T: std::fmt::Debug> Outcome for commy::Result<T> {
    #[track_caller]
    fn fails_as(self, status: Status) -> Error {
        match self {
            Err(error) if error.status() == status => error,
            other => panic!("expected {status}, got {other:?}"),
        }
    }
}

/// Checks that a value was refused as `INVALID_ARGUMENT`, with a reason that names the value and
/// the rule.
#[track_caller]
pub fn invalid<T: std::fmt::Debug>(outcome: commy::Result<T>, value: &str, rule: &str) {
    let error = outcome.fails_as(Status::InvalidArgument);
    assert!(
        error.reason().contains(value) && error.reason().contains(rule),
        "{:?} must name {value:?} and say {rule:?}",
        error.reason()
    );
}
