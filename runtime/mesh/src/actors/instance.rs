//! One hosted instance: it runs its handler's futures, counts the calls in flight and drains them.
//! It is the sole writer of these; it must not know how a caller found it.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use actix::{Actor, Context, Handler as Handle, Message as ActorMessage, ResponseFuture};
use commy_core::{Error, Status, identity::InstanceId, message::IncomingRequest};
use futures_util::FutureExt;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::in_flight::{Entered, InFlight};
use crate::{
    fabric::LocalAnswer,
    handler::Handler,
    roaming::Roaming,
    stats::{Counters, Present},
};

/// How many calls may wait in the mailbox before the actor has seen them. The actor only starts
/// futures, so its mailbox is full when its thread is blocked or overrun; the caller is told.
pub(crate) const MAILBOX_CAPACITY: usize = 4096;

/// The actor of one hosted instance.
pub(crate) struct Instance {
    id: InstanceId,
    handler: Arc<dyn Handler>,
    in_flight_max: u32,
    payload_bytes_max: u64,
    counters: Arc<Counters>,
    in_flight: Arc<InFlight>,
    is_draining: bool,
    halted: CancellationToken,
}

/// Answer this request.
#[derive(ActorMessage)]
#[rtype(result = "()")]
pub(crate) struct Invoke {
    /// What is asked.
    pub(crate) request: IncomingRequest,
    /// Where the answer goes. Dropping its receiver cancels the handler's work.
    pub(crate) reply: oneshot::Sender<LocalAnswer>,
}

/// Take no new calls, and say whether those in flight finished within the time.
#[derive(ActorMessage)]
#[rtype(result = "bool")]
pub(crate) struct Drain(pub(crate) Duration);

/// Drop what is still in flight, and stop.
#[derive(ActorMessage)]
#[rtype(result = "()")]
pub(crate) struct Halt;

impl Instance {
    pub(crate) fn new(
        id: InstanceId,
        handler: Arc<dyn Handler>,
        in_flight_max: u32,
        payload_bytes_max: u64,
        counters: Arc<Counters>,
    ) -> Self {
        Self {
            id,
            handler,
            in_flight_max,
            payload_bytes_max,
            counters,
            in_flight: Arc::default(),
            is_draining: false,
            halted: CancellationToken::new(),
        }
    }
}

impl Actor for Instance {
    type Context = Context<Self>;
}

impl Handle<Invoke> for Instance {
    type Result = ();

    fn handle(&mut self, invoke: Invoke, _: &mut Self::Context) {
        let Invoke { request, reply } = invoke;
        if reply.is_closed() {
            // Its caller gave up while it was in the mailbox.
            return;
        }
        let is_from_afar = request.caller != self.id.node;
        if let Some(refusal) = self.refusal(is_from_afar.then_some(&request)) {
            // A caller that goes now needs no refusal.
            let _ = reply.send(LocalAnswer::Refused(refusal));
            return;
        }
        let work = Work {
            id: self.id,
            payload_bytes_max: self.payload_bytes_max,
            halted: self.halted.clone(),
            // A caller on this node keeps its deadline itself, and drops the receiver.
            time_left: is_from_afar.then_some(request.time_left),
            counters: Arc::clone(&self.counters),
            in_flight: self.in_flight.enter(),
        };
        let answer = work.answer(Arc::clone(&self.handler), request, reply);
        if self.handler.is_elsewhere() {
            Roaming::new(Box::pin(answer)).go();
        } else {
            actix_rt::spawn(answer);
        }
    }
}

impl Handle<Drain> for Instance {
    type Result = ResponseFuture<bool>;

    fn handle(&mut self, Drain(time): Drain, _: &mut Self::Context) -> Self::Result {
        self.is_draining = true;
        let in_flight = Arc::clone(&self.in_flight);
        Box::pin(async move {
            tokio::time::timeout(time, in_flight.wait_until_idle())
                .await
                .is_ok()
        })
    }
}

impl Handle<Halt> for Instance {
    type Result = ();

    fn handle(&mut self, Halt: Halt, ctx: &mut Self::Context) {
        self.halted.cancel();
        actix::ActorContext::stop(ctx);
    }
}

impl Instance {
    /// Why a call is refused, if it is. One from another node was not checked on this one yet.
    fn refusal(&self, unchecked: Option<&IncomingRequest>) -> Option<Error> {
        let checked = unchecked.map_or(Ok(()), |request| {
            request.message.check(self.payload_bytes_max)
        });
        let error = if let Err(error) = checked {
            error
        } else if self.is_draining {
            Error::new(
                Status::Unavailable,
                format!("instance {} is draining", self.id),
            )
        } else if self.in_flight.count() >= self.in_flight_max {
            Error::new(
                Status::ResourceExhausted,
                format!(
                    "instance {} already handles {} calls, as many as it allows (max_in_flight)",
                    self.id, self.in_flight_max
                ),
            )
        } else {
            return None;
        };
        Some(error.with_instance(self.id.to_string()))
    }
}

/// The work on one request, from its acceptance to its answer.
struct Work {
    id: InstanceId,
    payload_bytes_max: u64,
    halted: CancellationToken,
    /// How long there is somebody who waits; none when that one will say so itself.
    time_left: Option<Duration>,
    counters: Arc<Counters>,
    in_flight: Entered,
}

impl Work {
    async fn answer(
        self,
        handler: Arc<dyn Handler>,
        request: IncomingRequest,
        mut reply: oneshot::Sender<LocalAnswer>,
    ) {
        self.counters
            .requests_handled
            .fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let present = Present::in_gauge(&self.counters.requests_in_flight);
        // The handler is called inside the future, so that a panic of either is caught.
        let handled = AssertUnwindSafe(async move { handler.handle(request).await }).catch_unwind();
        let outcome = tokio::select! {
            biased;
            // First, so that a handler that waits for its own withdrawal does not go on after it.
            () = self.halted.cancelled() => Err(Error::new(
                Status::Unavailable,
                format!("instance {} was withdrawn before its handler had answered", self.id),
            )),
            handled = handled => match handled {
                Ok(Ok(message)) => message.check(self.payload_bytes_max).map(|()| message),
                Ok(Err(failure)) => Err(failure.into()),
                Err(panic) => Err(self.panicked(&*panic)),
            },
            () = reply.closed() => return,
            () = async { tokio::time::sleep(self.time_left.unwrap_or_default()).await }, if self.time_left.is_some() => {
                Err(Error::new(
                    Status::DeadlineExceeded,
                    format!("the handler of instance {} took longer than its caller waits", self.id),
                ))
            },
        };
        let outcome = outcome.map_err(|error| error.with_instance(self.id.to_string()));
        // Who has the reply must not find the request among those that are still worked on, nor be
        // refused because of it.
        drop((present, self.in_flight));
        let _ = reply.send(LocalAnswer::Handled(outcome));
    }

    fn panicked(&self, panic: &(dyn std::any::Any + Send)) -> Error {
        let text = panic
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
            .unwrap_or("a value that is no text");
        tracing::error!(instance = %self.id, panic = text, "a handler panicked");
        Error::new(Status::Internal, format!("the handler panicked: {text}"))
    }
}
