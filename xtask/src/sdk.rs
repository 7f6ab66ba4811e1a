//! The table of languages: one row each, and what a row must be able to do.
//!
//! A language file says which processes build and check its SDK; when they are run, in which order,
//! what counts as a failure and how it is shown is decided by the commands.

mod c;
mod cmake;
mod cpp;
mod go;
mod kotlin;
mod node;
mod python;
mod rust;
mod swift;

use anyhow::Result;
use camino::Utf8PathBuf;

use crate::check::Check;
use crate::native::Native;
use crate::peer::Peer;
use crate::site::Site;
use crate::step::Step;
use crate::tool::{Get, Need, Tool};

/// The conformance topics: the same in every language, and in every language tested.
pub(crate) const TOPICS: &[&str] = &[
    "lifecycle",
    "register",
    "discover",
    "watch",
    "call",
    "payload",
    "errors",
    "cancel",
    "pubsub",
    "concurrency",
    "memory",
    "remote",
    "failure",
];

/// The column of the languages that this one calls, which every language has.
pub(crate) const INTEROP: &str = "interop";

/// By what SDKs' tests make certificates for meshes across hosts.
const OPENSSL: Tool = Tool {
    name: "openssl",
    probe: &["openssl", "version"],
    minimum: "",
    get: Get::Apt(&["openssl"]),
    need: Need::Required,
};

/// Every language, in the order of the tables. A new one is a file and a row.
pub(crate) const LANGUAGES: &[&dyn Language] = &[
    &rust::Rust,
    &python::Python,
    &kotlin::Kotlin,
    &swift::Swift,
    &node::Node,
    &go::Go,
    &cpp::Cpp,
    &c::C,
];

/// The languages of these names, or all of them without any.
pub(crate) fn chosen(names: &[String]) -> impl Iterator<Item = &'static dyn Language> {
    LANGUAGES
        .iter()
        .copied()
        .filter(|it| names.is_empty() || names.iter().any(|name| name == it.name()))
}

/// The languages whose SDK is built from the UDL.
pub(crate) fn sdks() -> impl Iterator<Item = &'static dyn Sdk> {
    LANGUAGES.iter().filter_map(|language| language.sdk())
}

/// A row of the table of tests.
pub(crate) trait Language: Sync {
    /// The name on the command line and of the folders under `sdks/` and `dist/`.
    fn name(&self) -> &'static str;

    /// What must be on the machine, in the order in which it is needed.
    fn tools(&self) -> Vec<Tool>;

    /// Columns beside the conformance topics in which this language must have tests.
    fn columns(&self) -> &'static [&'static str];

    /// The SDK to build before checking, unless the language is the runtime's own.
    fn sdk(&self) -> Option<&dyn Sdk> {
        None
    }

    /// Sets up what no package manager of the machine provides, in the cache.
    fn prepare(&self, _site: &Site) -> Result<()> {
        Ok(())
    }

    /// How the language is checked, in the order to run. A check by topic runs every test there is,
    /// or only those of the conformance topics in `only`.
    fn checks(&self, site: &Site, only: Option<&[&str]>) -> Result<Vec<Check>>;

    /// The program by which this language calls the others, and is called by them, where the package
    /// is built.
    fn peer(&self, site: &Site) -> Result<Peer>;

    /// The benchmarks whose names contain `filter`: the last step is shown as it runs, those before
    /// it prepare.
    fn benches(&self, site: &Site, filter: Option<&str>) -> Result<Vec<Step>>;
}

/// A language whose SDK is generated from the UDL and packaged with the native library.
pub(crate) trait Sdk: Language {
    /// Generates the raw bindings into the git-ignored folder of the SDK, replacing what was there.
    fn generate(&self, site: &Site, native: &Native) -> Result<()>;

    /// Builds the package into `site.package(name)`, which is empty, and returns its files, the
    /// one that users ask for first.
    fn package(&self, site: &Site) -> Result<Vec<Utf8PathBuf>>;
}
