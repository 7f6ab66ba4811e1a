//! Errors: one variant a status, each with everything that is known.

use uniffi::UnexpectedUniFFICallbackError;

/// Everything that is known about an error.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ErrorInfo {
    /// What went wrong: the value and the rule that it broke.
    pub reason: String,
    /// The service concerned, if one is.
    pub service: Option<String>,
    /// The method concerned, if one is.
    pub method: Option<String>,
    /// The id of the instance that failed, if one was chosen.
    pub instance_id: Option<String>,
    /// How many instances were tried.
    pub attempts: u32,
    /// The handler's own code, for `HANDLER_FAILED`.
    pub code: Option<String>,
    /// The handler's own details as JSON text, for `HANDLER_FAILED`.
    pub details_json: Option<String>,
}

/// Declares the error enum and its two conversions, so that a status is named once.
macro_rules! statuses {
    ($($(#[$doc:meta])* $status:ident,)+) => {
        /// Why an operation failed, by gRPC's status names.
        #[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
        pub enum CommyError {
            $(
                $(#[$doc])*
                #[error("{}: {}", commy::Status::$status, info.reason)]
                $status {
                    /// What is known.
                    info: ErrorInfo,
                },
            )+
        }

        impl CommyError {
            pub(crate) fn new(status: commy::Status, info: ErrorInfo) -> Self {
                match status {
                    $(commy::Status::$status => Self::$status { info },)+
                }
            }

            /// Which status it is.
            pub(crate) const fn status(&self) -> commy::Status {
                match self {
                    $(Self::$status { .. } => commy::Status::$status,)+
                }
            }

            /// What is known about the error, without its status.
            #[must_use]
            pub fn info(&self) -> &ErrorInfo {
                match self {
                    $(Self::$status { info } => info,)+
                }
            }
        }
    };
}

statuses! {
    /// The operation was cancelled by its caller.
    Cancelled,
    /// A value breaks a rule; the same request cannot succeed.
    InvalidArgument,
    /// The deadline passed before there was an answer.
    DeadlineExceeded,
    /// There is no such service, or no instance of it that the call may use.
    NotFound,
    /// What was to be made exists.
    AlreadyExists,
    /// The caller may not do this.
    PermissionDenied,
    /// A bound was reached: a queue, a payload size, calls in flight.
    ResourceExhausted,
    /// The state does not allow it.
    FailedPrecondition,
    /// The service has no such method.
    Unimplemented,
    /// A handler panicked or broke its contract, or commy has a defect.
    Internal,
    /// No instance can answer now; another try may succeed.
    Unavailable,
    /// The caller's identity is not known.
    Unauthenticated,
    /// The handler itself reported a failure.
    HandlerFailed,
}

impl From<commy::Error> for CommyError {
    fn from(error: commy::Error) -> Self {
        let commy::ErrorContext {
            service,
            method,
            instance_id,
            attempts,
            code,
            details_json,
        } = error.context().clone();
        let info = ErrorInfo {
            reason: error.reason().to_owned(),
            service,
            method,
            instance_id,
            attempts,
            code,
            details_json,
        };
        Self::new(error.status(), info)
    }
}

/// A foreign handler threw something that `commy.udl` does not declare.
impl From<UnexpectedUniFFICallbackError> for CommyError {
    fn from(error: UnexpectedUniFFICallbackError) -> Self {
        Self::Internal {
            info: ErrorInfo {
                reason: error.reason,
                ..ErrorInfo::default()
            },
        }
    }
}
