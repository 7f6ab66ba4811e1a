//! An instance that fails time after time is set aside for a while.

use std::time::Duration;

use commy_core::{Moment, Status, outlier::Outlier};
use proptest::prelude::*;

fn at(ms: u64) -> Moment {
    Moment::after_start(Duration::from_millis(ms))
}

fn fail(outlier: &mut Outlier, now: Moment, times: u32) {
    for _ in 0..times {
        outlier.on_outcome(now, Some(Status::Unavailable));
    }
}

const BLAMING: [Status; 3] = [
    Status::Unavailable,
    Status::Internal,
    Status::DeadlineExceeded,
];

fn any_outcome() -> impl Strategy<Value = Option<Status>> {
    prop_oneof![
        3 => prop::sample::select(&BLAMING[..]).prop_map(Some),
        1 => prop::option::of(prop::sample::select(&Status::ALL[..])),
    ]
}

proptest! {
    #[test]
    fn only_five_failures_with_no_answer_between_them_eject(
        outcomes in prop::collection::vec((any_outcome(), 0..800_u64), 0..60),
    ) {
        let mut outlier = Outlier::default();
        let mut failures_in_row = 0;
        let mut now_ms = 0;
        for (outcome, later_ms) in outcomes {
            now_ms += later_ms;
            outlier.on_outcome(at(now_ms), outcome);
            match outcome {
                Some(status) if BLAMING.contains(&status) => failures_in_row += 1,
                Some(Status::Cancelled | Status::ResourceExhausted) => {}
                _ => failures_in_row = 0,
            }
            if outlier.is_ejected(at(now_ms)) {
                prop_assert!(failures_in_row >= 5);
                prop_assert!(!outlier.is_ejected(at(now_ms + 30_000)));
            }
        }
    }

    #[test]
    fn each_ejection_lasts_a_second_longer_up_to_thirty(ejections in 1..50_u64) {
        let mut outlier = Outlier::default();
        let mut now_ms = 0;
        for ejection in 1..=ejections {
            fail(&mut outlier, at(now_ms), 4);
            prop_assert!(!outlier.is_ejected(at(now_ms)));
            fail(&mut outlier, at(now_ms), 1);
            let ejected_ms = 1000 * ejection.min(30);
            prop_assert!(outlier.is_ejected(at(now_ms)));
            prop_assert!(outlier.is_ejected(at(now_ms + ejected_ms - 1)));
            prop_assert!(!outlier.is_ejected(at(now_ms + ejected_ms)));
            now_ms += ejected_ms;
        }
    }

    #[test]
    fn an_answer_clears_the_record(ejections in 1..10_u64) {
        let mut outlier = Outlier::default();
        for ejection in 0..ejections {
            fail(&mut outlier, at(ejection * 60_000), 5);
        }
        let now = at(ejections * 60_000);
        outlier.on_outcome(now, Some(Status::HandlerFailed));
        prop_assert_eq!(outlier, Outlier::default());
    }
}

#[test]
fn failures_of_an_ejected_instance_do_not_prolong_its_ejection() {
    let mut outlier = Outlier::default();
    fail(&mut outlier, at(0), 5);
    fail(&mut outlier, at(500), 50);
    assert!(!outlier.is_ejected(at(1000)));
}

#[test]
fn a_reply_ends_an_ejection() {
    let mut outlier = Outlier::default();
    fail(&mut outlier, at(0), 5);
    outlier.on_outcome(at(10), None);
    assert!(!outlier.is_ejected(at(10)));
}
