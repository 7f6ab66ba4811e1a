//! Setting aside an instance that fails time after time. It is only set aside: when every instance
//! is, each may be called ([`Admission::LastResort`](crate::balance::Admission::LastResort)).

use std::time::Duration;

use crate::{deadline::Deadline, error::Status, evidence::Evidence, time::Moment};

/// How many failures in a row eject an instance: as Envoy and linkerd do it.
const FAILURES_IN_ROW: u32 = 5;
/// How long the first ejection lasts; the second lasts twice as long, and so on.
const EJECTION: Duration = Duration::from_secs(1);
/// How long an ejection lasts at most: soon enough for a repaired instance to be found.
const EJECTION_MAX: Duration = Duration::from_secs(30);

/// The record of one instance's failures. One that is new has none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outlier {
    failures_in_row: u32,
    ejections: u32,
    ejected_until: Option<Deadline>,
}

impl Outlier {
    /// Whether the instance is set aside.
    #[must_use]
    pub fn is_ejected(&self, now: Moment) -> bool {
        self.ejected_until.is_some_and(|until| !until.is_past(now))
    }

    /// Learns how a call ended: with a reply (no status) or with an error. A success clears the
    /// record; failures while the instance is set aside do not prolong that.
    pub fn on_outcome(&mut self, now: Moment, outcome: Option<Status>) {
        match Evidence::of(outcome) {
            Evidence::Good => *self = Self::default(),
            Evidence::None => {}
            Evidence::Bad if self.is_ejected(now) => {}
            Evidence::Bad => self.count_failure(now),
        }
    }

    /// Learns that there was no answer at all, which is reason enough: who hangs answers nobody,
    /// and every call that finds out costs its caller the whole deadline.
    pub fn on_silence(&mut self, now: Moment) {
        if !self.is_ejected(now) {
            self.eject(now);
        }
    }

    fn count_failure(&mut self, now: Moment) {
        self.failures_in_row += 1;
        if self.failures_in_row >= FAILURES_IN_ROW {
            self.eject(now);
        }
    }

    fn eject(&mut self, now: Moment) {
        self.failures_in_row = 0;
        self.ejections = self.ejections.saturating_add(1);
        let ejection = EJECTION.saturating_mul(self.ejections).min(EJECTION_MAX);
        self.ejected_until = Some(Deadline::of(now, ejection));
    }
}
