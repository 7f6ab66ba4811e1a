//! A handler whose requests are laid on a desk.

use std::sync::Arc;

use commy::{Failure, FailureKind};

use super::counter::{Counter, News};
use crate::{
    error::{CommyError, ErrorInfo},
    handler::Handler,
    invocation::{IncomingRequest, Invocation},
};

/// A handler of the event loop, known to it by a number.
pub(super) struct Window {
    pub(super) counter: Arc<Counter>,
    pub(super) number: u64,
}

impl Handler for Window {
    fn start(
        &self,
        invocation: Arc<Invocation>,
        request: IncomingRequest,
    ) -> Result<(), CommyError> {
        // Not how the mesh asks: it begins. Another language that got hold of this handler would.
        let _ = (invocation, request);
        Err(refused(
            "a handler of an event loop is asked by its mesh alone",
        ))
    }

    fn begin(
        &self,
        invocation: Arc<Invocation>,
        id: u64,
        request: commy::IncomingRequest,
    ) -> Result<(), CommyError> {
        if self.counter.ask(self.number, id, invocation, request) {
            return Ok(());
        }
        Err(refused(CLOSED))
    }

    fn is_at_desk(&self) -> bool {
        true
    }

    fn cancel(&self, invocation_id: u64) -> Result<(), CommyError> {
        // A closed loop has cancelled everything.
        self.counter
            .tell(News::Cancelled(self.number, invocation_id));
        Ok(())
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        self.counter.tell(News::Gone(self.number));
    }
}

const CLOSED: &str = "its event loop is closed";

/// What callers are told of requests that the loop left unanswered.
pub(super) fn closed() -> Failure {
    Failure::of_kind(
        FailureKind::Internal,
        format!("the handler cannot go on: {CLOSED}"),
    )
}

fn refused(reason: &str) -> CommyError {
    let reason = reason.into();
    CommyError::Internal {
        info: ErrorInfo {
            reason,
            ..ErrorInfo::default()
        },
    }
}
