//! A running node: two threads, and what they publish.
//!
//! - *control* runs the registry, the broker, the prober and the mesh actors;
//! - *instances* runs the instances, and so the handlers' futures. A handler that blocks stalls its
//!   neighbours; it delays no registration and no deadline.

mod threads;
mod timers;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use actix::{Actor, Recipient};
use actix_rt::ArbiterHandle;
use arc_swap::{ArcSwap, Guard};
use commy_core::{Error, InstanceId, MeshName, Moment, NodeId, Result, Status, registry::Snapshot};
use tokio::sync::watch;

use self::threads::Threads;
use crate::{
    actors::{
        broker::{Broker, Subscribe, Subscriptions, Unsubscribe},
        prober::{Prober, ReportTo},
        registry::{Deregister, Register, Registry, ReportHealth},
    },
    route::Route,
};

/// A running node.
pub(crate) struct Node {
    pub(crate) id: NodeId,
    actors: Actors,
    threads: Threads,
    started: Instant,
    serials: AtomicU64,
    sequence: AtomicU64,
}

/// The actors that every node has, and what they publish.
struct Actors {
    registry: RegistryInbox,
    subscribe: Recipient<Subscribe>,
    unsubscribe: Recipient<Unsubscribe>,
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
    /// Starts both threads and the actors that every node has.
    ///
    /// # Errors
    /// `INTERNAL` when the operating system gives no thread.
    pub(crate) fn launch(name: &MeshName, id: NodeId) -> Result<Self> {
        let (threads, actors) = Threads::launch(&format!("commy-{name}"), Actors::start)?;
        Ok(Self {
            id,
            actors: actors?,
            threads,
            started: Instant::now(),
            serials: AtomicU64::new(0),
            sequence: AtomicU64::new(0),
        })
    }

    /// Ends both threads. Called on the control thread, after the last mesh has withdrawn.
    pub(crate) async fn end(&self) {
        self.threads.end().await;
    }

    /// Resolves when both threads have ended.
    pub(crate) fn ended(self: &Arc<Self>) -> impl Future<Output = ()> + Send + 'static {
        let node = Arc::clone(self);
        async move { node.threads.ended().await }
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
        Moment::after_start(self.started.elapsed())
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
            node: self.id,
            serial: self.next_serial(),
        }
    }

    /// A number that this node has not given before.
    pub(crate) fn next_serial(&self) -> u64 {
        self.serials.fetch_add(1, Relaxed) + 1
    }

    /// The number of this node's next event.
    pub(crate) fn next_sequence(&self) -> u64 {
        self.sequence.fetch_add(1, Relaxed) + 1
    }
}

impl Actors {
    /// Starts the actors on the current thread, the control thread.
    fn start() -> Result<Self> {
        let snapshot = Arc::new(ArcSwap::default());
        let subscriptions = Arc::new(ArcSwap::default());
        let (revision, revisions) = watch::channel(0);
        let prober = Prober::new()?.start();
        let registry = Registry::new(
            Arc::clone(&snapshot),
            revision,
            prober.clone().recipient(),
            prober.clone().recipient(),
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
        let broker = Broker::new(Arc::clone(&subscriptions)).start();
        Ok(Self {
            registry: RegistryInbox {
                register: registry.clone().recipient(),
                deregister: registry.clone().recipient(),
                report: registry.recipient(),
            },
            subscribe: broker.clone().recipient(),
            unsubscribe: broker.recipient(),
            snapshot,
            revisions,
            subscriptions,
        })
    }
}
