//! The one native library that every SDK carries: commy-ffi, built once a command.

use anyhow::{Context as _, Result};
use camino::Utf8PathBuf;
use cargo_metadata::Message;

use crate::site::Site;
use crate::step::Step;

/// The built library.
pub(crate) struct Native {
    /// The shared library, under the platform's own name for it.
    pub(crate) cdylib: Utf8PathBuf,
    /// The static library, likewise.
    pub(crate) staticlib: Utf8PathBuf,
}

/// Builds commy-ffi alone, so that no other package of the workspace adds to its features.
pub(crate) fn build(site: &Site) -> Result<Native> {
    let mut step = Step::new("native: cargo build commy-ffi", "cargo")
        .args(["build", "--locked", "--package", "commy-ffi"])
        .arg("--message-format=json-render-diagnostics")
        .dir(&site.root);
    if site.release {
        step = step.arg("--release");
    }
    let stdout = step.run(site)?.require(site)?.stdout;
    let files: Vec<Utf8PathBuf> = Message::parse_stream(stdout.as_bytes())
        .filter_map(|message| match message {
            Ok(Message::CompilerArtifact(artifact)) if artifact.target.name == "commy_ffi" => {
                Some(artifact.filenames)
            }
            _ => None,
        })
        .flatten()
        .collect();
    let built = |extensions: &[&str]| {
        files
            .iter()
            .find(|file| file.extension().is_some_and(|it| extensions.contains(&it)))
            .cloned()
    };
    Ok(Native {
        cdylib: built(&["so", "dylib", "dll"]).context("commy-ffi built no shared library")?,
        staticlib: built(&["a", "lib"]).context("commy-ffi built no static library")?,
    })
}
