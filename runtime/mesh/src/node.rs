//! A running node: its actors, what they publish, and its connection to other nodes if it has one.
//!
//! It has two threads, unless its [`Placement`](crate::Placement) gives it none:
//! - *control* runs the registry, the broker, the prober, the uplink and the mesh actors;
//! - *instances* runs the instances, and so the handlers' futures. A handler that blocks stalls its
//!   neighbours; it delays no registration and no deadline.

mod chance;
mod connection;
mod numbers;
mod threads;
mod timers;

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use actix::{Actor, Recipient};
use actix_rt::ArbiterHandle;
use arc_swap::{ArcSwap, Guard};
use commy_core::{
    Error, InstanceId, MeshName, Moment, NodeId, Result, Status, options::CircuitBreaker,
    record::NodeLife, registry::Snapshot,
};
use rand::Rng;
use tokio::sync::{oneshot, watch};

pub(crate) use self::{
    chance::{Clock, Randomness, wall_clock_us},
    numbers::Numbers,
};
use self::{connection::Connection, threads::Threads};
use crate::{
    actors::{
        broker::{Broker, Subscribe, Subscriptions, Unsubscribe},
        prober::{Prober, ReportTo},
        registry::{Deregister, Register, Registry, RemoteChanges, ReportHealth},
        uplink::{Uplink, inbox::Inbox},
    },
    fabric::{Fabric, Link, Traffic},
    inbound::Inbound,
    placement::Placement,
    route::Route,
};

/// A running node.
pub(crate) struct Node {
    pub(crate) life: NodeLife,
    placement: Placement,
    actors: Actors,
    threads: Threads,
    clock: Clock,
    random: Randomness,
    numbers: Arc<Numbers>,
    connection: OnceLock<Connection>,
}

/// What a node is launched with.
pub(crate) struct Launch<'l> {
    pub(crate) name: &'l MeshName,
    pub(crate) life: NodeLife,
    pub(crate) placement: Placement,
    pub(crate) numbers: Arc<Numbers>,
    /// When calls to a failing instance of another node are refused.
    pub(crate) breaker: Option<CircuitBreaker>,
}

/// The actors that every node has, and what they publish.
struct Actors {
    registry: RegistryInbox,
    remote: Recipient<RemoteChanges>,
    subscribe: Recipient<Subscribe>,
    unsubscribe: Recipient<Unsubscribe>,
    /// Where the broker finds the link, once there is one.
    link: Arc<OnceLock<Arc<dyn Link>>>,
    snapshot: Arc<ArcSwap<Snapshot<Route>>>,
    revisions: watch::Receiver<u64>,
    subscriptions: Arc<ArcSwap<Subscriptions>>,
}

/// What the registry is told.
#[derive(Clone)]
pub(crate) struct RegistryInbox {
    pub(crate) register: Recipient<Register>,
    pub(crate) deregister: Recipient<Deregister>,
    pub(crate) report: Recipient<ReportHealth>,
}

impl Node {
    /// Starts the threads and the actors that every node has.
    ///
    /// # Errors
    /// `INTERNAL` when the operating system gives no thread; `FAILED_PRECONDITION` when the node is
    /// to run on the current thread and no actix system does.
    pub(crate) fn launch(launch: Launch<'_>) -> Result<Self> {
        let Launch {
            name,
            life,
            placement,
            numbers,
            breaker,
        } = launch;
        let start = move || Actors::start(breaker);
        let (threads, actors) = match placement {
            Placement::Process | Placement::Alone => {
                Threads::launch(&format!("commy-{name}"), start)?
            }
            Placement::Here { .. } => Threads::here(start)?,
        };
        Ok(Self {
            life,
            placement,
            actors: actors?,
            threads,
            clock: Clock::started(placement),
            random: Randomness::of(placement),
            numbers,
            connection: OnceLock::new(),
        })
    }

    /// Connects the node to others.
    ///
    /// # Errors
    /// Those of the fabric.
    pub(crate) async fn connect(&self, fabric: &dyn Fabric, payload_bytes_max: u64) -> Result<()> {
        let inbox = Arc::new(Inbox::default());
        let inbound = Inbound {
            own: self.id(),
            inbox: Arc::clone(&inbox),
            snapshot: Arc::clone(&self.actors.snapshot),
            subscriptions: Arc::clone(&self.actors.subscriptions),
            control: self.threads.control().clone(),
            payload_bytes_max,
        };
        let link = fabric.connect(self.life, Arc::new(inbound)).await?;
        let rules = match self.placement {
            Placement::Process | Placement::Alone => Default::default(),
            Placement::Here { rules, .. } => rules,
        };
        let uplink = Uplink::new(
            self.life,
            rules,
            self.clock,
            Arc::clone(&link),
            inbox,
            Arc::clone(&self.actors.snapshot),
            self.actors.revisions.clone(),
            self.actors.remote.clone(),
        );
        let peers = uplink.present();
        let (started, starting) = oneshot::channel();
        self.spawn(async move {
            // Who started it may have gone; it ends with its node.
            let _ = started.send(uplink.start().recipient());
        });
        let close = starting
            .await
            .map_err(|_| Error::new(Status::Internal, "the node ended while it was connected"))?;
        let connection = Connection {
            link: Arc::clone(&link),
            peers,
            close,
        };
        if self.actors.link.set(link).is_err() || self.connection.set(connection).is_err() {
            return Err(Error::new(Status::Internal, "a node was connected twice"));
        }
        Ok(())
    }

    /// Leaves the other nodes and ends the threads. Called on the control thread, after the last
    /// mesh has withdrawn.
    pub(crate) async fn end(&self) {
        if let Some(connection) = self.connection.get() {
            connection.close().await;
        }
        self.threads.end().await;
    }

    /// Resolves when the node has ended.
    pub(crate) fn ended(self: &Arc<Self>) -> impl Future<Output = ()> + Send + 'static {
        let node = Arc::clone(self);
        async move { node.threads.ended().await }
    }

    pub(crate) const fn id(&self) -> NodeId {
        self.life.node
    }

    /// The mailbox of the registry.
    pub(crate) const fn registry(&self) -> &RegistryInbox {
        &self.actors.registry
    }

    /// The service table as it was last published.
    pub(crate) fn snapshot(&self) -> Guard<Arc<Snapshot<Route>>> {
        self.actors.snapshot.load()
    }

    /// The revisions of the service table as they are published.
    pub(crate) fn revisions(&self) -> watch::Receiver<u64> {
        self.actors.revisions.clone()
    }

    /// The subscriptions of this process as they were last published.
    pub(crate) fn subscriptions(&self) -> Guard<Arc<Subscriptions>> {
        self.actors.subscriptions.load()
    }

    /// The mailbox of the broker.
    pub(crate) const fn subscribe(&self) -> &Recipient<Subscribe> {
        &self.actors.subscribe
    }

    /// Removes a subscription, now or as soon as the broker has time.
    pub(crate) fn unsubscribe(&self, message: Unsubscribe) {
        let broker = self.actors.unsubscribe.clone();
        // A node that has ended has no broker, and no subscriptions either.
        self.spawn(async move {
            let _ = broker.send(message).await;
        });
    }

    /// The link to other nodes, if there is one.
    pub(crate) fn link(&self) -> Option<&Arc<dyn Link>> {
        self.connection.get().map(|connection| &connection.link)
    }

    /// How many other nodes are present.
    pub(crate) fn peers(&self) -> u64 {
        self.connection.get().map_or(0, Connection::peers)
    }

    /// What went over the link so far.
    pub(crate) fn traffic(&self) -> Traffic {
        self.link().map(|link| link.traffic()).unwrap_or_default()
    }

    /// Runs a future on the control thread; false when the node has ended.
    pub(crate) fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) -> bool {
        self.threads.control().spawn(future)
    }

    /// The thread of the instances.
    pub(crate) const fn instances(&self) -> &ArbiterHandle {
        self.threads.instances()
    }

    /// What time it is for this node's decisions.
    pub(crate) fn now(&self) -> Moment {
        self.clock.now()
    }

    /// Draws something at random.
    pub(crate) fn draw<T>(&self, draw: impl FnOnce(&mut dyn Rng) -> T) -> T {
        self.random.draw(draw)
    }

    /// Resolves after this time. Unlike tokio's own, it may be polled on any thread, and after the
    /// node has ended.
    pub(crate) fn sleep(&self, time: Duration) -> tokio::time::Sleep {
        let _timers = self.threads.timers().enter();
        tokio::time::sleep(time)
    }

    /// An id that no instance of this node has had.
    pub(crate) fn next_instance(&self) -> InstanceId {
        InstanceId {
            node: self.id(),
            serial: self.next_serial(),
        }
    }

    /// A number that this node has not given before.
    pub(crate) fn next_serial(&self) -> u64 {
        self.numbers.next_serial()
    }

    /// The number of this node's next event.
    pub(crate) fn next_sequence(&self) -> u64 {
        self.numbers.next_sequence()
    }
}

impl Actors {
    /// Starts the actors on the current thread, the control thread.
    fn start(breaker: Option<CircuitBreaker>) -> Result<Self> {
        let snapshot = Arc::new(ArcSwap::default());
        let subscriptions = Arc::new(ArcSwap::default());
        let link = Arc::default();
        let (revision, revisions) = watch::channel(0);
        let prober = Prober::new()?.start();
        let registry = Registry::new(
            Arc::clone(&snapshot),
            revision,
            prober.clone().recipient(),
            prober.clone().recipient(),
            breaker,
        )
        .start();
        prober
            .try_send(ReportTo(registry.clone().recipient()))
            .map_err(|error| {
                Error::new(
                    Status::Internal,
                    format!("the prober did not start: {error}"),
                )
            })?;
        let broker = Broker::new(Arc::clone(&subscriptions), Arc::clone(&link)).start();
        Ok(Self {
            registry: RegistryInbox {
                register: registry.clone().recipient(),
                deregister: registry.clone().recipient(),
                report: registry.clone().recipient(),
            },
            remote: registry.recipient(),
            subscribe: broker.clone().recipient(),
            unsubscribe: broker.recipient(),
            link,
            snapshot,
            revisions,
            subscriptions,
        })
    }
}
