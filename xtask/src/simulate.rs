//! `cargo xtask simulate`: whole nodes on a simulated network, from as many seeds as wanted, or
//! from one that failed.
//!
//! The simulation is `tests/simulation`; this command runs it, optimised when that pays.

use std::process::ExitCode;

use anyhow::Result;

use crate::cli;
use crate::site::Site;
use crate::step::Step;

/// The test that tries seeds.
const TEST: &str = "every_property_holds_for_every_seed";
/// From how many seeds on an optimised build is made: it takes minutes, and then a seed takes a
/// third of the time.
const OPTIMISED_FROM: u64 = 100_000;

pub(crate) fn run(arguments: &cli::Simulate) -> Result<ExitCode> {
    let site = Site::open(false, true)?;
    let (title, seeds, count) = match arguments.seed {
        Some(seed) => (format!("simulate: seed {seed}"), seed.to_string(), 1),
        None => {
            let count = arguments.seeds;
            (
                format!("simulate: {count} seeds"),
                format!("0..{count}"),
                count,
            )
        }
    };
    let mut step = Step::new(title, "cargo")
        .args(["test", "--locked", "--package", "commy-tests"])
        .args(["--test", "simulation"])
        .env("COMMY_SIMULATION_SEEDS", seeds)
        .dir(&site.root);
    if count >= OPTIMISED_FROM {
        step = step.arg("--release");
    }
    let passed = step
        .args(["--", "--exact", TEST, "--nocapture"])
        .stream(&site)?;
    Ok(if passed {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
