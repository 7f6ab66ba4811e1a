//! How often a peer was lost lately, and how long it has to stay before it is trusted again.

use std::time::Duration;

use super::PeerRules;
use crate::time::Moment;

/// The losses of one peer. The first one costs it nothing, as a router that fails over makes every
/// peer behind it flicker once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flaps {
    losses: u32,
    lost_at: Moment,
}

impl Flaps {
    /// The peer was lost.
    pub fn on_loss(&mut self, now: Moment, rules: &PeerRules) {
        if now.since(self.lost_at) >= rules.steady {
            self.losses = 0;
        }
        self.losses = self.losses.saturating_add(1);
        self.lost_at = now;
    }

    /// How long the peer, which is back, has to stay before it is called.
    #[must_use]
    pub fn hold(&self, rules: &PeerRules) -> Duration {
        match self.losses {
            0 | 1 => Duration::ZERO,
            losses => doubled(rules.hold, losses - 2, rules.hold_max),
        }
    }
}

/// A time that was doubled so many times, up to a longest one.
pub(super) fn doubled(time: Duration, times: u32, longest: Duration) -> Duration {
    let factor = 1_u32.checked_shl(times).unwrap_or(u32::MAX);
    time.saturating_mul(factor).min(longest)
}
