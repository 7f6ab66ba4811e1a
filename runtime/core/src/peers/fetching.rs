//! A record that was asked for and did not come yet.

use super::{PeerRules, flaps::doubled};
use crate::time::Moment;

/// A record that is awaited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fetching {
    attempts: u32,
    pub(super) again_at: Moment,
}

impl Fetching {
    /// The record is asked for, for the first time.
    pub(super) fn begun(now: Moment, rules: &PeerRules) -> Self {
        let attempts = 0;
        Self {
            attempts,
            again_at: now,
        }
        .repeated(now, rules)
    }

    /// The record is asked for once more.
    pub(super) fn repeated(self, now: Moment, rules: &PeerRules) -> Self {
        Self {
            attempts: self.attempts.saturating_add(1),
            again_at: now + doubled(rules.fetch_retry, self.attempts, rules.fetch_retry_max),
        }
    }
}
