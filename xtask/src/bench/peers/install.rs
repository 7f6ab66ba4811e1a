//! What a language's program needs: the SDK of this checkout, and the peers at pinned versions.
//!
//! The peers go into the cache outside the checkout; what changes with every build, commy itself,
//! goes beside what cargo builds.

mod go;
mod node;
mod python;
mod rust;

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use anyhow::{Context as _, Result, anyhow, bail};
use camino::Utf8PathBuf;

use crate::build_sdks;
use crate::native::Native;
use crate::sdk::sdks;
use crate::site::Site;

/// A program of `bench/peers`, ready to run.
#[derive(Default)]
pub(super) struct Program {
    pub(super) file: Utf8PathBuf,
    /// Systems that have a program of their own.
    pub(super) apart: BTreeMap<&'static str, Utf8PathBuf>,
    /// What comes before the system and the side.
    pub(super) arguments: Vec<String>,
    pub(super) env: Vec<(String, String)>,
    /// By package.
    pub(super) versions: BTreeMap<String, String>,
    /// What runs a statement of the language, which comes last.
    pub(super) evaluate: Vec<String>,
    /// The folders that hold the installed packages.
    pub(super) packages: Vec<Utf8PathBuf>,
}

pub(super) fn install(
    site: &Site,
    language: &str,
    native: &Result<Native, String>,
) -> Result<Program> {
    match language {
        "go" => go::install(site, native),
        "node" => node::install(site, native),
        "rust" => rust::install(site),
        "python" => python::install(site, native),
        other => bail!("nobody has written how the program of {other} is installed"),
    }
    .with_context(|| format!("{language}: cannot install commy and its peers"))
}

/// Where the programs of a language are.
fn sources(site: &Site, language: &str) -> Utf8PathBuf {
    site.root.join("bench/peers").join(language)
}

/// Builds the package of commy that is measured.
fn build_sdk(site: &Site, name: &str, native: &Result<Native, String>) -> Result<Vec<Utf8PathBuf>> {
    let sdk = sdks()
        .find(|sdk| sdk.name() == name)
        .context("there is no such SDK")?;
    build_sdks::build(site, sdk, native).map_err(|reason| anyhow!(reason))
}

/// A key of the cache that changes with what it is made from.
fn key(parts: &[&str]) -> String {
    let mut hasher = DefaultHasher::new();
    parts.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// What a program prints about itself.
fn output(program: &str, arguments: &[&str]) -> Result<String> {
    let output = std::process::Command::new(program)
        .args(arguments)
        .output()
        .with_context(|| format!("cannot run {program}"))?;
    anyhow::ensure!(
        output.status.success(),
        "{program} fails: {}",
        output.status
    );
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}
