//! Meshes: what they are created with, and their lives.

use std::{
    ffi::{CString, c_char},
    mem::MaybeUninit,
};

use super::{
    error::fenced,
    handles::Handles,
    input::{flag, one_of, optional, or, place, required, sized, structure, text, texts},
    status::CommyStatus,
    wait::wait,
};
use crate::{
    error::CommyError,
    mesh::Mesh,
    options::{Balance, CircuitBreaker, FabricMode, MeshOptions, TlsOptions},
};

/// A time of zero, in fields where 0 stands for the default.
pub const COMMY_AT_ONCE: u64 = u64::MAX - 1;

/// A mesh: this process's membership in it.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct CommyMesh {
    /// 0 for none.
    pub id: u64,
}

pub(crate) static MESHES: Handles<Joined> = Handles::new(1, "mesh");

/// A mesh and the texts about it that C may look at as long as it is not destroyed.
pub(crate) struct Joined {
    pub(crate) mesh: Mesh,
    name: CString,
    node_id: CString,
}

/// How a call chooses one of several instances that could answer it.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub enum CommyBalance {
    /// As the mesh says; in a mesh's own options, `COMMY_BALANCE_LEAST_LOADED`.
    Default = 0,
    /// Each in turn.
    RoundRobin = 1,
    /// At random, in proportion to the instances' weights.
    Weighted = 2,
    /// The less loaded of two drawn at random, by calls in flight and a moving average of latency.
    LeastLoaded = 3,
    /// Always the same instance for the same routing key, while the set of instances is the same.
    ConsistentHash = 4,
}

/// How a node takes part in routing.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub enum CommyFabricMode {
    /// It connects to the other nodes directly.
    Peer = 0,
    /// It reaches all others through one router.
    Client = 1,
    /// It forwards the messages of others.
    Router = 2,
}

/// Where the certificates of a node are: paths of PEM files.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct CommyTlsOptions {
    /// `sizeof(CommyTlsOptions)`.
    pub size: usize,
    /// The certificate of the mesh's own authority; a peer without one that it signed is refused.
    pub ca: *const c_char,
    /// This node's certificate.
    pub certificate: *const c_char,
    /// The private key of this node's certificate.
    pub key: *const c_char,
}

/// When calls to a failing instance are refused, as `COMMY_STATUS_UNAVAILABLE`, without being sent.
/// Failures are unavailable, internal and deadline exceeded; a handler's own failure is an answer.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct CommyCircuitBreaker {
    /// `sizeof(CommyCircuitBreaker)`.
    pub size: usize,
    /// How many calls a window must hold before their failures count: 1 to 1,000,000; 0 for 20.
    pub requests_min: u32,
    /// The share of failures in a window that opens the circuit: above 0, at most 1; 0 for 0.5.
    pub failure_ratio: f64,
    /// The length of a window, in milliseconds: 1 to 3,600,000; 0 for 10,000.
    pub window_ms: u64,
    /// How long an open circuit refuses calls before it lets one try, in milliseconds: 1 to
    /// 3,600,000; 0 for 5,000.
    pub open_ms: u64,
}

/// What a mesh is created with. Only size and name are required: everything else may be zero, which
/// stands for the default.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct CommyMeshOptions {
    /// `sizeof(CommyMeshOptions)`.
    pub size: usize,
    /// The name of the mesh, the scope of discovery: 1 to 64 bytes of segments joined by `.`, each
    /// of ASCII letters, digits, `_` and `-`, beginning with a letter or digit.
    pub name: *const c_char,
    /// The zone that this node's services are in unless their spec says otherwise, such as `eu-1a`.
    pub zone: *const c_char,
    /// The region that this node's services are in unless their spec says otherwise, such as
    /// `eu-1`.
    pub region: *const c_char,
    /// How long a call may take when its options name no timeout, in milliseconds; 0 for 30,000.
    pub call_timeout_ms: u64,
    /// How long stopping and deregistering let calls in flight finish, in milliseconds; 0 for 5,000,
    /// `COMMY_AT_ONCE` for not at all.
    pub drain_timeout_ms: u64,
    /// The largest payload of a request, reply or event, in bytes; at most 1 GiB; 0 for 8 MiB.
    pub max_payload_bytes: u64,
    /// How calls choose among equal instances unless their options say otherwise.
    pub balance: MaybeUninit<CommyBalance>,
    /// When calls to a failing instance are refused without being sent; NULL for never.
    pub breaker: *const CommyCircuitBreaker,
    /// Whether the mesh keeps to this process: nothing is opened, and nobody is found. Otherwise it
    /// finds the processes of its user on this host by itself, with no port and no configuration.
    pub local_only: MaybeUninit<bool>,
    /// How this node takes part in routing.
    pub mode: MaybeUninit<CommyFabricMode>,
    /// Endpoints to listen on for other hosts, such as `tls/0.0.0.0:7447`: `tcp/`, `tls/` or
    /// `quic/`, a host and a port.
    pub listen: *const *const c_char,
    /// How many endpoints to listen on there are.
    pub listen_length: usize,
    /// Endpoints of nodes or routers on other hosts to connect to, such as
    /// `tls/mesh.example.org:7447`.
    pub connect: *const *const c_char,
    /// How many endpoints to connect to there are.
    pub connect_length: usize,
    /// The certificates for `tls/` and `quic/` endpoints, which need them.
    pub tls: *const CommyTlsOptions,
    /// Whether nodes on the local network are looked for by multicast.
    pub multicast: MaybeUninit<bool>,
    /// Whether plain `tcp/` to other hosts is allowed, where whoever listens reads everything.
    pub allow_insecure: MaybeUninit<bool>,
    /// Whether large payloads between processes of one host are copied through sockets instead of
    /// being shared through memory.
    pub no_shared_memory: MaybeUninit<bool>,
}

sized!(CommyMeshOptions, CommyTlsOptions, CommyCircuitBreaker);

/// Creates a mesh and starts nothing. Options that break a rule are
/// `COMMY_STATUS_INVALID_ARGUMENT`. End it with `commy_destroy_mesh`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn commy_create_mesh(
    options: *const CommyMeshOptions,
    mesh: *mut CommyMesh,
) -> CommyStatus {
    fenced(|| {
        let place = unsafe { place("mesh", mesh) }?;
        place.id = 0;
        let mesh = Mesh::new(unsafe { mesh_options(options) }?)?;
        place.id = MESHES.insert(Joined {
            name: CString::new(mesh.name()).unwrap_or_default(),
            node_id: CString::new(mesh.node_id()).unwrap_or_default(),
            mesh,
        });
        Ok(())
    })
}

/// Starts a mesh. Starting one that runs does nothing; a stopped one can be started again.
#[unsafe(no_mangle)]
pub extern "C" fn commy_start_mesh(mesh: CommyMesh) -> CommyStatus {
    fenced(|| wait(MESHES.get(mesh.id)?.mesh.start())?)
}

/// Stops a mesh: refuses new calls, lets those in flight finish up to `drain_timeout_ms`, withdraws
/// its registrations, ends its watches and subscriptions. Stopping one that does not run does
/// nothing.
#[unsafe(no_mangle)]
pub extern "C" fn commy_stop_mesh(mesh: CommyMesh) -> CommyStatus {
    fenced(|| wait(MESHES.get(mesh.id)?.mesh.stop())?)
}

/// Stops a mesh and frees its handle. Handles that were made by it are still to be freed.
#[unsafe(no_mangle)]
pub extern "C" fn commy_destroy_mesh(mesh: CommyMesh) -> CommyStatus {
    fenced(|| {
        // Stopped first: where that may not be waited for, the mesh stays as it is.
        let stopped = wait(MESHES.get(mesh.id)?.mesh.stop())?;
        MESHES.remove(mesh.id)?;
        stopped
    })
}

/// Whether a mesh is started and not stopped.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn commy_is_mesh_running(mesh: CommyMesh, running: *mut bool) -> CommyStatus {
    fenced(|| {
        let place = unsafe { place("answer", running.cast::<u8>()) }?;
        *place = 0;
        *place = MESHES.get(mesh.id)?.mesh.is_running().into();
        Ok(())
    })
}

/// The name of a mesh; it lasts until the mesh is destroyed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn commy_mesh_name(mesh: CommyMesh, name: *mut *const c_char) -> CommyStatus {
    unsafe { show(mesh, "name", name, |joined| &joined.name) }
}

/// The id of this process's node in a mesh; it lasts until the mesh is destroyed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn commy_mesh_node_id(
    mesh: CommyMesh,
    node_id: *mut *const c_char,
) -> CommyStatus {
    unsafe { show(mesh, "node id", node_id, |joined| &joined.node_id) }
}

/// The version of this library, by semantic versioning, such as `0.1.0`. It is never freed.
#[unsafe(no_mangle)]
pub extern "C" fn commy_version() -> *const c_char {
    static VERSION: std::sync::LazyLock<CString> =
        std::sync::LazyLock::new(|| CString::new(commy::VERSION).unwrap_or_default());
    VERSION.as_ptr()
}

unsafe fn show(
    mesh: CommyMesh,
    what: &str,
    text: *mut *const c_char,
    of: impl FnOnce(&Joined) -> &CString,
) -> CommyStatus {
    fenced(|| {
        let place = unsafe { place(what, text) }?;
        *place = std::ptr::null();
        *place = of(&*MESHES.get(mesh.id)?).as_ptr();
        Ok(())
    })
}

unsafe fn mesh_options(pointer: *const CommyMeshOptions) -> Result<MeshOptions, CommyError> {
    // SAFETY: each is what C says it is; what can be checked is, by the readers.
    unsafe {
        let it = required(pointer)?;
        let balance = balance(&it.balance)?;
        Ok(MeshOptions {
            name: text("name of the mesh", it.name)?,
            zone: optional("zone", it.zone)?,
            region: optional("region", it.region)?,
            call_timeout_ms: time(it.call_timeout_ms, 30_000),
            drain_timeout_ms: time(it.drain_timeout_ms, 5_000),
            max_payload_bytes: or(it.max_payload_bytes, 8 << 20),
            balance: balance.unwrap_or(Balance::LeastLoaded),
            breaker: structure(it.breaker)?.map(breaker),
            local_only: flag("local_only", &it.local_only)?,
            mode: one_of(
                "fabric mode",
                &it.mode,
                &[
                    (CommyFabricMode::Peer, FabricMode::Peer),
                    (CommyFabricMode::Client, FabricMode::Client),
                    (CommyFabricMode::Router, FabricMode::Router),
                ],
            )?,
            listen: texts("endpoints to listen on", it.listen, it.listen_length)?,
            connect: texts("endpoints to connect to", it.connect, it.connect_length)?,
            tls: match structure(it.tls)? {
                None => None,
                Some(tls) => Some(TlsOptions {
                    ca: text("path of the authority's certificate", tls.ca)?,
                    certificate: text("path of the certificate", tls.certificate)?,
                    key: text("path of the key", tls.key)?,
                }),
            },
            multicast: flag("multicast", &it.multicast)?,
            allow_insecure: flag("allow_insecure", &it.allow_insecure)?,
            shared_memory: !flag("no_shared_memory", &it.no_shared_memory)?,
        })
    }
}

fn breaker(it: &CommyCircuitBreaker) -> CircuitBreaker {
    CircuitBreaker {
        requests_min: or(it.requests_min, 20),
        failure_ratio: or(it.failure_ratio, 0.5),
        window_ms: or(it.window_ms, 10_000),
        open_ms: or(it.open_ms, 5_000),
    }
}

/// A balancing, or none for the default.
pub(crate) fn balance(value: &MaybeUninit<CommyBalance>) -> Result<Option<Balance>, CommyError> {
    one_of(
        "balancing",
        value,
        &[
            (CommyBalance::Default, None),
            (CommyBalance::RoundRobin, Some(Balance::RoundRobin)),
            (CommyBalance::Weighted, Some(Balance::Weighted)),
            (CommyBalance::LeastLoaded, Some(Balance::LeastLoaded)),
            (CommyBalance::ConsistentHash, Some(Balance::ConsistentHash)),
        ],
    )
}

/// A time in a field where 0 stands for the default.
fn time(value: u64, default: u64) -> u64 {
    match value {
        0 => default,
        COMMY_AT_ONCE => 0,
        given => given,
    }
}
