//! Where things are: the checkout, what it builds into, and the cache outside it.
//!
//! Owns every path that more than one command needs. It must not know any language.

use anyhow::{Context as _, Result};
use camino::{Utf8Path, Utf8PathBuf};
use cargo_metadata::{Metadata, MetadataCommand};

use crate::screen::Screen;

/// The checkout that a command works in, and how it was asked to work.
pub(crate) struct Site {
    /// The root of the checkout.
    pub(crate) root: Utf8PathBuf,
    /// Cargo's target folder.
    pub(crate) target: Utf8PathBuf,
    /// Packages, one folder a language.
    pub(crate) dist: Utf8PathBuf,
    /// The workspace's own packages; dependencies are not resolved.
    pub(crate) metadata: Metadata,
    pub(crate) release: bool,
    pub(crate) screen: Screen,
}

impl Site {
    pub(crate) fn open(release: bool, verbose: bool) -> Result<Self> {
        let metadata = MetadataCommand::new()
            .manifest_path(manifest()?)
            .no_deps()
            .exec()
            .context("cannot read the workspace's manifest")?;
        let root = metadata.workspace_root.clone();
        let target = metadata.target_directory.clone();
        Ok(Self {
            dist: root.join("dist"),
            root,
            target,
            metadata,
            release,
            screen: Screen::new(verbose),
        })
    }

    /// The interface from which every SDK is generated.
    pub(crate) fn udl(&self) -> Utf8PathBuf {
        self.root.join(xtask::bindings::UDL)
    }

    /// The folder of one SDK's sources.
    pub(crate) fn sdk(&self, language: &str) -> Utf8PathBuf {
        self.root.join("sdks").join(language)
    }

    /// Where one SDK's package goes.
    pub(crate) fn package(&self, language: &str) -> Utf8PathBuf {
        self.dist.join(language)
    }

    /// What one language's checks may write: reports, throw-away projects, environments.
    pub(crate) fn scratch(&self, language: &str) -> Utf8PathBuf {
        self.target.join("xtask").join(language)
    }

    /// The output of every process that was run, one file a step.
    pub(crate) fn logs(&self) -> Utf8PathBuf {
        self.target.join("xtask").join("logs")
    }

    /// `path` as a person would write it: relative to the checkout where it is inside.
    pub(crate) fn shown<'a>(&self, path: &'a Utf8Path) -> &'a Utf8Path {
        path.strip_prefix(&self.root).unwrap_or(path)
    }
}

/// Cargo tells a running xtask where its package is; the binary alone remembers where it was built.
fn manifest() -> Result<Utf8PathBuf> {
    let package = std::env::var("CARGO_MANIFEST_DIR")
        .unwrap_or_else(|_| env!("CARGO_MANIFEST_DIR").to_owned());
    let root = Utf8PathBuf::from(package)
        .parent()
        .context("xtask is not in a workspace")?
        .to_owned();
    Ok(root.join("Cargo.toml"))
}
