//! Whole nodes on a simulated network, on one thread, with a paused clock: everything that happens
//! follows from a seed, so a failure is found once and replayed as often as needed.
//!
//! `cargo xtask simulate --seed N` replays one seed and prints every packet;
//! `cargo xtask simulate --seeds N` tries the first N.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that cannot go on fails, and a replay is shown"
)]

mod calm;
mod catches;
mod chaos;
mod facts;
mod host;
mod link;
mod network;
mod oracle;
mod packet;
mod seeds;
mod topology;
mod weather;
mod workload;

use self::{
    seeds::{Plan, Seeds},
    weather::Fault,
};

/// How many seeds are tried when nobody says: what two cores do in well under a minute.
const SEEDS: u64 = 10_000;

#[test]
fn every_property_holds_for_every_seed() {
    let seeds = Seeds::from_environment(SEEDS);
    let failures = seeds.run(&Plan::default());
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn a_seed_replays_exactly() {
    for seed in 0..50 {
        let run = || Plan::default().run(seed, false).trace;
        assert_eq!(run(), run(), "seed {seed}");
    }
}

#[test]
fn seeds_differ() {
    let run = |seed| Plan::with(Fault::None).run(seed, false).trace;
    assert_ne!(run(1), run(2));
}
