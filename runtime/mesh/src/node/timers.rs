//! The timers of the data paths: one thread of the process keeps them, whichever node they are for.
//! It outlives every node, because who waits for a timer may poll it after its node has ended, and
//! tokio panics when the runtime of a timer is gone.

use std::{io, thread};

use parking_lot::Mutex;
use tokio::runtime::{Builder, Handle};

static RUNNING: Mutex<Option<Handle>> = Mutex::new(None);

/// The runtime that keeps the timers, started for the first node that asks.
///
/// # Errors
/// When the operating system gives no thread.
pub(super) fn running() -> io::Result<Handle> {
    let mut running = RUNNING.lock();
    if let Some(handle) = &*running {
        return Ok(handle.clone());
    }
    let runtime = Builder::new_current_thread().enable_time().build()?;
    let handle = runtime.handle().clone();
    thread::Builder::new()
        .name("commy-timers".into())
        .spawn(move || runtime.block_on(std::future::pending::<()>()))?;
    *running = Some(handle.clone());
    Ok(handle)
}
