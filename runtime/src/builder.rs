//! How a mesh is described before it is created.

use std::time::Duration;

use crate::{
    Balance, CircuitBreaker, FabricMode, FabricOptions, Mesh, MeshOptions, Result, TlsOptions,
};

/// What a mesh is created with; everything but the name has a default.
///
/// ```
/// use std::time::Duration;
/// use commy::{Balance, CircuitBreaker, Mesh};
///
/// let mesh = Mesh::builder("shop")
///     .zone("eu-1a")
///     .call_timeout(Duration::from_secs(2))
///     .balance(Balance::RoundRobin)
///     .breaker(CircuitBreaker { requests_min: 10, ..CircuitBreaker::default() })
///     .build()?;
/// assert_eq!(mesh.name(), "shop");
/// assert!(!mesh.is_running());
/// # Ok::<_, commy::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a builder creates nothing until `build` is called"]
pub struct MeshBuilder(MeshOptions);

impl MeshBuilder {
    pub(crate) fn new(name: impl Into<String>) -> Self {
        Self(MeshOptions::new(name))
    }

    /// The zone that registrations are in unless they say otherwise; none by default.
    pub fn zone(mut self, zone: impl Into<String>) -> Self {
        self.0.zone = Some(zone.into());
        self
    }

    /// The region that registrations are in unless they say otherwise; none by default.
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.0.region = Some(region.into());
        self
    }

    /// How long a call may take when it names no timeout: at least 1 ms, 30 s by default.
    pub const fn call_timeout(mut self, timeout: Duration) -> Self {
        self.0.call_timeout = timeout;
        self
    }

    /// How long stopping and deregistering let calls in flight finish: 5 s by default.
    pub const fn drain_timeout(mut self, timeout: Duration) -> Self {
        self.0.drain_timeout = timeout;
        self
    }

    /// The largest payload, in bytes: at most 1 GiB, 8 MiB by default.
    pub const fn max_payload_bytes(mut self, bytes: u64) -> Self {
        self.0.max_payload_bytes = bytes;
        self
    }

    /// How calls choose among equal instances unless they say otherwise: the less loaded of two by
    /// default.
    pub const fn balance(mut self, balance: Balance) -> Self {
        self.0.balance = balance;
        self
    }

    /// When calls to a failing instance are refused; never by default.
    pub const fn breaker(mut self, breaker: CircuitBreaker) -> Self {
        self.0.breaker = Some(breaker);
        self
    }

    /// Keeps the mesh to this process: nothing is opened, and nobody is found. By default it finds
    /// the processes of its user on this host by itself.
    pub const fn local_only(mut self) -> Self {
        self.0.fabric.local_only = true;
        self
    }

    /// How the node takes part in routing: as a peer by default.
    pub const fn mode(mut self, mode: FabricMode) -> Self {
        self.0.fabric.mode = mode;
        self
    }

    /// Listens on one more endpoint for nodes of other hosts, such as `tls/0.0.0.0:7447`.
    pub fn listen(mut self, endpoint: impl Into<String>) -> Self {
        self.0.fabric.listen.push(endpoint.into());
        self
    }

    /// Connects to one more node or router of another host, such as `tls/mesh.example.org:7447`.
    pub fn connect(mut self, endpoint: impl Into<String>) -> Self {
        self.0.fabric.connect.push(endpoint.into());
        self
    }

    /// The certificates for `tls/` and `quic/` endpoints, which need them.
    pub fn tls(mut self, tls: TlsOptions) -> Self {
        self.0.fabric.tls = Some(tls);
        self
    }

    /// Sets everything at once that says how other nodes are reached, in place of what was given
    /// before.
    pub fn fabric(mut self, fabric: FabricOptions) -> Self {
        self.0.fabric = fabric;
        self
    }

    /// Creates the mesh, and starts nothing.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` when an option breaks a rule.
    pub fn build(self) -> Result<Mesh> {
        Mesh::new(self.0)
    }
}
