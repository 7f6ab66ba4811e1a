//! When enough probes agree to call an instance healthy or not.

use crate::{endpoint::HealthCheck, instance::Health};

/// The verdict on one probed instance, from the outcomes of its probes.
///
/// ```
/// use commy_core::{endpoint::HealthCheck, instance::Health, probing::Verdict};
///
/// let mut verdict = Verdict::new(&HealthCheck::tcp().thresholds(1, 2));
/// assert_eq!(verdict.on_probe(true), Some(Health::Healthy));
/// assert_eq!(verdict.on_probe(false), None);
/// assert_eq!(verdict.on_probe(false), Some(Health::Unhealthy));
/// ```
#[derive(Clone, Debug)]
pub struct Verdict {
    rise: u32,
    fall: u32,
    health: Health,
    /// How many of the latest probes in a row succeeded.
    successes: u32,
    /// How many of the latest probes in a row failed.
    failures: u32,
}

impl Verdict {
    /// No verdict yet: the instance is starting.
    #[must_use]
    pub const fn new(check: &HealthCheck) -> Self {
        Self {
            rise: check.rise,
            fall: check.fall,
            health: Health::Starting,
            successes: 0,
            failures: 0,
        }
    }

    /// Takes the outcome of a probe, and gives the health if this outcome changed it.
    pub fn on_probe(&mut self, succeeded: bool) -> Option<Health> {
        if succeeded {
            self.successes = self.successes.saturating_add(1);
            self.failures = 0;
        } else {
            self.failures = self.failures.saturating_add(1);
            self.successes = 0;
        }
        let health = if self.successes >= self.rise {
            Health::Healthy
        } else if self.failures >= self.fall {
            Health::Unhealthy
        } else {
            return None;
        };
        let is_changed = self.health != health;
        self.health = health;
        is_changed.then_some(health)
    }
}
