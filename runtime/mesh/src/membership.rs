//! Which node each mesh of this process takes part in.
//!
//! Every [`Mesh`](crate::Mesh) of one name in one process is the same node, so they see each other
//! with no network between them. The node is launched when the first of them starts, and ends when
//! the last one stops.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Weak},
};

use commy_core::{MeshName, NodeId, Result};
use parking_lot::Mutex;

use crate::node::Node;

/// The memberships of this process, by the name of the mesh.
static MEMBERSHIPS: LazyLock<Mutex<HashMap<MeshName, Weak<Membership>>>> =
    LazyLock::new(Mutex::default);

/// What all meshes of one name in this process share, running or not.
pub(crate) struct Membership {
    pub(crate) name: MeshName,
    pub(crate) id: NodeId,
    running: tokio::sync::Mutex<Running>,
}

/// The node of a membership, while at least one of its meshes is started.
#[derive(Default)]
struct Running {
    node: Option<Arc<Node>>,
    meshes: usize,
}

impl Membership {
    /// The membership of this process in the mesh of this name.
    pub(crate) fn of(name: &MeshName) -> Arc<Self> {
        let mut memberships = MEMBERSHIPS.lock();
        if let Some(membership) = memberships.get(name).and_then(Weak::upgrade) {
            return membership;
        }
        memberships.retain(|_, membership| membership.strong_count() > 0);
        let membership = Arc::new(Self {
            name: name.clone(),
            id: NodeId::random(&mut rand::rng()),
            running: tokio::sync::Mutex::default(),
        });
        memberships.insert(name.clone(), Arc::downgrade(&membership));
        membership
    }

    /// Takes part in the node, which is launched for the first that does.
    pub(crate) async fn join(&self) -> Result<Arc<Node>> {
        let mut running = self.running.lock().await;
        let node = match &running.node {
            Some(node) => Arc::clone(node),
            None => {
                let node = Arc::new(Node::launch(&self.name, self.id)?);
                running.node = Some(Arc::clone(&node));
                node
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
        }
        false
    }
}
