//! Deadlines add up and never overflow.

use std::time::Duration;

use commy_core::{Deadline, Moment};
use proptest::prelude::*;

fn any_duration() -> impl Strategy<Value = Duration> {
    prop_oneof![
        (0..10_000_000_u64).prop_map(Duration::from_micros),
        (any::<u64>(), 0..1_000_000_000_u32).prop_map(|(s, ns)| Duration::new(s, ns)),
        Just(Duration::MAX),
    ]
}

proptest! {
    #[test]
    fn what_is_left_and_what_has_passed_add_up(start in any_duration(), timeout in any_duration(), passed in any_duration()) {
        let start = Moment::after_start(start);
        let deadline = Deadline::of(start, timeout);
        let now = start + passed;
        // At the end of time both are cut off there.
        let timeout = deadline.moment().since(start);
        let passed = now.since(start);
        prop_assert_eq!(deadline.time_left(now), timeout.saturating_sub(passed));
        prop_assert_eq!(deadline.is_past(now), passed >= timeout);
    }

    #[test]
    fn of_two_deadlines_the_earlier_leaves_less(now in any_duration(), one in any_duration(), other in any_duration()) {
        let now = Moment::after_start(now);
        let (one, other) = (Deadline::of(now, one), Deadline::of(now, other));
        let earlier = one.min(other);
        prop_assert_eq!(earlier.time_left(now), one.time_left(now).min(other.time_left(now)));
    }

    #[test]
    fn attempts_one_after_the_other_never_pass_the_deadline_of_their_call(
        timeout in any_duration(),
        attempts in 0..10_u32,
    ) {
        let mut now = Moment::default();
        let deadline = Deadline::of(now, timeout);
        for left in (0..attempts).rev() {
            let attempt = deadline.of_attempt(now, left + 1);
            prop_assert!(attempt <= deadline);
            prop_assert!(left > 0 || attempt == deadline, "the last has all that is left");
            now = attempt.moment();
        }
    }
}

#[test]
fn a_deadline_of_zero_is_past_at_once() {
    let now = Moment::after_start(Duration::from_secs(7));
    assert!(Deadline::of(now, Duration::ZERO).is_past(now));
}

#[test]
fn each_attempt_has_an_equal_share_of_what_is_left() {
    let now = Moment::default();
    let deadline = Deadline::of(now, Duration::from_secs(3));
    let first = deadline.of_attempt(now, 3);
    assert_eq!(first.time_left(now), Duration::from_secs(1));
    assert_eq!(deadline.of_attempt(now, 0), deadline);
}
