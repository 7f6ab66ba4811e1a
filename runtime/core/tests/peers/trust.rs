//! Whom a node calls: not who comes and goes.

use std::time::Duration;

use commy_core::{
    Health,
    peers::{Flaps, PeerRules},
    record::{NodeLife, RecordUpdate},
};

use crate::history::{Hearer, lived};

const INSTANCE: &[(u64, Option<Health>)] = &[(1, Some(Health::Healthy))];

/// A node that knows one healthy instance of a peer.
fn acquainted() -> (Hearer, NodeLife) {
    let lived = lived(1, &[INSTANCE.to_vec()]);
    let mut hearer = Hearer::new();
    let effects = hearer.peers.on_presence(hearer.now, lived.life, true);
    hearer.carry_out(effects);
    let effects = hearer.peers.on_record(lived.last());
    hearer.carry_out(effects);
    (hearer, lived.life)
}

fn lose_and_find(hearer: &mut Hearer, life: NodeLife) {
    for there in [false, true] {
        let effects = hearer.peers.on_presence(hearer.now, life, there);
        hearer.carry_out(effects);
    }
}

fn is_called(hearer: &Hearer) -> bool {
    hearer
        .shown
        .values()
        .any(|health| *health == Health::Healthy)
}

#[test]
fn one_loss_costs_a_peer_nothing() {
    let (mut hearer, life) = acquainted();
    assert!(is_called(&hearer));
    lose_and_find(&mut hearer, life);
    assert!(is_called(&hearer));
}

#[test]
fn a_peer_that_flaps_has_to_stay_longer_each_time_up_to_a_bound() {
    let (mut hearer, life) = acquainted();
    let rules = PeerRules::default();
    lose_and_find(&mut hearer, life);
    let mut hold = rules.hold;
    for _ in 0..12 {
        lose_and_find(&mut hearer, life);
        assert!(!is_called(&hearer));
        hearer.wait(hold - Duration::from_millis(1));
        assert!(!is_called(&hearer), "{hold:?}");
        hearer.wait(Duration::from_millis(1));
        assert!(is_called(&hearer), "{hold:?}");
        hold = (hold * 2).min(rules.hold_max);
    }
}

#[test]
fn a_peer_that_was_steady_is_trusted_at_once() {
    let (mut hearer, life) = acquainted();
    lose_and_find(&mut hearer, life);
    lose_and_find(&mut hearer, life);
    hearer.wait(PeerRules::default().steady);
    lose_and_find(&mut hearer, life);
    assert!(is_called(&hearer));
}

#[test]
fn flaps_are_remembered_beyond_being_forgotten() {
    let (mut hearer, life) = acquainted();
    for _ in 0..3 {
        let effects = hearer.peers.on_presence(hearer.now, life, false);
        hearer.carry_out(effects);
        hearer.wait(PeerRules::default().grace);
        assert!(hearer.shown.is_empty());
        let effects = hearer.peers.on_presence(hearer.now, life, true);
        hearer.carry_out(effects);
    }
    let effects = hearer
        .peers
        .on_record(lived(1, &[INSTANCE.to_vec()]).last());
    hearer.carry_out(effects);
    assert!(!is_called(&hearer));
    hearer.wait(PeerRules::default().hold * 2);
    assert!(is_called(&hearer));
}

#[test]
fn a_reminder_of_a_missed_update_leads_to_a_fetch() {
    let (mut hearer, life) = acquainted();
    let reminder = |revision| RecordUpdate {
        life,
        since: revision,
        revision,
        put: Vec::new(),
        removed: Vec::new(),
    };
    assert_eq!(hearer.peers.on_update(hearer.now, reminder(1)), []);
    assert_eq!(hearer.peers.on_update(hearer.now, reminder(2)).len(), 1);
}

#[test]
fn a_hold_is_bounded_however_often_a_peer_flaps() {
    let rules = PeerRules::default();
    let mut flaps = Flaps::default();
    for _ in 0..100 {
        flaps.on_loss(commy_core::Moment::default(), &rules);
    }
    assert_eq!(flaps.hold(&rules), rules.hold_max);
}
