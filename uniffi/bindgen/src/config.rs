//! The section of `uniffi.toml` for one language: `[bindings.node]`, `[bindings.go]`,
//! `[bindings.cpp]`.
//!
//! Owns the keys that all languages share. Must not know a language's own options: each
//! backend takes the rest by [`Config::options`], and an unknown key is its error.

use anyhow::{Context, Result};
use serde::{Deserialize, de::DeserializeOwned};
use uniffi_bindgen::ComponentInterface;

use crate::backend::Language;

/// What a backend may be told about one crate.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// The library's name without prefix and suffix: `shop` of `libshop.so`.
    pub library: String,
    /// New names, by the UDL's: `Counter`, `Counter.increment`, `Counter.increment.by`.
    pub rename: toml::Table,
    /// Items to leave out, by the UDL's name.
    pub exclude: Vec<String>,
    section: String,
    options: toml::Table,
}

/// The keys that all languages share, under the names that UniFFI's own backends use.
#[derive(Default, Deserialize)]
struct Shared {
    cdylib_name: Option<String>,
    #[serde(default)]
    rename: toml::Table,
    #[serde(default)]
    exclude: Vec<String>,
    #[serde(flatten)]
    options: toml::Table,
}

impl Config {
    /// Reads the language's section of a crate's configuration.
    ///
    /// # Errors
    /// A shared key with a value of the wrong type.
    pub(crate) fn new(
        language: Language,
        ci: &ComponentInterface,
        library: Option<&str>,
        root: &toml::Table,
    ) -> Result<Self> {
        let section = format!("bindings.{}", language.key());
        let shared = match root.get("bindings").and_then(|all| all.get(language.key())) {
            None => Shared::default(),
            Some(table) => table
                .clone()
                .try_into()
                .with_context(|| format!("[{section}] of crate {}", ci.crate_name()))?,
        };
        Ok(Self {
            // Cargo names the library after the crate, unless the manifest says otherwise.
            library: shared
                .cdylib_name
                .or_else(|| library.map(str::to_owned))
                .unwrap_or_else(|| ci.crate_name().to_owned()),
            rename: shared.rename,
            exclude: shared.exclude,
            section,
            options: shared.options,
        })
    }

    /// The language's own keys; its type should `deny_unknown_fields`.
    ///
    /// # Errors
    /// A key that the type does not know, or a value of the wrong type.
    pub fn options<T: DeserializeOwned>(&self) -> Result<T> {
        toml::Value::Table(self.options.clone())
            .try_into()
            .with_context(|| format!("[{}]", self.section))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, Deserialize, PartialEq)]
    #[serde(default, deny_unknown_fields)]
    struct Options {
        style: String,
    }

    fn config(text: &str, library: Option<&str>) -> Config {
        let ci = ComponentInterface::from_webidl("namespace shop {};", "shop_core").unwrap();
        Config::new(Language::Go, &ci, library, &text.parse().unwrap()).unwrap()
    }

    #[test]
    fn the_library_is_named_by_the_file_then_the_source_then_the_crate() {
        let named = "[bindings.go]\ncdylib_name = \"named\"";
        assert_eq!(config(named, Some("found")).library, "named");
        assert_eq!(config("", Some("found")).library, "found");
        assert_eq!(config("", None).library, "shop_core");
    }

    #[test]
    fn a_language_gets_its_own_keys_and_nothing_else() {
        let text = "[bindings.go]\nstyle = \"brief\"\nexclude = [\"f\"]\n[bindings.node]\nx = 1";
        let config = config(text, None);
        assert_eq!(config.exclude, ["f"]);
        assert_eq!(config.options::<Options>().unwrap().style, "brief");
    }

    #[test]
    fn an_unknown_key_is_an_error_that_names_the_section() {
        let error = config("[bindings.go]\nstile = \"brief\"", None)
            .options::<Options>()
            .unwrap_err();
        assert!(format!("{error:#}").starts_with("[bindings.go]: unknown field `stile`"));
    }
}
