//! What is remembered of peers that were forgotten, so that late news of them do not bring back
//! what is gone.

use std::collections::BTreeMap;

use super::{Flaps, peer::Peer};
use crate::{identity::NodeId, record::Incarnation, time::Moment};

/// How many are remembered: each is a few dozen bytes, and news later than thousands of deaths ago
/// do not occur.
const GRAVES_MAX: usize = 4096;

/// What is remembered of one who was forgotten.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grave {
    /// Its latest life.
    pub(super) incarnation: Incarnation,
    /// The revision of the latest record of that life.
    pub(super) revision: u64,
    pub(super) flaps: Flaps,
    dug_at: Moment,
}

impl Grave {
    pub(super) const fn of(peer: &Peer, now: Moment) -> Self {
        Self {
            incarnation: peer.incarnation(),
            revision: peer.revision(),
            flaps: peer.flaps(),
            dug_at: now,
        }
    }
}

/// Those who were forgotten last.
#[derive(Clone, Debug, Default)]
pub(super) struct Graves(BTreeMap<NodeId, Grave>);

impl Graves {
    pub(super) fn get(&self, node: &NodeId) -> Option<&Grave> {
        self.0.get(node)
    }

    pub(super) fn dig(&mut self, node: NodeId, grave: Grave) {
        self.0.insert(node, grave);
        if self.0.len() > GRAVES_MAX
            && let Some(oldest) = self.0.iter().min_by_key(|(_, grave)| grave.dug_at)
        {
            let oldest = *oldest.0;
            self.0.remove(&oldest);
        }
    }
}
