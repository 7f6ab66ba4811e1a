//! Until when a call may take, and how that is shared among attempts. Nothing here overflows: a
//! deadline too far away is as far away as time goes.

use std::time::Duration;

use crate::time::Moment;

/// The moment from which an answer is of no use. The earlier of two is their `min`.
///
/// ```
/// use std::time::Duration;
/// use commy_core::{Deadline, Moment};
///
/// let now = Moment::default();
/// let deadline = Deadline::of(now, Duration::from_secs(2));
/// assert_eq!(deadline.time_left(now + Duration::from_millis(500)), Duration::from_millis(1500));
/// assert!(deadline.is_past(now + Duration::from_secs(2)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Deadline(Moment);

impl Deadline {
    /// The deadline of what begins now and may take this long.
    #[must_use]
    pub fn of(now: Moment, timeout: Duration) -> Self {
        Self(now + timeout)
    }

    /// The moment itself.
    #[must_use]
    pub const fn moment(self) -> Moment {
        self.0
    }

    /// The time that is left; zero when the deadline is past.
    #[must_use]
    pub const fn time_left(self, now: Moment) -> Duration {
        self.0.since(now)
    }

    /// Whether no time is left.
    #[must_use]
    pub const fn is_past(self, now: Moment) -> bool {
        self.time_left(now).is_zero()
    }

    /// The deadline of the next attempt, when up to this many may follow one another: an equal
    /// share of what is left, so that an instance that hangs does not use up the others' time. The
    /// last attempt has all that is left.
    #[must_use]
    pub fn of_attempt(self, now: Moment, attempts_left: u32) -> Self {
        Self::of(now, self.time_left(now) / attempts_left.max(1)).min(self)
    }
}
