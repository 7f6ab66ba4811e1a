//! `cargo xtask build-sdks`: the package of every SDK, in `dist/`.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use camino::Utf8PathBuf;
use comfy_table::{Cell, CellAlignment, Color, ContentArrangement, Table};

use crate::cli;
use crate::native::{self, Native};
use crate::screen::{self, seconds};
use crate::sdk::{Sdk, sdks};
use crate::site::Site;
use crate::tool;

/// What became of one SDK.
struct Row {
    language: &'static str,
    outcome: Result<Vec<Utf8PathBuf>, String>,
    elapsed: Duration,
}

pub(crate) fn run(arguments: &cli::BuildSdks) -> Result<ExitCode> {
    let site = Site::open(arguments.release, arguments.verbose)?;
    let wanted = &arguments.languages;
    let native = build_native(&site);
    let rows: Vec<Row> = sdks()
        .filter(|sdk| wanted.is_empty() || wanted.iter().any(|name| name == sdk.name()))
        .map(|sdk| {
            let since = Instant::now();
            Row {
                language: sdk.name(),
                outcome: build(&site, sdk, &native),
                elapsed: since.elapsed(),
            }
        })
        .collect();
    site.screen.say(&format!("\n{}", table(&site, &rows)?));
    Ok(if rows.iter().all(|row| row.outcome.is_ok()) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// The native library, or why there is none: each SDK that needs it fails with the reason.
pub(crate) fn build_native(site: &Site) -> Result<Native, String> {
    native::build(site).map_err(|error| format!("{error:#}"))
}

/// Builds the package of one SDK from nothing but the sources and the native library.
pub(crate) fn build(
    site: &Site,
    sdk: &dyn Sdk,
    native: &Result<Native, String>,
) -> Result<Vec<Utf8PathBuf>, String> {
    let native = native.as_ref().map_err(Clone::clone)?;
    try_build(site, sdk, native).map_err(|error| format!("{error:#}"))
}

fn try_build(site: &Site, sdk: &dyn Sdk, native: &Native) -> Result<Vec<Utf8PathBuf>> {
    tool::provide(site, sdk.name(), &sdk.tools())?;
    sdk.prepare(site)?;
    sdk.generate(site, native)?;
    let package = site.package(sdk.name());
    if package.exists() {
        fs_err::remove_dir_all(&package)?;
    }
    fs_err::create_dir_all(&package)?;
    let files = sdk.package(site)?;
    for file in &files {
        file.metadata()
            .with_context(|| format!("the package {file} was not written"))?;
    }
    anyhow::ensure!(!files.is_empty(), "no package was written");
    Ok(files)
}

fn table(site: &Site, rows: &[Row]) -> Result<Table> {
    let mut table = screen::table();
    if let Some(columns) = site.screen.width() {
        table.set_content_arrangement(ContentArrangement::Dynamic);
        table.set_width(u16::try_from(columns)?);
    }
    table.set_header(["language", "package", "size", "time", "status"]);
    for row in rows {
        let (package, size, status) = match &row.outcome {
            Ok(files) => {
                let names: Vec<&str> = files.iter().map(|it| site.shown(it).as_str()).collect();
                let sizes = files
                    .iter()
                    .map(|file| Ok(bytes(size(file)?)))
                    .collect::<Result<Vec<_>>>()?;
                let status = Cell::new("built").fg(Color::Green);
                (names.join("\n"), sizes.join("\n"), status)
            }
            Err(reason) => {
                let status = Cell::new("failed").fg(Color::Red);
                (reason.clone(), String::new(), status)
            }
        };
        table.add_row([
            Cell::new(row.language),
            Cell::new(package),
            Cell::new(size).set_alignment(CellAlignment::Right),
            Cell::new(seconds(row.elapsed)).set_alignment(CellAlignment::Right),
            status,
        ]);
    }
    Ok(table)
}

/// The size of a file, or of all the files in a folder.
fn size(path: &Utf8PathBuf) -> Result<u64> {
    if !path.is_dir() {
        return Ok(path.metadata()?.len());
    }
    path.read_dir_utf8()?
        .map(|entry| size(&entry?.into_path()))
        .sum()
}

fn bytes(count: u64) -> String {
    indicatif::HumanBytes(count).to_string()
}
