//! `cargo xtask test`: everything, in every language, ending in one table.

use std::process::ExitCode;

use anyhow::Result;

use crate::build_sdks;
use crate::check::{Column, Results, Tally};
use crate::cli;
use crate::interop::{self, Party};
use crate::matrix::Matrix;
use crate::native::Native;
use crate::sdk::{self, INTEROP, Language, TOPICS};
use crate::site::Site;
use crate::tool;

/// The column of whether an SDK could be built and installed.
const PACKAGE: &str = "package";

pub(crate) fn run(arguments: &cli::Test) -> Result<ExitCode> {
    let site = Site::open(false, arguments.verbose)?;
    let wanted = Wanted(&arguments.topics);
    let mut matrix = Matrix::new();
    // The library is built when the first SDK asks for it.
    let mut native: Option<Result<Native, String>> = None;
    let mut tested: Vec<(&dyn Language, Results)> = Vec::new();
    let mut parties: Vec<Party> = Vec::new();
    for language in sdk::chosen(&arguments.languages) {
        let mut results = Results::new();
        let package = language.sdk().map_or(Ok(()), |sdk| {
            let native = native.get_or_insert_with(|| build_sdks::build_native(&site));
            let built = build_sdks::build(&site, sdk, native).map(drop);
            let tally = match &built {
                Ok(()) => Tally::passed(),
                Err(reason) => Tally::failed(reason),
            };
            results.insert(PACKAGE.to_owned(), tally);
            built
        });
        if package.is_ok() {
            check(&site, language, &wanted, &mut results);
        }
        if wanted.includes(INTEROP) {
            parties.push(interop::prepare(&site, language, package));
        }
        tested.push((language, results));
    }
    let meetings = wanted
        .includes(INTEROP)
        .then(|| interop::meet(&site, &parties));
    for (language, mut results) in tested {
        if let Some(meetings) = &meetings {
            let tally = meetings.of_caller(language.name());
            results.insert(INTEROP.to_owned(), tally);
        }
        matrix.add(language.name(), wanted.columns(language), results);
    }
    matrix.show_failures(&site.screen);
    if let Some(meetings) = &meetings {
        meetings.show(&site.screen);
    }
    matrix.show(&site.screen);
    Ok(if matrix.failed() == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn check(site: &Site, language: &dyn Language, wanted: &Wanted<'_>, results: &mut Results) {
    let checks = tool::provide(site, language.name(), &language.tools())
        .and_then(|()| language.checks(site, wanted.only().as_deref()));
    let checks = match checks {
        Ok(checks) => checks,
        Err(error) => {
            let tally = Tally::failed(format!("{error:#}"));
            results.insert(PACKAGE.to_owned(), tally);
            return;
        }
    };
    let topics = [TOPICS, language.columns()].concat();
    for check in checks {
        if wanted.has(&check.column) {
            for (column, tally) in check.run(site, &topics) {
                results.entry(column).or_default().add(tally);
            }
        }
    }
}

/// What `--topic` leaves of the columns; all of them without it.
struct Wanted<'a>(&'a [String]);

impl Wanted<'_> {
    fn includes(&self, column: &str) -> bool {
        self.0.is_empty() || self.0.iter().any(|name| name == column)
    }

    fn topics(&self) -> Vec<&'static str> {
        TOPICS
            .iter()
            .copied()
            .filter(|it| self.includes(it))
            .collect()
    }

    /// The topics to which tests are narrowed, if they are.
    fn only(&self) -> Option<Vec<&'static str>> {
        (!self.0.is_empty()).then(|| self.topics())
    }

    fn columns(&self, language: &dyn Language) -> Vec<String> {
        TOPICS
            .iter()
            .chain(language.columns())
            .chain([&INTEROP])
            .filter(|column| self.includes(column))
            .map(ToString::to_string)
            .collect()
    }

    fn has(&self, column: &Column) -> bool {
        match column {
            // Everything else runs on what this installs.
            Column::Named(PACKAGE) => true,
            Column::Named(name) => self.includes(name),
            Column::Called(name) => self.includes(name),
            Column::ByTopic => !self.topics().is_empty(),
        }
    }
}
