//! A latency average believes what lasts, and a load compares two instances by it.

use std::{cmp::Ordering, time::Duration};

use commy_core::{
    Moment,
    balance::{LatencyAverage, Load},
};
use proptest::prelude::*;

fn at(ms: u64) -> Moment {
    Moment::after_start(Duration::from_millis(ms))
}

/// An instance that answers once in each of so many rounds.
fn steady(rtt_ms: u64, rounds: u64) -> LatencyAverage {
    let mut average = LatencyAverage::default();
    for round in 0..rounds {
        average.observe(at(round * 10), Duration::from_millis(rtt_ms));
    }
    average
}

fn any_load() -> impl Strategy<Value = Load> {
    (0..10_000_000_000_u64, 0..10_000_u32)
        .prop_map(|(cost_ns, in_flight)| Load::new(Duration::from_nanos(cost_ns), in_flight))
}

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
    fn a_steady_latency_is_the_average(rtt_ms in 1..10_000_u64, rounds in 3..50_u64) {
        let load = steady(rtt_ms, rounds).load(at((rounds - 1) * 10), 0);
        let third = Load::new(Duration::from_millis(rtt_ms) / 3, 0);
        let triple = Load::new(Duration::from_millis(rtt_ms) * 3, 0);
        prop_assert_eq!(load.compare(&third), Ordering::Greater);
        prop_assert_eq!(load.compare(&triple), Ordering::Less);
    }

    #[test]
    fn one_slow_answer_among_many_changes_nothing(rtt_ms in 1..100_u64, times in 2..50_u64) {
        let (mut hiccup, equal) = (steady(rtt_ms, 100), steady(rtt_ms, 100));
        hiccup.observe(at(1_000), Duration::from_millis(rtt_ms * times));
        let now = at(1_000);
        prop_assert_eq!(hiccup.load(now, 0).compare(&equal.load(now, 0)), Ordering::Equal);
    }

    #[test]
    fn who_has_become_ten_times_slower_is_known_after_a_second(rtt_ms in 1..20_u64) {
        let (mut slow, equal) = (steady(rtt_ms, 100), steady(rtt_ms, 100));
        for round in 0..100 {
            slow.observe(at(1_000 + round * 10), Duration::from_millis(rtt_ms * 10));
        }
        let now = at(2_000);
        prop_assert_eq!(slow.load(now, 0).compare(&equal.load(at(990), 0)), Ordering::Greater);
    }

    #[test]
    fn more_calls_in_flight_are_more_load((average, now_ms) in any_history(), in_flight in 0..10_000_u32) {
        let (less, more) = (
            average.load(at(now_ms), in_flight),
            average.load(at(now_ms), in_flight + 1),
        );
        prop_assert_eq!(less.compare(&more), Ordering::Less);
    }

    #[test]
    fn of_two_exactly_one_is_less_loaded_or_neither(one in any_load(), other in any_load()) {
        prop_assert_eq!(one.compare(&other), other.compare(&one).reverse());
        prop_assert_eq!(one.compare(&one), Ordering::Equal);
    }

    #[test]
    fn load_does_not_grow_while_nothing_happens(
        (average, now_ms) in any_history(),
        later_ms in prop::collection::vec(0..10_000_000_u64, 1..10),
    ) {
        let mut now_ms = now_ms;
        let mut load = average.load(at(now_ms), 0);
        for step_ms in later_ms {
            now_ms += step_ms;
            let later = average.load(at(now_ms), 0);
            prop_assert_ne!(later.compare(&load), Ordering::Greater);
            load = later;
        }
    }
}

#[test]
fn the_first_answers_may_be_slow() {
    let mut average = LatencyAverage::default();
    average.observe(at(0), Duration::from_millis(50));
    average.observe(at(100), Duration::from_millis(30));
    average.observe(at(101), Duration::from_millis(1));
    let equal = steady(1, 10);
    let now = at(101);
    assert_eq!(
        average.load(now, 0).compare(&equal.load(now, 0)),
        Ordering::Equal
    );
}

#[test]
fn the_faster_of_two_answers_more_at_once() {
    let fast = |in_flight| Load::new(Duration::from_millis(1), in_flight);
    let slow = |in_flight| Load::new(Duration::from_millis(5), in_flight);
    assert_eq!(fast(3).compare(&slow(0)), Ordering::Less);
    assert_eq!(fast(5).compare(&slow(0)), Ordering::Greater);
}

#[test]
fn an_instance_of_which_nothing_is_known_gets_one_call_at_a_time() {
    let unknown = LatencyAverage::default();
    let slow = steady(60_000, 3);
    let now = at(20);
    assert_eq!(
        unknown.load(now, 0).compare(&slow.load(now, 0)),
        Ordering::Less
    );
    assert_eq!(
        unknown.load(now, 1).compare(&slow.load(now, 100)),
        Ordering::Greater
    );
}

#[test]
fn what_was_slow_long_ago_is_forgotten() {
    let average = steady(60_000, 3);
    let hour_later = at(3_600_000);
    let unknown = LatencyAverage::default().load(hour_later, 0);
    assert_eq!(
        average.load(hour_later, 0).compare(&unknown),
        Ordering::Equal
    );
}
