//! Handlers that another language implements.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use commy::{BoxFuture, Failure, FailureKind, Message};
use tokio::sync::oneshot::Receiver;

use crate::{
    error::CommyError,
    invocation::{Answer, IncomingRequest, Invocation},
};

/// Answers the requests of one registration. Neither method may block.
#[uniffi::trait_interface]
pub trait Handler: Send + Sync {
    /// Begins to answer a request; the answer is given through the invocation.
    ///
    /// # Errors
    /// What the other language threw. The caller receives `INTERNAL` with its reason.
    fn start(
        &self,
        invocation: Arc<Invocation>,
        request: IncomingRequest,
    ) -> Result<(), CommyError>;

    /// As `start`, for a handler of this library, which needs no conversion.
    ///
    /// # Errors
    /// As `start`.
    #[doc(hidden)]
    fn begin(
        &self,
        invocation: Arc<Invocation>,
        id: u64,
        request: commy::IncomingRequest,
    ) -> Result<(), CommyError> {
        self.start(invocation, IncomingRequest::new(id, request))
    }

    /// Whether it only lays requests on a desk: none of its methods calls into another language.
    #[doc(hidden)]
    fn is_at_desk(&self) -> bool {
        false
    }

    /// Nobody waits for this invocation any more.
    ///
    /// # Errors
    /// What the other language threw. It is logged, as nobody waits for it.
    fn cancel(&self, invocation_id: u64) -> Result<(), CommyError>;
}

/// A foreign handler, as the mesh sees one.
pub(crate) struct Foreign(pub(crate) Arc<dyn Handler>);

impl commy::Handler for Foreign {
    fn handle(&self, request: commy::IncomingRequest) -> BoxFuture<'static, Answer> {
        let handler = Arc::clone(&self.0);
        Box::pin(async move {
            let (invocation, id, answered) = Invocation::begin();
            handler
                .begin(Arc::new(invocation), id, request)
                .map_err(|error| internal(format!("the handler could not start: {error}")))?;
            let mut running = Running {
                handler,
                id,
                answered,
            };
            running.answer().await
        })
    }

    fn is_elsewhere(&self) -> bool {
        self.0.is_at_desk()
    }
}

/// A request that a foreign handler is at work on. Dropping it before there is an answer cancels
/// the work.
struct Running {
    handler: Arc<dyn Handler>,
    id: u64,
    answered: Receiver<Answer>,
}

impl Running {
    async fn answer(&mut self) -> Result<Message, Failure> {
        (&mut self.answered).await.unwrap_or_else(|_| {
            Err(internal(
                "the handler dropped the request without an answer",
            ))
        })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.answered.is_terminated() {
            return;
        }
        // From here on no answer gets in, and one that came just before is still seen.
        self.answered.close();
        if self.answered.try_recv().is_ok() {
            return;
        }
        // The future may be dropped while a panic unwinds, and a second one would end the process.
        let told = catch_unwind(AssertUnwindSafe(|| self.handler.cancel(self.id)));
        match told {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::warn!(invocation = self.id, %error, "a handler failed to cancel");
            }
            Err(_) => {
                tracing::error!(invocation = self.id, "a handler panicked in cancel");
            }
        }
    }
}

fn internal(reason: impl Into<String>) -> Failure {
    Failure::of_kind(FailureKind::Internal, reason)
}
