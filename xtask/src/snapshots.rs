//! `cargo xtask snapshots`: what the generators make of the UDL, against what was committed.
//!
//! The comparing is insta's, in `tests/codegen`; this command runs it and shows what differs.

use std::process::ExitCode;

use anyhow::Result;
use camino::{Utf8Path, Utf8PathBuf};
use console::style;
use similar::{ChangeTag, TextDiff};

use crate::cli;
use crate::site::Site;
use crate::step::Step;

/// Lines around a change that are shown with it.
const CONTEXT: usize = 3;

pub(crate) fn run(arguments: &cli::Snapshots) -> Result<ExitCode> {
    let site = Site::open(false, false)?;
    if arguments.accept {
        let outcome = compare(&site, "accept", "always")?.run(&site)?;
        discard_pending(&site)?;
        outcome.require(&site)?;
        site.screen
            .say("accepted; git diff tests/codegen shows what changed");
        return Ok(ExitCode::SUCCESS);
    }
    // What differs is left beside the snapshots, shown, and taken away again.
    discard_pending(&site)?;
    let outcome = compare(&site, "compare", "new")?.run(&site)?;
    let pending = pending(&site)?;
    for file in &pending {
        show(&site, file)?;
    }
    discard_pending(&site)?;
    if pending.is_empty() {
        // Without a difference, a failure is a compiler error or a snapshot that nothing makes.
        outcome.require(&site)?;
        site.screen.say("every snapshot is as committed");
        return Ok(ExitCode::SUCCESS);
    }
    site.screen.say(&format!(
        "\n{} snapshots differ. If they should: cargo xtask snapshots --accept",
        pending.len()
    ));
    Ok(if arguments.review {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn compare(site: &Site, title: &str, update: &str) -> Result<Step> {
    Ok(Step::new(format!("snapshots: {title}"), "cargo")
        .args(["test", "--locked", "--workspace", "--test", "codegen"])
        .env("INSTA_UPDATE", update)
        .env("INSTA_FORCE_PASS", "0")
        .dir(&site.root))
}

fn pending(site: &Site) -> Result<Vec<Utf8PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![site.root.join("tests/codegen/snapshots")];
    while let Some(folder) = folders.pop() {
        if !folder.exists() {
            continue;
        }
        for entry in folder.read_dir_utf8()? {
            let path = entry?.into_path();
            if path.is_dir() {
                folders.push(path);
            } else if path.as_str().ends_with(".snap.new") {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

fn discard_pending(site: &Site) -> Result<()> {
    for file in pending(site)? {
        fs_err::remove_file(file)?;
    }
    Ok(())
}

fn show(site: &Site, pending: &Utf8Path) -> Result<()> {
    let snapshot = pending.with_extension("");
    let old = if snapshot.exists() {
        fs_err::read_to_string(&snapshot)?
    } else {
        String::new()
    };
    let new = fs_err::read_to_string(pending)?;
    site.screen
        .say(&format!("\n{}", style(site.shown(&snapshot)).bold()));
    let diff = TextDiff::from_lines(body(&old), body(&new));
    for (index, group) in diff.grouped_ops(CONTEXT).iter().enumerate() {
        if index > 0 {
            site.screen.say("  ⋯");
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let line = change.value().trim_end_matches('\n');
            let line = match change.tag() {
                ChangeTag::Delete => style(format!("- {line}")).red(),
                ChangeTag::Insert => style(format!("+ {line}")).green(),
                ChangeTag::Equal => style(format!("  {line}")).dim(),
            };
            site.screen.say(&line.to_string());
        }
    }
    Ok(())
}

/// A snapshot's text without insta's own header, which may differ without meaning anything.
fn body(snapshot: &str) -> &str {
    snapshot
        .strip_prefix("---\n")
        .and_then(|rest| rest.split_once("\n---\n"))
        .map_or(snapshot, |(_, body)| body)
}
