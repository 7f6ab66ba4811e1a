//! The simulation finds what it is for: each kind of mistake, made on purpose, is caught, and by the
//! property that it breaks.

use commy_core::peers::PeerRules;
use std::time::Duration;

use crate::{
    oracle::Property,
    seeds::{Plan, Scenario},
    weather::Fault,
};

/// How many seeds a mistake may go unnoticed.
const SEEDS_MAX: u64 = 300;

fn catches(plan: Plan, property: Property) {
    let is_caught = (0..SEEDS_MAX).any(|seed| {
        let violations = plan.run(seed, false).violations;
        violations
            .iter()
            .any(|violation| violation.property == property)
    });
    assert!(
        is_caught,
        "{plan:?} went unnoticed by {property:?} for {SEEDS_MAX} seeds"
    );
}

fn fault(fault: Fault, scenario: Scenario) -> Plan {
    Plan {
        scenario: Some(scenario),
        ..Plan::with(fault)
    }
}

fn rules(rules: PeerRules) -> Plan {
    Plan {
        rules,
        ..Plan::default()
    }
}

#[test]
fn a_call_that_is_told_twice() {
    catches(
        fault(Fault::TwiceInvoked, Scenario::Chaos),
        Property::AtMostOnce,
    );
}

#[test]
fn an_executed_call_that_is_said_to_be_refused() {
    catches(
        fault(Fault::FalseRefusal, Scenario::Chaos),
        Property::AtMostOnce,
    );
}

#[test]
fn events_that_overtake_each_other() {
    catches(
        fault(Fault::OvertakingEvents, Scenario::Chaos),
        Property::OrderOfEvents,
    );
}

#[test]
fn a_node_that_does_not_see_others_go() {
    catches(
        fault(Fault::HiddenLoss, Scenario::Chaos),
        Property::NoCallToTheDead,
    );
    catches(
        fault(Fault::HiddenLoss, Scenario::Chaos),
        Property::Convergence,
    );
}

#[test]
fn news_that_nobody_is_told() {
    catches(
        fault(Fault::Silence, Scenario::Chaos),
        Property::Convergence,
    );
}

#[test]
fn a_drain_that_nobody_hears_of_in_time() {
    catches(fault(Fault::LateUpdates, Scenario::Calm), Property::Drain);
}

#[test]
fn a_deadline_that_is_not_kept_on_the_other_side() {
    catches(
        fault(Fault::Forgetfulness, Scenario::Chaos),
        Property::Deadline,
    );
}

#[test]
fn a_node_that_trusts_who_flaps() {
    let trusting = PeerRules {
        hold: Duration::ZERO,
        ..PeerRules::default()
    };
    catches(rules(trusting), Property::FlapDamping);
}

#[test]
fn a_node_that_never_forgets() {
    let faithful = PeerRules {
        grace: Duration::from_secs(3600),
        ..PeerRules::default()
    };
    catches(rules(faithful), Property::Convergence);
}

#[test]
fn a_node_that_never_asks_again() {
    let proud = PeerRules {
        fetch_retry: Duration::from_secs(3600),
        fetch_retry_max: Duration::from_secs(3600),
        ..PeerRules::default()
    };
    catches(rules(proud), Property::Convergence);
}
