//! What came out, as people and as programs read it: Markdown, JSON, and a picture.
//!
//! Owns wording and order. Layout is in `templates/peers`; the picture is [`plot`]'s.

mod machine;
mod plot;
mod tables;

use std::collections::BTreeMap;

use anyhow::Result;
use askama::Template;
use camino::Utf8Path;
use serde::Serialize;

use self::machine::Machine;
use self::tables::{Goal, Table};
use super::plan::Plan;
use super::recovery::Recovery;
use super::system::Language;
use super::turns::Outcome;
use crate::site::Site;

/// All that is known of one run.
#[derive(Serialize)]
pub(super) struct Report {
    mode: &'static str,
    rounds: usize,
    turn_ms: u128,
    machine: Machine,
    languages: Vec<Measured>,
}

/// One language's part.
#[derive(Serialize)]
struct Measured {
    name: &'static str,
    title: &'static str,
    systems: Vec<Outcome>,
    recovery: BTreeMap<&'static str, Recovery>,
}

#[derive(Template)]
#[template(path = "peers/report.md", escape = "none")]
struct Page<'a> {
    report: &'a Report,
    goals: Vec<Goal>,
    sections: Vec<Section<'a>>,
}

struct Section<'a> {
    title: &'a str,
    versions: String,
    tables: Vec<Table>,
}

impl Report {
    pub(super) fn new(site: &Site, plan: &Plan) -> Result<Self> {
        Ok(Self {
            mode: plan.name,
            rounds: plan.rounds,
            turn_ms: plan.turn.as_millis(),
            machine: Machine::here(site)?,
            languages: Vec::new(),
        })
    }

    pub(super) fn add(
        &mut self,
        language: &Language,
        systems: Vec<Outcome>,
        recovery: BTreeMap<&'static str, Recovery>,
    ) {
        self.languages.push(Measured {
            name: language.name,
            title: language.title,
            systems,
            recovery,
        });
    }

    pub(super) fn write(&self, folder: &Utf8Path) -> Result<()> {
        fs_err::create_dir_all(folder)?;
        let files = [
            ("peers.md", self.markdown()?),
            ("peers.json", serde_json::to_string_pretty(self)? + "\n"),
            ("peers.svg", plot::draw(&self.languages)?),
        ];
        for (name, text) in files {
            fs_err::write(folder.join(name), text)?;
        }
        Ok(())
    }

    pub(super) fn markdown(&self) -> Result<String> {
        let sections = self.languages.iter().map(|language| Section {
            title: language.title,
            versions: versions(&language.systems),
            tables: tables::of(language),
        });
        let page = Page {
            report: self,
            goals: self.languages.iter().flat_map(tables::goals).collect(),
            sections: sections.collect(),
        };
        Ok(page.render()?)
    }
}

fn versions(systems: &[Outcome]) -> String {
    let mut versions: Vec<String> = Vec::new();
    for system in systems {
        let version = format!("{} {}", system.package, system.version);
        if !versions.contains(&version) {
            versions.push(version);
        }
    }
    versions.join(", ")
}
