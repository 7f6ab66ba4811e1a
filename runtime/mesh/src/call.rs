//! The data path of a call: from the latest routing snapshot straight to the instance that core
//! picked, by its mailbox or over the link. What may be retried is core's decision; see the
//! guarantees there.

use std::sync::atomic::Ordering::Relaxed;

use commy_core::{
    CallOptions, Deadline, Error, Health, IncomingRequest, InstanceId, Message, MethodName, Reply,
    Request, Result, ServiceName, Status,
    balance::{Pick, pick_near},
    query::Traits,
    registry::{Entry, Service},
    retry::{ATTEMPTS_MAX, Delivery, FailedAttempt, RetryBudget, may_retry},
};
use std::sync::Arc;
use tokio::sync::oneshot;

use crate::{
    actors::instance::Invoke,
    fabric::{LocalAnswer, OutgoingCall, RemoteAnswer},
    mesh::Inner,
    node::Node,
    route::Route,
    stats::{Counters, Present},
};

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
        let is_retried = mesh.retries.lock().as_mut().is_some_and(|budget| {
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

/// The instance that an attempt is made on.
struct Chosen {
    entry: Arc<Entry<Route>>,
    /// How many instances there are to choose from, this one among them.
    alternatives: usize,
}

/// Why an attempt failed, and whether its handler may have seen it.
struct Failed {
    error: Error,
    delivery: Delivery,
    /// Whether the instance's node said nothing at all.
    is_silent: bool,
}

impl Call<'_> {
    /// Lets core choose among the instances that can be called now.
    fn choose(&self, tried: &[InstanceId]) -> Result<Chosen> {
        let snapshot = self.node.snapshot();
        let Some(service) = snapshot.service(self.service) else {
            // Only a name that is in no table may be a wrong one.
            ServiceName::new(self.service)?;
            return Err(Error::new(
                Status::NotFound,
                format!(
                    "no service \"{}\" in mesh \"{}\"",
                    self.service, self.mesh.settings.name
                ),
            ));
        };
        let pick = Pick {
            balance: self.options.balance.unwrap_or(self.mesh.settings.balance),
            routing_key: self.options.routing_key.as_deref(),
            turn: service.next_turn(),
            tried,
        };
        let now = self.node.now();
        let candidates = service.candidates();
        let zone = self
            .mesh
            .settings
            .zone
            .as_ref()
            .filter(|_| self.options.zone_first);
        let (chosen, alternatives) = if self.wanted.is_empty() {
            let near = zone.and_then(|zone| candidates.in_zone(zone));
            let chosen = self.node.draw(|mut random| {
                pick_near(near, candidates.all(), &pick, now, &mut random).cloned()
            });
            (chosen, candidates.all().len())
        } else {
            let wanted = |entry: &&Arc<Entry<Route>>| self.wanted.matches(&entry.instance.spec);
            let all: Vec<_> = candidates.all().iter().filter(wanted).collect();
            let near = zone
                .and_then(|zone| candidates.in_zone(zone))
                .map(|near| near.iter().filter(wanted).collect::<Vec<_>>());
            let chosen = self.node.draw(|mut random| {
                pick_near(near.as_ref(), &all, &pick, now, &mut random)
                    .map(|entry| Arc::clone(entry))
            });
            (chosen, all.len())
        };
        match chosen {
            Some(entry) => Ok(Chosen {
                entry,
                alternatives,
            }),
            None => Err(self.none_chosen(service, alternatives)),
        }
    }

    /// Why none of the instances of a service was chosen.
    fn none_chosen(&self, service: &Service<Route>, candidates: usize) -> Error {
        let name = self.service;
        if candidates > 0 {
            return Error::new(
                Status::Unavailable,
                format!(
                    "the circuit breakers of all {candidates} instances of \"{name}\" are open"
                ),
            );
        }
        let wanted: Vec<_> = service
            .instances()
            .filter(|instance| self.wanted.matches(&instance.spec))
            .collect();
        if wanted.is_empty() {
            return Error::new(
                Status::NotFound,
                format!(
                    "no instance of \"{name}\" has the version, tags and metadata that the call asks for"
                ),
            );
        }
        let advertised = wanted
            .iter()
            .find_map(|instance| Some((instance, instance.endpoint.as_ref()?)));
        if let Some((instance, endpoint)) = advertised
            && wanted.iter().all(|instance| instance.endpoint.is_some())
        {
            return Error::new(
                Status::FailedPrecondition,
                format!("\"{name}\" is advertised, not hosted by the mesh: dial {endpoint}"),
            )
            .with_instance(instance.id.to_string());
        }
        let count = |health| {
            wanted
                .iter()
                .filter(|instance| instance.health == health)
                .count()
        };
        Error::new(
            Status::Unavailable,
            format!(
                "none of the {} instances of \"{name}\" can be called: {} unhealthy, {} draining",
                wanted.len(),
                count(Health::Unhealthy),
                count(Health::Draining),
            ),
        )
    }

    /// Makes one attempt.
    async fn attempt(
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
    fn no_answer(&self, entry: &Entry<Route>, time: std::time::Duration) -> Failed {
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
            actix::dev::SendError::Full(_) => refused(
                Status::ResourceExhausted,
                format!("the mailbox of instance {id} is full"),
            ),
            actix::dev::SendError::Closed(_) => {
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

/// The outcome of one call, which is counted once: as cancelled when it is dropped before it is
/// known.
struct Outcome<'c> {
    counters: &'c Counters,
    is_known: bool,
    _in_flight: Present<'c>,
}

impl<'c> Outcome<'c> {
    fn pending(counters: &'c Counters) -> Self {
        Self {
            counters,
            is_known: false,
            _in_flight: Present::in_gauge(&counters.calls_in_flight),
        }
    }

    fn is<T>(mut self, answer: Result<T>) -> Result<T> {
        self.is_known = true;
        match &answer {
            Ok(_) => {
                self.counters.calls_ok.fetch_add(1, Relaxed);
            }
            Err(error) => self.counters.call_failed(error.status()),
        }
        answer
    }
}

impl Drop for Outcome<'_> {
    fn drop(&mut self) {
        if !self.is_known {
            self.counters.call_failed(Status::Cancelled);
        }
    }
}
