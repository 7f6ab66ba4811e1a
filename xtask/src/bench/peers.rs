//! `cargo xtask bench peers`: commy beside the systems that people use today, in one run.
//!
//! Owns the order of things: install, start every system of a language, let them take turns, weigh
//! them, and write what came out. The programs that are measured are in `bench/peers`, and speak
//! the protocol that its README describes.

mod figures;
mod install;
mod plan;
mod process;
mod recovery;
mod report;
mod system;
mod turns;
mod wakes;
mod weight;

use std::process::ExitCode;

use anyhow::Result;

use self::plan::Plan;
use self::report::Report;
use self::system::LANGUAGES;
use crate::build_sdks;
use crate::cli;
use crate::site::Site;
use crate::tool::{self, Get, Need, Tool};

/// The one peer that is a server, as Debian has it.
const NATS_SERVER: Tool = Tool {
    name: "nats-server",
    probe: &["nats-server", "--version"],
    minimum: "2.9",
    get: Get::Apt(&["nats-server"]),
    need: Need::Required,
};

/// The languages in which commy is measured beside others.
pub(crate) fn languages() -> impl Iterator<Item = &'static str> {
    LANGUAGES.iter().map(|language| language.name)
}

pub(crate) fn run(arguments: &cli::Peers) -> Result<ExitCode> {
    let site = Site::open(true, false)?;
    tool::provide(&site, "peers", &[NATS_SERVER])?;
    let plan = Plan::of(arguments.quick);
    let wanted = |name: &str| {
        arguments.languages.is_empty() || arguments.languages.iter().any(|it| it == name)
    };
    // A part of it, or a hasty one, does not replace the table that is shown.
    let results = if arguments.quick || !arguments.languages.is_empty() {
        site.scratch("peers").join("results")
    } else {
        site.root.join("bench/results")
    };
    let native = build_sdks::build_native(&site);
    let mut report = Report::new(&site, &plan)?;
    for language in LANGUAGES.iter().filter(|language| wanted(language.name)) {
        let program = install::install(&site, language.name, &native)?;
        let bench = process::Bench::new(&site, language, &program);
        let mut systems = turns::take(&bench, &plan)?;
        weight::weigh(&bench, &plan, &mut systems)?;
        let recovery = recovery::observe(&bench, &plan)?;
        report.add(language, systems, recovery);
        // What is there is there, whatever becomes of the next language.
        report.write(&results)?;
    }
    site.screen
        .say(&format!("written: {}", site.shown(&results)));
    site.screen.say(&format!("\n{}", report.markdown()?));
    Ok(ExitCode::SUCCESS)
}
