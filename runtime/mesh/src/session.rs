//! A mesh between its start and its stop.

use std::{sync::Arc, time::Duration};

use actix::{Actor, Recipient};
use commy_core::{Error, Result, Status, options::MeshSettings};
use tokio::sync::oneshot;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    actors::mesh::{Advertise, DrainInstance, Host, Mesh, SetHealth, Stop, Withdraw},
    fabric::Fabric,
    membership::Membership,
    node::Node,
    stats::Counters,
};

/// A started mesh: the node that it takes part in, and the mailbox of its actor.
pub(crate) struct Session {
    pub(crate) node: Arc<Node>,
    pub(crate) inbox: MeshInbox,
    /// Cancelled when the mesh stops; its watches and subscriptions end with it.
    pub(crate) closing: CancellationToken,
    /// The calls that are made and not over.
    pub(crate) calls: TaskTracker,
    membership: Arc<Membership>,
    stop: Recipient<Stop>,
}

/// What the actor of a mesh is told.
#[derive(Clone)]
pub(crate) struct MeshInbox {
    pub(crate) host: Recipient<Host>,
    pub(crate) advertise: Recipient<Advertise>,
    pub(crate) set_health: Recipient<SetHealth>,
    pub(crate) drain: Recipient<DrainInstance>,
    pub(crate) withdraw: Recipient<Withdraw>,
}

impl Session {
    /// Joins the node and starts the actor of the mesh.
    pub(crate) async fn open(
        membership: &Arc<Membership>,
        settings: &MeshSettings,
        counters: &Arc<Counters>,
        fabric: Option<&Arc<dyn Fabric>>,
    ) -> Result<Self> {
        let node = membership.join(settings, fabric).await?;
        let actor = Mesh::new(Arc::clone(&node), settings.clone(), Arc::clone(counters));
        let (started, starting) = oneshot::channel();
        let is_spawned = node.spawn(async move {
            // A starter that has gone leaves an actor without an address, which ends by itself.
            let _ = started.send(actor.start());
        });
        let address = match starting.await {
            Ok(address) if is_spawned => address,
            _ => {
                return Err(Error::new(
                    Status::Internal,
                    "the node ended while the mesh was started",
                ));
            }
        };
        Ok(Self {
            inbox: MeshInbox {
                host: address.clone().recipient(),
                advertise: address.clone().recipient(),
                set_health: address.clone().recipient(),
                drain: address.clone().recipient(),
                withdraw: address.clone().recipient(),
            },
            stop: address.recipient(),
            node,
            closing: CancellationToken::new(),
            calls: TaskTracker::new(),
            membership: Arc::clone(membership),
        })
    }

    /// Withdraws what the mesh registered, lets calls in flight finish for at most this time, those
    /// that it answers and those that it made, and leaves the node. Goes on to its end whether or not the returned future is polled.
    pub(crate) fn close(&self, drain: Duration) -> impl Future<Output = ()> + Send + 'static {
        let (left, leaving) = oneshot::channel();
        let stop = self.stop.clone();
        let membership = Arc::clone(&self.membership);
        let closing = self.closing.clone();
        let calls = self.calls.clone();
        calls.close();
        self.node.spawn(async move {
            let finishing = tokio::time::timeout(drain, calls.wait());
            let (stopped, finished) = futures_util::join!(stop.send(Stop(drain)), finishing);
            if finished.is_err() {
                tracing::warn!(mesh = %membership.name, ?drain, "stopped with own calls in flight");
            }
            if stopped.is_err() {
                tracing::error!(mesh = %membership.name, "the mesh's actor ended before it was stopped");
            }
            closing.cancel();
            if membership.leave().await {
                let _ = left.send(());
            }
        });
        let ended = self.node.ended();
        async move {
            // Either the mesh has left a node that goes on for others, or the node has ended.
            tokio::select! {
                biased;
                Ok(()) = leaving => {}
                () = ended => {}
            }
        }
    }
}
