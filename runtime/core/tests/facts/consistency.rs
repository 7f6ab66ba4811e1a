//! Consistent hashing keeps a key where it is.

use std::{collections::HashSet, sync::Arc};

use commy_core::balance::{Admission, Balance, Pick};
use proptest::prelude::*;

use crate::pool::{Server, assert_share, equal_servers, picked};

fn owner(pool: &[Arc<Server>], key: &str) -> Option<u64> {
    let asked = Pick {
        balance: Balance::ConsistentHash,
        routing_key: Some(key),
        ..Pick::default()
    };
    picked(pool, &asked)
}

proptest! {
    #[test]
    fn the_order_of_the_instances_does_not_matter(
        (pool, shuffled) in (1..30_u64).prop_flat_map(|len| {
            let pool = equal_servers(len);
            (Just(pool.clone()), Just(pool).prop_shuffle())
        }),
        key in ".{0,20}",
    ) {
        prop_assert_eq!(owner(&pool, &key), owner(&shuffled, &key));
    }

    #[test]
    fn only_the_keys_of_an_instance_that_leaves_move(
        len in 2..30_u64,
        leaving in 0..30_usize,
        keys in prop::collection::vec("[a-z0-9]{1,12}", 1..50),
    ) {
        let before = equal_servers(len);
        let mut after = before.clone();
        let gone = after.remove(leaving % before.len()).serial;
        for key in &keys {
            let owner_before = owner(&before, key);
            if owner_before != Some(gone) {
                prop_assert_eq!(owner(&after, key), owner_before);
            }
        }
    }

    #[test]
    fn more_weight_only_attracts_keys(
        len in 2..20_u64,
        heavier in 0..20_usize,
        keys in prop::collection::vec("[a-z0-9]{1,12}", 1..50),
    ) {
        let before = equal_servers(len);
        let mut after = before.clone();
        let heavier = heavier % before.len();
        Arc::make_mut(&mut after[heavier]).weight = 300;
        for key in &keys {
            let owner_after = owner(&after, key);
            if owner_after != Some(heavier as u64) {
                prop_assert_eq!(owner_after, owner(&before, key));
            }
        }
    }

    #[test]
    fn a_key_comes_back_when_its_instance_does(len in 2..20_u64, key in "[a-z]{1,8}") {
        let mut pool = equal_servers(len);
        let home = owner(&pool, &key).expect("all admit");
        for trouble in [Admission::LastResort, Admission::Refused] {
            Arc::make_mut(&mut pool[home as usize]).admission = trouble;
            prop_assert_ne!(owner(&pool, &key), Some(home));
        }
        Arc::make_mut(&mut pool[home as usize]).admission = Admission::Preferred;
        prop_assert_eq!(owner(&pool, &key), Some(home));
    }
}

#[test]
fn keys_are_shared_in_proportion_to_weight() {
    const KEYS: u64 = 20_000;
    let weights = [1, 10, 100, 200, 400, 1000];
    let mut pool = equal_servers(weights.len() as u64);
    for (server, weight) in pool.iter_mut().zip(weights) {
        Arc::make_mut(server).weight = weight;
    }
    let mut counts = [0; 6];
    for key in 0..KEYS {
        let owner = owner(&pool, &format!("customer-{key}")).expect("all admit");
        counts[owner as usize] += 1;
    }
    let sum: u32 = weights.iter().sum();
    for (count, weight) in counts.into_iter().zip(weights) {
        assert_share(
            count,
            KEYS,
            f64::from(weight) / f64::from(sum),
            "keys by weight",
        );
    }
}

#[test]
fn the_choice_is_the_same_in_every_version_of_commy() {
    let pool = equal_servers(10);
    let owners: Vec<_> = ["", "a", "orders", "customer-42", "überall", "the end"]
        .iter()
        .filter_map(|key| owner(&pool, key))
        .collect();
    // Never to be changed: nodes of different versions must agree.
    assert_eq!(owners, [3, 6, 8, 1, 3, 5]);
}

#[test]
fn a_call_without_a_key_is_not_bound_to_one_instance() {
    let pool = equal_servers(10);
    let owners: HashSet<_> = (0..200)
        .filter_map(|turn| {
            let asked = Pick {
                balance: Balance::ConsistentHash,
                turn,
                ..Pick::default()
            };
            picked(&pool, &asked)
        })
        .collect();
    assert_eq!(owners.len(), 10);
}
