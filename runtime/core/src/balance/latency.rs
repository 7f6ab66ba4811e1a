//! How long an instance takes to answer, as a moving average that believes bad news at once and
//! good news slowly: the peak-sensitive EWMA of Finagle (`PeakEwma`) and linkerd2-proxy.

use std::time::Duration;

use crate::time::Moment;

/// How fast the past is forgotten: after this time it weighs 1/e.
const DECAY: Duration = Duration::from_secs(10);
/// The cost below which what was observed is forgotten, in nanoseconds.
const FORGOTTEN_NS: f64 = 1.0;
/// The load of an instance of which nothing is known and that has a call to answer: more than any
/// real one (11 days), so that it gets one call at a time until it has answered one.
const UNKNOWN_LOAD: f64 = 1e15;

/// The latency of one instance.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LatencyAverage {
    cost_ns: f64,
    observed_at: Moment,
}

impl LatencyAverage {
    /// Learns that a call which ended now took this long. Only calls that were answered count: an
    /// instance that fails at once is not fast.
    pub fn observe(&mut self, now: Moment, rtt: Duration) {
        let rtt_ns = rtt.as_nanos() as f64;
        let past = self.weight_of_past(now);
        self.cost_ns = rtt_ns.max(self.cost_ns * past + rtt_ns * (1.0 - past));
        self.observed_at = self.observed_at.max(now);
    }

    /// The load of an instance that has this many calls to answer: the cost of one call times the
    /// calls that there would be with one more. A cost is forgotten with time, so that an instance
    /// that was slow is tried again.
    #[must_use]
    pub fn load(&self, now: Moment, in_flight: u32) -> f64 {
        let cost_ns = self.cost_ns * self.weight_of_past(now);
        let in_flight = f64::from(in_flight);
        if cost_ns >= FORGOTTEN_NS {
            cost_ns * (in_flight + 1.0)
        } else if in_flight > 0.0 {
            UNKNOWN_LOAD + in_flight
        } else {
            0.0
        }
    }

    fn weight_of_past(&self, now: Moment) -> f64 {
        let elapsed = now.since(self.observed_at);
        (-elapsed.as_secs_f64() / DECAY.as_secs_f64()).exp()
    }
}
