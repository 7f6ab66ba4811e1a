//! Which instances are asked for.

use std::collections::HashMap;

use crate::instance::Health;

/// Which instances are asked for.
#[derive(Clone, Debug)]
pub struct Query {
    /// The service.
    pub service: Option<String>,
    /// A requirement on the version.
    pub version: Option<String>,
    /// Tags that an instance must have.
    pub tags: Vec<String>,
    /// Metadata that an instance must have.
    pub metadata: HashMap<String, String>,
    /// The health that an instance must have one of.
    pub health: Option<Vec<Health>>,
    /// The zone.
    pub zone: Option<String>,
    /// The region.
    pub region: Option<String>,
}

impl From<Query> for commy::Query {
    fn from(query: Query) -> Self {
        let Query {
            service,
            version,
            tags,
            metadata,
            health,
            zone,
            region,
        } = query;
        Self {
            service,
            version,
            tags,
            metadata: metadata.into_iter().collect(),
            health: health.map(|healths| healths.into_iter().map(Into::into).collect()),
            zone,
            region,
        }
    }
}
