//! Running seeds: one, or as many as there are on all cores.

use std::{
    ops::Range,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    thread,
};

use commy_core::peers::PeerRules;
use rand::{SeedableRng, rngs::StdRng};

use crate::{
    calm, chaos,
    host::Hosts,
    network::Network,
    oracle::Violation,
    weather::{Fault, Weather},
};

/// What seeds are tried: `FROM..TO`, or one number.
const SEEDS: &str = "COMMY_SIMULATION_SEEDS";
/// After how many failing seeds the rest is not tried.
const FAILURES_MAX: usize = 5;

/// Which seeds are tried.
pub(crate) struct Seeds {
    range: Range<u64>,
}

/// What is to happen in a run, apart from its seed.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Plan {
    pub(crate) fault: Fault,
    pub(crate) rules: PeerRules,
    pub(crate) scenario: Option<Scenario>,
}

/// What kind of run it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scenario {
    Calm,
    Chaos,
}

/// What became of a run.
pub(crate) struct Report {
    /// All that happened, as one number.
    pub(crate) trace: u64,
    pub(crate) violations: Vec<Violation>,
}

impl Plan {
    pub(crate) fn with(fault: Fault) -> Self {
        Self {
            fault,
            ..Self::default()
        }
    }

    /// Runs one seed from its beginning to its end, in a world of its own.
    pub(crate) fn run(self, seed: u64, is_shown: bool) -> Report {
        let system = actix_rt::System::with_tokio_rt(|| {
            tokio::runtime::Builder::new_current_thread()
                .enable_time()
                .start_paused(true)
                .build()
                .expect("a runtime without a thread")
        });
        system.block_on(async move {
            // One run in four is calm.
            let scenario = self.scenario.unwrap_or(match seed % 4 {
                0 => Scenario::Calm,
                _ => Scenario::Chaos,
            });
            let weather = match scenario {
                Scenario::Calm => Weather::CALM,
                Scenario::Chaos => Weather::random(&mut StdRng::seed_from_u64(seed)),
            };
            let network = Network::new(seed, weather, self.fault, is_shown);
            let mut hosts = Hosts::new(network.clone(), seed, self);
            match scenario {
                Scenario::Calm => calm::run(&mut hosts).await,
                Scenario::Chaos => chaos::run(&mut hosts).await,
            }
            let violations = std::mem::take(&mut network.lock().oracle.violations);
            Report {
                trace: network.trace(),
                violations,
            }
        })
    }
}

impl Seeds {
    pub(crate) const fn first(count: u64) -> Self {
        Self { range: 0..count }
    }

    /// Those that the environment names, or the first few.
    pub(crate) fn from_environment(count: u64) -> Self {
        let Ok(text) = std::env::var(SEEDS) else {
            return Self::first(count);
        };
        let number = |text: &str| -> u64 {
            text.parse()
                .unwrap_or_else(|_| panic!("{SEEDS} is FROM..TO or one number, not {text:?}"))
        };
        let range = match text.split_once("..") {
            Some((from, to)) => number(from)..number(to),
            None => number(&text)..number(&text) + 1,
        };
        Self { range }
    }

    /// Tries the seeds on all cores, and says which failed and how. One that is tried alone is
    /// shown, packet by packet.
    pub(crate) fn run(&self, plan: &Plan) -> Vec<String> {
        let is_shown = self.range.end - self.range.start == 1;
        let next = AtomicU64::new(self.range.start);
        let failures = Mutex::new(Vec::new());
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let try_seeds = || {
            loop {
                let seed = next.fetch_add(1, Relaxed);
                if seed >= self.range.end {
                    return;
                }
                let report = plan.run(seed, is_shown);
                if let Some(first) = report.violations.first() {
                    let mut failures = failures.lock().expect("no thread panics with it");
                    failures.push(format!(
                        "seed {seed}: {first} (of {}); replay it: cargo xtask simulate --seed {seed}",
                        report.violations.len()
                    ));
                    if failures.len() >= FAILURES_MAX {
                        next.store(self.range.end, Relaxed);
                    }
                }
            }
        };
        thread::scope(|scope| {
            for _ in 0..cores {
                scope.spawn(try_seeds);
            }
        });
        failures.into_inner().expect("no thread panics with it")
    }
}
