//! A circuit breaker opens on a share of failures and closes on a try that succeeds.

use std::time::Duration;

use commy_core::{
    CircuitBreaker, Moment, Status,
    breaker::{Breaker, Circuit},
};
use proptest::prelude::*;

const SETTINGS: CircuitBreaker = CircuitBreaker {
    requests_min: 10,
    failure_ratio: 0.5,
    window: Duration::from_secs(10),
    open: Duration::from_secs(5),
};
const FAILED: Option<Status> = Some(Status::Unavailable);

fn at(ms: u64) -> Moment {
    Moment::after_start(Duration::from_millis(ms))
}

fn call(breaker: &mut Breaker, now: Moment, outcome: Option<Status>) {
    let pass = breaker.on_sent(now).expect("the circuit lets it pass");
    breaker.on_outcome(now, pass, outcome);
}

/// A breaker that opened at zero.
fn opened() -> Breaker {
    let mut breaker = Breaker::new(SETTINGS);
    for _ in 0..10 {
        call(&mut breaker, at(0), FAILED);
    }
    assert_eq!(breaker.circuit(at(0)), Circuit::Open);
    breaker
}

proptest! {
    #[test]
    fn it_opens_when_the_share_in_one_window_says_so_and_not_before(
        outcomes in prop::collection::vec(any::<bool>(), 1..60),
    ) {
        let mut breaker = Breaker::new(SETTINGS);
        let mut failures = 0;
        for (sent, ok) in (1..).zip(outcomes) {
            call(&mut breaker, at(0), if ok { None } else { FAILED });
            failures += u32::from(!ok);
            let is_due = sent >= 10 && failures * 2 >= sent;
            prop_assert_eq!(breaker.circuit(at(0)) == Circuit::Open, is_due);
            if is_due {
                break;
            }
        }
    }

    #[test]
    fn failures_of_different_windows_are_not_added(windows in 1..20_u64) {
        let mut breaker = Breaker::new(SETTINGS);
        for window in 0..windows {
            for _ in 0..9 {
                call(&mut breaker, at(window * 10_000), FAILED);
            }
        }
        prop_assert_eq!(breaker.circuit(at(windows * 10_000)), Circuit::Closed);
    }

    #[test]
    fn an_open_circuit_refuses_until_its_time_is_over(ms in 0..5000_u64) {
        let mut breaker = opened();
        prop_assert!(!breaker.admits(at(ms)));
        prop_assert!(breaker.on_sent(at(ms)).is_none());
        prop_assert!(breaker.admits(at(5000)));
    }

    #[test]
    fn whatever_happens_no_more_than_one_try_is_on_its_way(
        steps in prop::collection::vec((0..3000_u64, 0..4_u8), 0..60),
    ) {
        let mut breaker = opened();
        let mut now_ms = 0;
        let mut trying = None;
        for (later_ms, step) in steps {
            now_ms += later_ms;
            let now = at(now_ms);
            let admits = breaker.admits(now);
            match (step, trying) {
                (0, Some((pass, _))) => {
                    breaker.on_outcome(now, pass, FAILED);
                    trying = None;
                    prop_assert!(!breaker.admits(now));
                }
                (1, Some((pass, _))) => {
                    breaker.on_outcome(now, pass, Some(Status::Cancelled));
                    trying = None;
                    prop_assert!(breaker.admits(now));
                }
                _ => {
                    let pass = breaker.on_sent(now);
                    prop_assert_eq!(pass.is_some(), admits);
                    if let Some(pass) = pass {
                        if let Some((_, since_ms)) = trying {
                            prop_assert!(now_ms - since_ms >= 5000, "the other try is not lost yet");
                        }
                        trying = Some((pass, now_ms));
                        prop_assert!(!breaker.admits(now));
                    }
                }
            }
        }
    }
}

#[test]
fn the_errors_of_requests_and_handlers_do_not_open_it() {
    for status in Status::ALL {
        let mut breaker = Breaker::new(SETTINGS);
        for _ in 0..10 {
            call(&mut breaker, at(0), Some(status));
        }
        let is_open = breaker.circuit(at(0)) == Circuit::Open;
        assert_eq!(is_open, status.blames_instance(), "{status}");
    }
}

#[test]
fn half_open_it_lets_exactly_one_try() {
    let mut breaker = opened();
    assert_eq!(breaker.circuit(at(5000)), Circuit::HalfOpen);
    assert!(breaker.on_sent(at(5000)).is_some());
    assert_eq!(breaker.circuit(at(5000)), Circuit::HalfOpen);
    assert!(!breaker.admits(at(5000)));
    assert!(breaker.on_sent(at(5000)).is_none());
}

#[test]
fn a_try_that_succeeds_closes_it_with_a_new_window() {
    let mut breaker = opened();
    call(&mut breaker, at(5000), None);
    assert_eq!(breaker.circuit(at(5000)), Circuit::Closed);
    for _ in 0..9 {
        call(&mut breaker, at(5001), FAILED);
    }
    assert_eq!(breaker.circuit(at(5001)), Circuit::Closed);
}

#[test]
fn a_try_that_fails_opens_it_again() {
    let mut breaker = opened();
    call(&mut breaker, at(5000), FAILED);
    assert_eq!(breaker.circuit(at(9999)), Circuit::Open);
    assert_eq!(breaker.circuit(at(10_000)), Circuit::HalfOpen);
}

#[test]
fn a_try_of_which_nothing_is_heard_makes_room_for_another() {
    let mut breaker = opened();
    let lost = breaker.on_sent(at(5000)).expect("it may try");
    assert!(!breaker.admits(at(9999)));
    let second = breaker.on_sent(at(10_000)).expect("another may try");
    breaker.on_outcome(at(10_001), lost, None);
    assert_eq!(breaker.circuit(at(10_001)), Circuit::HalfOpen);
    breaker.on_outcome(at(10_002), second, None);
    assert_eq!(breaker.circuit(at(10_002)), Circuit::Closed);
}

#[test]
fn outcomes_from_before_it_opened_say_nothing() {
    let mut breaker = Breaker::new(SETTINGS);
    let early = breaker.on_sent(at(0)).expect("it is closed");
    for _ in 0..10 {
        call(&mut breaker, at(0), FAILED);
    }
    breaker.on_outcome(at(1), early, None);
    assert_eq!(breaker.circuit(at(1)), Circuit::Open);
}
