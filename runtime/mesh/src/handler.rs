//! What user code implements to answer requests.

use std::future::Future;

use commy_core::message::{Failure, IncomingRequest, Message};
use futures_util::future::BoxFuture;

/// Answers the requests of one registration.
///
/// The future runs on the thread of the mesh's instances, beside other handlers: it must not block;
/// work that does belongs on a thread of its own. It is dropped when its caller gave up or its
/// deadline passed. A panic fails the call that it happened in with `INTERNAL`, and nothing else.
///
/// Any `Fn(IncomingRequest) -> Future` is a handler.
pub trait Handler: Send + Sync + 'static {
    /// Answers one request.
    fn handle(&self, request: IncomingRequest) -> BoxFuture<'static, Result<Message, Failure>>;

    /// Whether its futures only wait for what is done elsewhere. They are begun on the thread of the
    /// mesh's instances all the same, and then go on, or are dropped, on whichever thread gives them
    /// the answer or takes it from them, which saves waking that one. So they must neither compute,
    /// nor block, nor need a runtime, and neither may what their drop leads to.
    fn is_elsewhere(&self) -> bool {
        false
    }
}

impl<F, Answer> Handler for F
where
    F: Fn(IncomingRequest) -> Answer + Send + Sync + 'static,
    Answer: Future<Output = Result<Message, Failure>> + Send + 'static,
{
    fn handle(&self, request: IncomingRequest) -> BoxFuture<'static, Result<Message, Failure>> {
        Box::pin(self(request))
    }
}
