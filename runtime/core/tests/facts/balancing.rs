//! Each way of balancing gives each candidate its share.

use std::sync::Arc;

use commy_core::{
    Moment,
    balance::{Admission, Balance, Pick, pick_near},
};
use proptest::prelude::*;
use rand::{SeedableRng, rngs::StdRng};

use crate::pool::{Server, any_servers, assert_share, equal_servers, picked, shares};

const BALANCES: [Balance; 4] = [
    Balance::RoundRobin,
    Balance::Weighted,
    Balance::LeastLoaded,
    Balance::ConsistentHash,
];

fn by(balance: Balance) -> Pick<'static> {
    Pick {
        balance,
        ..Pick::default()
    }
}

/// Refuses at all but some of a pool's servers.
fn refuse_all_but(pool: &mut [Arc<Server>], serials: &[u64]) {
    for server in pool {
        let server = Arc::make_mut(server);
        if !serials.contains(&server.serial) {
            server.admission = Admission::Refused;
        }
    }
}

proptest! {
    #[test]
    fn the_preferred_come_first_then_last_resorts_and_never_the_refused(
        pool in any_servers(40),
        balance in prop::sample::select(&BALANCES[..]),
        key in prop::option::of("[a-z]{0,8}"),
        turn: u64,
        tried in prop::collection::vec(0..40_u64, 0..3),
    ) {
        let tried: Vec<_> = tried.into_iter().map(|serial| Server::new(serial).instance_id()).collect();
        let asked = Pick { balance, routing_key: key.as_deref(), turn, tried: &tried };
        let level = |server: &Server| match server.admission {
            Admission::Preferred if tried.contains(&server.instance_id()) => 1,
            Admission::Preferred => 0,
            Admission::LastResort => 1,
            Admission::Refused => 2,
        };
        let best = pool.iter().map(|server| level(server)).min().filter(|level| *level < 2);
        let picked = picked(&pool, &asked).map(|serial| level(&pool[serial as usize]));
        prop_assert_eq!(picked, best);
    }

    #[test]
    fn the_kind_of_pool_makes_no_difference(
        pool in any_servers(40),
        balance in prop::sample::select(&BALANCES[..]),
        turn: u64,
    ) {
        let asked = Pick { turn, routing_key: Some("key"), ..by(balance) };
        let persistent: imbl::Vector<_> = pool.iter().cloned().collect();
        prop_assert_eq!(picked(&pool, &asked), picked(&persistent, &asked));
        prop_assert_eq!(picked(&pool, &asked), picked(&pool[..], &asked));
        let borrowed: Vec<&Arc<Server>> = pool.iter().collect();
        let mut random = StdRng::seed_from_u64(turn);
        let from_borrowed = commy_core::balance::pick(&borrowed, &asked, Moment::default(), &mut random);
        prop_assert_eq!(from_borrowed.map(|server| server.serial), picked(&pool, &asked));
    }

    #[test]
    fn round_robin_gives_each_the_same_even_when_some_refuse(
        len in 1..12_u64,
        refused in prop::collection::hash_set(0..12_u64, 0..12),
        first_round in 0..1000_u64,
    ) {
        let mut pool = equal_servers(len);
        let admitted: Vec<u64> = (0..len).filter(|serial| !refused.contains(serial)).collect();
        prop_assume!(!admitted.is_empty());
        refuse_all_but(&mut pool, &admitted);
        let rounds = admitted.len() as u64;
        let mut counts = vec![0_u64; len as usize];
        for turn in first_round * len..(first_round + rounds) * len {
            let serial = picked(&pool, &Pick { turn, ..by(Balance::RoundRobin) });
            counts[serial.expect("someone admits") as usize] += 1;
        }
        for (serial, count) in (0..).zip(counts) {
            prop_assert_eq!(count, if admitted.contains(&serial) { len } else { 0 });
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn weighted_gives_each_its_share_in_small_pools_and_large(
        weights in prop_oneof![
            prop::collection::vec(1..=1000_u32, 1..=16),
            prop::collection::vec(1..=1000_u32, 17..=60),
            prop::collection::vec(1..=3_u32, 17..=60),
        ],
    ) {
        const CALLS: u64 = 20_000;
        let mut pool = equal_servers(weights.len() as u64);
        for (server, weight) in pool.iter_mut().zip(&weights) {
            Arc::make_mut(server).weight = *weight;
        }
        let sum: u32 = weights.iter().sum();
        let counts = shares(&pool, &by(Balance::Weighted), CALLS);
        for (count, weight) in counts.into_iter().zip(weights) {
            assert_share(count, CALLS, f64::from(weight) / f64::from(sum), "weighted");
        }
    }

    #[test]
    fn of_two_drawn_at_random_the_less_loaded_answers(len in 2..40_u64) {
        const CALLS: u64 = 20_000;
        let mut pool = equal_servers(len);
        for server in &mut pool {
            let server = Arc::make_mut(server);
            server.in_flight = server.serial as u32;
        }
        // A server answers when it is drawn together with one of those more loaded.
        let pairs = len * (len - 1) / 2;
        for (serial, count) in (0..).zip(shares(&pool, &by(Balance::LeastLoaded), CALLS)) {
            let won = len - 1 - serial;
            assert_share(count, CALLS, won as f64 / pairs as f64, "least loaded");
        }
    }

    #[test]
    fn equally_loaded_servers_answer_equally_often(len in 1..40_u64) {
        const CALLS: u64 = 20_000;
        for count in shares(&equal_servers(len), &by(Balance::LeastLoaded), CALLS) {
            assert_share(count, CALLS, 1.0 / len as f64, "least loaded");
        }
    }
}

#[test]
fn the_most_loaded_of_several_never_answers() {
    let mut pool = equal_servers(5);
    Arc::make_mut(&mut pool[3]).in_flight = 2;
    assert_eq!(shares(&pool, &by(Balance::LeastLoaded), 2000)[3], 0);
}

#[test]
fn the_only_one_that_admits_is_found_among_thousands() {
    for balance in BALANCES {
        let mut pool = equal_servers(3000);
        refuse_all_but(&mut pool, &[2025]);
        for turn in 0..20 {
            let asked = Pick {
                turn,
                routing_key: Some("key"),
                ..by(balance)
            };
            assert_eq!(picked(&pool, &asked), Some(2025), "{balance:?}");
        }
    }
}

#[test]
fn two_that_admit_among_thousands_are_compared() {
    let mut pool = equal_servers(3000);
    refuse_all_but(&mut pool, &[7, 2025]);
    Arc::make_mut(&mut pool[7]).in_flight = 5;
    for turn in 0..20 {
        let asked = Pick {
            turn,
            ..by(Balance::LeastLoaded)
        };
        assert_eq!(picked(&pool, &asked), Some(2025));
    }
}

#[test]
fn an_empty_pool_has_no_answer() {
    for balance in BALANCES {
        assert_eq!(picked(&equal_servers(0), &by(balance)), None);
    }
}

#[test]
fn weights_out_of_bounds_are_taken_as_the_nearest_allowed() {
    let mut pool = equal_servers(2);
    Arc::make_mut(&mut pool[0]).weight = 0;
    Arc::make_mut(&mut pool[1]).weight = u32::MAX;
    let counts = shares(&pool, &by(Balance::Weighted), 100_000);
    assert_share(counts[0], 100_000, 1.0 / 1001.0, "weight 0");
}

#[test]
fn what_was_tried_is_tried_again_only_when_nothing_else_is_left() {
    let pool = equal_servers(3);
    let mut tried = Vec::new();
    for balance in BALANCES {
        tried.clear();
        for _ in 0..3 {
            let asked = Pick {
                routing_key: Some("key"),
                tried: &tried,
                ..by(balance)
            };
            let serial = picked(&pool, &asked).expect("all admit");
            let id = pool[serial as usize].instance_id();
            assert!(!tried.contains(&id), "{balance:?}");
            tried.push(id);
        }
        let asked = Pick {
            tried: &tried,
            ..by(balance)
        };
        assert!(picked(&pool, &asked).is_some(), "{balance:?}");
    }
}

fn near(zone: Option<&Vec<Arc<Server>>>, all: &Vec<Arc<Server>>) -> Option<u64> {
    let mut random = StdRng::seed_from_u64(1);
    pick_near(zone, all, &Pick::default(), Moment::default(), &mut random)
        .map(|server| server.serial)
}

#[test]
fn what_is_near_comes_first_unless_it_fails() {
    let mut all = equal_servers(50);
    let zone = vec![all[20].clone()];
    assert_eq!(near(Some(&zone), &all), Some(20));

    Arc::make_mut(&mut all[20]).admission = Admission::LastResort;
    let zone = vec![all[20].clone()];
    assert_ne!(near(Some(&zone), &all), Some(20));

    refuse_all_but(&mut all, &[20]);
    assert_eq!(near(Some(&zone), &all), Some(20));
    assert_eq!(near(Some(&Vec::new()), &all), Some(20));
    assert_eq!(near(None, &all), Some(20));
}
