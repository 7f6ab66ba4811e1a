//! What a mesh, a call and a subscription may be told.

use std::{collections::HashMap, time::Duration};

/// What a mesh is created with.
#[derive(Clone, Debug)]
pub struct MeshOptions {
    /// The name of the mesh.
    pub name: String,
    /// The zone of this node's services.
    pub zone: Option<String>,
    /// The region of this node's services.
    pub region: Option<String>,
    /// How long a call may take, in milliseconds.
    pub call_timeout_ms: u64,
    /// How long calls in flight may take to finish, in milliseconds.
    pub drain_timeout_ms: u64,
    /// The largest payload, in bytes.
    pub max_payload_bytes: u64,
    /// How calls choose among equal instances.
    pub balance: Balance,
    /// When calls to a failing instance are refused.
    pub breaker: Option<CircuitBreaker>,
    /// Whether the mesh keeps to this process.
    pub local_only: bool,
    /// How this node takes part in routing.
    pub mode: FabricMode,
    /// Endpoints to listen on.
    pub listen: Vec<String>,
    /// Endpoints to connect to.
    pub connect: Vec<String>,
    /// The certificates for `tls/` and `quic/` endpoints.
    pub tls: Option<TlsOptions>,
    /// Whether nodes are looked for by multicast.
    pub multicast: bool,
    /// Whether plain `tcp/` to other hosts is allowed.
    pub allow_insecure: bool,
    /// Whether large payloads are shared through memory.
    pub shared_memory: bool,
}

impl From<MeshOptions> for commy::MeshOptions {
    fn from(options: MeshOptions) -> Self {
        let MeshOptions {
            name,
            zone,
            region,
            call_timeout_ms,
            drain_timeout_ms,
            max_payload_bytes,
            balance,
            breaker,
            local_only,
            mode,
            listen,
            connect,
            tls,
            multicast,
            allow_insecure,
            shared_memory,
        } = options;
        Self {
            name,
            zone,
            region,
            call_timeout: Duration::from_millis(call_timeout_ms),
            drain_timeout: Duration::from_millis(drain_timeout_ms),
            max_payload_bytes,
            balance: balance.into(),
            breaker: breaker.map(Into::into),
            fabric: commy::FabricOptions {
                local_only,
                mode: mode.into(),
                listen,
                connect,
                tls: tls.map(Into::into),
                multicast,
                allow_insecure,
                no_shared_memory: !shared_memory,
            },
        }
    }
}

/// How a node takes part in routing.
#[derive(Clone, Copy, Debug)]
pub enum FabricMode {
    /// It connects to the other nodes directly.
    Peer,
    /// It reaches all others through one router.
    Client,
    /// It forwards the messages of others.
    Router,
}

impl From<FabricMode> for commy::FabricMode {
    fn from(mode: FabricMode) -> Self {
        match mode {
            FabricMode::Peer => Self::Peer,
            FabricMode::Client => Self::Client,
            FabricMode::Router => Self::Router,
        }
    }
}

/// Where the certificates of a node are.
#[derive(Clone, Debug)]
pub struct TlsOptions {
    /// The certificate of the mesh's own authority.
    pub ca: String,
    /// This node's certificate.
    pub certificate: String,
    /// The private key of this node's certificate.
    pub key: String,
}

impl From<TlsOptions> for commy::TlsOptions {
    fn from(tls: TlsOptions) -> Self {
        let TlsOptions {
            ca,
            certificate,
            key,
        } = tls;
        Self {
            ca,
            certificate,
            key,
        }
    }
}

/// When calls to a failing instance are refused.
#[derive(Clone, Debug)]
pub struct CircuitBreaker {
    /// How many calls a window must hold.
    pub requests_min: u32,
    /// The share of failures that opens the circuit.
    pub failure_ratio: f64,
    /// The length of a window, in milliseconds.
    pub window_ms: u64,
    /// How long an open circuit refuses calls, in milliseconds.
    pub open_ms: u64,
}

impl From<CircuitBreaker> for commy::CircuitBreaker {
    fn from(breaker: CircuitBreaker) -> Self {
        let CircuitBreaker {
            requests_min,
            failure_ratio,
            window_ms,
            open_ms,
        } = breaker;
        Self {
            requests_min,
            failure_ratio,
            window: Duration::from_millis(window_ms),
            open: Duration::from_millis(open_ms),
        }
    }
}

/// How a call chooses one of several instances.
#[derive(Clone, Copy, Debug)]
pub enum Balance {
    /// Each in turn.
    RoundRobin,
    /// In proportion to their weights.
    Weighted,
    /// The less loaded of two.
    LeastLoaded,
    /// By routing key.
    ConsistentHash,
}

impl From<Balance> for commy::Balance {
    fn from(balance: Balance) -> Self {
        match balance {
            Balance::RoundRobin => Self::RoundRobin,
            Balance::Weighted => Self::Weighted,
            Balance::LeastLoaded => Self::LeastLoaded,
            Balance::ConsistentHash => Self::ConsistentHash,
        }
    }
}

/// What a call asks for beyond its request.
#[derive(Clone, Debug)]
pub struct CallOptions {
    /// How long the call may take, in milliseconds.
    pub timeout_ms: Option<u64>,
    /// Whether executing it twice does no harm.
    pub idempotent: bool,
    /// The key of `consistent_hash` balancing.
    pub routing_key: Option<String>,
    /// How this call is balanced.
    pub balance: Option<Balance>,
    /// Whether the mesh's own zone is preferred.
    pub zone_first: bool,
    /// A requirement on the version.
    pub version: Option<String>,
    /// Tags that the instance must have.
    pub tags: Vec<String>,
    /// Metadata that the instance must have.
    pub metadata: HashMap<String, String>,
}

impl From<CallOptions> for commy::CallOptions {
    fn from(options: CallOptions) -> Self {
        let CallOptions {
            timeout_ms,
            idempotent,
            routing_key,
            balance,
            zone_first,
            version,
            tags,
            metadata,
        } = options;
        Self {
            timeout: timeout_ms.map(Duration::from_millis),
            idempotent,
            routing_key,
            balance: balance.map(Into::into),
            zone_first,
            version,
            tags,
            metadata: metadata.into_iter().collect(),
        }
    }
}

/// What happens to an event when a subscriber's queue is full.
#[derive(Clone, Copy, Debug)]
pub enum Overflow {
    /// The oldest queued event makes room.
    DropOldest,
    /// The new event is dropped.
    DropNewest,
    /// The publisher waits.
    Block,
}

impl From<Overflow> for commy::Overflow {
    fn from(overflow: Overflow) -> Self {
        match overflow {
            Overflow::DropOldest => Self::DropOldest,
            Overflow::DropNewest => Self::DropNewest,
            Overflow::Block => Self::Block,
        }
    }
}

/// How events are queued for a subscriber.
#[derive(Clone, Copy, Debug)]
pub struct SubscribeOptions {
    /// How many events may wait.
    pub capacity: u32,
    /// What happens to one more.
    pub overflow: Overflow,
}

impl From<SubscribeOptions> for commy::SubscribeOptions {
    fn from(options: SubscribeOptions) -> Self {
        let SubscribeOptions { capacity, overflow } = options;
        Self {
            capacity,
            overflow: overflow.into(),
        }
    }
}
