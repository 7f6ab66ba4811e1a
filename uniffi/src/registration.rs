//! What is registered, in the hands of who registered it.

use std::time::Duration;

use crate::{
    error::CommyError,
    instance::{Health, ServiceInstance},
};

/// An instance that this mesh registered or advertised.
#[derive(Debug)]
pub struct Registration(commy::Registration);

impl Registration {
    /// The instance as it is now, or as it last was.
    #[must_use]
    pub fn instance(&self) -> ServiceInstance {
        self.0.instance().into()
    }

    /// Reports the health of the instance.
    ///
    /// # Errors
    /// As `commy::Registration::set_health`.
    pub async fn set_health(&self, health: Health) -> Result<(), CommyError> {
        Ok(self.0.set_health(health.into()).await?)
    }

    /// Takes no new calls and waits until those in flight are finished.
    ///
    /// # Errors
    /// As `commy::Registration::drain`.
    pub async fn drain(&self, timeout_ms: u64) -> Result<bool, CommyError> {
        Ok(self.0.drain(Duration::from_millis(timeout_ms)).await?)
    }

    /// Drains and withdraws the instance.
    ///
    /// # Errors
    /// As `commy::Registration::deregister`.
    pub async fn deregister(&self) -> Result<(), CommyError> {
        Ok(self.0.deregister().await?)
    }
}

impl From<commy::Registration> for Registration {
    fn from(registration: commy::Registration) -> Self {
        Self(registration)
    }
}
