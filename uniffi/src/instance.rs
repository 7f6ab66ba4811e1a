//! Instances as this node knows them, and what happens to them.

use std::collections::HashMap;

/// Whether an instance can be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// Not probed often enough yet.
    Starting,
    /// It answers.
    Healthy,
    /// It does not answer.
    Unhealthy,
    /// It takes no new calls.
    Draining,
}

impl From<commy::Health> for Health {
    fn from(health: commy::Health) -> Self {
        match health {
            commy::Health::Starting => Self::Starting,
            commy::Health::Healthy => Self::Healthy,
            commy::Health::Unhealthy => Self::Unhealthy,
            commy::Health::Draining => Self::Draining,
        }
    }
}

impl From<Health> for commy::Health {
    fn from(health: Health) -> Self {
        match health {
            Health::Starting => Self::Starting,
            Health::Healthy => Self::Healthy,
            Health::Unhealthy => Self::Unhealthy,
            Health::Draining => Self::Draining,
        }
    }
}

/// How this node reaches an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Hosted in this process.
    InProcess,
    /// Hosted by another node.
    Fabric,
    /// Dialled by its users.
    Endpoint,
}

impl From<commy::Reach> for Reach {
    fn from(reach: commy::Reach) -> Self {
        match reach {
            commy::Reach::InProcess => Self::InProcess,
            commy::Reach::Fabric => Self::Fabric,
            commy::Reach::Endpoint => Self::Endpoint,
        }
    }
}

/// An instance of a service, as this node knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceInstance {
    /// The id of the instance.
    pub id: String,
    /// The id of the node that registered it.
    pub node_id: String,
    /// The name of the service.
    pub service: String,
    /// The version.
    pub version: String,
    /// The tags, in order.
    pub tags: Vec<String>,
    /// The metadata.
    pub metadata: HashMap<String, String>,
    /// The weight.
    pub weight: u32,
    /// The zone.
    pub zone: Option<String>,
    /// The region.
    pub region: Option<String>,
    /// The health at the time of the answer.
    pub health: Health,
    /// The address to dial.
    pub endpoint: Option<String>,
    /// How this node reaches it.
    pub reach: Reach,
    /// The revision at which it last changed.
    pub revision: u64,
}

impl From<commy::Instance> for ServiceInstance {
    fn from(instance: commy::Instance) -> Self {
        let commy::Instance {
            id,
            spec,
            endpoint,
            reach,
            health,
            revision,
        } = instance;
        let commy::InstanceSpec {
            service,
            version,
            tags,
            metadata,
            weight,
            zone,
            region,
            // A bound of the host's own; nobody selects by it.
            max_in_flight: _,
        } = &*spec;
        Self {
            id: id.to_string(),
            node_id: id.node.to_string(),
            service: service.to_string(),
            version: version.to_string(),
            tags: tags.iter().map(ToString::to_string).collect(),
            metadata: metadata
                .iter()
                .map(|(key, value)| (key.to_string(), value.clone()))
                .collect(),
            weight: *weight,
            zone: zone.as_ref().map(ToString::to_string),
            region: region.as_ref().map(ToString::to_string),
            health: health.into(),
            endpoint: endpoint.as_ref().map(ToString::to_string),
            reach: reach.into(),
            revision,
        }
    }
}

/// What happened to an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// It began to match.
    Added,
    /// Something about it changed.
    Updated,
    /// It is gone, or no longer matches.
    Removed,
}

impl From<commy::ChangeKind> for ChangeKind {
    fn from(kind: commy::ChangeKind) -> Self {
        match kind {
            commy::ChangeKind::Added => Self::Added,
            commy::ChangeKind::Updated => Self::Updated,
            commy::ChangeKind::Removed => Self::Removed,
        }
    }
}

/// A change to the instances that a watch sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What happened.
    pub kind: ChangeKind,
    /// The instance.
    pub instance: ServiceInstance,
    /// The revision in which the change was seen.
    pub revision: u64,
}

impl From<commy::Change> for Change {
    fn from(change: commy::Change) -> Self {
        let commy::Change {
            kind,
            instance,
            revision,
        } = change;
        Self {
            kind: kind.into(),
            instance: instance.into(),
            revision,
        }
    }
}
