//! From UDLs and built libraries to interfaces whose FFI functions are derived.
//!
//! Owns the order of UniFFI's loading steps, and where configuration is found.
//! Must not know what is rendered from the result.

use std::{collections::HashMap, fs};

use anyhow::{Context, Result, bail};
use camino::{Utf8Path, Utf8PathBuf};
use uniffi_bindgen::{
    BindgenLoader, BindgenPaths, BindgenPathsLayer, Component, ComponentInterface, GlobalConfig,
    guess_crate_root,
    interface::{apply_exclusions, rename},
};

use crate::{backend::Language, config::Config};

/// Loads every crate that the sources describe, in the order of their namespaces.
///
/// # Errors
/// A source that cannot be read or parsed, or a configuration that makes no sense.
pub(crate) fn load(
    language: Language,
    sources: &[Utf8PathBuf],
    config: Option<&Utf8Path>,
) -> Result<Vec<Component<Config>>> {
    let (udls, libraries): (Vec<_>, Vec<_>) = sources
        .iter()
        .partition(|source| source.extension() == Some("udl"));
    let mut paths = BindgenPaths::default();
    let given = configuration(config, &mut paths)?;

    // A UDL is read without looking anything up, and tells which crate lies around it.
    let reader = BindgenLoader::new(BindgenPaths::default(), GlobalConfig::default());
    let mut metadata = HashMap::new();
    for udl in udls {
        let group = reader
            .load_metadata(udl)
            .with_context(|| format!("{udl}"))?;
        let root = guess_crate_root(udl)?.to_owned();
        paths.add_layer(Root {
            crates: group.keys().cloned().collect(),
            root,
        });
        metadata.extend(group);
    }
    if !libraries.is_empty() && !given.has_roots {
        paths.add_cargo_metadata_layer(false).context(
            "a library's UDLs are found by `cargo metadata`: run this in the workspace that \
             built the library, or give [crate-roots] in the file of --config",
        )?;
    }
    let loader = BindgenLoader::new(paths, given.global);
    let mut library = None;
    for path in libraries {
        metadata.extend(
            loader
                .load_metadata(path)
                .with_context(|| format!("{path}"))?,
        );
        library = loader.library_name(path);
    }

    let cis = loader.load_cis(metadata)?;
    let mut components = loader.load_components(cis, |ci, root| {
        let toml::Value::Table(mut root) = root else {
            bail!("uniffi.toml of crate {} is no table", ci.crate_name());
        };
        merge(&mut root, &given.overrides);
        Config::new(language, ci, library, &root)
    })?;
    apply_renames(&mut components)?;
    for component in &mut components {
        component.ci.derive_ffi_funcs()?;
    }
    components.sort_by(|left, right| left.ci.namespace().cmp(right.ci.namespace()));
    Ok(components)
}

struct Given {
    global: GlobalConfig,
    has_roots: bool,
    /// A plain `uniffi.toml`, applied over that of every crate.
    overrides: toml::Table,
}

/// Reads the file of `--config`: UniFFI's global form, with `[defaults]`, `[crates.NAME]`
/// and `[crate-roots]`, or the plain form of a crate's `uniffi.toml`.
fn configuration(path: Option<&Utf8Path>, paths: &mut BindgenPaths) -> Result<Given> {
    let mut given = Given {
        global: GlobalConfig::default(),
        has_roots: false,
        overrides: toml::Table::new(),
    };
    let Some(path) = path else {
        return Ok(given);
    };
    let text = fs::read_to_string(path).with_context(|| format!("{path}"))?;
    let table: toml::Table = text.parse().with_context(|| format!("{path}"))?;
    let is_global = ["crate-roots", "defaults", "crates"]
        .iter()
        .any(|key| table.contains_key(*key));
    if is_global {
        let (global, roots) = GlobalConfig::from_file(path)?;
        given.global = global;
        if let Some(roots) = roots {
            given.has_roots = true;
            paths.add_layer(roots);
        }
    } else {
        given.overrides = table;
    }
    Ok(given)
}

struct Root {
    crates: Vec<String>,
    root: Utf8PathBuf,
}

impl BindgenPathsLayer for Root {
    fn get_crate_root(&self, crate_name: &str) -> Option<Utf8PathBuf> {
        self.crates
            .iter()
            .any(|name| name == crate_name)
            .then(|| self.root.clone())
    }
}

fn merge(into: &mut toml::Table, from: &toml::Table) {
    for (key, value) in from {
        match (into.get_mut(key), value) {
            (Some(toml::Value::Table(into)), toml::Value::Table(from)) => merge(into, from),
            _ => {
                into.insert(key.clone(), value.clone());
            }
        }
    }
}

fn apply_renames(components: &mut [Component<Config>]) -> Result<()> {
    let mut renames = HashMap::new();
    for Component { ci, config } in &mut *components {
        apply_exclusions(ci, &config.exclude);
        refuse_vtable_renames(ci, &config.rename)?;
        if !config.rename.is_empty() {
            renames.insert(ci.crate_name().to_owned(), config.rename.clone());
        }
    }
    if !renames.is_empty() {
        for component in components {
            rename(&mut component.ci, &renames);
        }
    }
    Ok(())
}

/// UniFFI derives the symbol that registers a vtable from the trait's name after renames,
/// so a renamed trait would be registered under a symbol that the library has not.
fn refuse_vtable_renames(ci: &ComponentInterface, renames: &toml::Table) -> Result<()> {
    let objects = ci
        .object_definitions()
        .iter()
        .filter(|object| object.has_callback_interface())
        .map(|object| object.name());
    let callbacks = ci
        .callback_interface_definitions()
        .iter()
        .map(|item| item.name());
    for name in objects.chain(callbacks) {
        if renames.contains_key(name) {
            bail!(
                "crate {}: {name} cannot be renamed, because foreign code implements it",
                ci.crate_name()
            );
        }
    }
    Ok(())
}
