//! What a mesh counts.

use super::{
    error::{fenced, invalid},
    input::{place, required, sized},
    mesh::{CommyMesh, MESHES},
    status::CommyStatus,
};
use crate::stats::MeshStats;

/// Counters of one mesh since it was created. All but the gauges only rise.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct CommyMeshStats {
    /// `sizeof(CommyMeshStats)`, set before asking.
    pub size: usize,
    /// Calls made that got a reply.
    pub calls_ok: u64,
    /// Calls made that failed; `commy_failed_calls` tells them apart by status.
    pub calls_failed: u64,
    /// Gauge: calls made that have no answer yet.
    pub calls_in_flight: u64,
    /// Requests that handlers of this mesh were given.
    pub requests_handled: u64,
    /// Gauge: requests that handlers of this mesh are at work on.
    pub requests_in_flight: u64,
    /// Events published.
    pub events_published: u64,
    /// Events put into queues of this mesh's subscriptions.
    pub events_delivered: u64,
    /// Events that this mesh's subscriptions lost by their overflow policy.
    pub events_dropped: u64,
    /// Gauge: registrations of this mesh.
    pub registrations: u64,
    /// Gauge: other nodes of the mesh that are connected.
    pub peers: u64,
    /// Messages that went over the fabric, either way; one within this process never does.
    pub fabric_messages: u64,
    /// Payload bytes handed to the fabric, by all meshes of this name in this process.
    pub bytes_sent: u64,
    /// Payload bytes that came from the fabric, for all meshes of this name in this process.
    pub bytes_received: u64,
}

sized!(CommyMeshStats);

/// The counters of a mesh.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn commy_mesh_stats(
    mesh: CommyMesh,
    stats: *mut CommyMeshStats,
) -> CommyStatus {
    fenced(|| {
        let size = unsafe { required(stats.cast_const()) }?.size;
        let place = unsafe { place("counters", stats) }?;
        let MeshStats {
            calls_ok,
            calls_failed,
            calls_in_flight,
            requests_handled,
            requests_in_flight,
            events_published,
            events_delivered,
            events_dropped,
            registrations,
            peers,
            fabric_messages,
            bytes_sent,
            bytes_received,
        } = MESHES.get(mesh.id)?.mesh.stats();
        *place = CommyMeshStats {
            size,
            calls_ok,
            calls_failed: calls_failed.values().sum(),
            calls_in_flight,
            requests_handled,
            requests_in_flight,
            events_published,
            events_delivered,
            events_dropped,
            registrations,
            peers,
            fabric_messages,
            bytes_sent,
            bytes_received,
        };
        Ok(())
    })
}

/// How many calls of a mesh failed with a status, which is one of `CommyStatus`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn commy_failed_calls(
    mesh: CommyMesh,
    status: i32,
    count: *mut u64,
) -> CommyStatus {
    fenced(|| {
        let place = unsafe { place("count", count) }?;
        *place = 0;
        let known =
            CommyStatus::of(status).ok_or_else(|| invalid(format!("{status} is no status")))?;
        let failed = MESHES.get(mesh.id)?.mesh.stats().calls_failed;
        let name = known.name().to_string_lossy();
        *place = failed.get(&*name).copied().unwrap_or(0);
        Ok(())
    })
}
