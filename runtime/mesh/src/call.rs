//! The data path of a call: from the latest routing snapshot straight to the instance that core
//! picked, by its mailbox or over the link. What may be retried is core's decision; see the
//! guarantees there.

mod attempt;
mod choice;
mod outcome;

use commy_core::{
    CallOptions, Deadline, Error, InstanceId, Message, MethodName, Reply, Request, Result, Status,
    query::Traits,
    retry::{ATTEMPTS_MAX, FailedAttempt, RetryBudget, may_retry},
};

use self::{choice::Chosen, outcome::Outcome};
use crate::{mesh::Inner, node::Node};

/// Calls a service.
pub(crate) async fn call(
    mesh: &Inner,
    service: &str,
    request: Request,
    options: &CallOptions,
) -> Result<Reply> {
    let outcome = Outcome::pending(&mesh.counters);
    let Request { method, message } = request;
    let answer = attempts(mesh, service, &method, message, options)
        .await
        .map_err(|error| error.with_service(service).with_method(method));
    outcome.is(answer)
}

async fn attempts(
    mesh: &Inner,
    service: &str,
    method: &str,
    message: Message,
    options: &CallOptions,
) -> Result<Reply> {
    let session = mesh.session()?;
    let _present = session.calls.token();
    let node = &*session.node;
    let started = node.now();
    let call = Call {
        mesh,
        node,
        service,
        method: MethodName::new(method)?,
        wanted: options.check()?,
        options,
        deadline: Deadline::of(
            started,
            options.timeout.unwrap_or(mesh.settings.call_timeout),
        ),
    };
    message.check(mesh.settings.max_payload_bytes)?;
    if call.deadline.is_past(started) {
        return Err(Error::new(
            Status::DeadlineExceeded,
            "the timeout is zero, so nothing was sent",
        ));
    }
    let mut tried = Tried::default();
    mesh.retries
        .lock()
        .get_or_insert_with(|| RetryBudget::new(started))
        .on_call(started);
    for attempt in 1.. {
        let Chosen {
            entry,
            alternatives,
        } = call
            .choose(&tried.ids)
            .map_err(|error| tried.add_to(error))?;
        let failure = match call
            .attempt(&entry, alternatives, attempt, message.clone())
            .await
        {
            Ok(message) => {
                return Ok(Reply {
                    message,
                    served_by: entry.instance.id,
                });
            }
            Err(failure) => failure,
        };
        let failed = FailedAttempt {
            attempt,
            status: failure.error.status(),
            delivery: failure.delivery,
        };
        let now = node.now();
        // A stop waits for calls that are under way, and then for none that begins.
        let is_retried = !session.closing.is_cancelled()
            && mesh.retries.lock().as_mut().is_some_and(|budget| {
                may_retry(options.idempotent, &failed, call.deadline, now, budget)
            });
        if !is_retried {
            return Err(tried.add_to(failure.error).with_attempts(attempt));
        }
        tracing::debug!(service, attempt, error = %failure.error, "trying another instance");
        tried.ids.push(entry.instance.id);
        tried.errors.push(failure.error);
    }
    unreachable!("core allows at most {ATTEMPTS_MAX} attempts")
}

/// A checked call.
struct Call<'c> {
    mesh: &'c Inner,
    node: &'c Node,
    service: &'c str,
    method: MethodName,
    wanted: Traits,
    options: &'c CallOptions,
    deadline: Deadline,
}

/// What a call has tried in vain.
#[derive(Default)]
struct Tried {
    ids: Vec<InstanceId>,
    errors: Vec<Error>,
}

impl Tried {
    /// The error of a call whose last attempt, after these, ended with this one.
    fn add_to(&self, error: Error) -> Error {
        if self.errors.is_empty() {
            return error;
        }
        let before: Vec<_> = self.errors.iter().map(ToString::to_string).collect();
        let reason = format!("{}; before that: {}", error.reason(), before.join("; "));
        error
            .with_reason(reason)
            .with_attempts(self.errors.len() as u32)
    }
}
