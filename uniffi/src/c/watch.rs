//! Watching instances come and go.

use super::{
    discovery::{CommyQuery, query},
    error::fenced,
    handles::Handles,
    input::place,
    instance::CommyInstanceView,
    mesh::{CommyMesh, MESHES},
    output::Shown,
    status::CommyStatus,
    wait::wait_for,
};
use crate::{
    instance::{Change, ChangeKind},
    watch::Watch,
};

/// A view of the instances that match a query.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct CommyWatch {
    /// 0 for none.
    pub id: u64,
}

/// A change to the instances that a watch sees.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct CommyChange {
    /// 0 for none.
    pub id: u64,
}

static WATCHES: Handles<std::sync::Arc<Watch>> = Handles::new(3, "watch");
static CHANGES: Handles<Shown<CommyChangeView>> = Handles::new(4, "change");

/// What happened to an instance, as seen through a query.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub enum CommyChangeKind {
    /// It began to match the query.
    Added = 0,
    /// It still matches, and something about it changed.
    Updated = 1,
    /// It is gone, or no longer matches the query.
    Removed = 2,
}

/// What a change is.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct CommyChangeView {
    /// What happened.
    pub kind: CommyChangeKind,
    /// The instance after the change; for `COMMY_CHANGE_KIND_REMOVED`, as it was last seen.
    pub instance: CommyInstanceView,
    /// The revision of this node's service table in which the change was seen.
    pub revision: u64,
}

/// Watches the instances that match: first those that match now, as added, then every change. A
/// query of NULL watches every healthy one. End it with `commy_close_watch`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn commy_watch_services(
    mesh: CommyMesh,
    query: *const CommyQuery,
    watch: *mut CommyWatch,
) -> CommyStatus {
    fenced(|| {
        let place = unsafe { place("watch", watch) }?;
        place.id = 0;
        let query = unsafe { self::query(query) }?;
        place.id = WATCHES.insert(MESHES.get(mesh.id)?.mesh.watch(query)?);
        Ok(())
    })
}

/// Waits for the next change, for at most `timeout_ms` milliseconds, or `COMMY_FOREVER`; when they
/// have passed, this is `COMMY_STATUS_DEADLINE_EXCEEDED`. The change is null when the watch was
/// closed or its mesh stopped. Free it with `commy_free_change`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn commy_next_change(
    watch: CommyWatch,
    timeout_ms: u64,
    change: *mut CommyChange,
) -> CommyStatus {
    fenced(|| {
        let place = unsafe { place("change", change) }?;
        place.id = 0;
        let watch = WATCHES.get(watch.id)?;
        if let Some(change) = wait_for(timeout_ms, watch.next())?.ok_or_else(|| late(timeout_ms))? {
            place.id = CHANGES.insert(Shown::new(|texts| {
                let Change {
                    kind,
                    instance,
                    revision,
                } = change;
                CommyChangeView {
                    kind: match kind {
                        ChangeKind::Added => CommyChangeKind::Added,
                        ChangeKind::Updated => CommyChangeKind::Updated,
                        ChangeKind::Removed => CommyChangeKind::Removed,
                    },
                    instance: CommyInstanceView::new(instance, texts),
                    revision,
                }
            }));
        }
        Ok(())
    })
}

/// Shows a change; what is shown lasts until `commy_free_change`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn commy_view_change(
    change: CommyChange,
    view: *mut *const CommyChangeView,
) -> CommyStatus {
    fenced(|| {
        let place = unsafe { place("view", view) }?;
        *place = std::ptr::null();
        *place = CHANGES.get(change.id)?.view();
        Ok(())
    })
}

/// Frees a change.
#[unsafe(no_mangle)]
pub extern "C" fn commy_free_change(change: CommyChange) -> CommyStatus {
    fenced(|| CHANGES.remove(change.id).map(drop))
}

/// Ends a watch and frees its handle; whoever waits in `commy_next_change` gets a null change.
#[unsafe(no_mangle)]
pub extern "C" fn commy_close_watch(watch: CommyWatch) -> CommyStatus {
    fenced(|| {
        WATCHES.remove(watch.id)?.close();
        Ok(())
    })
}

/// Nothing came in time.
pub(crate) fn late(timeout_ms: u64) -> crate::error::CommyError {
    super::error::problem(
        commy::Status::DeadlineExceeded,
        format!("nothing came in {timeout_ms} ms"),
    )
}
