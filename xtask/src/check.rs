//! A check: what to run, and how to tell from it what passed.
//!
//! Owns turning processes into tallies by column. It must not know the languages.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail};
use camino::Utf8PathBuf;

use crate::evidence::{Case, Verdict, gotest, junit, libtest};
use crate::site::Site;
use crate::step::{Outcome, Step};

/// Lines that are shown of what a runner says of one failure; the log holds the rest.
const REASON_LINES_MAX: usize = 12;

/// How cmocka and GoogleTest begin their lines about tests that pass.
const PROGRESS: [&str; 3] = ["[==========]", "[ RUN      ]", "[       OK ]"];

/// One thing to find out about a language.
pub(crate) struct Check {
    pub(crate) column: Column,
    /// Run in this order; the first that fails ends the check.
    pub(crate) steps: Vec<Step>,
    pub(crate) evidence: Evidence,
}

/// Where a check's results go in the table.
pub(crate) enum Column {
    Named(&'static str),
    /// One of a name that is only known at run time.
    Called(String),
    /// Each test to the topic that its place names.
    ByTopic,
}

/// How to tell what passed.
pub(crate) enum Evidence {
    /// Every process ends well: one test passed.
    Exit,
    /// As `Exit`, and the last process printed this line.
    Prints(&'static str),
    /// JUnit reports: a file, or every `.xml` file in a folder.
    JUnit(Utf8PathBuf),
    /// The lines of Rust's test harness on the last process's output.
    Libtest,
    /// The events of `go test -json` on the last process's output.
    GoTest,
}

/// The tests of one cell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: usize,
    /// Why each failed test did.
    pub(crate) failed: Vec<String>,
    pub(crate) skipped: Vec<String>,
}

impl Tally {
    pub(crate) fn passed() -> Self {
        Self {
            passed: 1,
            ..Self::default()
        }
    }

    pub(crate) fn failed(reason: impl Into<String>) -> Self {
        Self {
            failed: vec![reason.into()],
            ..Self::default()
        }
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed.extend(other.failed);
        self.skipped.extend(other.skipped);
    }

    fn count(&mut self, case: &Case, outcome: &Outcome) {
        match case.verdict {
            Verdict::Passed => self.passed += 1,
            Verdict::Failed => self.failed.push(reason(case, outcome)),
            Verdict::Skipped => self.skipped.push(case.title()),
        }
    }
}

/// Tallies by column.
pub(crate) type Results = BTreeMap<String, Tally>;

impl Check {
    /// A check that passes when `steps` end well.
    pub(crate) fn exit(column: &'static str, steps: impl Into<Vec<Step>>) -> Self {
        Self {
            column: Column::Named(column),
            steps: steps.into(),
            evidence: Evidence::Exit,
        }
    }

    /// Runs the check to its end; whatever goes wrong is a failed test in the result. Tests by topic
    /// are told apart by `topics`.
    pub(crate) fn run(mut self, site: &Site, topics: &[&str]) -> Results {
        let steps = std::mem::take(&mut self.steps);
        match self.results(steps, site, topics) {
            Ok(results) => results,
            Err(error) => Results::from([(self.home(), Tally::failed(format!("{error:#}")))]),
        }
    }

    fn results(&self, mut steps: Vec<Step>, site: &Site, topics: &[&str]) -> Result<Results> {
        let last = steps.pop().context("a check without a step")?;
        for step in steps {
            step.run(site)?.require(site)?;
        }
        if let Evidence::JUnit(path) = &self.evidence {
            forget(path)?;
        }
        let outcome = last.run(site)?;
        match &self.evidence {
            Evidence::Exit => {
                outcome.require(site)?;
                Ok(Results::from([(self.home(), Tally::passed())]))
            }
            Evidence::Prints(line) => {
                let outcome = outcome.require(site)?;
                // Maven resets colours that it never set, also in front of what others say.
                let said = console::strip_ansi_codes(&outcome.stdout);
                if !said.lines().any(|said| said.trim() == *line) {
                    bail!("{}; it does not print {line}", outcome.explain(site));
                }
                Ok(Results::from([(self.home(), Tally::passed())]))
            }
            Evidence::JUnit(path) => self.count(reports(path), &outcome, site, topics),
            Evidence::GoTest => self.count(gotest::read(&outcome.stdout), &outcome, site, topics),
            Evidence::Libtest => self.count(libtest::read(&outcome.stdout), &outcome, site, topics),
        }
    }

    fn count(
        &self,
        cases: Result<Vec<Case>>,
        outcome: &Outcome,
        site: &Site,
        topics: &[&str],
    ) -> Result<Results> {
        let cases = match cases {
            Ok(cases) => cases,
            // A runner that crashed leaves no report: how it ended says more than what is missing.
            Err(_) if !outcome.success => bail!(outcome.explain(site)),
            Err(error) => return Err(error),
        };
        let mut results = Results::new();
        for case in &cases {
            let column = match self.column {
                Column::ByTopic => case.topic(topics),
                Column::Named(_) | Column::Called(_) => self.home(),
            };
            results.entry(column).or_default().count(case, outcome);
        }
        if !outcome.success {
            let why = outcome.explain(site);
            // No test failed, and yet the runner did: it did not compile, crashed, or found a leak.
            if results.values().all(|tally| tally.failed.is_empty()) {
                results
                    .entry(self.home())
                    .or_default()
                    .add(Tally::failed(why));
            }
        }
        Ok(results)
    }

    /// The column in which the check's own failure is shown.
    fn home(&self) -> String {
        match &self.column {
            Column::Named(name) => (*name).to_owned(),
            Column::Called(name) => name.clone(),
            Column::ByTopic => "run".to_owned(),
        }
    }
}

/// The test and why it failed, as its runner says it. A report that only says that it did (Swift's)
/// is helped out by the lines of the log that name the test.
fn reason(case: &Case, outcome: &Outcome) -> String {
    let said = if case.why.trim().contains(char::is_whitespace) {
        case.why.clone()
    } else {
        outcome.lines_with(&case.name).join("\n")
    };
    let mut reason = case.title();
    let lines = said.lines().map(str::trim_end);
    let lines = lines.filter(|it| !it.is_empty() && !PROGRESS.iter().any(|of| it.starts_with(of)));
    for line in lines.take(REASON_LINES_MAX) {
        reason.push_str("\n      ");
        reason.push_str(line);
    }
    reason
}

/// Removes reports of an earlier run, so that they cannot pass for this one's.
fn forget(path: &Utf8PathBuf) -> Result<()> {
    if path.is_dir() {
        fs_err::remove_dir_all(path)?;
    } else if path.exists() {
        fs_err::remove_file(path)?;
    }
    if let Some(parent) = path.parent() {
        fs_err::create_dir_all(parent)?;
    }
    Ok(())
}

fn reports(path: &Utf8PathBuf) -> Result<Vec<Case>> {
    if !path.is_dir() {
        let xml = fs_err::read_to_string(path)?;
        return junit::read(&xml).with_context(|| path.to_string());
    }
    let mut cases = Vec::new();
    for entry in path.read_dir_utf8()? {
        let report = entry?.into_path();
        if report.extension() == Some("xml") {
            cases.extend(reports(&report)?);
        }
    }
    Ok(cases)
}
