//! Which instances are asked for: the plain query that a user writes, and the checked selector.

use std::collections::{BTreeMap, BTreeSet};

use semver::VersionReq;

use crate::{
    error::InvalidValue,
    identity::NodeId,
    instance::{Health, Instance},
    name::{Locality, ServiceName, Tag, check_bytes},
    spec::{InstanceSpec, VERSION_BYTES_MAX, check_metadata, check_tags},
};

/// A query as its user writes it. An empty one asks for every healthy instance.
///
/// ```
/// use commy_core::Query;
///
/// let query = Query::service("orders").version("^1.2").tag("eu");
/// assert!(query.check().is_ok());
/// assert!(Query::service("orders").version("one").check().is_err());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// The service; every service when absent.
    pub service: Option<String>,
    /// A requirement on the version, in Cargo's syntax.
    pub version: Option<String>,
    /// Tags that an instance must all have.
    pub tags: Vec<String>,
    /// Metadata entries that an instance must all have.
    pub metadata: BTreeMap<String, String>,
    /// The health that an instance must have one of; healthy when absent.
    pub health: Option<Vec<Health>>,
    /// The zone that an instance must be in.
    pub zone: Option<String>,
    /// The region that an instance must be in.
    pub region: Option<String>,
}

impl Query {
    /// Every healthy instance of every service.
    #[must_use]
    pub fn all() -> Self {
        Self::default()
    }

    /// The healthy instances of a service.
    #[must_use]
    pub fn service(service: impl Into<String>) -> Self {
        Self {
            service: Some(service.into()),
            ..Self::default()
        }
    }

    /// Asks for a version, such as `^1.2` or `>=1, <3`.
    #[must_use]
    pub fn version(mut self, requirement: impl Into<String>) -> Self {
        self.version = Some(requirement.into());
        self
    }

    /// Asks for a tag.
    #[must_use]
    pub fn tag(mut self, tag: impl Into<String>) -> Self {
        self.tags.push(tag.into());
        self
    }

    /// Asks for a metadata entry.
    #[must_use]
    pub fn metadata(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.metadata.insert(key.into(), value.into());
        self
    }

    /// Asks for one of these healths.
    #[must_use]
    pub fn health(mut self, health: impl Into<Vec<Health>>) -> Self {
        self.health = Some(health.into());
        self
    }

    /// Asks for a zone.
    #[must_use]
    pub fn zone(mut self, zone: impl Into<String>) -> Self {
        self.zone = Some(zone.into());
        self
    }

    /// Asks for a region.
    #[must_use]
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.region = Some(region.into());
        self
    }

    /// Checks the query.
    ///
    /// # Errors
    /// The first value that breaks a rule, and the rule.
    pub fn check(&self) -> Result<Selector, InvalidValue> {
        Ok(Selector {
            service: self.service.as_deref().map(ServiceName::new).transpose()?,
            traits: Traits::check(self.version.as_deref(), &self.tags, &self.metadata)?,
            health: self.health.clone().unwrap_or_else(|| vec![Health::Healthy]),
            zone: self.zone.as_deref().map(Locality::new).transpose()?,
            region: self.region.as_deref().map(Locality::new).transpose()?,
            node: None,
        })
    }
}

/// A checked query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selector {
    /// The service; every service when absent.
    pub service: Option<ServiceName>,
    traits: Traits,
    health: Vec<Health>,
    zone: Option<Locality>,
    region: Option<Locality>,
    node: Option<NodeId>,
}

impl Selector {
    /// Every instance that a node registered, whatever its health.
    #[must_use]
    pub fn of_node(node: NodeId) -> Self {
        Self {
            service: None,
            traits: Traits::default(),
            health: Health::ALL.to_vec(),
            zone: None,
            region: None,
            node: Some(node),
        }
    }

    /// Whether an instance is among those asked for.
    #[must_use]
    pub fn matches(&self, instance: &Instance) -> bool {
        let spec = &instance.spec;
        self.node.is_none_or(|node| node == instance.id.node)
            && self
                .service
                .as_ref()
                .is_none_or(|service| *service == spec.service)
            && self.health.contains(&instance.health)
            && self
                .zone
                .as_ref()
                .is_none_or(|zone| spec.zone.as_ref() == Some(zone))
            && self
                .region
                .as_ref()
                .is_none_or(|region| spec.region.as_ref() == Some(region))
            && self.traits.matches(spec)
    }
}

/// What queries and calls alike may ask of a registration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Traits {
    version: Option<VersionReq>,
    tags: BTreeSet<Tag>,
    metadata: BTreeMap<Tag, String>,
}

impl Traits {
    /// Checks what is asked for.
    ///
    /// # Errors
    /// The first value that breaks a rule, and the rule.
    pub fn check(
        version: Option<&str>,
        tags: &[String],
        metadata: &BTreeMap<String, String>,
    ) -> Result<Self, InvalidValue> {
        Ok(Self {
            version: version.map(check_requirement).transpose()?,
            tags: check_tags(tags)?,
            metadata: check_metadata(metadata)?,
        })
    }

    /// Whether anything is asked for at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.version.is_none() && self.tags.is_empty() && self.metadata.is_empty()
    }

    /// Whether a registration has all that is asked for.
    #[must_use]
    pub fn matches(&self, spec: &InstanceSpec) -> bool {
        self.version
            .as_ref()
            .is_none_or(|requirement| requirement.matches(&spec.version))
            && self.tags.is_subset(&spec.tags)
            && self
                .metadata
                .iter()
                .all(|(key, value)| spec.metadata.get(key) == Some(value))
    }
}

fn check_requirement(requirement: &str) -> Result<VersionReq, InvalidValue> {
    check_bytes("version requirement", requirement, VERSION_BYTES_MAX)?;
    VersionReq::parse(requirement).map_err(|error| {
        InvalidValue::new(
            "version requirement",
            requirement,
            format!("{error} (Cargo's syntax)"),
        )
    })
}
