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
    let cdylib = files
        .into_iter()
        .find(|file| matches!(file.extension(), Some("so" | "dylib" | "dll")))
        .context("commy-ffi built no shared library")?;
    Ok(Native { cdylib })
}
