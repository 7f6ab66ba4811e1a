//! `cargo xtask doctor`: which toolchains are here, and how to get those that are not.

use std::process::ExitCode;

use anyhow::Result;
use comfy_table::{Cell, Color};

use crate::screen::{self, Screen};
use crate::sdk::LANGUAGES;
use crate::tool::{Found, Need};

pub(crate) fn run() -> Result<ExitCode> {
    let screen = Screen::new(false);
    let mut table = screen::table();
    table.set_header(["language", "tool", "found", "needed", "status"]);
    let mut advice = Vec::new();
    let mut complete = true;
    for language in LANGUAGES {
        for tool in language.tools() {
            let (version, word, color) = match (tool.find(), tool.need) {
                (Found::Good(version), _) => (version, "ok", Color::Green),
                (Found::Old(version), Need::Required) => (version, "too old", Color::Red),
                (Found::Missing, Need::Required) => ("–".to_owned(), "missing", Color::Red),
                (Found::Old(version), Need::Optional(_)) => (version, "too old", Color::Yellow),
                (Found::Missing, Need::Optional(_)) => ("–".to_owned(), "optional", Color::Yellow),
            };
            if word != "ok" {
                let purpose = match tool.need {
                    Need::Required => String::new(),
                    Need::Optional(purpose) => format!("   (for {purpose})"),
                };
                advice.push(format!("  {}: {}{purpose}", tool.name, tool.how_to_get()));
                complete &= tool.need != Need::Required;
            }
            let needed = match tool.minimum {
                "" => "any".to_owned(),
                minimum => format!("≥ {minimum}"),
            };
            table.add_row([
                Cell::new(language.name()),
                Cell::new(tool.name),
                Cell::new(version),
                Cell::new(needed),
                Cell::new(word).fg(color),
            ]);
        }
    }
    screen.say(&table.to_string());
    if !advice.is_empty() {
        screen.say("\nhow to get what is not here:");
        for line in &advice {
            screen.say(line);
        }
    }
    Ok(if complete {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
