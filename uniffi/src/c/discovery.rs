//! Finding instances.

use std::{ffi::c_char, mem::MaybeUninit};

use super::{
    error::{fenced, invalid},
    handles::Handles,
    input::{items, optional, pairs, place, sized, structure, texts},
    instance::{CommyHealth, CommyInstanceView, health},
    mesh::{CommyMesh, MESHES},
    message::CommyPair,
    output::Shown,
    status::CommyStatus,
};
use crate::{error::CommyError, instance::ServiceInstance, query::Query};

/// Instances that were found.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct CommyInstances {
    /// 0 for none.
    pub id: u64,
}

static INSTANCES: Handles<Shown<Vec<CommyInstanceView>>> = Handles::new(2, "list of instances");

/// Which instances are asked for. One of zeros but for its size asks for every healthy one.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct CommyQuery {
    /// `sizeof(CommyQuery)`.
    pub size: usize,
    /// The name of the service; every service when NULL.
    pub service: *const c_char,
    /// A requirement on the version, in Cargo's syntax, such as `^1.2` or `>=1, <3`.
    pub version: *const c_char,
    /// Tags that an instance must all have.
    pub tags: *const *const c_char,
    /// How many tags there are.
    pub tags_length: usize,
    /// Metadata entries that an instance must all have.
    pub metadata: *const CommyPair,
    /// How many entries of metadata there are.
    pub metadata_length: usize,
    /// The health that an instance must have one of.
    pub health: *const MaybeUninit<CommyHealth>,
    /// How many kinds of health there are; 0 for healthy alone.
    pub health_length: usize,
    /// The zone that an instance must be in.
    pub zone: *const c_char,
    /// The region that an instance must be in.
    pub region: *const c_char,
}

sized!(CommyQuery);

/// Finds the instances that match now, from local knowledge, ordered by service and id. A query of
/// NULL asks for every healthy one. Free them with `commy_free_instances`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn commy_discover_services(
    mesh: CommyMesh,
    query: *const CommyQuery,
    instances: *mut CommyInstances,
) -> CommyStatus {
    fenced(|| {
        let place = unsafe { place("instances", instances) }?;
        place.id = 0;
        let query = unsafe { self::query(query) }?;
        *place = show(MESHES.get(mesh.id)?.mesh.discover(query)?);
        Ok(())
    })
}

/// How many instances match now.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn commy_discover_services_count(
    mesh: CommyMesh,
    query: *const CommyQuery,
    count: *mut usize,
) -> CommyStatus {
    fenced(|| {
        let place = unsafe { place("count", count) }?;
        *place = 0;
        let query = unsafe { self::query(query) }?;
        *place = MESHES.get(mesh.id)?.mesh.discover(query)?.len();
        Ok(())
    })
}

/// How many services have at least one healthy instance.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn commy_get_active_service_count(
    mesh: CommyMesh,
    count: *mut u64,
) -> CommyStatus {
    fenced(|| {
        let place = unsafe { place("count", count) }?;
        *place = 0;
        *place = MESHES.get(mesh.id)?.mesh.active_service_count()?;
        Ok(())
    })
}

/// How many instances were found.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn commy_instance_count(
    instances: CommyInstances,
    count: *mut usize,
) -> CommyStatus {
    fenced(|| {
        let place = unsafe { place("count", count) }?;
        *place = 0;
        *place = INSTANCES.get(instances.id)?.view().len();
        Ok(())
    })
}

/// Shows one of the instances that were found, counted from 0. What is shown lasts until
/// `commy_free_instances`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn commy_view_instance(
    instances: CommyInstances,
    index: usize,
    view: *mut *const CommyInstanceView,
) -> CommyStatus {
    fenced(|| {
        let place = unsafe { place("view", view) }?;
        *place = std::ptr::null();
        let instances = INSTANCES.get(instances.id)?;
        let length = instances.view().len();
        *place = instances
            .view()
            .get(index)
            .ok_or_else(|| invalid(format!("there are {length} instances, and none at {index}")))?;
        Ok(())
    })
}

/// Frees instances that were found.
#[unsafe(no_mangle)]
pub extern "C" fn commy_free_instances(instances: CommyInstances) -> CommyStatus {
    fenced(|| INSTANCES.remove(instances.id).map(drop))
}

/// A handle for instances to show.
pub(crate) fn show(instances: Vec<ServiceInstance>) -> CommyInstances {
    let id = INSTANCES.insert(Shown::new(|texts| {
        instances
            .into_iter()
            .map(|instance| CommyInstanceView::new(instance, texts))
            .collect()
    }));
    CommyInstances { id }
}

pub(crate) unsafe fn query(pointer: *const CommyQuery) -> Result<Query, CommyError> {
    // SAFETY: each is what C says it is; what can be checked is, by the readers.
    unsafe {
        let Some(it) = structure(pointer)? else {
            return Ok(Query {
                service: None,
                version: None,
                tags: Vec::new(),
                metadata: std::collections::HashMap::new(),
                health: None,
                zone: None,
                region: None,
            });
        };
        let healths = items("kinds of health", it.health, it.health_length)?;
        let healths: Vec<_> = healths.iter().map(health).collect::<Result<_, _>>()?;
        Ok(Query {
            service: optional("service", it.service)?,
            version: optional("version", it.version)?,
            tags: texts("tags", it.tags, it.tags_length)?,
            metadata: pairs("metadata", it.metadata, it.metadata_length)?,
            health: (!healths.is_empty()).then_some(healths),
            zone: optional("zone", it.zone)?,
            region: optional("region", it.region)?,
        })
    }
}
