//! One started mesh: sole writer of its registrations, which it makes, drains and withdraws. It
//! must not know what a handler does, nor who calls.

use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use actix::{
    Actor, ActorContext, ActorFutureExt, AsyncContext, Context, Handler as Handle,
    Message as ActorMessage, Recipient, ResponseActFuture, ResponseFuture, WrapFuture,
};
use commy_core::{
    Endpoint, Error, Health, HealthCheck, Instance, InstanceId, InstanceSpec, MeshSettings, Reach,
    Result, Status,
};
use futures_util::future::join_all;
use tokio::sync::oneshot;

use super::{
    CONTROL_MAILBOX_CAPACITY, ask,
    in_flight::InFlight,
    instance::{Drain, Halt, Instance as InstanceActor, MAILBOX_CAPACITY},
    registry::{Deregister, Register, ReportHealth},
};
use crate::{handler::Handler, node::Node, route::Route, stats::Counters};

/// How long a withdrawal waits until the instance has dropped its handler's work. It is at once,
/// unless a handler blocks the instances' thread.
const HALT_TIMEOUT: Duration = Duration::from_secs(1);
/// How long a draining instance goes on taking calls when there are other nodes: until these know
/// that it drains, as one that refused calls before would make them try elsewhere for nothing. It
/// is a few times what an announcement takes within a region.
const DRAIN_NOTICE: Duration = Duration::from_millis(50);

/// How long a registration waits until its actor has begun. It is at once, unless a handler blocks
/// the instances' thread; then the mailbox has the room of one that has not begun, 16 calls.
const BEGIN_TIMEOUT: Duration = Duration::from_millis(100);

/// The actor of one started mesh.
pub(crate) struct Mesh {
    node: Arc<Node>,
    settings: MeshSettings,
    counters: Arc<Counters>,
    /// By id, so that what is done for all of them is done in an order.
    registrations: BTreeMap<InstanceId, Child>,
    /// Registrations that the registry has not answered yet; one must not be left behind in its
    /// table by a mesh that has ended.
    registering: Arc<InFlight>,
    is_stopping: bool,
}

/// What stands behind a registration.
#[derive(Clone)]
enum Child {
    Hosted {
        drain: Recipient<Drain>,
        halt: Recipient<Halt>,
    },
    Advertised {
        is_probed: bool,
    },
}

/// Register an instance that this process hosts.
#[derive(ActorMessage)]
#[rtype(result = "()")]
pub(crate) struct Host {
    pub(crate) spec: InstanceSpec,
    pub(crate) handler: Arc<dyn Handler>,
    pub(crate) reply: oneshot::Sender<Result<Instance>>,
}

/// Register an instance that runs elsewhere.
#[derive(ActorMessage)]
#[rtype(result = "()")]
pub(crate) struct Advertise {
    pub(crate) spec: InstanceSpec,
    pub(crate) endpoint: Endpoint,
    pub(crate) check: Option<HealthCheck>,
    pub(crate) reply: oneshot::Sender<Result<Instance>>,
}

/// Take an owner's word on the health of its instance.
#[derive(ActorMessage)]
#[rtype(result = "Result<()>")]
pub(crate) struct SetHealth {
    pub(crate) id: InstanceId,
    pub(crate) health: Health,
}

/// Let an instance take no new calls, and say whether those in flight finished within the time.
#[derive(ActorMessage)]
#[rtype(result = "Result<bool>")]
pub(crate) struct DrainInstance {
    pub(crate) id: InstanceId,
    pub(crate) time: Duration,
}

/// Drain an instance, and remove it. One that is gone is no error.
#[derive(ActorMessage)]
#[rtype(result = "Result<()>")]
pub(crate) struct Withdraw {
    pub(crate) id: InstanceId,
    pub(crate) time: Duration,
}

/// Withdraw every instance, each draining for at most this time, and end.
#[derive(ActorMessage)]
#[rtype(result = "()")]
pub(crate) struct Stop(pub(crate) Duration);

impl Mesh {
    pub(crate) fn new(node: Arc<Node>, settings: MeshSettings, counters: Arc<Counters>) -> Self {
        Self {
            node,
            settings,
            counters,
            registrations: BTreeMap::new(),
            registering: Arc::default(),
            is_stopping: false,
        }
    }
}

impl Actor for Mesh {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(CONTROL_MAILBOX_CAPACITY);
    }
}

impl Handle<Host> for Mesh {
    type Result = ();

    fn handle(&mut self, host: Host, ctx: &mut Self::Context) {
        let Host {
            spec,
            handler,
            reply,
        } = host;
        let id = self.node.next_instance();
        let in_flight_max = spec.max_in_flight;
        let payload_bytes_max = self.settings.max_payload_bytes;
        let counters = Arc::clone(&self.counters);
        let (begun, beginning) = oneshot::channel();
        let address = InstanceActor::start_in_arbiter(self.node.instances(), move |ctx| {
            ctx.set_mailbox_capacity(MAILBOX_CAPACITY);
            // A mesh that has given up waiting has registered it all the same.
            let _ = begun.send(());
            InstanceActor::new(id, handler, in_flight_max, payload_bytes_max, counters)
        });
        let child = Child::Hosted {
            drain: address.clone().recipient(),
            halt: address.clone().recipient(),
        };
        let route = Route::hosted(address.recipient(), self.settings.breaker);
        let instance = Instance {
            id,
            spec: Arc::new(spec),
            endpoint: None,
            reach: Reach::InProcess,
            health: Health::Healthy,
            revision: 0,
        };
        let register = Register {
            instance,
            route,
            check: None,
        };
        self.register(register, child, Some(beginning), reply, ctx);
    }
}

impl Handle<Advertise> for Mesh {
    type Result = ();

    fn handle(&mut self, advertise: Advertise, ctx: &mut Self::Context) {
        let Advertise {
            spec,
            endpoint,
            check,
            reply,
        } = advertise;
        let id = self.node.next_instance();
        let child = Child::Advertised {
            is_probed: check.is_some(),
        };
        let instance = Instance {
            id,
            endpoint: Some(endpoint),
            reach: Reach::Endpoint,
            health: if check.is_some() {
                Health::Starting
            } else {
                Health::Healthy
            },
            revision: 0,
            spec: Arc::new(spec),
        };
        let register = Register {
            route: Route::advertised(),
            instance,
            check,
        };
        self.register(register, child, None, reply, ctx);
    }
}

impl Handle<SetHealth> for Mesh {
    type Result = ResponseFuture<Result<()>>;

    fn handle(
        &mut self,
        SetHealth { id, health }: SetHealth,
        _: &mut Self::Context,
    ) -> Self::Result {
        let report = self.node.registry().report.clone();
        let allowed = match self.registrations.get(&id) {
            None => Err(withdrawn(id)),
            Some(Child::Advertised { is_probed: true }) => Err(Error::new(
                Status::FailedPrecondition,
                format!("the health of instance {id} is found by its check, and cannot be set"),
            )),
            Some(_) => Ok(()),
        };
        Box::pin(async move {
            allowed?;
            ask(&report, ReportHealth { id, health }).await
        })
    }
}

impl Handle<DrainInstance> for Mesh {
    type Result = ResponseFuture<Result<bool>>;

    fn handle(&mut self, message: DrainInstance, _: &mut Self::Context) -> Self::Result {
        let DrainInstance { id, time } = message;
        let Some(child) = self.registrations.get(&id).cloned() else {
            return Box::pin(async move { Err(withdrawn(id)) });
        };
        let node = Arc::clone(&self.node);
        Box::pin(async move { drain(id, &child, time, &node).await })
    }
}

impl Handle<Withdraw> for Mesh {
    type Result = ResponseActFuture<Self, Result<()>>;

    fn handle(&mut self, Withdraw { id, time }: Withdraw, _: &mut Self::Context) -> Self::Result {
        let withdrawal = self.withdraw(id, time);
        Box::pin(withdrawal.into_actor(self).map(move |(), mesh, _| {
            mesh.forget(id);
            Ok(())
        }))
    }
}

impl Handle<Stop> for Mesh {
    type Result = ResponseActFuture<Self, ()>;

    fn handle(&mut self, Stop(time): Stop, _: &mut Self::Context) -> Self::Result {
        self.is_stopping = true;
        let registering = Arc::clone(&self.registering);
        let registered = async move { registering.wait_until_idle().await };
        let withdrawn = registered.into_actor(self).then(move |(), mesh, _| {
            let ids: Vec<_> = mesh.registrations.keys().copied().collect();
            let withdrawals: Vec<_> = ids.iter().map(|id| mesh.withdraw(*id, time)).collect();
            join_all(withdrawals).into_actor(mesh).map(|_, _, _| ids)
        });
        Box::pin(withdrawn.map(|ids, mesh, ctx| {
            for id in ids {
                mesh.forget(id);
            }
            ctx.stop();
        }))
    }
}

impl Mesh {
    /// Hands a registration to the registry once its actor has begun, and keeps it when that has
    /// taken it and its owner still waits for it.
    fn register(
        &mut self,
        register: Register,
        child: Child,
        beginning: Option<oneshot::Receiver<()>>,
        reply: oneshot::Sender<Result<Instance>>,
        ctx: &mut Context<Self>,
    ) {
        if self.is_stopping {
            // Who waits for it finds out by this reply being dropped.
            return;
        }
        let id = register.instance.id;
        let registry = self.node.registry().register.clone();
        let entered = self.registering.enter();
        let registering = async move {
            if let Some(beginning) = beginning {
                let _ = tokio::time::timeout(BEGIN_TIMEOUT, beginning).await;
            }
            ask(&registry, register).await
        };
        ctx.spawn(registering.into_actor(self).map(move |outcome, mesh, ctx| {
            let is_registered = outcome.is_ok();
            if is_registered {
                mesh.registrations.insert(id, child);
                mesh.counters.registrations.fetch_add(1, Relaxed);
            } else if let Child::Hosted { halt, .. } = child {
                // Its mailbox is empty, so there is room.
                let _ = halt.try_send(Halt);
            }
            let is_wanted = reply.send(outcome).is_ok();
            // From here on a stop finds it among the registrations.
            drop(entered);
            if is_registered && !is_wanted {
                let withdrawal = mesh.withdraw(id, Duration::ZERO);
                ctx.spawn(
                    withdrawal
                        .into_actor(mesh)
                        .map(move |(), mesh, _| mesh.forget(id)),
                );
            }
        }));
    }

    /// Drains an instance and removes it; does nothing for one that is gone.
    fn withdraw(&self, id: InstanceId, time: Duration) -> impl Future<Output = ()> + use<> {
        let child = self.registrations.get(&id).cloned();
        let node = Arc::clone(&self.node);
        async move {
            let Some(child) = child else { return };
            match drain(id, &child, time, &node).await {
                Ok(true) => {}
                Ok(false) => {
                    tracing::warn!(instance = %id, ?time, "withdrawn with calls in flight");
                }
                Err(error) => tracing::debug!(instance = %id, %error, "withdrawn without a drain"),
            }
            if let Err(error) = ask(&node.registry().deregister, Deregister(id)).await {
                tracing::error!(instance = %id, %error, "not withdrawn from the registry");
            }
            if let Child::Hosted { halt, .. } = child {
                // An actor that has ended needs no halting; one whose thread is blocked gets to it.
                let _ = tokio::time::timeout(HALT_TIMEOUT, halt.send(Halt)).await;
            }
        }
    }

    fn forget(&mut self, id: InstanceId) {
        if self.registrations.remove(&id).is_some() {
            self.counters.registrations.fetch_sub(1, Relaxed);
        }
    }
}

/// Takes an instance out of routing, then waits for its calls in flight.
async fn drain(id: InstanceId, child: &Child, time: Duration, node: &Node) -> Result<bool> {
    let health = Health::Draining;
    ask(&node.registry().report, ReportHealth { id, health }).await?;
    match child {
        Child::Advertised { .. } => Ok(true),
        Child::Hosted { drain, .. } => {
            let notice = if node.peers() > 0 {
                DRAIN_NOTICE.min(time)
            } else {
                Duration::ZERO
            };
            tokio::time::sleep(notice).await;
            let time = time - notice;
            // The instance bounds the wait, but a handler may block its thread.
            let draining = tokio::time::timeout(time, drain.send(Drain(time)));
            Ok(matches!(draining.await, Ok(Ok(true))))
        }
    }
}

fn withdrawn(id: InstanceId) -> Error {
    Error::new(
        Status::FailedPrecondition,
        format!("instance {id} is not registered any more"),
    )
    .with_instance(id.to_string())
}
