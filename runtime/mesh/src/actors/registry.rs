//! The registry: sole writer of the service table. After every change it publishes a snapshot, so
//! that callers and queries never ask it anything, and tells the prober what to probe.

use std::{
    collections::HashMap,
    sync::{Arc, Weak},
};

use actix::{Actor, Context, Handler, Message, Recipient};
use arc_swap::ArcSwap;
use commy_core::{
    Error, Result, Status,
    endpoint::HealthCheck,
    identity::{InstanceId, NodeId},
    instance::{Health, Instance, Reach},
    options::CircuitBreaker,
    record::InstanceRecord,
    registry::{Snapshot, Table},
};
use tokio::sync::watch;

use super::{
    CONTROL_MAILBOX_CAPACITY,
    prober::{Probe, Unprobe},
};
use crate::route::{Neighbour, Route};

/// The actor that owns the service table.
pub(crate) struct Registry {
    table: Table<Route>,
    published: Arc<ArcSwap<Snapshot<Route>>>,
    revision: watch::Sender<u64>,
    probe: Recipient<Probe>,
    unprobe: Recipient<Unprobe>,
    /// What routes to instances of one other node share.
    neighbours: HashMap<NodeId, Weak<Neighbour>>,
    /// When calls to a failing instance of another node are refused.
    breaker: Option<CircuitBreaker>,
}

/// Add an instance.
#[derive(Message)]
#[rtype(result = "Result<Instance>")]
pub(crate) struct Register {
    /// The instance, at no revision yet.
    pub(crate) instance: Instance,
    /// How it is reached.
    pub(crate) route: Route,
    /// How it is probed, if it is.
    pub(crate) check: Option<HealthCheck>,
}

/// Remove an instance; one that is gone already is no error.
#[derive(Message)]
#[rtype(result = "Result<()>")]
pub(crate) struct Deregister(pub(crate) InstanceId);

/// Change the health of an instance. One that drains stays so until it is removed.
#[derive(Message)]
#[rtype(result = "Result<()>")]
pub(crate) struct ReportHealth {
    /// Which instance.
    pub(crate) id: InstanceId,
    /// How it is.
    pub(crate) health: Health,
}

/// Take over what is known of other nodes' instances. In order.
#[derive(Message)]
#[rtype(result = "Result<()>")]
pub(crate) struct RemoteChanges(pub(crate) Vec<RemoteChange>);

/// What is known of an instance of another node.
pub(crate) enum RemoteChange {
    /// It is there, as this.
    Put(InstanceRecord),
    /// It is gone.
    Remove(InstanceId),
}

impl Registry {
    pub(crate) fn new(
        published: Arc<ArcSwap<Snapshot<Route>>>,
        revision: watch::Sender<u64>,
        probe: Recipient<Probe>,
        unprobe: Recipient<Unprobe>,
        breaker: Option<CircuitBreaker>,
    ) -> Self {
        Self {
            table: Table::default(),
            published,
            revision,
            probe,
            unprobe,
            neighbours: HashMap::new(),
            breaker,
        }
    }

    /// The way to an instance of another node.
    fn route_afar(&mut self, instance: &InstanceRecord) -> Route {
        if instance.endpoint.is_some() {
            return Route::advertised();
        }
        let node = instance.id.node;
        let known = self.neighbours.get(&node).and_then(Weak::upgrade);
        let neighbour = known.unwrap_or_else(|| {
            self.neighbours.retain(|_, known| known.strong_count() > 0);
            let neighbour = Arc::default();
            self.neighbours.insert(node, Arc::downgrade(&neighbour));
            neighbour
        });
        Route::afar(neighbour, self.breaker)
    }

    fn put(&mut self, record: InstanceRecord) {
        let is_known = self.table.snapshot().entry(&record.id).is_some();
        let route = (!is_known).then(|| self.route_afar(&record));
        let InstanceRecord {
            id,
            spec,
            endpoint,
            health,
        } = record;
        let instance = Instance {
            id,
            spec,
            reach: if endpoint.is_some() {
                Reach::Endpoint
            } else {
                Reach::Fabric
            },
            endpoint,
            health,
            revision: 0,
        };
        self.table
            .upsert(instance, || route.unwrap_or_else(Route::advertised));
    }

    fn publish(&self) {
        let snapshot = self.table.snapshot();
        self.published.store(Arc::new(snapshot.clone()));
        self.revision.send_replace(snapshot.revision());
    }
}

impl Actor for Registry {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(CONTROL_MAILBOX_CAPACITY);
    }
}

impl Handler<Register> for Registry {
    type Result = Result<Instance>;

    fn handle(&mut self, register: Register, _: &mut Self::Context) -> Self::Result {
        let Register {
            instance,
            route,
            check,
        } = register;
        if let (Some(check), Some(endpoint)) = (check, &instance.endpoint) {
            let probe = Probe {
                id: instance.id,
                endpoint: endpoint.clone(),
                check,
            };
            self.probe.try_send(probe).map_err(|_| {
                Error::new(
                    Status::ResourceExhausted,
                    "the prober has too many endpoints waiting; try again",
                )
            })?;
        }
        let instance = self.table.register(instance, route)?;
        self.publish();
        tracing::debug!(instance = %instance.id, service = %instance.spec.service, "registered");
        Ok(instance)
    }
}

impl Handler<Deregister> for Registry {
    type Result = Result<()>;

    fn handle(&mut self, Deregister(id): Deregister, _: &mut Self::Context) -> Self::Result {
        if let Ok(instance) = self.table.deregister(&id) {
            self.publish();
            if instance.endpoint.is_some() && self.unprobe.try_send(Unprobe(id)).is_err() {
                // Its reports are ignored from now on, so all that is lost is a probe's work.
                tracing::warn!(instance = %id, "the prober was too busy to be told of a removal");
            }
            tracing::debug!(instance = %id, service = %instance.spec.service, "deregistered");
        }
        Ok(())
    }
}

impl Handler<ReportHealth> for Registry {
    type Result = Result<()>;

    fn handle(&mut self, report: ReportHealth, _: &mut Self::Context) -> Self::Result {
        let ReportHealth { id, health } = report;
        let is_draining = self
            .table
            .snapshot()
            .entry(&id)
            .is_some_and(|entry| entry.instance.health == Health::Draining);
        if is_draining && health != Health::Draining {
            return Err(Error::new(
                Status::FailedPrecondition,
                format!("instance {id} is draining, and cannot become {health}"),
            ));
        }
        if self.table.set_health(&id, health)?.is_some() {
            self.publish();
            tracing::debug!(instance = %id, %health, "health changed");
        }
        Ok(())
    }
}

impl Handler<RemoteChanges> for Registry {
    type Result = Result<()>;

    fn handle(
        &mut self,
        RemoteChanges(changes): RemoteChanges,
        _: &mut Self::Context,
    ) -> Self::Result {
        let before = self.table.snapshot().revision();
        for change in changes {
            match change {
                RemoteChange::Put(record) => self.put(record),
                RemoteChange::Remove(id) => {
                    // One that is gone already is what is wanted.
                    let _ = self.table.deregister(&id);
                }
            }
        }
        if self.table.snapshot().revision() > before {
            self.publish();
        }
        Ok(())
    }
}
