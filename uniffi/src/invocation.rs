//! One request at a foreign handler: what it receives, and the ways to answer it.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use parking_lot::Mutex;
use tokio::sync::oneshot;

use crate::message::Message;

/// What a handler answers.
pub(crate) type Answer = Result<commy::Message, commy::Failure>;

/// A request as its handler receives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncomingRequest {
    /// The number of this invocation.
    pub invocation_id: u64,
    /// The service that was called.
    pub service: String,
    /// The method that is asked for.
    pub method: String,
    /// The content.
    pub message: Message,
    /// What was left of the caller's deadline, in milliseconds.
    pub time_left_ms: u64,
    /// The id of the node that calls.
    pub caller: String,
    /// Which attempt of the call this is.
    pub attempt: u32,
}

impl IncomingRequest {
    pub(crate) fn new(invocation_id: u64, request: commy::IncomingRequest) -> Self {
        let commy::IncomingRequest {
            service,
            method,
            message,
            time_left,
            caller,
            attempt,
        } = request;
        Self {
            invocation_id,
            service: service.to_string(),
            method: method.to_string(),
            message: message.into(),
            time_left_ms: u64::try_from(time_left.as_millis()).unwrap_or(u64::MAX),
            caller: caller.to_string(),
            attempt,
        }
    }
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

impl From<FailureKind> for commy::FailureKind {
    fn from(kind: FailureKind) -> Self {
        match kind {
            FailureKind::Application => Self::Application,
            FailureKind::UnknownMethod => Self::UnknownMethod,
            FailureKind::BadRequest => Self::BadRequest,
            FailureKind::Internal => Self::Internal,
        }
    }
}

/// What a handler tells its caller instead of a reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Why there is no reply.
    pub kind: FailureKind,
    /// The application's own code.
    pub code: String,
    /// What happened.
    pub reason: String,
    /// The application's own details, as JSON text.
    pub details_json: Option<String>,
}

impl From<Failure> for commy::Failure {
    fn from(failure: Failure) -> Self {
        let Failure {
            kind,
            code,
            reason,
            details_json,
        } = failure;
        Self {
            kind: kind.into(),
            code,
            reason,
            details_json,
        }
    }
}

/// One request that waits for its answer. The first answer counts; later ones are ignored.
#[derive(Debug)]
pub struct Invocation(Mutex<Option<oneshot::Sender<Answer>>>);

impl Invocation {
    /// An invocation, its number, and where its answer arrives: an error if it is dropped
    /// unanswered.
    pub(crate) fn begin() -> (Self, u64, oneshot::Receiver<Answer>) {
        static NUMBER: AtomicU64 = AtomicU64::new(1);
        let (answer, answered) = oneshot::channel();
        let invocation = Self(Mutex::new(Some(answer)));
        (invocation, NUMBER.fetch_add(1, Relaxed), answered)
    }

    /// Answers with a reply.
    pub fn complete(&self, reply: Message) {
        self.answer(Ok(reply.into()));
    }

    /// Answers with a failure.
    pub fn fail(&self, failure: Failure) {
        self.answer(Err(failure.into()));
    }

    /// Answers with either.
    pub(crate) fn answer(&self, answer: Answer) {
        if let Some(waiting) = self.0.lock().take() {
            // Nobody waits any more: the caller gave up, and the handler was told to cancel.
            let _ = waiting.send(answer);
        }
    }
}
