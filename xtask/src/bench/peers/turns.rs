//! The systems of one language take turns: A B A B, while all the others are up and idle.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use serde::Serialize;

use super::figures::{Figure, Turn};
use super::plan::{MEASURES, Measure, Plan};
use super::process::{Bench, Peer};
use super::system::{Address, System};
use super::wakes::{Slept, Wakes};
use super::weight::{self, Idle};

/// What is known of one system in one language.
#[derive(Serialize)]
pub(super) struct Outcome {
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    #[serde(skip)]
    pub(super) short: &'static str,
    pub(super) package: &'static str,
    pub(super) version: String,
    /// By measure and quantile: µs, or how many in a second.
    pub(super) figures: BTreeMap<String, Figure>,
    /// Whom a small call wakes, in the last round.
    pub(super) wakes: Wakes,
    pub(super) idle: Idle,
    pub(super) import: Option<weight::Imported>,
    /// What crossing into the runtime takes, in ns: only commy has that.
    pub(super) crossings: BTreeMap<&'static str, Figure>,
}

struct Pair {
    system: &'static System,
    client: Peer,
    // Ended after its client.
    server: Peer,
    outcome: Outcome,
}

pub(super) fn take(bench: &Bench<'_>, plan: &Plan) -> Result<Vec<Outcome>> {
    let site = bench.site;
    let nats = bench.nats()?;
    let mut pairs = Vec::new();
    for system in bench.language.systems {
        let address = bench.address(system, nats.as_ref())?;
        let server = bench.server(system, &address)?;
        server.wait_ready(site)?;
        let client = bench.client(system, &address, 1)?;
        client.wait_ready(site)?;
        let version = bench.program.versions.get(system.package);
        let version = version.with_context(|| format!("no version of {}", system.package))?;
        pairs.push(Pair {
            system,
            client,
            outcome: Outcome {
                name: system.name,
                title: system.title,
                short: system.short,
                package: system.package,
                version: version.clone(),
                figures: BTreeMap::new(),
                wakes: Wakes::default(),
                idle: Idle::of(server.child.id())?,
                import: None,
                crossings: BTreeMap::new(),
            },
            server,
        });
    }
    let activity = |round| format!("{}: round {round} of {}", bench.language.title, plan.rounds);
    for round in 0..=plan.rounds {
        let activity = site.screen.start(&activity(round));
        for measure in MEASURES {
            for pair in &mut pairs {
                if measure.is_event() && !pair.system.has_events {
                    continue;
                }
                let mut processes = vec![
                    ("client", pair.client.child.id()),
                    ("server", pair.server.child.id()),
                ];
                if let (Address::Nats, Some(nats)) = (pair.system.address, &nats) {
                    processes.push(("nats-server", nats.id()));
                }
                let before = Slept::of(&processes)?;
                pair.client.tell(&measure.command(plan.turn))?;
                let turn: Turn = pair.client.hear(plan.turn, site)?;
                if measure.is_profiled() {
                    let after = Slept::of(&processes)?;
                    pair.outcome.wakes = after.since(&before, turn.count());
                }
                if round > 0 {
                    file(&mut pair.outcome.figures, measure, &turn)
                        .with_context(|| format!("{}: {measure:?}", pair.system.title))?;
                }
            }
        }
        activity.finish(true);
    }
    Ok(pairs.into_iter().map(|pair| pair.outcome).collect())
}

fn file(figures: &mut BTreeMap<String, Figure>, measure: Measure, turn: &Turn) -> Result<()> {
    let key = measure.key();
    let mut add = |name, value| figures.entry(name).or_default().add(value);
    if measure.is_latency() {
        for (name, share) in [("p50", 0.5), ("p99", 0.99)] {
            let value = turn.quantile_us(share).context("there are no samples")?;
            add(format!("{key}_{name}_us"), value);
        }
    } else {
        add(format!("{key}_per_second"), turn.per_second());
    }
    Ok(())
}
