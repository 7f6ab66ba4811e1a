//! Registering services, and what is registered.

use std::{
    ffi::{c_char, c_void},
    mem::{MaybeUninit, size_of},
    ptr,
    sync::Arc,
};

use super::{
    discovery::{CommyInstances, show},
    error::fenced,
    handler::{Callbacks, CommyHandleRequest, CommyHandler},
    handles::Handles,
    input::{optional, or, pairs, place, required, sized, structure, text, texts},
    instance::{CommyHealth, health},
    mesh::{CommyMesh, MESHES},
    message::CommyPair,
    status::CommyStatus,
    wait::wait,
};
use crate::{
    error::CommyError,
    registration::Registration,
    spec::{HealthCheck, Probe, ServiceSpec},
};

/// An instance that a mesh registered or advertised. It lasts until it is deregistered or its mesh
/// is stopped, whether or not the handle is kept.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct CommyRegistration {
    /// 0 for none.
    pub id: u64,
}

static REGISTRATIONS: Handles<Arc<Registration>> = Handles::new(8, "registration");

/// One registration of a service: what it is called and what its callers may select it by. Only
/// size and service are required: everything else may be zero, which stands for the default.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct CommyServiceSpec {
    /// `sizeof(CommyServiceSpec)`.
    pub size: usize,
    /// The name of the service: 1 to 128 bytes of segments joined by `.`, each of ASCII letters,
    /// digits, `_` and `-`, beginning with a letter or digit, such as `billing.invoices`.
    pub service: *const c_char,
    /// The version of the service, by semantic versioning; NULL for `0.0.0`.
    pub version: *const c_char,
    /// Tags that queries and calls may ask for: at most 32, each of 1 to 64 bytes of ASCII letters,
    /// digits, `_`, `-`, `.`, `:`, `=` and `/`.
    pub tags: *const *const c_char,
    /// How many tags there are.
    pub tags_length: usize,
    /// Metadata that queries and calls may ask for: at most 64 entries, keys of 1 to 64 bytes as
    /// for tags, values of at most 1,024 bytes.
    pub metadata: *const CommyPair,
    /// How many entries of metadata there are.
    pub metadata_length: usize,
    /// The share of calls under `COMMY_BALANCE_WEIGHTED`, relative to the other instances: 1 to
    /// 1,000; 0 for 100.
    pub weight: u32,
    /// How many calls the instance handles at once, 1 to 65,536; one more is
    /// `COMMY_STATUS_RESOURCE_EXHAUSTED`; 0 for 1,024.
    pub max_in_flight: u32,
    /// The zone; the mesh's own when NULL.
    pub zone: *const c_char,
    /// The region; the mesh's own when NULL.
    pub region: *const c_char,
}

/// When and how an advertised endpoint is probed. Everything but the size may be zero, which stands
/// for the default.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct CommyHealthCheck {
    /// `sizeof(CommyHealthCheck)`.
    pub size: usize,
    /// The path, which begins with `/`, of which an HTTP GET must be answered with a 2xx status;
    /// NULL where a TCP connection that is accepted will do.
    pub http_path: *const c_char,
    /// The time between two probes, in milliseconds: 10 to 3,600,000; 0 for 5,000.
    pub interval_ms: u64,
    /// The time after which a probe has failed, in milliseconds: 1 to 60,000; 0 for 1,000.
    pub timeout_ms: u64,
    /// How many successes in a row make an instance healthy: 1 to 100; 0 for 1.
    pub rise: u32,
    /// How many failures in a row make an instance unhealthy: 1 to 100; 0 for 3.
    pub fall: u32,
}

sized!(CommyServiceSpec, CommyHealthCheck);

/// Registers an instance of a service that this process hosts, by its name and its version alone,
/// which may be NULL. End it with `commy_deregister_service`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn commy_register_service_simple(
    mesh: CommyMesh,
    service: *const c_char,
    version: *const c_char,
    handle: CommyHandleRequest,
    context: *mut c_void,
    registration: *mut CommyRegistration,
) -> CommyStatus {
    let spec = CommyServiceSpec {
        size: size_of::<CommyServiceSpec>(),
        service,
        version,
        tags: ptr::null(),
        tags_length: 0,
        metadata: ptr::null(),
        metadata_length: 0,
        weight: 0,
        max_in_flight: 0,
        zone: ptr::null(),
        region: ptr::null(),
    };
    let handler = CommyHandler {
        size: size_of::<CommyHandler>(),
        handle,
        cancel: None,
        context,
        release: None,
    };
    unsafe { commy_register_service(mesh, &raw const spec, &raw const handler, registration) }
}

/// Registers an instance of a service that this process hosts. End it with
/// `commy_deregister_service`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn commy_register_service(
    mesh: CommyMesh,
    spec: *const CommyServiceSpec,
    handler: *const CommyHandler,
    registration: *mut CommyRegistration,
) -> CommyStatus {
    fenced(|| {
        let place = unsafe { place("registration", registration) }?;
        place.id = 0;
        let joined = MESHES.get(mesh.id)?;
        let spec = unsafe { self::spec(spec) }?;
        let callbacks = unsafe { Callbacks::new(handler) }?;
        let context = callbacks.context();
        let registration = wait(joined.mesh.register(spec, Arc::new(callbacks)))??;
        context.take();
        place.id = REGISTRATIONS.insert(registration);
        Ok(())
    })
}

/// Makes known an instance that runs elsewhere, at an endpoint such as `http://127.0.0.1:8080` or
/// `tcp://db:5432`, probed if a check is given and taken as healthy where it is NULL. End it with
/// `commy_deregister_service`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn commy_advertise_service(
    mesh: CommyMesh,
    spec: *const CommyServiceSpec,
    endpoint: *const c_char,
    check: *const CommyHealthCheck,
    registration: *mut CommyRegistration,
) -> CommyStatus {
    fenced(|| {
        let place = unsafe { place("registration", registration) }?;
        place.id = 0;
        let joined = MESHES.get(mesh.id)?;
        let spec = unsafe { self::spec(spec) }?;
        let endpoint = unsafe { text("endpoint", endpoint) }?;
        let check = unsafe { health_check(check) }?;
        let registration = wait(joined.mesh.advertise(spec, endpoint, check))??;
        place.id = REGISTRATIONS.insert(registration);
        Ok(())
    })
}

/// Drains a registration for at most the mesh's `drain_timeout_ms`, withdraws it, and frees its
/// handle.
#[unsafe(no_mangle)]
pub extern "C" fn commy_deregister_service(registration: CommyRegistration) -> CommyStatus {
    fenced(|| {
        let withdrawn = wait(REGISTRATIONS.get(registration.id)?.deregister())?;
        REGISTRATIONS.remove(registration.id)?;
        withdrawn
    })
}

/// Takes no new calls and waits until those in flight are finished, at most this many milliseconds.
/// Tells whether all were; the instance stays registered as draining.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn commy_drain_service(
    registration: CommyRegistration,
    timeout_ms: u64,
    finished: *mut bool,
) -> CommyStatus {
    fenced(|| {
        let place = unsafe { place("answer", finished.cast::<u8>()) }?;
        *place = 0;
        let registration = REGISTRATIONS.get(registration.id)?;
        *place = wait(registration.drain(timeout_ms))??.into();
        Ok(())
    })
}

/// Reports the health of a hosted instance, or of an advertised one that has no check:
/// `COMMY_HEALTH_HEALTHY` or `COMMY_HEALTH_UNHEALTHY`.
#[unsafe(no_mangle)]
pub extern "C" fn commy_set_health(
    registration: CommyRegistration,
    health: MaybeUninit<CommyHealth>,
) -> CommyStatus {
    fenced(|| {
        let registration = REGISTRATIONS.get(registration.id)?;
        wait(registration.set_health(self::health(&health)?))?
    })
}

/// The instance as it is now, or as it last was, as a list of one. Free it with
/// `commy_free_instances`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn commy_registered_instance(
    registration: CommyRegistration,
    instance: *mut CommyInstances,
) -> CommyStatus {
    fenced(|| {
        let place = unsafe { place("instance", instance) }?;
        place.id = 0;
        *place = show(vec![REGISTRATIONS.get(registration.id)?.instance()]);
        Ok(())
    })
}

/// Frees the handle of a registration, which stays.
#[unsafe(no_mangle)]
pub extern "C" fn commy_free_registration(registration: CommyRegistration) -> CommyStatus {
    fenced(|| REGISTRATIONS.remove(registration.id).map(drop))
}

unsafe fn spec(pointer: *const CommyServiceSpec) -> Result<ServiceSpec, CommyError> {
    // SAFETY: each is what C says it is; what can be checked is, by the readers.
    unsafe {
        let it = required(pointer)?;
        Ok(ServiceSpec {
            service: text("service", it.service)?,
            version: optional("version", it.version)?.unwrap_or_else(|| "0.0.0".to_owned()),
            tags: texts("tags", it.tags, it.tags_length)?,
            metadata: pairs("metadata", it.metadata, it.metadata_length)?,
            weight: or(it.weight, 100),
            zone: optional("zone", it.zone)?,
            region: optional("region", it.region)?,
            max_in_flight: or(it.max_in_flight, 1024),
        })
    }
}

unsafe fn health_check(
    pointer: *const CommyHealthCheck,
) -> Result<Option<HealthCheck>, CommyError> {
    // SAFETY: each is what C says it is; what can be checked is, by the readers.
    unsafe {
        let Some(it) = structure(pointer)? else {
            return Ok(None);
        };
        let path = optional("path of the probe", it.http_path)?;
        Ok(Some(HealthCheck {
            probe: path.map_or(Probe::Tcp, |path| Probe::Http { path }),
            interval_ms: or(it.interval_ms, 5_000),
            timeout_ms: or(it.timeout_ms, 1_000),
            rise: or(it.rise, 1),
            fall: or(it.fall, 3),
        }))
    }
}
