//! Retries are safe, worth it, and bounded.

use std::time::Duration;

use commy_core::{
    Deadline, Moment, Status,
    retry::{ATTEMPTS_MAX, Delivery, FailedAttempt, RetryBudget, may_retry},
};
use proptest::prelude::*;

fn at(ms: u64) -> Moment {
    Moment::after_start(Duration::from_millis(ms))
}

fn any_failure() -> impl Strategy<Value = FailedAttempt> {
    let status = prop::sample::select(&Status::ALL[..]);
    let delivery = prop_oneof![Just(Delivery::NotAccepted), Just(Delivery::Possible)];
    (1..6_u32, status, delivery).prop_map(|(attempt, status, delivery)| FailedAttempt {
        attempt,
        status,
        delivery,
    })
}

const UNAVAILABLE: FailedAttempt = FailedAttempt {
    attempt: 1,
    status: Status::Unavailable,
    delivery: Delivery::NotAccepted,
};

proptest! {
    #[test]
    fn a_call_that_may_have_been_executed_is_repeated_only_if_that_is_harmless(failed in any_failure()) {
        let mut budget = RetryBudget::new(at(0));
        let deadline = Deadline::of(at(0), Duration::from_secs(1));
        if may_retry(false, &failed, deadline, at(0), &mut budget) {
            prop_assert_eq!(failed.delivery, Delivery::NotAccepted);
        }
    }

    #[test]
    fn answers_and_bad_requests_are_never_retried(failed in any_failure(), idempotent: bool) {
        let mut budget = RetryBudget::new(at(0));
        let deadline = Deadline::of(at(0), Duration::from_secs(1));
        let may = may_retry(idempotent, &failed, deadline, at(0), &mut budget);
        let is_passing = matches!(
            failed.status,
            Status::Unavailable | Status::ResourceExhausted | Status::DeadlineExceeded
        );
        prop_assert!(!may || (is_passing && failed.attempt < ATTEMPTS_MAX));
    }

    #[test]
    fn a_retry_that_is_not_made_costs_nothing(failed in any_failure(), idempotent: bool, late: bool) {
        let mut budget = RetryBudget::new(at(0));
        let left = budget.retries_left(at(0));
        let deadline = Deadline::of(at(0), if late { Duration::ZERO } else { Duration::from_secs(1) });
        let may = may_retry(idempotent, &failed, deadline, at(0), &mut budget);
        prop_assert!(!(may && late));
        prop_assert_eq!(budget.retries_left(at(0)), left - u32::from(may));
    }

    #[test]
    fn retries_are_at_most_a_fifth_of_the_calls_ten_and_ten_a_second(
        steps in prop::collection::vec((0..50_u64, 0..100_u32, 0..100_u32), 0..40),
    ) {
        let mut budget = RetryBudget::new(at(0));
        let (mut now_ms, mut calls, mut retries) = (0, 0, 0);
        for (later_ms, new_calls, wanted) in steps {
            now_ms += later_ms;
            for _ in 0..new_calls {
                budget.on_call(at(now_ms));
            }
            calls += new_calls;
            retries += (0..wanted).filter(|_| budget.withdraw(at(now_ms))).count() as u64;
            prop_assert!(retries * 1000 <= u64::from(calls) * 200 + 10_000 + now_ms * 10);
            prop_assert!(budget.retries_left(at(now_ms)) <= 100);
        }
    }

    #[test]
    fn an_exhausted_budget_gives_a_retry_for_five_calls_or_a_tenth_of_a_second(spent_ms in 0..100_000_u64) {
        let now = at(spent_ms);
        let mut budget = RetryBudget::new(at(0));
        while budget.withdraw(now) {}
        let mut by_calls = budget;
        for _ in 0..5 {
            prop_assert!(!by_calls.withdraw(now));
            by_calls.on_call(now);
        }
        prop_assert!(by_calls.withdraw(now));
        let mut by_time = budget;
        prop_assert!(by_time.withdraw(at(spent_ms + 100)));
    }

    #[test]
    fn time_alone_fills_no_more_than_the_reserve(ms: u64) {
        prop_assert_eq!(RetryBudget::new(at(0)).retries_left(at(ms)), 10);
    }
}

#[test]
fn a_request_that_was_not_accepted_is_retried_elsewhere() {
    let mut budget = RetryBudget::new(at(0));
    let deadline = Deadline::of(at(0), Duration::from_secs(1));
    for status in [Status::Unavailable, Status::ResourceExhausted] {
        let failed = FailedAttempt {
            status,
            ..UNAVAILABLE
        };
        assert!(may_retry(false, &failed, deadline, at(0), &mut budget));
    }
}

#[test]
fn an_idempotent_call_is_retried_after_an_attempt_that_timed_out() {
    let mut budget = RetryBudget::new(at(0));
    let deadline = Deadline::of(at(0), Duration::from_secs(1));
    let failed = FailedAttempt {
        status: Status::DeadlineExceeded,
        delivery: Delivery::Possible,
        ..UNAVAILABLE
    };
    assert!(may_retry(true, &failed, deadline, at(999), &mut budget));
    assert!(!may_retry(true, &failed, deadline, at(1000), &mut budget));
    assert!(!may_retry(false, &failed, deadline, at(999), &mut budget));
}

#[test]
fn an_outage_does_not_multiply_the_load() {
    let mut budget = RetryBudget::new(at(0));
    let deadline = Deadline::of(at(0), Duration::from_secs(60));
    let retries = (0..10_000)
        .filter(|_| {
            budget.on_call(at(0));
            may_retry(true, &UNAVAILABLE, deadline, at(0), &mut budget)
        })
        .count();
    assert!((2000..=2010).contains(&retries), "{retries} retries");
}
