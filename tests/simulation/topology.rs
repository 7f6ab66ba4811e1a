//! Who is on the network, and who reaches whom.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use commy_core::{
    NodeId, TopicFilter,
    record::{NodeLife, NodeRecord},
};
use commy_mesh::{Listener, Traffic};

use crate::packet::{Load, Scheduled};

/// One node on the network.
pub(crate) struct Member {
    pub(crate) life: NodeLife,
    pub(crate) listener: Arc<dyn Listener>,
    pub(crate) record: Option<Arc<NodeRecord>>,
    pub(crate) filters: Vec<TopicFilter>,
    pub(crate) state: State,
    /// What arrived for it, or was sent by it, while it was paused.
    pub(crate) held: Vec<Scheduled>,
    pub(crate) traffic: Traffic,
}

/// What became of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Running,
    /// As by SIGSTOP: nothing comes from it, and what is sent to it waits.
    Paused,
    /// It closed its link.
    Closed,
    /// As by SIGKILL.
    Crashed,
}

/// Who is on the network, and who reaches whom.
#[derive(Default)]
pub(crate) struct Topology {
    pub(crate) members: BTreeMap<NodeId, Member>,
    cuts: BTreeSet<(NodeId, NodeId)>,
    pub(crate) views: BTreeMap<(NodeId, NodeId), View>,
}

/// What one node is being told of another's presence.
#[derive(Default)]
pub(crate) struct View {
    /// What it will have been told when everything has arrived.
    pub(crate) wanted: Option<NodeLife>,
    /// What it was told last.
    pub(crate) told: Option<NodeLife>,
    /// When the latest of these news arrives: they do not overtake each other.
    pub(crate) last_due: Duration,
}

impl Topology {
    pub(crate) fn cut(&mut self, one: NodeId, other: NodeId) {
        self.cuts.insert((one.min(other), one.max(other)));
    }

    pub(crate) fn mend(&mut self) {
        self.cuts.clear();
    }

    /// Whether two nodes see each other.
    fn connects(&self, one: NodeId, other: NodeId) -> bool {
        self.is_up(one) && self.is_up(other) && !self.is_cut(one, other)
    }

    /// Whether what one has sent gets to the other: also what it sent before it closed its link.
    pub(crate) fn delivers(&self, from: NodeId, to: NodeId) -> bool {
        (self.is_up(from) || self.state(from) == Some(State::Closed))
            && self.is_up(to)
            && !self.is_cut(from, to)
    }

    fn is_cut(&self, one: NodeId, other: NodeId) -> bool {
        self.cuts.contains(&(one.min(other), one.max(other)))
    }

    /// Whether a node takes part.
    pub(crate) fn is_up(&self, node: NodeId) -> bool {
        self.state(node)
            .is_some_and(|state| matches!(state, State::Running | State::Paused))
    }

    pub(crate) fn is_paused(&self, node: NodeId) -> bool {
        self.state(node) == Some(State::Paused)
    }

    pub(crate) fn state(&self, node: NodeId) -> Option<State> {
        self.members.get(&node).map(|member| member.state)
    }

    /// Counts a message in the sender's traffic, if it is one that counts.
    pub(crate) fn count_sent(&mut self, from: NodeId, load: &Load) {
        if let (Some(member), Some(bytes)) = (self.members.get_mut(&from), load.payload_bytes()) {
            member.traffic.messages_sent += 1;
            member.traffic.bytes_sent += bytes;
        }
    }

    /// Counts a message in the receiver's traffic, if it is one that counts.
    pub(crate) fn count_received(&mut self, to: NodeId, load: &Load) {
        if let (Some(member), Some(bytes)) = (self.members.get_mut(&to), load.payload_bytes()) {
            member.traffic.messages_received += 1;
            member.traffic.bytes_received += bytes;
        }
    }

    /// The pairs of observer and observed of which the observer should be told something else, and
    /// what.
    pub(crate) fn news(&self) -> Vec<(NodeId, NodeId, Option<NodeLife>)> {
        let mut news = Vec::new();
        for observer in self.members.keys().filter(|node| self.is_up(**node)) {
            for (node, member) in self.members.iter().filter(|(node, _)| *node != observer) {
                let is_seen = self.connects(*observer, *node)
                    && !self.is_paused(*node)
                    && !self.is_paused(*observer);
                let seen = is_seen.then_some(member.life);
                let view = self.views.get(&(*observer, *node));
                if view.map_or(seen.is_some(), |view| view.wanted != seen) {
                    news.push((*observer, *node, seen));
                }
            }
        }
        news
    }
}
