//! A latency average believes bad news at once and good news slowly.

use std::time::Duration;

use commy_core::{Moment, balance::LatencyAverage};
use proptest::prelude::*;

fn at(ms: u64) -> Moment {
    Moment::after_start(Duration::from_millis(ms))
}

const MS_IN_NS: f64 = 1e6;

fn any_history() -> impl Strategy<Value = (LatencyAverage, u64)> {
    prop::collection::vec((0..60_000_u64, 0..100_000_u64), 0..20).prop_map(|observations| {
        let mut average = LatencyAverage::default();
        let mut now_ms = 0;
        for (later_ms, rtt_ms) in observations {
            now_ms += later_ms;
            average.observe(at(now_ms), Duration::from_millis(rtt_ms));
        }
        (average, now_ms)
    })
}

proptest! {
    #[test]
    fn a_slow_answer_counts_in_full_at_once((average, now_ms) in any_history(), rtt_ms in 1..100_000_u64) {
        let mut average = average;
        average.observe(at(now_ms), Duration::from_millis(rtt_ms));
        prop_assert!(average.load(at(now_ms), 0) >= rtt_ms as f64 * MS_IN_NS);
    }

    #[test]
    fn a_fast_answer_right_after_a_slow_one_hardly_counts(rtt_ms in 100..10_000_u64) {
        let mut average = LatencyAverage::default();
        average.observe(at(0), Duration::from_millis(rtt_ms));
        average.observe(at(10), Duration::from_millis(1));
        prop_assert!(average.load(at(10), 0) > 0.99 * rtt_ms as f64 * MS_IN_NS);
    }

    #[test]
    fn more_calls_in_flight_are_more_load((average, now_ms) in any_history(), in_flight in 0..10_000_u32) {
        let now = at(now_ms);
        prop_assert!(average.load(now, in_flight) < average.load(now, in_flight + 1));
    }

    #[test]
    fn load_is_a_number_and_falls_with_time_while_nothing_is_in_flight(
        (average, now_ms) in any_history(),
        later_ms in prop::collection::vec(0..10_000_000_u64, 1..10),
    ) {
        let mut now_ms = now_ms;
        let mut load = average.load(at(now_ms), 0);
        for step_ms in later_ms {
            now_ms += step_ms;
            let later = average.load(at(now_ms), 0);
            prop_assert!(later.is_finite() && later >= 0.0 && later <= load);
            load = later;
        }
    }

    #[test]
    fn a_steady_latency_is_the_average(rtt_ms in 1..10_000_u64, answers in 1..50_u64) {
        let mut average = LatencyAverage::default();
        for answer in 0..answers {
            average.observe(at(answer * 100), Duration::from_millis(rtt_ms));
        }
        let error = average.load(at((answers - 1) * 100), 0) / (rtt_ms as f64 * MS_IN_NS) - 1.0;
        prop_assert!(error.abs() < 1e-9);
    }
}

#[test]
fn an_instance_of_which_nothing_is_known_gets_one_call_at_a_time() {
    let unknown = LatencyAverage::default();
    let mut slow = LatencyAverage::default();
    slow.observe(at(0), Duration::from_secs(60));
    assert!(unknown.load(at(0), 0) < slow.load(at(0), 0));
    assert!(unknown.load(at(0), 1) > slow.load(at(0), 100));
}

#[test]
fn what_was_slow_long_ago_is_forgotten() {
    let mut average = LatencyAverage::default();
    average.observe(at(0), Duration::from_secs(60));
    let hour_later = at(3_600_000);
    assert_eq!(average.load(hour_later, 0), 0.0);
}
