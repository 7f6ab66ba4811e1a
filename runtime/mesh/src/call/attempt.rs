//! One attempt of a call, on an instance of this process or of another node.

use std::time::Duration;

use actix::dev::SendError;
use commy_core::{
    Error, IncomingRequest, InstanceId, Message, Status,
    registry::Entry,
    retry::{ATTEMPTS_MAX, Delivery},
};
use tokio::sync::oneshot;

use super::Call;
use crate::{
    actors::instance::Invoke,
    fabric::{LocalAnswer, OutgoingCall, RemoteAnswer},
    route::Route,
};

/// Why an attempt failed, and whether its handler may have seen it.
pub(super) struct Failed {
    pub(super) error: Error,
    pub(super) delivery: Delivery,
    /// Whether the instance's node said nothing at all.
    is_silent: bool,
}

impl Call<'_> {
    /// Makes one attempt.
    pub(super) async fn attempt(
        &self,
        entry: &Entry<Route>,
        alternatives: usize,
        attempt: u32,
        message: Message,
    ) -> Result<Message, Failed> {
        let id = entry.instance.id;
        let now = self.node.now();
        let deadline = if self.options.idempotent && alternatives > 1 {
            // Leave time for the others, should this one hang.
            let others = u32::try_from(alternatives).unwrap_or(ATTEMPTS_MAX);
            self.deadline
                .of_attempt(now, (ATTEMPTS_MAX + 1 - attempt).min(others))
        } else {
            self.deadline
        };
        let Some(sent) = entry.route.send(now) else {
            return Err(refused(
                Status::Unavailable,
                format!("the circuit breaker of instance {id} is open"),
            )
            .at(id));
        };
        let request = IncomingRequest {
            service: entry.instance.spec.service.clone(),
            method: self.method.clone(),
            message,
            time_left: deadline.time_left(now),
            caller: self.node.id(),
            attempt,
        };
        let time = request.time_left;
        let answer = async {
            if entry.route.is_afar() {
                self.ask_afar(id, request).await
            } else {
                ask_here(entry, request).await
            }
        };
        let outcome = tokio::select! {
            biased;
            answer = answer => answer,
            () = self.node.sleep(time) => Err(self.no_answer(entry, time)),
        };
        let outcome = outcome.map_err(|failed| failed.at(id));
        let now = self.node.now();
        match &outcome {
            Err(failed) if failed.is_silent => sent.silent(now, failed.error.status()),
            Err(failed) => sent.over(now, Some(failed.error.status())),
            Ok(_) => sent.over(now, None),
        }
        outcome
    }

    /// Asks an instance of another node. Dropping the future cancels the work there.
    async fn ask_afar(&self, to: InstanceId, request: IncomingRequest) -> Result<Message, Failed> {
        let Some(link) = self.node.link() else {
            return Err(refused(
                Status::Unavailable,
                format!("instance {to} is on another node, and this one has left the fabric"),
            ));
        };
        let reply = match link.invoke(OutgoingCall { to, request }).await {
            RemoteAnswer::Handled(handled) => handled.map_err(|error| possible(error, false))?,
            RemoteAnswer::Refused(error) => {
                return Err(Failed {
                    error,
                    delivery: Delivery::NotAccepted,
                    is_silent: false,
                });
            }
            RemoteAnswer::Lost(error) => return Err(possible(error, true)),
        };
        reply
            .check(self.mesh.settings.max_payload_bytes)
            .map_err(|error| {
                let reason = format!("the reply of instance {to}: {}", error.reason());
                possible(error.with_reason(reason), false)
            })?;
        Ok(reply)
    }

    /// The deadline of an attempt passed.
    fn no_answer(&self, entry: &Entry<Route>, time: Duration) -> Failed {
        let id = entry.instance.id;
        let is_gone = self
            .node
            .snapshot()
            .entry(&id)
            .is_none_or(|now| !now.instance.is_callable());
        let and = if is_gone && entry.route.is_afar() {
            ", and cannot be called any more: it drains, or its node is lost"
        } else {
            ""
        };
        let error = Error::new(
            Status::DeadlineExceeded,
            format!("instance {id} gave no answer within {time:?}{and}"),
        );
        possible(error, entry.route.is_afar())
    }
}

/// Asks an instance that is hosted here.
async fn ask_here(entry: &Entry<Route>, request: IncomingRequest) -> Result<Message, Failed> {
    let id = entry.instance.id;
    let Some(mailbox) = entry.route.mailbox() else {
        return Err(refused(
            Status::Unavailable,
            format!("instance {id} is not hosted"),
        ));
    };
    let (reply, answer) = oneshot::channel();
    mailbox
        .try_send(Invoke { request, reply })
        .map_err(|error| match error {
            SendError::Full(_) => refused(
                Status::ResourceExhausted,
                format!("the mailbox of instance {id} is full"),
            ),
            SendError::Closed(_) => {
                refused(Status::Unavailable, format!("instance {id} was withdrawn"))
            }
        })?;
    match answer.await {
        Ok(LocalAnswer::Handled(handled)) => handled.map_err(|error| possible(error, false)),
        Ok(LocalAnswer::Refused(error)) => Err(Failed {
            error,
            delivery: Delivery::NotAccepted,
            is_silent: false,
        }),
        Err(_) => Err(possible(
            Error::new(
                Status::Unavailable,
                format!("instance {id} ended before it had answered"),
            ),
            false,
        )),
    }
}

/// The request was provably not given to the handler.
fn refused(status: Status, reason: String) -> Failed {
    Failed {
        error: Error::new(status, reason),
        delivery: Delivery::NotAccepted,
        is_silent: false,
    }
}

/// The request was or may have been given to the handler.
const fn possible(error: Error, is_silent: bool) -> Failed {
    Failed {
        error,
        delivery: Delivery::Possible,
        is_silent,
    }
}

impl Failed {
    /// The same failure, of this instance.
    fn at(self, id: InstanceId) -> Self {
        Self {
            error: self.error.with_instance(id.to_string()),
            ..self
        }
    }
}
