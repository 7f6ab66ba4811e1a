//! What the owner of an instance can do with it.

use std::{sync::Arc, time::Duration};

use commy_core::{Error, Health, Instance, Result, Status};
use parking_lot::Mutex;

use crate::{
    actors::{
        ask,
        mesh::{DrainInstance, SetHealth, Withdraw},
    },
    node::Node,
    session::MeshInbox,
};

/// An instance that a mesh registered or advertised. It lasts until it is deregistered or its mesh
/// is stopped, whether or not this is kept.
#[derive(Clone)]
pub struct Registration(Arc<Inner>);

struct Inner {
    last: Mutex<Instance>,
    node: Arc<Node>,
    inbox: MeshInbox,
    drain_timeout: Duration,
}

impl Registration {
    pub(crate) fn new(
        instance: Instance,
        node: Arc<Node>,
        inbox: MeshInbox,
        drain_timeout: Duration,
    ) -> Self {
        Self(Arc::new(Inner {
            last: Mutex::new(instance),
            node,
            inbox,
            drain_timeout,
        }))
    }

    /// The instance as it is now, or as it was when last looked at.
    #[must_use]
    pub fn instance(&self) -> Instance {
        let mut last = self.0.last.lock();
        if let Some(entry) = self.0.node.snapshot().entry(&last.id) {
            last.clone_from(&entry.instance);
        }
        last.clone()
    }

    /// Reports the health of a hosted instance, or of an advertised one that has no check.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for a health other than healthy and unhealthy, `FAILED_PRECONDITION` for
    /// an instance that has a check, drains or is gone.
    pub async fn set_health(&self, health: Health) -> Result<()> {
        if !matches!(health, Health::Healthy | Health::Unhealthy) {
            return Err(Error::new(
                Status::InvalidArgument,
                format!("an instance can be reported as healthy or unhealthy, not as {health}"),
            ));
        }
        let id = self.0.last.lock().id;
        ask(&self.0.inbox.set_health, SetHealth { id, health }).await
    }

    /// Takes no new calls and waits until those in flight are finished, at most this time. Says
    /// whether all were; the instance stays registered, as draining.
    ///
    /// # Errors
    /// `FAILED_PRECONDITION` for an instance that is gone.
    pub async fn drain(&self, time: Duration) -> Result<bool> {
        let id = self.0.last.lock().id;
        ask(&self.0.inbox.drain, DrainInstance { id, time }).await
    }

    /// Drains for at most the mesh's drain timeout, then withdraws the instance. Doing it twice,
    /// or after the mesh was stopped, does nothing.
    ///
    /// # Errors
    /// None at present.
    pub async fn deregister(&self) -> Result<()> {
        let withdraw = Withdraw {
            // Looked at now, so that it can be told afterwards how the instance last was.
            id: self.instance().id,
            time: self.0.drain_timeout,
        };
        // A mesh that has stopped has withdrawn it already.
        let _ = self.0.inbox.withdraw.send(withdraw).await;
        Ok(())
    }
}

impl std::fmt::Debug for Registration {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Registration")
            .field(&self.instance())
            .finish()
    }
}
