//! `[bindings.go]`: the keys that only Go knows.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use serde::Deserialize;

use crate::interface::Interface;

/// The language's part of a crate's `uniffi.toml`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Options {
    /// The name of the package and of its folder; made from the namespace if absent.
    pub package: Option<String>,
    /// The import path of the output folder: what imports of other namespaces begin with.
    pub import_root: Option<String>,
    /// The import paths of crates whose packages lie elsewhere, by the crate's name.
    pub import_paths: BTreeMap<String, String>,
    /// Lines for cgo, each written after `#cgo`, such as
    /// `linux,amd64 LDFLAGS: -L${SRCDIR}/native -lshop`; `LDFLAGS: -l<library>` if absent.
    pub cgo: Option<Vec<String>>,
    /// What custom types become, by the UDL's name; else what they are made of.
    pub custom_types: BTreeMap<String, CustomType>,
}

/// How a custom type looks in Go.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CustomType {
    /// The Go type, with its package: `url.URL`.
    pub type_name: String,
    /// The import paths that the other keys need.
    #[serde(default)]
    pub imports: Vec<String>,
    /// The expression that makes one of `{}`, which is what crosses the FFI. One that gives
    /// an error too goes into `uniffiMust`.
    pub lift: String,
    /// The expression that makes of `{}`, which is one, what crosses the FFI.
    pub lower: String,
}

impl Options {
    /// Refuses names of items that the interface has not.
    ///
    /// # Errors
    /// The first such name, and the key that it stands under.
    pub(crate) fn check(&self, interface: &Interface<'_>) -> Result<()> {
        for name in self.custom_types.keys() {
            if !interface.customs.iter().any(|custom| custom.name == *name) {
                bail!("custom_types: there is no custom type {name}");
            }
        }
        if let Some(package) = &self.package
            && !package
                .chars()
                .all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit())
        {
            bail!("package: {package} is not made of lower case letters and digits");
        }
        Ok(())
    }
}
