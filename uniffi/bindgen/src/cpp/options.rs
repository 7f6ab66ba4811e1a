//! `[bindings.cpp]`: the keys that only C++ knows.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use serde::Deserialize;

use crate::interface::Interface;

/// The language's part of a crate's `uniffi.toml`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Options {
    /// The namespace of the bindings, such as `shop::raw`; the UDL's if absent.
    pub namespace: Option<String>,
    /// How a declared error reaches the caller.
    pub errors: Errors,
    /// What custom types become, by the UDL's name; else what they are made of.
    pub custom_types: BTreeMap<String, CustomType>,
}

/// How a declared error reaches the caller, and how C++ passes one to Rust.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Errors {
    /// It is thrown.
    #[default]
    Exceptions,
    /// What may fail gives a `uniffi::Result`. A panic of Rust's is thrown even so.
    Results,
}

/// How a custom type looks in C++.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CustomType {
    /// Its type.
    pub type_name: String,
    /// Headers that the other keys need, such as `<filesystem>` or `"url.hpp"`.
    #[serde(default)]
    pub includes: Vec<String>,
    /// The expression that makes one of `{}`, which is what crosses the FFI.
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
        if let Some(namespace) = &self.namespace
            && namespace.split("::").any(|part| !is_identifier(part))
        {
            bail!("namespace: {namespace} is none of C++'s");
        }
        for name in self.custom_types.keys() {
            if !interface.customs.iter().any(|custom| custom.name == *name) {
                bail!("custom_types: there is no custom type {name}");
            }
        }
        Ok(())
    }
}

fn is_identifier(text: &str) -> bool {
    let mut letters = text.chars();
    letters
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}
