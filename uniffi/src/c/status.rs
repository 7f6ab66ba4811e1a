//! Status codes: commy's own, by gRPC's names and numbers.

use std::ffi::{CStr, c_char};

use commy::Status;

/// How a function ended. Everything but `COMMY_STATUS_OK` is told about by `commy_last_error`.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommyStatus {
    /// It did what it was asked.
    Ok = 0,
    /// The operation was cancelled by its caller.
    Cancelled = 1,
    /// A value breaks a rule, or a handle is null, stale, foreign or of another kind; the same
    /// request cannot succeed.
    InvalidArgument = 3,
    /// The time passed before there was an answer.
    DeadlineExceeded = 4,
    /// There is no such service, or no instance of it that the call may use.
    NotFound = 5,
    /// What was to be made exists.
    AlreadyExists = 6,
    /// The caller may not do this.
    PermissionDenied = 7,
    /// A bound was reached: a queue, a payload size, calls in flight.
    ResourceExhausted = 8,
    /// The state does not allow it: a mesh that is not running, a call to an advertised service, a
    /// function that waits in a callback that must not.
    FailedPrecondition = 9,
    /// The service has no such method.
    Unimplemented = 12,
    /// A handler broke its contract, or commy has a defect.
    Internal = 13,
    /// No instance can answer now; another try may succeed.
    Unavailable = 14,
    /// The caller's identity is not known.
    Unauthenticated = 16,
    /// The handler itself reported a failure; the code and the details are its own.
    HandlerFailed = 100,
}

impl From<Status> for CommyStatus {
    fn from(status: Status) -> Self {
        match status {
            Status::Cancelled => Self::Cancelled,
            Status::InvalidArgument => Self::InvalidArgument,
            Status::DeadlineExceeded => Self::DeadlineExceeded,
            Status::NotFound => Self::NotFound,
            Status::AlreadyExists => Self::AlreadyExists,
            Status::PermissionDenied => Self::PermissionDenied,
            Status::ResourceExhausted => Self::ResourceExhausted,
            Status::FailedPrecondition => Self::FailedPrecondition,
            Status::Unimplemented => Self::Unimplemented,
            Status::Internal => Self::Internal,
            Status::Unavailable => Self::Unavailable,
            Status::Unauthenticated => Self::Unauthenticated,
            Status::HandlerFailed => Self::HandlerFailed,
        }
    }
}

impl CommyStatus {
    /// The status by gRPC's name for it.
    pub(crate) const fn name(self) -> &'static CStr {
        match self {
            Self::Ok => c"OK",
            Self::Cancelled => c"CANCELLED",
            Self::InvalidArgument => c"INVALID_ARGUMENT",
            Self::DeadlineExceeded => c"DEADLINE_EXCEEDED",
            Self::NotFound => c"NOT_FOUND",
            Self::AlreadyExists => c"ALREADY_EXISTS",
            Self::PermissionDenied => c"PERMISSION_DENIED",
            Self::ResourceExhausted => c"RESOURCE_EXHAUSTED",
            Self::FailedPrecondition => c"FAILED_PRECONDITION",
            Self::Unimplemented => c"UNIMPLEMENTED",
            Self::Internal => c"INTERNAL",
            Self::Unavailable => c"UNAVAILABLE",
            Self::Unauthenticated => c"UNAUTHENTICATED",
            Self::HandlerFailed => c"HANDLER_FAILED",
        }
    }

    /// The status of a number that C says is one.
    pub(crate) fn of(code: i32) -> Option<Self> {
        [
            Self::Ok,
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
        ]
        .into_iter()
        .find(|status| *status as i32 == code)
    }
}

/// The name of a status, such as `NOT_FOUND`; `UNKNOWN` for a number that is none. It is never
/// freed.
#[unsafe(no_mangle)]
pub extern "C" fn commy_status_name(status: i32) -> *const c_char {
    CommyStatus::of(status)
        .map_or(c"UNKNOWN", CommyStatus::name)
        .as_ptr()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_are_those_of_the_runtime() {
        for status in [
            Status::Cancelled,
            Status::InvalidArgument,
            Status::DeadlineExceeded,
            Status::NotFound,
            Status::AlreadyExists,
            Status::PermissionDenied,
            Status::ResourceExhausted,
            Status::FailedPrecondition,
            Status::Unimplemented,
            Status::Internal,
            Status::Unavailable,
            Status::Unauthenticated,
            Status::HandlerFailed,
        ] {
            let ours = CommyStatus::from(status);
            assert_eq!(ours as u16, status.code());
            assert_eq!(ours.name().to_str(), Ok(status.name()));
            assert_eq!(CommyStatus::of(status.code().into()), Some(ours));
        }
    }
}
