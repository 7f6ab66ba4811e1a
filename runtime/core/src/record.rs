//! What a node tells the others of itself: a record of its instances, versioned by a revision. How
//! it is encoded is the fabric's business.

mod own;

use std::{collections::BTreeMap, sync::Arc};

pub use self::own::OwnRecord;
use crate::{
    endpoint::Endpoint,
    error::InvalidValue,
    identity::{InstanceId, NodeId},
    instance::{Health, Instance},
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

impl Incarnation {
    /// The incarnation of a life that begins when the clock shows this many microseconds since the
    /// epoch. It rises even when the clock was set back since the life before.
    #[must_use]
    pub fn after(self, clock_us: u64) -> Self {
        Self(clock_us.max(self.0.saturating_add(1)))
    }
}

impl From<&Instance> for InstanceRecord {
    fn from(instance: &Instance) -> Self {
        Self {
            id: instance.id,
            spec: Arc::clone(&instance.spec),
            endpoint: instance.endpoint.clone(),
            health: instance.health,
        }
    }
}

impl NodeRecord {
    /// Checks that a record from elsewhere speaks of its own node's instances only.
    ///
    /// # Errors
    /// The first id that breaks the rule.
    pub fn check(&self) -> Result<(), InvalidValue> {
        self.instances.iter().try_for_each(|(serial, instance)| {
            if instance.id.serial == *serial {
                check_owner(self.life, instance.id)
            } else {
                Err(InvalidValue::number(
                    "instance id",
                    instance.id,
                    format!("it is recorded under the serial number {serial}"),
                ))
            }
        })
    }
}

impl RecordUpdate {
    /// Checks that an update from elsewhere leads forwards, and speaks of its own node's instances
    /// only.
    ///
    /// # Errors
    /// The first value that breaks a rule.
    pub fn check(&self) -> Result<(), InvalidValue> {
        if self.revision < self.since {
            return Err(InvalidValue::number(
                "revision",
                self.revision,
                format!("the update is based on revision {}", self.since),
            ));
        }
        self.put
            .iter()
            .try_for_each(|instance| check_owner(self.life, instance.id))
    }
}

fn check_owner(life: NodeLife, id: InstanceId) -> Result<(), InvalidValue> {
    if id.node == life.node {
        return Ok(());
    }
    Err(InvalidValue::number(
        "instance id",
        id,
        format!("node {} cannot speak for it", life.node),
    ))
}
