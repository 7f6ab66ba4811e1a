//! `cargo xtask interop`: every language calls every language, each in a process of its own.
//!
//! Owns which pairs meet and when. What a pair must show is in `checks`, how a process is driven in
//! `process`, how the outcome looks in `table`. None of them knows a language.

mod checks;
mod pair;
mod process;
mod table;

use std::process::ExitCode;
use std::sync::Mutex;

use anyhow::{Context as _, Result};

use self::pair::Pair;
pub(crate) use self::table::Meetings;
use crate::build_sdks;
use crate::check::Tally;
use crate::cli;
use crate::native::Native;
use crate::sdk::{self, Language};
use crate::site::Site;
use crate::step::Step;
use crate::tool;

/// Pairs that meet at one time. Most of a pair's time is waiting: for a deadline to pass, and for
/// virtual machines to start.
const PAIRS_AT_ONCE: usize = 3;

/// A language that takes part, and what starts its peer, or why nothing does.
pub(crate) struct Party {
    pub(crate) language: &'static str,
    pub(crate) start: Result<Step, String>,
}

pub(crate) fn run(arguments: &cli::Interop) -> Result<ExitCode> {
    let site = Site::open(false, arguments.verbose)?;
    // The library is built when the first SDK asks for it.
    let mut native: Option<Result<Native, String>> = None;
    let parties: Vec<Party> = sdk::chosen(&arguments.languages)
        .map(|language| {
            let package = language.sdk().map_or(Ok(()), |sdk| {
                let native = native.get_or_insert_with(|| build_sdks::build_native(&site));
                build_sdks::build(&site, sdk, native).map(drop)
            });
            prepare(&site, language, package)
        })
        .collect();
    let meetings = meet(&site, &parties);
    meetings.show_failures(&site.screen);
    meetings.show(&site.screen);
    let Tally { passed, failed, .. } = meetings.sum();
    site.screen
        .say(&format!("{passed} passed, {} failed", failed.len()));
    Ok(if failed.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Builds a language's peer, if its package could be built.
pub(crate) fn prepare(site: &Site, language: &dyn Language, package: Result<(), String>) -> Party {
    let start = package.and_then(|()| build(site, language).map_err(|error| format!("{error:#}")));
    Party {
        language: language.name(),
        start,
    }
}

fn build(site: &Site, language: &dyn Language) -> Result<Step> {
    tool::provide(site, language.name(), &language.tools())?;
    let peer = language.peer(site)?;
    for step in peer.build {
        step.run(site)?.require(site)?;
    }
    Ok(peer.start)
}

/// Has every language call every language, itself as well.
pub(crate) fn meet(site: &Site, parties: &[Party]) -> Meetings {
    let pairs: Vec<(&Party, &Party)> = parties
        .iter()
        .flat_map(|caller| parties.iter().map(move |callee| (caller, callee)))
        .collect();
    let activity = site
        .screen
        .start("interop: every language calls every language");
    let meetings = Mutex::new(Meetings::of(parties));
    let waiting = Mutex::new(pairs.iter());
    std::thread::scope(|scope| {
        for _ in 0..PAIRS_AT_ONCE {
            scope.spawn(|| {
                loop {
                    let Some((caller, callee)) = lock(&waiting).next() else {
                        return;
                    };
                    let tally = meeting(site, caller, callee);
                    let mut meetings = lock(&meetings);
                    meetings.add(caller.language, callee.language, tally);
                    activity.progress(meetings.count(), pairs.len());
                }
            });
        }
    });
    let meetings = meetings
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    activity.finish(meetings.sum().failed.is_empty());
    meetings
}

/// What one pair shows: nothing if one of them takes no part, which is a failure of that language.
fn meeting(site: &Site, caller: &Party, callee: &Party) -> Tally {
    let (Ok(calls), Ok(answers)) = (&caller.start, &callee.start) else {
        return Tally::default();
    };
    let title = format!("{} calls {}", caller.language, callee.language);
    match Pair::start(site, &title, calls, answers).context("start") {
        Ok(mut pair) => checks::run(&mut pair),
        Err(error) => Tally::failed(format!("{error:#}")),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}
