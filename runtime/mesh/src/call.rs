//! The data path of a call: from the latest routing snapshot straight to the mailbox of the
//! instance that core picked. What may be retried is core's decision; see the guarantees there.

use std::sync::atomic::Ordering::Relaxed;

use commy_core::{
    CallOptions, Deadline, Error, Health, IncomingRequest, Message, MethodName, Reply, Request,
    Result, ServiceName, Status,
    balance::{Pick, pick_near},
    query::Traits,
    registry::{Entry, Service},
    retry::{ATTEMPTS_MAX, Delivery, FailedAttempt, RetryBudget, may_retry},
};
use std::sync::Arc;
use tokio::sync::oneshot;

use crate::{
    actors::instance::{Answer, Invoke},
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
    let mut tried = Vec::new();
    mesh.retries
        .lock()
        .get_or_insert_with(|| RetryBudget::new(started))
        .on_call(started);
    for attempt in 1.. {
        let Chosen {
            entry,
            alternatives,
        } = call
            .choose(&tried)
            .map_err(|error| error.with_attempts(attempt - 1))?;
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
            return Err(failure.error.with_attempts(attempt));
        }
        tracing::debug!(service, attempt, error = %failure.error, "trying another instance");
        tried.push(entry.instance.id);
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
}

impl Call<'_> {
    /// Lets core choose among the instances that can be called now.
    fn choose(&self, tried: &[commy_core::InstanceId]) -> Result<Chosen> {
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
        let random = &mut rand::rng();
        let candidates = service.candidates();
        let zone = self
            .mesh
            .settings
            .zone
            .as_ref()
            .filter(|_| self.options.zone_first);
        let (chosen, alternatives) = if self.wanted.is_empty() {
            let near = zone.and_then(|zone| candidates.in_zone(zone));
            let chosen = pick_near(near, candidates.all(), &pick, now, random).cloned();
            (chosen, candidates.all().len())
        } else {
            let wanted = |entry: &&Arc<Entry<Route>>| self.wanted.matches(&entry.instance.spec);
            let all: Vec<_> = candidates.all().iter().filter(wanted).collect();
            let near = zone
                .and_then(|zone| candidates.in_zone(zone))
                .map(|near| near.iter().filter(wanted).collect::<Vec<_>>());
            let chosen =
                pick_near(near.as_ref(), &all, &pick, now, random).map(|entry| Arc::clone(entry));
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
        let refused = |status, reason: String| Failed {
            error: Error::new(status, reason).with_instance(id.to_string()),
            delivery: Delivery::NotAccepted,
        };
        let now = self.node.now();
        let deadline = if self.options.idempotent && alternatives > 1 {
            // Leave time for the others, should this one hang.
            let others = u32::try_from(alternatives).unwrap_or(ATTEMPTS_MAX);
            self.deadline
                .of_attempt(now, (ATTEMPTS_MAX + 1 - attempt).min(others))
        } else {
            self.deadline
        };
        let Some(mailbox) = entry.route.mailbox() else {
            return Err(refused(
                Status::Unavailable,
                format!("instance {id} is not hosted"),
            ));
        };
        let Some(sent) = entry.route.send(now) else {
            return Err(refused(
                Status::Unavailable,
                format!("the circuit breaker of instance {id} is open"),
            ));
        };
        let (reply, answer) = oneshot::channel();
        let invoke = Invoke {
            request: IncomingRequest {
                service: entry.instance.spec.service.clone(),
                method: self.method.clone(),
                message,
                time_left: deadline.time_left(now),
                caller: self.node.id,
                attempt,
            },
            reply,
        };
        let outcome = match mailbox.try_send(invoke) {
            Ok(()) => self.wait_for(answer, deadline, entry).await,
            Err(actix::dev::SendError::Full(_)) => Err(refused(
                Status::ResourceExhausted,
                format!("the mailbox of instance {id} is full"),
            )),
            Err(actix::dev::SendError::Closed(_)) => Err(refused(
                Status::Unavailable,
                format!("instance {id} was withdrawn"),
            )),
        };
        sent.over(
            self.node.now(),
            outcome.as_ref().err().map(|failed| failed.error.status()),
        );
        outcome
    }

    async fn wait_for(
        &self,
        answer: oneshot::Receiver<Answer>,
        deadline: Deadline,
        entry: &Entry<Route>,
    ) -> Result<Message, Failed> {
        let id = entry.instance.id;
        let time = deadline.time_left(self.node.now());
        let (error, delivery) = tokio::select! {
            biased;
            answer = answer => match answer {
                Ok(Answer::Handled(Ok(message))) => return Ok(message),
                Ok(Answer::Handled(Err(error))) => (error, Delivery::Possible),
                Ok(Answer::Refused(error)) => (error, Delivery::NotAccepted),
                Err(_) => (
                    Error::new(
                        Status::Unavailable,
                        format!("instance {id} ended before it had answered"),
                    ),
                    Delivery::Possible,
                ),
            },
            () = self.node.sleep(time) => (
                Error::new(
                    Status::DeadlineExceeded,
                    format!("instance {id} gave no answer within {time:?}"),
                ),
                Delivery::Possible,
            ),
        };
        Err(Failed {
            error: error.with_instance(id.to_string()),
            delivery,
        })
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
