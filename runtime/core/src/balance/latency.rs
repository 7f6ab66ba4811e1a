//! How long an instance takes to answer, as a moving average over time, and how loaded that and the
//! calls in flight make it.
//!
//! It believes what lasts, and no hiccup: on a busy machine one answer in a hundred takes twenty
//! times as long as the others, and an average that believed bad news at once, as Finagle's
//! `PeakEwma` does, would send the calls of equal instances to whichever had the fewest.

use std::{cmp::Ordering, time::Duration};

use crate::time::Moment;

/// How fast the past is forgotten: after this time it weighs 1/e. An instance that becomes ten
/// times slower is known to be slower after half a second.
const DECAY: Duration = Duration::from_secs(5);
/// Of how many first answers the quickest counts: the first ones of an instance are slow for
/// reasons that pass, such as a connection that is made for them.
const FIRST_ANSWERS: u32 = 3;
/// How many times the average one answer may count as at most: more is a hiccup, or will be seen
/// again.
const JUMP_RATIO_MAX: f64 = 8.0;
/// The cost below which what was observed is forgotten, in nanoseconds.
const FORGOTTEN_NS: f64 = 1.0;
/// Up to this ratio two costs are taken as equal: less is what chance makes of equal instances.
const SAME_COST_RATIO: f64 = 2.0;

/// The latency of one instance.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LatencyAverage {
    cost_ns: f64,
    /// How many answers there were, up to [`FIRST_ANSWERS`].
    answers: u32,
    observed_at: Moment,
}

impl LatencyAverage {
    /// Learns that a call which ended now took this long. Only calls that were answered count: an
    /// instance that fails at once is not fast.
    pub fn observe(&mut self, now: Moment, rtt: Duration) {
        let rtt_ns = (rtt.as_nanos() as f64).max(FORGOTTEN_NS);
        let past = self.weight_of_past(now);
        if self.cost_ns * past < FORGOTTEN_NS {
            *self = Self::default();
        }
        self.cost_ns = if self.answers == 0 {
            rtt_ns
        } else if self.answers < FIRST_ANSWERS {
            self.cost_ns.min(rtt_ns)
        } else {
            let rtt_ns = rtt_ns.min(self.cost_ns * JUMP_RATIO_MAX);
            self.cost_ns * past + rtt_ns * (1.0 - past)
        };
        self.answers = self.answers.saturating_add(1).min(FIRST_ANSWERS);
        self.observed_at = self.observed_at.max(now);
    }

    /// The load of an instance that has this many calls to answer. A cost is forgotten with time,
    /// so that an instance that was slow is tried again.
    #[must_use]
    pub fn load(&self, now: Moment, in_flight: u32) -> Load {
        let cost_ns = if self.answers < FIRST_ANSWERS {
            0.0
        } else {
            self.cost_ns * self.weight_of_past(now)
        };
        Load { cost_ns, in_flight }
    }

    fn weight_of_past(&self, now: Moment) -> f64 {
        let elapsed = now.since(self.observed_at);
        (-elapsed.as_secs_f64() / DECAY.as_secs_f64()).exp()
    }
}

/// How loaded an instance is: what a call to it costs and how many it has to answer.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Load {
    cost_ns: f64,
    in_flight: u32,
}

impl Load {
    /// The load of an instance whose calls take this long and that has this many to answer.
    #[must_use]
    pub fn new(cost: Duration, in_flight: u32) -> Self {
        Self {
            cost_ns: cost.as_nanos() as f64,
            in_flight,
        }
    }

    /// Which of two instances is less loaded. Equally fast ones are compared by the calls that they
    /// have to answer, others by the time that these and one more take. An instance of which
    /// nothing is known comes first, but gets one call at a time until it has answered a few.
    ///
    /// It compares two, and orders no more than that: being equally fast is not transitive.
    #[must_use]
    pub fn compare(&self, other: &Self) -> Ordering {
        match (self.is_known(), other.is_known()) {
            (true, true) if self.is_as_fast_as(other) => self.in_flight.cmp(&other.in_flight),
            (true, true) => self.time_ns().total_cmp(&other.time_ns()),
            (false, false) => self.in_flight.cmp(&other.in_flight),
            (false, true) if self.in_flight == 0 => Ordering::Less,
            (false, true) => Ordering::Greater,
            (true, false) => other.compare(self).reverse(),
        }
    }

    fn is_known(&self) -> bool {
        self.cost_ns >= FORGOTTEN_NS
    }

    fn is_as_fast_as(&self, other: &Self) -> bool {
        let (low, high) = if self.cost_ns < other.cost_ns {
            (self.cost_ns, other.cost_ns)
        } else {
            (other.cost_ns, self.cost_ns)
        };
        high <= low * SAME_COST_RATIO
    }

    /// The time until one more call would be answered, in nanoseconds.
    fn time_ns(&self) -> f64 {
        self.cost_ns * (f64::from(self.in_flight) + 1.0)
    }
}
