//! `[bindings.node]`: the keys that only Node knows.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use serde::Deserialize;

use crate::interface::Interface;

/// The language's part of a crate's `uniffi.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Options {
    /// The library's folder, as seen from the generated module. `{platform}` and `{arch}`
    /// become what Node calls them, such as `linux` and `x64`.
    pub library_folder: String,
    /// Synchronous calls to run on another thread, by the UDL's name: `count_on`,
    /// `Pump.run`. They give a promise, and Rust may wait in them for calls back.
    pub off_thread: Vec<String>,
    /// What custom types become, by the UDL's name; else what they are made of.
    pub custom_types: BTreeMap<String, CustomType>,
}

/// How a custom type looks in TypeScript.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CustomType {
    /// Its name; the UDL's if absent.
    pub type_name: Option<String>,
    /// Whole import declarations that the other keys need.
    #[serde(default)]
    pub imports: Vec<String>,
    /// The expression that makes one of `{}`, which is what crosses the FFI.
    pub lift: String,
    /// The expression that makes of `{}`, which is one, what crosses the FFI.
    pub lower: String,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            library_folder: ".".into(),
            off_thread: Vec::new(),
            custom_types: BTreeMap::new(),
        }
    }
}

impl Options {
    /// Refuses names of items that the interface has not.
    ///
    /// # Errors
    /// The first such name, and the key that it stands under.
    pub(crate) fn check(&self, interface: &Interface<'_>) -> Result<()> {
        for name in &self.off_thread {
            match interface
                .callables()
                .find(|callable| callable.item() == *name)
            {
                None => bail!("off_thread: there is no {name}"),
                Some(callable) if callable.is_async => {
                    bail!("off_thread: {name} is [Async] and blocks no thread")
                }
                Some(callable)
                    if callable.kind == crate::interface::CallableKind::PrimaryConstructor =>
                {
                    bail!("off_thread: {name} is a constructor, which cannot give a promise")
                }
                Some(_) => {}
            }
        }
        for name in self.custom_types.keys() {
            if !interface.customs.iter().any(|custom| custom.name == *name) {
                bail!("custom_types: there is no custom type {name}");
            }
        }
        Ok(())
    }
}
