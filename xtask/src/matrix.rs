//! The one table at the end of `cargo xtask test`: topics down, languages across, as eight languages
//! fit into the width of a terminal and thirty topics do not.
//!
//! Owns what counts as a failure: a failed test, a skipped one, and a cell that should hold tests
//! and does not. It must not know how tests are run.

use comfy_table::{Cell, CellAlignment, Color, Table};

use crate::check::{Results, Tally};
use crate::screen::{self, Screen};

/// Reasons shown for one cell; the logs hold the rest.
const REASONS_SHOWN_MAX: usize = 10;

/// Every language's results.
pub(crate) struct Matrix {
    topics: Vec<String>,
    columns: Vec<Column>,
}

struct Column {
    language: String,
    expected: Vec<String>,
    results: Results,
}

/// What a cell shows.
enum Shown<'a> {
    /// This language has no such tests, and need not.
    NotApplicable,
    /// It should have tests here.
    Missing,
    Tests(&'a Tally),
}

impl Matrix {
    pub(crate) fn new() -> Self {
        Self {
            topics: Vec::new(),
            columns: Vec::new(),
        }
    }

    /// Adds a language that must have tests of every topic in `expected`.
    pub(crate) fn add(&mut self, language: &str, expected: Vec<String>, results: Results) {
        for topic in expected.iter().chain(results.keys()) {
            if !self.topics.contains(topic) {
                self.topics.push(topic.clone());
            }
        }
        self.columns.push(Column {
            language: language.to_owned(),
            expected,
            results,
        });
    }

    /// Prints why cells failed.
    pub(crate) fn show_failures(&self, screen: &Screen) {
        let problems = self.problems();
        if !problems.is_empty() {
            screen.say("\nfailures:");
            for problem in &problems {
                screen.say(&format!("  {problem}"));
            }
        }
    }

    /// Prints the table and the sums.
    pub(crate) fn show(&self, screen: &Screen) {
        screen.say("");
        screen.say(&self.table().to_string());
        if self.failed() > 0 {
            screen.say("✗ failed   ~ skipped   none: tests are missing   ·: not of this language");
        }
        screen.say(&format!(
            "{} passed, {} failed",
            self.passed(),
            self.failed()
        ));
    }

    pub(crate) fn failed(&self) -> usize {
        self.cells()
            .map(|(_, _, shown)| match shown {
                Shown::NotApplicable => 0,
                Shown::Missing => 1,
                Shown::Tests(tally) => tally.failed.len() + tally.skipped.len(),
            })
            .sum()
    }

    fn passed(&self) -> usize {
        self.cells()
            .map(|(_, _, shown)| match shown {
                Shown::Tests(tally) => tally.passed,
                Shown::NotApplicable | Shown::Missing => 0,
            })
            .sum()
    }

    fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        for (column, topic, shown) in self.cells() {
            let cell = format!("{} {topic}", column.language);
            match shown {
                Shown::NotApplicable => {}
                Shown::Missing => problems.push(format!("{cell}: there is no test")),
                Shown::Tests(tally) => {
                    let failed = tally.failed.iter().map(|why| format!("{cell}: {why}"));
                    let skipped = tally
                        .skipped
                        .iter()
                        .map(|test| format!("{cell}: skipped: {test}"));
                    let all: Vec<String> = failed.chain(skipped).collect();
                    let hidden = all.len().saturating_sub(REASONS_SHOWN_MAX);
                    problems.extend(all.into_iter().take(REASONS_SHOWN_MAX));
                    if hidden > 0 {
                        problems.push(format!("{cell}: and {hidden} more"));
                    }
                }
            }
        }
        problems
    }

    /// Language by language, in the order of the topics.
    fn cells(&self) -> impl Iterator<Item = (&Column, &str, Shown<'_>)> {
        self.columns.iter().flat_map(|column| {
            self.topics
                .iter()
                .map(move |topic| (column, topic.as_str(), column.cell(topic)))
        })
    }

    fn table(&self) -> Table {
        let mut table = screen::table();
        let heads = self
            .columns
            .iter()
            .map(|column| Cell::new(&column.language).set_alignment(CellAlignment::Right));
        table.set_header([Cell::new("")].into_iter().chain(heads));
        for topic in &self.topics {
            let cells = self.columns.iter().map(|column| draw(&column.cell(topic)));
            table.add_row([Cell::new(topic)].into_iter().chain(cells));
        }
        table
    }
}

impl Column {
    fn cell(&self, topic: &str) -> Shown<'_> {
        match self.results.get(topic) {
            Some(tally) if *tally != Tally::default() => Shown::Tests(tally),
            _ if self.expected.iter().any(|name| name == topic) => Shown::Missing,
            _ => Shown::NotApplicable,
        }
    }
}

fn draw(shown: &Shown<'_>) -> Cell {
    let (text, color) = match shown {
        Shown::NotApplicable => ("·".to_owned(), Color::DarkGrey),
        Shown::Missing => ("none".to_owned(), Color::Red),
        Shown::Tests(tally) => {
            let mut text = tally.passed.to_string();
            for (mark, tests) in [("✗", &tally.failed), ("~", &tally.skipped)] {
                if !tests.is_empty() {
                    text.push_str(&format!(" {mark}{}", tests.len()));
                }
            }
            let whole = tally.failed.is_empty() && tally.skipped.is_empty();
            (text, if whole { Color::Green } else { Color::Red })
        }
    };
    Cell::new(text)
        .fg(color)
        .set_alignment(CellAlignment::Right)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix(results: Results) -> Matrix {
        let mut matrix = Matrix::new();
        matrix.add("python", vec!["call".to_owned()], results);
        matrix
    }

    #[test]
    fn a_cell_without_tests_fails() {
        assert_eq!(matrix(Results::new()).failed(), 1);
        let empty = Results::from([("call".to_owned(), Tally::default())]);
        assert_eq!(matrix(empty).failed(), 1);
    }

    #[test]
    fn a_skipped_test_fails() {
        let mut tally = Tally::passed();
        tally.skipped.push("test_slow".to_owned());
        let matrix = matrix(Results::from([("call".to_owned(), tally)]));
        assert_eq!((matrix.passed(), matrix.failed()), (1, 1));
        assert!(matrix.table().to_string().contains("1 ~1"));
    }

    #[test]
    fn a_topic_that_nobody_expects_is_shown() {
        let results = Results::from([
            ("call".to_owned(), Tally::passed()),
            ("weather".to_owned(), Tally::failed("rain")),
        ]);
        let matrix = matrix(results);
        assert!(matrix.table().to_string().contains("weather"));
        assert_eq!((matrix.passed(), matrix.failed()), (1, 1));
    }

    #[test]
    fn a_table_of_every_language_fits_into_a_terminal() {
        let mut matrix = Matrix::new();
        for language in crate::sdk::LANGUAGES {
            let mut tally = Tally::failed("rain");
            tally.passed = 123;
            let topics = crate::sdk::TOPICS.iter().chain(language.columns());
            let results = topics.map(|topic| ((*topic).to_owned(), tally.clone()));
            matrix.add(language.name(), Vec::new(), results.collect());
        }
        let widest = matrix
            .table()
            .lines()
            .map(|line| console::measure_text_width(&line))
            .max();
        assert!(widest.is_some_and(|columns| columns <= 100), "{widest:?}");
    }
}
