//! Instances as C is shown them.

use std::{ffi::c_char, mem::MaybeUninit};

use super::{input::one_of, message::CommyPair, output::Texts};
use crate::{
    error::CommyError,
    instance::{Health, Reach, ServiceInstance},
};

/// Whether an instance can be called.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub enum CommyHealth {
    /// Advertised and not probed often enough yet to say.
    Starting = 0,
    /// It answers.
    Healthy = 1,
    /// Its owner or its probe says that it does not answer.
    Unhealthy = 2,
    /// It finishes the calls that it has and takes no new ones.
    Draining = 3,
}

/// How this node reaches an instance.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub enum CommyReach {
    /// It is hosted in this process.
    InProcess = 0,
    /// It is hosted by another node of the mesh.
    Fabric = 1,
    /// It is advertised: its users dial its endpoint themselves.
    Endpoint = 2,
}

/// An instance of a service, as this node knows it.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct CommyInstanceView {
    /// The id of the instance, unique in the mesh.
    pub id: *const c_char,
    /// The id of the node that registered it.
    pub node_id: *const c_char,
    /// The name of the service.
    pub service: *const c_char,
    /// The version of the service.
    pub version: *const c_char,
    /// The tags, in order.
    pub tags: *const *const c_char,
    /// How many tags there are.
    pub tags_length: usize,
    /// The metadata, by key.
    pub metadata: *const CommyPair,
    /// How many entries of metadata there are.
    pub metadata_length: usize,
    /// The weight.
    pub weight: u32,
    /// The zone, or NULL if it has none.
    pub zone: *const c_char,
    /// The region, or NULL if it has none.
    pub region: *const c_char,
    /// The health at the time of the answer.
    pub health: CommyHealth,
    /// The address to dial, for an advertised instance; NULL for a hosted one.
    pub endpoint: *const c_char,
    /// How this node reaches it.
    pub reach: CommyReach,
    /// The revision of this node's service table at which the instance last changed.
    pub revision: u64,
}

impl CommyInstanceView {
    pub(crate) fn new(instance: ServiceInstance, texts: &mut Texts) -> Self {
        let ServiceInstance {
            id,
            node_id,
            service,
            version,
            tags,
            metadata,
            weight,
            zone,
            region,
            health,
            endpoint,
            reach,
            revision,
        } = instance;
        let (tags, tags_length) = texts.list(tags);
        let (metadata, metadata_length) = texts.pairs(metadata);
        Self {
            id: texts.text(id),
            node_id: texts.text(node_id),
            service: texts.text(service),
            version: texts.text(version),
            tags,
            tags_length,
            metadata,
            metadata_length,
            weight,
            zone: texts.optional(zone),
            region: texts.optional(region),
            health: match health {
                Health::Starting => CommyHealth::Starting,
                Health::Healthy => CommyHealth::Healthy,
                Health::Unhealthy => CommyHealth::Unhealthy,
                Health::Draining => CommyHealth::Draining,
            },
            endpoint: texts.optional(endpoint),
            reach: match reach {
                Reach::InProcess => CommyReach::InProcess,
                Reach::Fabric => CommyReach::Fabric,
                Reach::Endpoint => CommyReach::Endpoint,
            },
            revision,
        }
    }
}

pub(crate) fn health(value: &MaybeUninit<CommyHealth>) -> Result<Health, CommyError> {
    one_of(
        "health",
        value,
        &[
            (CommyHealth::Starting, Health::Starting),
            (CommyHealth::Healthy, Health::Healthy),
            (CommyHealth::Unhealthy, Health::Unhealthy),
            (CommyHealth::Draining, Health::Draining),
        ],
    )
}
