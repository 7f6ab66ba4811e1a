//! The matrix of languages: callers down, callees across.
//!
//! Owns how the outcome of every pair looks. It must not know how it was found out.

use std::collections::BTreeMap;

use comfy_table::{Cell, CellAlignment, Color};

use super::Party;
use super::checks::CHECKS;
use crate::check::Tally;
use crate::screen::{self, Screen};

/// What every pair showed.
pub(crate) struct Meetings {
    languages: Vec<&'static str>,
    /// Why languages take no part.
    absent: Vec<(&'static str, String)>,
    /// By caller and callee.
    tallies: BTreeMap<(&'static str, &'static str), Tally>,
}

impl Meetings {
    /// None has met yet.
    pub(super) fn of(parties: &[Party]) -> Self {
        let absent = parties.iter().filter_map(|party| {
            let reason = party.start.as_ref().err()?;
            Some((party.language, reason.clone()))
        });
        Self {
            languages: parties.iter().map(|party| party.language).collect(),
            absent: absent.collect(),
            tallies: BTreeMap::new(),
        }
    }

    pub(super) fn add(&mut self, caller: &'static str, callee: &'static str, tally: Tally) {
        self.tallies.insert((caller, callee), tally);
    }

    /// How many pairs have met.
    pub(super) fn count(&self) -> usize {
        self.tallies.len()
    }

    /// What a language showed as the caller of every language.
    pub(crate) fn of_caller(&self, language: &str) -> Tally {
        self.sum_of(|caller| caller == language)
    }

    /// All of it.
    pub(crate) fn sum(&self) -> Tally {
        self.sum_of(|_| true)
    }

    pub(crate) fn show(&self, screen: &Screen) {
        screen.say("");
        screen.say(&self.table().to_string());
    }

    /// Says what failed: of a language that takes no part why it does not, once.
    pub(super) fn show_failures(&self, screen: &Screen) {
        let absent = self
            .absent
            .iter()
            .map(|(language, reason)| format!("{language} takes no part: {reason}"));
        let failed = self.tallies.iter().flat_map(|((caller, callee), tally)| {
            let why = tally.failed.iter();
            why.map(move |why| format!("{caller} calls {callee}: {why}"))
        });
        let all: Vec<String> = absent.chain(failed).collect();
        if !all.is_empty() {
            screen.say("\nfailures:");
            for failure in all {
                screen.say(&format!("  {failure}"));
            }
        }
    }

    fn sum_of(&self, wanted: impl Fn(&str) -> bool) -> Tally {
        let mut sum = Tally::default();
        for ((caller, callee), tally) in &self.tallies {
            if wanted(caller) {
                sum.passed += tally.passed;
                let why = tally.failed.iter();
                sum.failed
                    .extend(why.map(|why| format!("calling {callee}: {why}")));
            }
        }
        for (language, reason) in &self.absent {
            if wanted(language) {
                sum.failed.insert(0, reason.clone());
            }
        }
        sum
    }

    fn table(&self) -> comfy_table::Table {
        let mut table = screen::table();
        let heads = self
            .languages
            .iter()
            .map(|callee| Cell::new(callee).set_alignment(CellAlignment::Right));
        table.set_header([Cell::new("caller → callee")].into_iter().chain(heads));
        for caller in &self.languages {
            let cells = self
                .languages
                .iter()
                .map(|callee| draw(self.tallies.get(&(*caller, *callee))));
            table.add_row([Cell::new(caller)].into_iter().chain(cells));
        }
        table
    }
}

/// The checks that passed, of all that there are.
fn draw(tally: Option<&Tally>) -> Cell {
    let passed = tally.map_or(0, |tally| tally.passed);
    let color = if passed == CHECKS.len() {
        Color::Green
    } else {
        Color::Red
    };
    Cell::new(format!("{passed}/{}", CHECKS.len()))
        .fg(color)
        .set_alignment(CellAlignment::Right)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::step::Step;

    fn meetings(go: Result<Step, String>) -> Meetings {
        let rust = Ok(Step::new("peer", "peer"));
        let parties =
            [("rust", rust), ("go", go)].map(|(language, start)| Party { language, start });
        Meetings::of(&parties)
    }

    fn whole() -> Tally {
        Tally {
            passed: CHECKS.len(),
            ..Tally::default()
        }
    }

    #[test]
    fn a_pair_that_did_not_meet_shows_as_nothing_passed() {
        let mut meetings = meetings(Ok(Step::new("peer", "peer")));
        meetings.add("rust", "rust", whole());
        let text = meetings.table().to_string();
        assert_eq!(
            (text.matches("10/10").count(), text.matches(" 0/10").count()),
            (1, 3)
        );
    }

    #[test]
    fn a_language_that_takes_no_part_is_a_failure() {
        let mut meetings = meetings(Err("no toolchain".to_owned()));
        meetings.add("rust", "rust", whole());
        assert_eq!(meetings.of_caller("go").failed, ["no toolchain"]);
        assert_eq!(meetings.of_caller("rust"), whole());
        assert_eq!(meetings.sum().failed.len(), 1);
    }
}
