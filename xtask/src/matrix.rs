//! The one table at the end of `cargo xtask test`: language × topic.
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
    columns: Vec<String>,
    rows: Vec<Row>,
}

struct Row {
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
            columns: Vec::new(),
            rows: Vec::new(),
        }
    }

    /// Adds a language that must have tests in every column of `expected`.
    pub(crate) fn add(&mut self, language: &str, expected: Vec<String>, results: Results) {
        for column in expected.iter().chain(results.keys()) {
            if !self.columns.contains(column) {
                self.columns.push(column.clone());
            }
        }
        self.rows.push(Row {
            language: language.to_owned(),
            expected,
            results,
        });
    }

    /// Prints why cells failed, the table, and the sums.
    pub(crate) fn show(&self, screen: &Screen) {
        let problems = self.problems();
        if !problems.is_empty() {
            screen.say("\nfailures:");
            for problem in &problems {
                screen.say(&format!("  {problem}"));
            }
        }
        let wide = self.table(false);
        let fits = screen.width().is_none_or(|columns| width(&wide) <= columns);
        screen.say("");
        screen.say(&if fits { wide } else { self.table(true) }.to_string());
        if !problems.is_empty() {
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
        for (row, column, shown) in self.cells() {
            let cell = format!("{} {column}", row.language);
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

    fn cells(&self) -> impl Iterator<Item = (&Row, &str, Shown<'_>)> {
        self.rows.iter().flat_map(|row| {
            self.columns
                .iter()
                .map(move |column| (row, column.as_str(), row.cell(column)))
        })
    }

    /// Languages down and topics across, or the other way round for a narrow terminal.
    fn table(&self, turned: bool) -> Table {
        let mut table = screen::table();
        let languages = self.rows.iter().map(|row| row.language.as_str());
        let columns = self.columns.iter().map(String::as_str);
        if turned {
            table.set_header(heads("topic", languages));
            for column in columns {
                let cells = self.rows.iter().map(|row| draw(&row.cell(column)));
                table.add_row([Cell::new(column)].into_iter().chain(cells));
            }
        } else {
            table.set_header(heads("language", columns));
            for row in &self.rows {
                let cells = self.columns.iter().map(|column| draw(&row.cell(column)));
                table.add_row([Cell::new(&row.language)].into_iter().chain(cells));
            }
        }
        for column in table.column_iter_mut() {
            column.set_padding((1, 0));
        }
        table
    }
}

impl Row {
    fn cell(&self, column: &str) -> Shown<'_> {
        match self.results.get(column) {
            Some(tally) if *tally != Tally::default() => Shown::Tests(tally),
            _ if self.expected.iter().any(|name| name == column) => Shown::Missing,
            _ => Shown::NotApplicable,
        }
    }
}

fn heads<'a>(corner: &'a str, names: impl Iterator<Item = &'a str>) -> Vec<Cell> {
    let names = names.map(|name| Cell::new(name).set_alignment(CellAlignment::Right));
    [Cell::new(corner)].into_iter().chain(names).collect()
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

fn width(table: &Table) -> usize {
    table
        .lines()
        .map(|line| console::measure_text_width(&line))
        .max()
        .unwrap_or(0)
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
        assert!(matrix.table(false).to_string().contains("1 ~1"));
    }

    #[test]
    fn a_topic_that_nobody_expects_is_shown() {
        let results = Results::from([
            ("call".to_owned(), Tally::passed()),
            ("weather".to_owned(), Tally::failed("rain")),
        ]);
        let matrix = matrix(results);
        assert!(matrix.table(false).to_string().contains("weather"));
        assert_eq!((matrix.passed(), matrix.failed()), (1, 1));
    }

    #[test]
    fn a_narrow_terminal_gets_topics_down_the_side() {
        let matrix = matrix(Results::from([("call".to_owned(), Tally::passed())]));
        assert!(matrix.table(true).to_string().contains("topic"));
    }
}
