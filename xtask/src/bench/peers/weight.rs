//! What a system weighs: memory and threads of an idle server, what is installed, what an import
//! takes, and what it takes to cross into commy's runtime and back.

use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use camino::Utf8Path;
use serde::Serialize;

use super::figures::{Figure, Turn};
use super::plan::Plan;
use super::process::Bench;
use super::turns::Outcome;

/// The ways across: a plain call, an awaited one, and one that comes back to a callback.
const CROSSINGS: [&str; 3] = ["sync", "awaited", "callback"];

/// A process that waits to be asked.
#[derive(Serialize)]
pub(super) struct Idle {
    pub(super) resident_bytes: u64,
    pub(super) threads: u64,
}

/// What a user of the package loads.
#[derive(Serialize)]
pub(super) struct Imported {
    /// How much longer a program runs that imports it and does nothing.
    pub(super) milliseconds: Figure,
    pub(super) installed_bytes: u64,
}

impl Idle {
    pub(super) fn of(process: u32) -> Result<Self> {
        let status = fs_err::read_to_string(format!("/proc/{process}/status"))?;
        let number = |name: &str| {
            let mut lines = status.lines();
            let line = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
            let word = line.and_then(|line| line.split_whitespace().next());
            word.and_then(|word| word.parse::<u64>().ok())
                .with_context(|| format!("no {name} in the status of process {process}"))
        };
        Ok(Self {
            resident_bytes: number("VmRSS")? * 1024,
            threads: number("Threads")?,
        })
    }
}

pub(super) fn weigh(bench: &Bench<'_>, plan: &Plan, outcomes: &mut [Outcome]) -> Result<()> {
    imports(bench, plan, outcomes)?;
    let commy = outcomes.first_mut().context("nothing was measured")?;
    let system = &bench.language.systems[0];
    let mut peer = bench.crossings(system)?;
    peer.wait_ready(bench.site)?;
    for round in 0..=plan.rounds {
        for kind in CROSSINGS {
            peer.tell(&format!("cost {kind} {}", plan.turn.as_secs_f64() / 2.0))?;
            let turn: Turn = peer.hear(plan.turn, bench.site)?;
            if round > 0 {
                let figure = commy.crossings.entry(kind).or_default();
                figure.add(1e9 / turn.per_second());
            }
        }
    }
    Ok(())
}

fn imports(bench: &Bench<'_>, plan: &Plan, outcomes: &mut [Outcome]) -> Result<()> {
    let systems = bench.language.systems;
    if bench.program.evaluate.is_empty() {
        // What is compiled is not imported.
        return Ok(());
    }
    let mut figures = vec![Figure::default(); systems.len()];
    for round in 0..=plan.rounds {
        let nothing = run(bench, "")?;
        for (system, figure) in systems.iter().zip(&mut figures) {
            let Some(import) = system.import else {
                continue;
            };
            let milliseconds = run(bench, import.code)? - nothing;
            if round > 0 {
                figure.add(milliseconds);
            }
        }
    }
    for ((system, figure), outcome) in systems.iter().zip(figures).zip(outcomes) {
        let Some(import) = system.import else {
            continue;
        };
        let mut installed_bytes = 0;
        for folder in import.folders {
            let mut places = bench.program.packages.iter().map(|it| it.join(folder));
            let place = places
                .find(|place| place.exists())
                .with_context(|| format!("{folder} is not installed"))?;
            installed_bytes += size(&place)?;
        }
        outcome.import = Some(Imported {
            milliseconds: figure,
            installed_bytes,
        });
    }
    Ok(())
}

/// How long the interpreter runs with this statement, in ms.
fn run(bench: &Bench<'_>, code: &str) -> Result<f64> {
    let [program, arguments @ ..] = bench.program.evaluate.as_slice() else {
        bail!("{} runs no statement", bench.language.title);
    };
    let begin = Instant::now();
    let output = Command::new(program)
        .args(arguments)
        .arg(code)
        .current_dir(bench.program.packages.first().unwrap_or(&bench.site.root))
        .envs(bench.program.env.iter().map(|(name, value)| (name, value)))
        .output()?;
    let took = begin.elapsed().as_secs_f64() * 1e3;
    anyhow::ensure!(
        output.status.success(),
        "{code:?} fails: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(took)
}

/// The size of a file, or of all the files in a folder but for what Python compiles by the way.
fn size(path: &Utf8Path) -> Result<u64> {
    if !path.is_dir() {
        return Ok(path.metadata()?.len());
    }
    if path.file_name() == Some("__pycache__") {
        return Ok(0);
    }
    path.read_dir_utf8()?.map(|entry| size(entry?.path())).sum()
}
