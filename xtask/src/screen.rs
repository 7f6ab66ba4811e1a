//! What the developer sees while a command works and when it ends.
//!
//! A terminal gets a spinner for the step that runs; a pipe, a file and CI get plain lines. It must
//! not know what the steps do.
#![expect(
    clippy::print_stdout,
    reason = "talking on standard output is what this module is for"
)]

use std::time::{Duration, Instant};

use comfy_table::{LineStyle, Table, TableStyle};
use console::style;
use indicatif::{ProgressBar, ProgressStyle};

/// Rules above, below and under the heads: as many columns as the contents allow.
const RULES: TableStyle = TableStyle::new()
    .top_border(LineStyle::none().fill('─').junction('─'))
    .header_separator(LineStyle::none().fill('─').junction('─'))
    .bottom_border(LineStyle::none().fill('─').junction('─'));

/// The spinner turns this often: smooth to the eye, nothing for the machine.
const TICK: Duration = Duration::from_millis(120);

pub(crate) struct Screen {
    lively: bool,
    verbose: bool,
}

impl Screen {
    pub(crate) fn new(verbose: bool) -> Self {
        let lively = console::user_attended()
            && console::user_attended_stderr()
            && std::env::var_os("CI").is_none();
        Self { lively, verbose }
    }

    /// Whether the output of every process is wanted as it comes.
    pub(crate) fn verbose(&self) -> bool {
        self.verbose
    }

    /// Announces a step; the caller says how it ended.
    pub(crate) fn start(&self, title: &str) -> Activity {
        let spinner = (self.lively && !self.verbose).then(|| {
            let spinner = ProgressBar::new_spinner().with_message(title.to_owned());
            if let Ok(look) = ProgressStyle::with_template("{spinner:.cyan} {msg} {elapsed:.dim}") {
                spinner.set_style(look);
            }
            spinner.enable_steady_tick(TICK);
            spinner
        });
        if spinner.is_none() {
            println!("  … {title}");
        }
        Activity {
            title: title.to_owned(),
            since: Instant::now(),
            spinner,
        }
    }

    /// Says something that stays on the screen.
    pub(crate) fn say(&self, text: &str) {
        println!("{text}");
    }

    /// Columns of the terminal, or none where lines may be as long as they like.
    pub(crate) fn width(&self) -> Option<usize> {
        let (_rows, columns) = console::Term::stdout().size_checked()?;
        self.lively.then_some(usize::from(columns))
    }
}

/// A step that runs now.
pub(crate) struct Activity {
    title: String,
    since: Instant,
    spinner: Option<ProgressBar>,
}

impl Activity {
    /// Shows how much of it is done, where there is someone to look.
    pub(crate) fn progress(&self, done: usize, all: usize) {
        if let Some(spinner) = &self.spinner {
            spinner.set_message(format!("{}: {done} of {all}", self.title));
        }
    }

    pub(crate) fn finish(self, success: bool) {
        let mark = if success {
            style("✓").green()
        } else {
            style("✗").red()
        };
        if let Some(spinner) = &self.spinner {
            spinner.finish_and_clear();
        }
        println!(
            "  {mark} {} ({})",
            self.title,
            seconds(self.since.elapsed())
        );
    }
}

/// An empty table in the look of all our tables.
pub(crate) fn table() -> Table {
    let mut table = Table::new();
    table.load_style(RULES);
    table
}

/// A duration as people read it: `0.4 s`, `12.3 s`, `3 min 07 s`.
pub(crate) fn seconds(elapsed: Duration) -> String {
    let whole = elapsed.as_secs();
    if whole < 60 {
        format!("{:.1} s", elapsed.as_secs_f64())
    } else {
        format!("{} min {:02} s", whole / 60, whole % 60)
    }
}
