//! The two threads of a node: how they begin, and how they end whatever a handler does. A node that
//! runs on the current thread has none, and uses that one for both.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread::JoinHandle,
    time::Duration,
};

use actix_rt::{Arbiter, ArbiterHandle, System};
use commy_core::{Error, Result, Status};
use parking_lot::Mutex;
use tokio::sync::{oneshot, watch};

use super::timers;

/// How long a node that ends waits for its instances' thread. All handlers' work was dropped by
/// then, so only a thread that a handler blocks is not done; it is left behind, and the log says so.
const INSTANCES_END_TIMEOUT: Duration = Duration::from_secs(1);

/// The threads of a running node.
pub(super) struct Threads {
    control: ArbiterHandle,
    timers: tokio::runtime::Handle,
    instances: ArbiterHandle,
    /// Its sender lives on the instances' thread.
    instances_ended: Mutex<Option<oneshot::Receiver<()>>>,
    /// Whether the instances' thread was given up on.
    instances_blocked: Arc<AtomicBool>,
    control_thread: Mutex<Option<JoinHandle<()>>>,
    /// Its sender is dropped as the last thing that the control thread does.
    control_ended: watch::Receiver<()>,
    /// That sender, for a node that runs on a thread of somebody else.
    lodging: Mutex<Option<watch::Sender<()>>>,
}

/// What only the control thread can know of itself.
struct Launched<T> {
    first: T,
    control: ArbiterHandle,
    instances: ArbiterHandle,
    instances_ended: oneshot::Receiver<()>,
}

impl Threads {
    /// Starts the threads, and runs `first` on the control thread.
    pub(super) fn launch<T: Send + 'static>(
        name: &str,
        first: impl FnOnce() -> T + Send + 'static,
    ) -> Result<(Self, T)> {
        let failed = |what: &str| {
            Error::new(
                Status::Internal,
                format!("the node cannot be launched: {what}"),
            )
        };
        let timers = timers::running().map_err(|error| failed(&error.to_string()))?;
        let (launched, launching) = std::sync::mpsc::sync_channel(1);
        let (alive, control_ended) = watch::channel(());
        let instances_blocked = Arc::new(AtomicBool::new(false));
        let is_blocked = Arc::clone(&instances_blocked);
        let thread = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || {
                let _alive = alive;
                let system = System::new();
                let instances = Arbiter::new();
                let begun = system.block_on(async { begin(&instances, first) });
                if launched.send(begun).is_ok()
                    && let Err(error) = system.run()
                {
                    tracing::error!(%error, "the control thread of a node ended with an error");
                }
                instances.stop();
                if !is_blocked.load(Relaxed) && instances.join().is_err() {
                    tracing::error!("the instances' thread of a node panicked");
                }
            })
            .map_err(|error| failed(&error.to_string()))?;
        let begun = launching
            .recv()
            .map_err(|_| failed("its control thread panicked"))?;
        let threads = Self {
            control: begun.control,
            timers,
            instances: begun.instances,
            instances_ended: Mutex::new(Some(begun.instances_ended)),
            instances_blocked,
            control_thread: Mutex::new(Some(thread)),
            control_ended,
            lodging: Mutex::default(),
        };
        Ok((threads, begun.first))
    }

    /// Uses the current thread for everything, and runs `first` on it.
    pub(super) fn here<T>(first: impl FnOnce() -> T) -> Result<(Self, T)> {
        let arbiter = Arbiter::try_current().ok_or_else(|| {
            Error::new(
                Status::FailedPrecondition,
                "the node cannot be launched here: no actix system runs on this thread",
            )
        })?;
        let (alive, control_ended) = watch::channel(());
        let threads = Self {
            control: arbiter.clone(),
            timers: tokio::runtime::Handle::current(),
            instances: arbiter,
            instances_ended: Mutex::default(),
            instances_blocked: Arc::default(),
            control_thread: Mutex::default(),
            control_ended,
            lodging: Mutex::new(Some(alive)),
        };
        Ok((threads, first()))
    }

    pub(super) const fn control(&self) -> &ArbiterHandle {
        &self.control
    }

    pub(super) const fn timers(&self) -> &tokio::runtime::Handle {
        &self.timers
    }

    pub(super) const fn instances(&self) -> &ArbiterHandle {
        &self.instances
    }

    /// Makes both threads end, the control thread last. Called there.
    pub(super) async fn end(&self) {
        if self.lodging.lock().take().is_some() {
            return;
        }
        self.instances.stop();
        let ended = self.instances_ended.lock().take();
        if let Some(ended) = ended
            && tokio::time::timeout(INSTANCES_END_TIMEOUT, ended)
                .await
                .is_err()
        {
            self.instances_blocked.store(true, Relaxed);
            tracing::error!(
                "a handler blocks the instances' thread of a node, which is left behind"
            );
        }
        System::current().stop();
    }

    /// Resolves when the control thread has ended. Called on another thread.
    pub(super) async fn ended(&self) {
        let mut ended = self.control_ended.clone();
        while ended.changed().await.is_ok() {}
        // What is left of the thread is its return.
        let thread = self.control_thread.lock().take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the control thread of a node panicked");
        }
    }
}

fn begin<T>(instances: &Arbiter, first: impl FnOnce() -> T) -> Launched<T> {
    let (instances_alive, instances_ended) = oneshot::channel::<()>();
    instances.spawn(async move {
        let _alive = instances_alive;
        std::future::pending::<()>().await;
    });
    Launched {
        first: first(),
        control: Arbiter::current(),
        instances: instances.handle(),
        instances_ended,
    }
}
