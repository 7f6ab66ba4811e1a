//! What a node knows of the others, and what it makes of it: who is there, what they serve, whom
//! to ask again, whom to trust with calls and whom to forget. News may be repeated, reordered or
//! lost; the same facts lead to the same knowledge in the end.
//!
//! - One who is not present is not called from that moment on, and forgotten after a grace period.
//! - A record counts by its revision; an update that does not fit makes the node fetch the whole.
//! - A later incarnation of a node replaces an earlier one, of which nothing counts any more.
//! - One who comes and goes is trusted again only after staying for a while; see [`Flaps`].
//!
//! It must not know how news arrive, nor what routes are.

mod fetching;
mod flaps;
mod graves;
mod peer;
mod rules;

use std::collections::{BTreeMap, btree_map};

pub use self::{flaps::Flaps, rules::PeerRules};
use self::{
    graves::{Grave, Graves},
    peer::Peer,
};
use crate::{
    identity::{InstanceId, NodeId},
    record::{InstanceRecord, NodeLife, NodeRecord, RecordUpdate},
    time::Moment,
};

/// How many peers are taken note of. It is far beyond what one fabric carries, and bounds what a
/// hostile one can make a node remember.
const PEERS_MAX: usize = 16_384;

/// What follows from news, for the one who carries it out. In order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Ask this peer for its whole record.
    Fetch(NodeId),
    /// This instance is new, or different; its health is what this node makes of it.
    Put(InstanceRecord),
    /// This instance is gone.
    Remove(InstanceId),
}

/// What a node knows of the others.
#[derive(Clone, Debug)]
pub struct Peers {
    own: NodeId,
    rules: PeerRules,
    peers: BTreeMap<NodeId, Peer>,
    graves: Graves,
}

impl Peers {
    /// Nothing is known yet.
    #[must_use]
    pub fn new(own: NodeId, rules: PeerRules) -> Self {
        Self {
            own,
            rules,
            peers: BTreeMap::new(),
            graves: Graves::default(),
        }
    }

    /// How many peers are present.
    #[must_use]
    pub fn present(&self) -> usize {
        self.peers.values().filter(|peer| peer.is_present()).count()
    }

    /// When [`Peers::tick`] has something to do, if ever.
    #[must_use]
    pub fn next_tick(&self) -> Option<Moment> {
        self.peers.values().filter_map(Peer::next_tick).min()
    }

    /// A peer is there, in this life, or is not any more.
    pub fn on_presence(&mut self, now: Moment, life: NodeLife, is_present: bool) -> Vec<Effect> {
        let mut effects = Vec::new();
        if life.node == self.own {
            return effects;
        }
        let is_full = self.peers.len() >= PEERS_MAX;
        let peer = match self.peers.entry(life.node) {
            btree_map::Entry::Occupied(known) => known.into_mut(),
            // One of whom nothing is known needs no forgetting.
            btree_map::Entry::Vacant(_) if !is_present || is_full => return effects,
            btree_map::Entry::Vacant(unknown) => {
                let grave = self.graves.get(&life.node);
                if grave.is_some_and(|grave| life.incarnation < grave.incarnation) {
                    return effects;
                }
                unknown.insert(Peer::unknown(life, grave))
            }
        };
        if life.incarnation < peer.incarnation() {
            return effects;
        }
        if life.incarnation > peer.incarnation() {
            peer.end(&mut effects);
            *peer = Peer::unknown(life, None);
        }
        if is_present {
            peer.on_arrival(now, &self.rules, &mut effects);
        } else {
            peer.on_loss(now, &self.rules, &mut effects);
        }
        effects
    }

    /// A peer's whole record arrived.
    pub fn on_record(&mut self, record: NodeRecord) -> Vec<Effect> {
        let mut effects = Vec::new();
        if let Some(peer) = self.life(record.life) {
            peer.on_record(record, &mut effects);
        }
        effects
    }

    /// A change of a peer's record arrived.
    pub fn on_update(&mut self, now: Moment, update: RecordUpdate) -> Vec<Effect> {
        let mut effects = Vec::new();
        let rules = self.rules;
        if let Some(peer) = self.life(update.life) {
            peer.on_update(now, &rules, update, &mut effects);
        }
        effects
    }

    /// Something that a peer said was lost on the way.
    pub fn on_missed(&mut self, now: Moment, node: NodeId) -> Vec<Effect> {
        let mut effects = Vec::new();
        if let Some(peer) = self.peers.get_mut(&node) {
            peer.fetch(now, &self.rules, &mut effects);
        }
        effects
    }

    /// Time passes: asks again, trusts again, forgets.
    pub fn tick(&mut self, now: Moment) -> Vec<Effect> {
        let mut effects = Vec::new();
        let is_due = |peer: &Peer| peer.next_tick().is_some_and(|due| due <= now);
        for peer in self.peers.values_mut().filter(|peer| is_due(peer)) {
            peer.tick(now, &self.rules, &mut effects);
        }
        let graves = &mut self.graves;
        self.peers.retain(|node, peer| {
            let is_forgotten = peer.is_forgotten(now);
            if is_forgotten {
                peer.end(&mut effects);
                graves.dig(*node, Grave::of(peer, now));
            }
            !is_forgotten
        });
        effects
    }

    /// The peer, if this is the life of it that is known. What is said of another life does not
    /// count: its presence comes first, and with it a fetch.
    fn life(&mut self, life: NodeLife) -> Option<&mut Peer> {
        self.peers
            .get_mut(&life.node)
            .filter(|peer| peer.incarnation() == life.incarnation)
    }
}
