//! UniFFI bindings for Node, Go and C++.
//!
//! Owns the way from a UDL or a built library to files: load, refuse what the backend
//! cannot do, render, write. Must not know any interface in particular: every UniFFI
//! library is generated alike.
//!
//! ```no_run
//! use commy_bindgen::{Language, Options, generate};
//!
//! let written = generate(&Options {
//!     language: Language::Go,
//!     sources: vec!["src/shop.udl".into()],
//!     out_dir: "generated".into(),
//!     config: None,
//!     crate_name: None,
//! })?;
//! # Ok::<(), commy_bindgen::Error>(())
//! ```

pub mod backend;
pub mod capability;
pub mod config;
pub mod demand;
pub mod interface;
pub mod layout;
pub mod unsupported;

pub mod cpp;
pub mod go;
pub mod node;

mod source;

use std::{collections::BTreeMap, fs, io};

use camino::Utf8PathBuf;

pub use backend::{Language, Rendered};
pub use interface::Interface;
pub use unsupported::Refusal;

/// What to generate, from what, and where to.
#[derive(Clone, Debug)]
pub struct Options {
    /// The language to generate.
    pub language: Language,
    /// UDL files (`*.udl`, inside the `src` of their crate) and built libraries. An external
    /// type is only known if the crate that defines it is among the sources.
    pub sources: Vec<Utf8PathBuf>,
    /// Where the files go; created if absent. Not used by [`render`].
    pub out_dir: Utf8PathBuf,
    /// Applied over the `uniffi.toml` of every crate: see the README.
    pub config: Option<Utf8PathBuf>,
    /// Only this crate, of all that the sources describe.
    pub crate_name: Option<String>,
}

/// Why nothing was generated.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A source or its configuration cannot be used.
    #[error("cannot load the interface: {0:#}")]
    Load(anyhow::Error),
    /// A type is another crate's, and no source describes that crate.
    #[error("{name} is defined by crate {krate}, which is not among the sources")]
    UnknownExternal {
        /// The type, as the UDL names it.
        name: String,
        /// The crate that defines it.
        krate: String,
    },
    /// None of the sources describes the crate that was asked for.
    #[error("no source describes crate {wanted}, only {}", found.join(", "))]
    NoSuchCrate {
        /// The name that was asked for.
        wanted: String,
        /// The crates that there are.
        found: Vec<String>,
    },
    /// The backend has not what the interface needs.
    #[error(transparent)]
    Unsupported(#[from] Refusal),
    /// An option of the language's is wrong, or a template failed.
    #[error("cannot render namespace {namespace}: {cause:#}")]
    Render {
        /// The namespace that failed.
        namespace: String,
        /// What failed.
        cause: anyhow::Error,
    },
    /// Two namespaces need one file with different contents.
    #[error("two namespaces write {path} differently: generate them into different folders")]
    Conflict {
        /// The file, relative to the output directory.
        path: Utf8PathBuf,
    },
    /// A file cannot be written.
    #[error("cannot write {path}: {source}")]
    Write {
        /// The file.
        path: Utf8PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// Renders without writing; for snapshots, and for tools that place files themselves.
///
/// # Errors
/// As [`generate`], except that nothing is written.
pub fn render(options: &Options) -> Result<Vec<Rendered>, Error> {
    let components = source::load(
        options.language,
        &options.sources,
        options.config.as_deref(),
    )
    .map_err(Error::Load)?;
    let found: Vec<_> = components
        .iter()
        .map(|component| component.ci.crate_name().to_owned())
        .collect();
    if let Some(wanted) = &options.crate_name
        && !found.contains(wanted)
    {
        return Err(Error::NoSuchCrate {
            wanted: wanted.clone(),
            found,
        });
    }
    let backend = options.language.backend();
    let mut files: BTreeMap<Utf8PathBuf, String> = BTreeMap::new();
    for component in &components {
        let ci = &component.ci;
        if options
            .crate_name
            .as_deref()
            .is_some_and(|wanted| wanted != ci.crate_name())
        {
            continue;
        }
        let interface = Interface::new(ci);
        unsupported::check(options.language, backend.capabilities(), &interface)?;
        if let Some(ty) = interface
            .external_types()
            .find(|ty| ci.namespace_for_type(ty).is_err())
        {
            return Err(Error::UnknownExternal {
                name: ty.name().unwrap_or_default().to_owned(),
                krate: ty.crate_name().unwrap_or_default().to_owned(),
            });
        }
        let rendered = backend
            .render(&interface, &component.config)
            .map_err(|cause| Error::Render {
                namespace: ci.namespace().to_owned(),
                cause,
            })?;
        for Rendered { path, contents } in rendered {
            if files.get(&path).is_some_and(|other| *other != contents) {
                return Err(Error::Conflict { path });
            }
            files.insert(path, contents);
        }
    }
    Ok(files
        .into_iter()
        .map(|(path, contents)| Rendered { path, contents })
        .collect())
}

/// Renders and writes; gives the paths of what was written.
///
/// # Errors
/// A source that cannot be loaded, an interface that is refused, a template that failed, or
/// a file that cannot be written. Nothing is written unless everything was rendered.
pub fn generate(options: &Options) -> Result<Vec<Utf8PathBuf>, Error> {
    let mut written = Vec::new();
    for Rendered { path, contents } in render(options)? {
        let path = options.out_dir.join(path);
        let write = || {
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder)?;
            }
            fs::write(&path, contents)
        };
        if let Err(source) = write() {
            return Err(Error::Write { path, source });
        }
        written.push(path);
    }
    Ok(written)
}
