//! An instance as a node knows it.

use std::{fmt, sync::Arc};

use crate::{endpoint::Endpoint, identity::InstanceId, spec::InstanceSpec};

/// Whether an instance can be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Health {
    /// Advertised and not probed often enough yet to say.
    Starting,
    /// It answers.
    Healthy,
    /// Its owner or its probe says that it does not answer.
    Unhealthy,
    /// It finishes the calls that it has and takes no new ones.
    Draining,
}

impl Health {
    /// Every health.
    pub const ALL: [Self; 4] = [
        Self::Starting,
        Self::Healthy,
        Self::Unhealthy,
        Self::Draining,
    ];
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Starting => "starting",
            Self::Healthy => "healthy",
            Self::Unhealthy => "unhealthy",
            Self::Draining => "draining",
        })
    }
}

/// How this node reaches an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reach {
    /// It is hosted in this process.
    InProcess,
    /// It is hosted by another node of the mesh.
    Fabric,
    /// It is advertised: its users dial its endpoint themselves.
    Endpoint,
}

/// An instance of a service at one revision of the service table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instance {
    /// Its id.
    pub id: InstanceId,
    /// What it was registered with.
    pub spec: Arc<InstanceSpec>,
    /// Where it is dialled, if commy does not host it.
    pub endpoint: Option<Endpoint>,
    /// How this node reaches it.
    pub reach: Reach,
    /// Its health.
    pub health: Health,
    /// The revision of the service table at which it last changed.
    pub revision: u64,
}

impl Instance {
    /// Whether a call may be sent to it.
    #[must_use]
    pub fn is_callable(&self) -> bool {
        self.endpoint.is_none() && self.health == Health::Healthy
    }
}
