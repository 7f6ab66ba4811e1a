//! Which node each mesh of this process takes part in.
//!
//! Every [`Mesh`](crate::Mesh) of one name in one process is the same node, so they see each other
//! with no network between them. The node is launched when the first of them starts, and ends when
//! the last one stops; launched again, it is the same node in a later incarnation.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Weak},
};

use commy_core::{
    Error, MeshName, MeshSettings, NodeId, Result, Status,
    options::FabricOptions,
    record::{Incarnation, NodeLife},
};
use parking_lot::Mutex;

use crate::{
    fabric::{Fabric, Traffic},
    node::{Launch, Node, Numbers, Randomness, wall_clock_us},
    placement::Placement,
    process::Origin,
};

/// The memberships of this process, by the name of the mesh.
static MEMBERSHIPS: LazyLock<Mutex<HashMap<MeshName, Weak<Membership>>>> =
    LazyLock::new(Mutex::default);

/// What all meshes of one name in this process share, running or not.
pub(crate) struct Membership {
    pub(crate) name: MeshName,
    pub(crate) id: NodeId,
    /// The process whose node it is: a forked child has none of the node's threads.
    pub(crate) origin: Origin,
    placement: Placement,
    numbers: Arc<Numbers>,
    running: tokio::sync::Mutex<Running>,
    /// What went over the links of the lives before this one.
    traffic_before: Mutex<Traffic>,
}

/// The node of a membership, while at least one of its meshes is started.
#[derive(Default)]
struct Running {
    node: Option<Arc<Node>>,
    meshes: usize,
    /// The fabric's options, if the node is connected by one.
    fabric: Option<FabricOptions>,
    incarnation: Incarnation,
}

/// A node that was launched for a start which may be given up; then it ends.
struct Launched(Option<Arc<Node>>);

impl Membership {
    /// The membership of this process in the mesh of this name, or one of its own for a mesh that
    /// shares none.
    pub(crate) fn of(name: &MeshName, placement: Placement) -> Arc<Self> {
        if placement != Placement::Process {
            return Arc::new(Self::new(name, placement));
        }
        let mut memberships = MEMBERSHIPS.lock();
        let known = memberships.get(name).and_then(Weak::upgrade);
        if let Some(membership) = known.filter(|membership| membership.origin.is_here()) {
            return membership;
        }
        memberships.retain(|_, membership| membership.strong_count() > 0);
        let membership = Arc::new(Self::new(name, placement));
        memberships.insert(name.clone(), Arc::downgrade(&membership));
        membership
    }

    fn new(name: &MeshName, placement: Placement) -> Self {
        Self {
            name: name.clone(),
            id: Randomness::of(placement).draw(|mut random| NodeId::random(&mut random)),
            origin: Origin::here(),
            placement,
            numbers: Arc::default(),
            running: tokio::sync::Mutex::default(),
            traffic_before: Mutex::default(),
        }
    }

    /// What went over the links of earlier lives of the node.
    pub(crate) fn traffic_before(&self) -> Traffic {
        *self.traffic_before.lock()
    }

    /// Takes part in the node, which is launched and connected for the first that does.
    pub(crate) async fn join(
        &self,
        settings: &MeshSettings,
        fabric: Option<&Arc<dyn Fabric>>,
    ) -> Result<Arc<Node>> {
        let mut running = self.running.lock().await;
        let wanted = fabric.map(|_| settings.fabric.clone());
        let node = match &running.node {
            Some(node) if running.fabric == wanted => Arc::clone(node),
            Some(_) => return Err(self.other_fabric(running.fabric.as_ref(), wanted.as_ref())),
            None => {
                running.incarnation = running.incarnation.after(wall_clock_us(self.placement));
                let launched = self.launch(running.incarnation, settings, fabric).await?;
                running.node = Some(Arc::clone(&launched));
                running.fabric = wanted;
                launched
            }
        };
        running.meshes += 1;
        Ok(node)
    }

    /// Takes part no longer, and says whether the node goes on; it ends with the last that takes
    /// part. Called on the control thread.
    pub(crate) async fn leave(&self) -> bool {
        let mut running = self.running.lock().await;
        running.meshes -= 1;
        if running.meshes > 0 {
            return true;
        }
        if let Some(node) = running.node.take() {
            node.end().await;
            let mut before = self.traffic_before.lock();
            *before = *before + node.traffic();
        }
        false
    }

    async fn launch(
        &self,
        incarnation: Incarnation,
        settings: &MeshSettings,
        fabric: Option<&Arc<dyn Fabric>>,
    ) -> Result<Arc<Node>> {
        let node = Arc::new(Node::launch(Launch {
            name: &self.name,
            life: NodeLife {
                node: self.id,
                incarnation,
            },
            placement: self.placement,
            numbers: Arc::clone(&self.numbers),
            breaker: settings.breaker,
        })?);
        let mut launched = Launched(Some(Arc::clone(&node)));
        if let Some(fabric) = fabric {
            node.connect(&**fabric, settings.max_payload_bytes).await?;
        }
        launched.0 = None;
        Ok(node)
    }

    fn other_fabric(
        &self,
        running: Option<&FabricOptions>,
        wanted: Option<&FabricOptions>,
    ) -> Error {
        let shown = |options: Option<&FabricOptions>| match options {
            Some(options) => format!("{options:?}"),
            None => "none".to_owned(),
        };
        Error::new(
            Status::FailedPrecondition,
            format!(
                "all meshes named \"{}\" in this process are one node, which already runs with other fabric options ({}) than these ({}): give them the same, or stop the others first",
                self.name,
                shown(running),
                shown(wanted),
            ),
        )
    }
}

impl Drop for Launched {
    fn drop(&mut self) {
        if let Some(node) = self.0.take() {
            let ending = Arc::clone(&node);
            node.spawn(async move { ending.end().await });
        }
    }
}
