//! What an instance is registered with: the plain description that a user writes, and the checked
//! one that everything else works with.

use std::collections::{BTreeMap, BTreeSet};

use semver::Version;

use crate::{
    error::InvalidValue,
    name::{Locality, ServiceName, Tag, check_bytes},
};

/// The most tags of an instance.
const TAGS_MAX: usize = 32;
/// The most metadata entries of an instance.
const METADATA_ENTRIES_MAX: usize = 64;
/// The most bytes in a metadata value.
const METADATA_VALUE_BYTES_MAX: usize = 1024;
/// The most bytes in a version or a requirement on one: room for a commit and a build.
pub(crate) const VERSION_BYTES_MAX: usize = 256;
/// The largest weight: two instances may differ a thousandfold, no more.
pub const WEIGHT_MAX: u32 = 1000;
/// The most calls that an instance may handle at once.
const IN_FLIGHT_MAX: u32 = 65_536;

/// A registration as its user describes it; [`ServiceSpec::check`] finds what breaks a rule.
///
/// ```
/// use commy_core::ServiceSpec;
///
/// let spec = ServiceSpec::new("orders").version("1.4.0").tag("eu").metadata("owner", "sales");
/// assert!(spec.check().is_ok());
/// assert!(ServiceSpec::new("").check().is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceSpec {
    /// The name of the service.
    pub service: String,
    /// The version, by semantic versioning.
    pub version: String,
    /// Tags that queries and calls may ask for.
    pub tags: Vec<String>,
    /// Metadata that queries and calls may ask for.
    pub metadata: BTreeMap<String, String>,
    /// The share of calls under weighted balancing, 1 to 1,000.
    pub weight: u32,
    /// The zone; the mesh's own when absent.
    pub zone: Option<String>,
    /// The region; the mesh's own when absent.
    pub region: Option<String>,
    /// How many calls the instance handles at once, 1 to 65,536.
    pub max_in_flight: u32,
}

impl ServiceSpec {
    /// A registration of a service, with nothing but its name.
    #[must_use]
    pub fn new(service: impl Into<String>) -> Self {
        Self {
            service: service.into(),
            version: "0.0.0".into(),
            tags: Vec::new(),
            metadata: BTreeMap::new(),
            weight: 100,
            zone: None,
            region: None,
            max_in_flight: 1024,
        }
    }

    /// Sets the version.
    #[must_use]
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.version = version.into();
        self
    }

    /// Adds a tag.
    #[must_use]
    pub fn tag(mut self, tag: impl Into<String>) -> Self {
        self.tags.push(tag.into());
        self
    }

    /// Adds a metadata entry.
    #[must_use]
    pub fn metadata(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.metadata.insert(key.into(), value.into());
        self
    }

    /// Sets the weight.
    #[must_use]
    pub const fn weight(mut self, weight: u32) -> Self {
        self.weight = weight;
        self
    }

    /// Sets the zone.
    #[must_use]
    pub fn zone(mut self, zone: impl Into<String>) -> Self {
        self.zone = Some(zone.into());
        self
    }

    /// Sets the region.
    #[must_use]
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.region = Some(region.into());
        self
    }

    /// Sets how many calls the instance handles at once.
    #[must_use]
    pub const fn max_in_flight(mut self, calls: u32) -> Self {
        self.max_in_flight = calls;
        self
    }

    /// Checks the description.
    ///
    /// # Errors
    /// The first value that breaks a rule, and the rule.
    pub fn check(&self) -> Result<InstanceSpec, InvalidValue> {
        Ok(InstanceSpec {
            service: ServiceName::new(&self.service)?,
            version: check_version(&self.version)?,
            tags: check_tags(&self.tags)?,
            metadata: check_metadata(&self.metadata)?,
            weight: check_range("weight", self.weight, 1, WEIGHT_MAX)?,
            zone: self.zone.as_deref().map(Locality::new).transpose()?,
            region: self.region.as_deref().map(Locality::new).transpose()?,
            max_in_flight: check_range("max_in_flight", self.max_in_flight, 1, IN_FLIGHT_MAX)?,
        })
    }
}

impl From<&str> for ServiceSpec {
    fn from(service: &str) -> Self {
        Self::new(service)
    }
}

impl From<String> for ServiceSpec {
    fn from(service: String) -> Self {
        Self::new(service)
    }
}

/// A checked registration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstanceSpec {
    /// The name of the service.
    pub service: ServiceName,
    /// The version.
    pub version: Version,
    /// The tags.
    pub tags: BTreeSet<Tag>,
    /// The metadata.
    pub metadata: BTreeMap<Tag, String>,
    /// The weight, 1 to [`WEIGHT_MAX`].
    pub weight: u32,
    /// The zone.
    pub zone: Option<Locality>,
    /// The region.
    pub region: Option<Locality>,
    /// How many calls the instance handles at once.
    pub max_in_flight: u32,
}

fn check_version(version: &str) -> Result<Version, InvalidValue> {
    check_bytes("version", version, VERSION_BYTES_MAX)?;
    Version::parse(version).map_err(|error| {
        InvalidValue::new("version", version, format!("{error} (semantic versioning)"))
    })
}

/// Checks tags that were registered or are asked for.
pub(crate) fn check_tags(tags: &[String]) -> Result<BTreeSet<Tag>, InvalidValue> {
    if tags.len() > TAGS_MAX {
        return Err(InvalidValue::number(
            "the number of tags",
            tags.len(),
            format!("at most {TAGS_MAX} are allowed"),
        ));
    }
    tags.iter().map(|tag| Tag::new(tag)).collect()
}

/// Checks metadata that was registered or is asked for.
pub(crate) fn check_metadata(
    metadata: &BTreeMap<String, String>,
) -> Result<BTreeMap<Tag, String>, InvalidValue> {
    if metadata.len() > METADATA_ENTRIES_MAX {
        return Err(InvalidValue::number(
            "the number of metadata entries",
            metadata.len(),
            format!("at most {METADATA_ENTRIES_MAX} are allowed"),
        ));
    }
    metadata
        .iter()
        .map(|(key, value)| {
            check_bytes("metadata value", value, METADATA_VALUE_BYTES_MAX)?;
            Ok((Tag::new(key)?, value.clone()))
        })
        .collect()
}

/// Checks that a number lies in a range, both ends included.
pub(crate) fn check_range<N: PartialOrd + Copy + std::fmt::Display>(
    what: &'static str,
    value: N,
    min: N,
    max: N,
) -> Result<N, InvalidValue> {
    if value < min || value > max {
        return Err(InvalidValue::number(
            what,
            value,
            format!("it lies between {min} and {max}"),
        ));
    }
    Ok(value)
}
