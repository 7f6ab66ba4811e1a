//! What a mesh, a call and a subscription may be told, as their users write it.

use std::{collections::BTreeMap, time::Duration};

use crate::{
    balance::Balance,
    error::InvalidValue,
    name::{Locality, MeshName, check_bytes},
    query::Traits,
    spec::check_range,
};

/// The largest payload that a mesh may be told to allow.
const PAYLOAD_BYTES_CEILING: u64 = 1 << 30;
/// The longest time that any timeout may be: a year, far below what clocks overflow at.
const TIMEOUT_MS_MAX: u128 = 365 * 24 * 3_600_000;
/// The most bytes in a routing key.
const ROUTING_KEY_BYTES_MAX: usize = 1024;

/// What a mesh is created with.
#[derive(Clone, Debug, PartialEq)]
pub struct MeshOptions {
    /// The name of the mesh, the scope of discovery.
    pub name: String,
    /// The zone that registrations are in unless they say otherwise.
    pub zone: Option<String>,
    /// The region that registrations are in unless they say otherwise.
    pub region: Option<String>,
    /// How long a call may take when it names no timeout.
    pub call_timeout: Duration,
    /// How long stopping and deregistering let calls in flight finish.
    pub drain_timeout: Duration,
    /// The largest payload, in bytes.
    pub max_payload_bytes: u64,
    /// How calls choose among equal instances unless they say otherwise.
    pub balance: Balance,
    /// When calls to a failing instance are refused; never when absent.
    pub breaker: Option<CircuitBreaker>,
    /// How this process's node reaches the others.
    pub fabric: FabricOptions,
}

impl MeshOptions {
    /// The defaults, for a mesh of this name.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            zone: None,
            region: None,
            call_timeout: Duration::from_secs(30),
            drain_timeout: Duration::from_secs(5),
            max_payload_bytes: 8 << 20,
            balance: Balance::LeastLoaded,
            breaker: None,
            fabric: FabricOptions::default(),
        }
    }

    /// Checks the options. Those of the fabric are checked by whoever opens it, as only that one
    /// knows its endpoints and files.
    ///
    /// # Errors
    /// The first value that breaks a rule, and the rule.
    pub fn check(&self) -> Result<MeshSettings, InvalidValue> {
        check_range(
            "call_timeout_ms",
            self.call_timeout.as_millis(),
            1,
            TIMEOUT_MS_MAX,
        )?;
        check_range(
            "drain_timeout_ms",
            self.drain_timeout.as_millis(),
            0,
            TIMEOUT_MS_MAX,
        )?;
        check_range(
            "max_payload_bytes",
            self.max_payload_bytes,
            1,
            PAYLOAD_BYTES_CEILING,
        )?;
        if let Some(breaker) = &self.breaker {
            breaker.check()?;
        }
        Ok(MeshSettings {
            name: MeshName::new(&self.name)?,
            zone: self.zone.as_deref().map(Locality::new).transpose()?,
            region: self.region.as_deref().map(Locality::new).transpose()?,
            call_timeout: self.call_timeout,
            drain_timeout: self.drain_timeout,
            max_payload_bytes: self.max_payload_bytes,
            balance: self.balance,
            breaker: self.breaker,
            fabric: self.fabric.clone(),
        })
    }
}

/// Checked options of a mesh.
#[derive(Clone, Debug, PartialEq)]
pub struct MeshSettings {
    /// The name.
    pub name: MeshName,
    /// The zone.
    pub zone: Option<Locality>,
    /// The region.
    pub region: Option<Locality>,
    /// How long a call may take when it names no timeout.
    pub call_timeout: Duration,
    /// How long stopping and deregistering let calls in flight finish.
    pub drain_timeout: Duration,
    /// The largest payload, in bytes.
    pub max_payload_bytes: u64,
    /// How calls choose among equal instances.
    pub balance: Balance,
    /// When calls to a failing instance are refused.
    pub breaker: Option<CircuitBreaker>,
    /// How this process's node reaches the others.
    pub fabric: FabricOptions,
}

/// When calls to a failing instance are refused without being sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CircuitBreaker {
    /// How many calls a window must hold before their failures count.
    pub requests_min: u32,
    /// The share of failures in a window that opens the circuit: above 0, at most 1.
    pub failure_ratio: f64,
    /// The length of a window.
    pub window: Duration,
    /// How long an open circuit refuses calls before it lets one try.
    pub open: Duration,
}

impl Default for CircuitBreaker {
    fn default() -> Self {
        Self {
            requests_min: 20,
            failure_ratio: 0.5,
            window: Duration::from_secs(10),
            open: Duration::from_secs(5),
        }
    }
}

impl CircuitBreaker {
    fn check(&self) -> Result<(), InvalidValue> {
        check_range("requests_min", self.requests_min, 1, 1_000_000)?;
        check_range("window_ms", self.window.as_millis(), 1, 3_600_000)?;
        check_range("open_ms", self.open.as_millis(), 1, 3_600_000)?;
        if !(self.failure_ratio > 0.0 && self.failure_ratio <= 1.0) {
            return Err(InvalidValue::number(
                "failure_ratio",
                self.failure_ratio,
                "it is above 0 and at most 1",
            ));
        }
        Ok(())
    }
}

/// What a call asks for beyond its request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallOptions {
    /// How long the call may take; as the mesh says when absent.
    pub timeout: Option<Duration>,
    /// Whether executing the call twice does no harm.
    pub idempotent: bool,
    /// The key by which consistent-hash balancing chooses.
    pub routing_key: Option<String>,
    /// How this call is balanced; as the mesh says when absent.
    pub balance: Option<Balance>,
    /// Whether instances in the mesh's own zone are preferred.
    pub zone_first: bool,
    /// A requirement on the version of the instance, in Cargo's syntax.
    pub version: Option<String>,
    /// Tags that the instance must all have.
    pub tags: Vec<String>,
    /// Metadata entries that the instance must all have.
    pub metadata: BTreeMap<String, String>,
}

impl Default for CallOptions {
    fn default() -> Self {
        Self {
            timeout: None,
            idempotent: false,
            routing_key: None,
            balance: None,
            zone_first: true,
            version: None,
            tags: Vec::new(),
            metadata: BTreeMap::new(),
        }
    }
}

impl CallOptions {
    /// Checks the options, and gives what is asked of the instance.
    ///
    /// # Errors
    /// The first value that breaks a rule, and the rule.
    pub fn check(&self) -> Result<Traits, InvalidValue> {
        if let Some(timeout) = self.timeout {
            check_range("timeout_ms", timeout.as_millis(), 0, TIMEOUT_MS_MAX)?;
        }
        if let Some(key) = &self.routing_key {
            check_bytes("routing key", key, ROUTING_KEY_BYTES_MAX)?;
        }
        if self.version.is_none() && self.tags.is_empty() && self.metadata.is_empty() {
            return Ok(Traits::default());
        }
        Traits::check(self.version.as_deref(), &self.tags, &self.metadata)
    }
}

/// What happens to an event when a subscriber's queue is full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Overflow {
    /// The oldest queued event makes room.
    #[default]
    DropOldest,
    /// The new event is dropped.
    DropNewest,
    /// The publisher waits for room, at most the mesh's call timeout.
    Block,
}

/// How events are queued for a subscriber.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SubscribeOptions {
    /// How many events may wait, 1 to 65,536.
    pub capacity: u32,
    /// What happens to one more.
    pub overflow: Overflow,
}

impl Default for SubscribeOptions {
    fn default() -> Self {
        Self {
            capacity: 256,
            overflow: Overflow::DropOldest,
        }
    }
}

impl SubscribeOptions {
    /// Checks the options.
    ///
    /// # Errors
    /// The capacity, when it is out of its range.
    pub fn check(&self) -> Result<(), InvalidValue> {
        check_range("capacity", self.capacity, 1, 65_536).map(drop)
    }
}

/// How a node reaches the others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FabricOptions {
    /// Whether the node keeps to its own process: nothing is opened, and nobody is found.
    pub local_only: bool,
    /// How the node takes part in routing.
    pub mode: FabricMode,
    /// Endpoints to listen on for other hosts, such as `tls/0.0.0.0:7447`.
    pub listen: Vec<String>,
    /// Endpoints to connect to, such as `tls/mesh.example.org:7447`.
    pub connect: Vec<String>,
    /// Certificates for `tls/` and `quic/` endpoints; these need them.
    pub tls: Option<TlsOptions>,
    /// Whether nodes on the local network are looked for by multicast.
    pub multicast: bool,
    /// Whether plain `tcp/` to addresses other than this host's own is allowed.
    pub allow_insecure: bool,
    /// Whether large payloads between processes of one host are copied over sockets rather than
    /// shared through memory.
    pub no_shared_memory: bool,
}

/// How a node takes part in routing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FabricMode {
    /// It connects to the other nodes directly.
    #[default]
    Peer,
    /// It reaches all others through one router.
    Client,
    /// It forwards the messages of others.
    Router,
}

/// Where the certificates of a node are: paths of PEM files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsOptions {
    /// The certificate of the mesh's own authority; peers without one of it are refused.
    pub ca: String,
    /// This node's certificate.
    pub certificate: String,
    /// The private key of this node's certificate.
    pub key: String,
}
