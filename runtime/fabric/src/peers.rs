//! Who is there, as the tokens and the goodbyes say. Tokens come more than once and go for an
//! instant when a router is changed; the node behind the link decides what that means.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use commy_core::{NodeId, record::NodeLife};
use parking_lot::RwLock;

use crate::lane::Lane;

/// A peer in one of its lives.
pub(crate) struct Peer {
    pub(crate) life: NodeLife,
    pub(crate) lane: Arc<Lane>,
}

/// The peers whose tokens are there.
#[derive(Default)]
pub(crate) struct Peers {
    known: RwLock<Known>,
}

#[derive(Default)]
struct Known {
    present: HashMap<NodeId, Arc<Peer>>,
    /// Lives that said goodbye and whose tokens are still to go.
    left: HashSet<NodeLife>,
}

/// What a token's coming changed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Arrival {
    /// Whether the peer was not known to be there.
    pub(crate) is_new: bool,
    /// The earlier life of the node, which is over.
    pub(crate) replaced: Option<NodeLife>,
}

impl Peers {
    /// The peer that is this node now.
    pub(crate) fn get(&self, node: NodeId) -> Option<Arc<Peer>> {
        self.known.read().present.get(&node).cloned()
    }

    /// The peer that is in this life now.
    pub(crate) fn get_life(&self, life: NodeLife) -> Option<Arc<Peer>> {
        self.get(life.node).filter(|peer| peer.life == life)
    }

    /// How many are there.
    pub(crate) fn count(&self) -> usize {
        self.known.read().present.len()
    }

    /// All that are there.
    pub(crate) fn all(&self) -> Vec<Arc<Peer>> {
        self.known.read().present.values().cloned().collect()
    }

    /// Nobody is there any more, as far as this node can tell: its link is closed.
    pub(crate) fn forget_all(&self) {
        let forgotten = std::mem::take(&mut *self.known.write());
        drop(forgotten);
    }

    /// A token came.
    pub(crate) fn arrive(&self, life: NodeLife, lane: impl FnOnce() -> Lane) -> Arrival {
        let mut known = self.known.write();
        if known.left.contains(&life) {
            return Arrival::default();
        }
        match known.present.get(&life.node) {
            Some(peer) if peer.life.incarnation >= life.incarnation => Arrival::default(),
            _ => {
                let peer = Arc::new(Peer {
                    life,
                    lane: Arc::new(lane()),
                });
                let replaced = known.present.insert(life.node, peer);
                Arrival {
                    is_new: true,
                    replaced: replaced.map(|peer| peer.life),
                }
            }
        }
    }

    /// A token went. Gives whether the peer was there until now.
    pub(crate) fn vanish(&self, life: NodeLife) -> bool {
        let mut known = self.known.write();
        known.left.remove(&life);
        known.remove(life)
    }

    /// A peer said goodbye. Gives whether it was there until now.
    pub(crate) fn leave(&self, life: NodeLife) -> bool {
        let mut known = self.known.write();
        let was_there = known.remove(life);
        // Only who was there is remembered: what others say of themselves takes no memory.
        if was_there {
            known.left.insert(life);
        }
        was_there
    }
}

impl Known {
    fn remove(&mut self, life: NodeLife) -> bool {
        match self.present.get(&life.node) {
            Some(peer) if peer.life == life => self.present.remove(&life.node).is_some(),
            _ => false,
        }
    }
}
