//! What a node tells the others of itself: a record of its instances, versioned by a revision. How
//! it is encoded is the fabric's business.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    endpoint::Endpoint,
    identity::{InstanceId, NodeId},
    instance::Health,
    spec::InstanceSpec,
};

/// Which life of a node is meant: a node that starts again is the same node with a higher
/// incarnation, and what an earlier one said counts no longer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Incarnation(pub u64);

/// One life of one node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeLife {
    /// Which node.
    pub node: NodeId,
    /// Which of its lives.
    pub incarnation: Incarnation,
}

/// An instance as its node describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstanceRecord {
    /// Its id; the node in it is the one that the record is of.
    pub id: InstanceId,
    /// What it was registered with.
    pub spec: Arc<InstanceSpec>,
    /// Where it is dialled, if it is advertised.
    pub endpoint: Option<Endpoint>,
    /// Its health, as its node sees it.
    pub health: Health,
}

/// Everything that a node says of itself at one revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeRecord {
    /// Whose record it is.
    pub life: NodeLife,
    /// The revision, which rises with every change of the node's instances.
    pub revision: u64,
    /// The instances, by serial number.
    pub instances: BTreeMap<u64, InstanceRecord>,
}

/// What changed in a node's record between two revisions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordUpdate {
    /// Whose record it is.
    pub life: NodeLife,
    /// The revision that the changes are based on: one who has another fetches the whole record.
    pub since: u64,
    /// The revision that they lead to.
    pub revision: u64,
    /// The instances that are new or different.
    pub put: Vec<InstanceRecord>,
    /// The serial numbers of the instances that are gone.
    pub removed: Vec<u64>,
}
