//! One table: each language and the backend that renders it.
//!
//! Owns the trait that a backend implements. Must not know how any of them renders.

use std::fmt;

use anyhow::Result;
use camino::Utf8PathBuf;

use crate::{capability::Feature, config::Config, cpp, go, interface::Interface, node};

/// The languages that this crate generates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Language {
    /// TypeScript for Node.js, over koffi.
    Node,
    /// Go, over cgo.
    Go,
    /// C++20, header only.
    Cpp,
}

/// A file that a backend rendered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// Relative to the output directory.
    pub path: Utf8PathBuf,
    /// UTF-8, with a line break at the end.
    pub contents: String,
}

/// What renders one language.
pub trait Backend: Sync {
    /// What it can render. Everything else is refused before [`Backend::render`] is called.
    fn capabilities(&self) -> &'static [Feature];

    /// Renders one namespace, its runtime included. Namespaces that are generated together
    /// may name the same file, if its contents are the same.
    ///
    /// # Errors
    /// An option of `uniffi.toml` that the backend does not know, or a template that failed.
    fn render(&self, interface: &Interface<'_>, config: &Config) -> Result<Vec<Rendered>>;
}

impl Language {
    /// Every language, in the order of the table.
    pub const ALL: [Self; 3] = [Self::Node, Self::Go, Self::Cpp];

    /// Its section in `uniffi.toml`, under `bindings`, and its name on the command line.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Node => "node",
            Self::Go => "go",
            Self::Cpp => "cpp",
        }
    }

    /// The backend that renders it.
    #[must_use]
    pub fn backend(self) -> &'static dyn Backend {
        match self {
            Self::Node => &node::Node,
            Self::Go => &go::Go,
            Self::Cpp => &cpp::Cpp,
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Node => "Node",
            Self::Go => "Go",
            Self::Cpp => "C++",
        })
    }
}
