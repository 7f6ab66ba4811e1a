//! Raw bindings from the UDL, one file set a language.
//!
//! Owns the call into the generators, UniFFI's and our own, so that `build-sdks` ships exactly what
//! the snapshots show. It must not know where an SDK keeps the files.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail};
use askama::Template as _;
use camino::{Utf8Path, Utf8PathBuf};
use uniffi_bindgen::bindings::{
    GenerateOptions, TargetLanguage, generate_with_bindgen_paths, python,
};
use uniffi_bindgen::{BindgenLoader, BindgenPaths, BindgenPathsLayer, GlobalConfig};

/// The interface definition, relative to the root of the checkout.
pub const UDL: &str = "uniffi/src/commy.udl";

/// A language for which raw bindings can be generated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// One `.py` module.
    Python,
    /// One `.kt` file in the directories of its package.
    Kotlin,
    /// A `.swift` file, a C header and a module map.
    Swift,
    /// One `.rb` file. No SDK is built from it; it shows what the interface looks like there.
    Ruby,
    /// One `.ts` module, and the runtime that it imports.
    Node,
}

/// Generates the raw bindings of `language` from `udl` and returns each file's text by its path
/// relative to the folder in which the files belong together.
///
/// Settings come from the `uniffi.toml` of the crate that owns the UDL.
///
/// # Errors
/// When the UDL cannot be read or parsed, or holds what the language's generator cannot express.
///
/// # Example
/// ```no_run
/// use xtask::bindings::{Language, UDL, generate};
///
/// let files = generate(Language::Python, UDL.as_ref())?;
/// assert!(files.keys().any(|path| path.extension() == Some("py")));
/// # anyhow::Ok(())
/// ```
pub fn generate(language: Language, udl: &Utf8Path) -> Result<BTreeMap<Utf8PathBuf, String>> {
    let crate_root = CrateRoot::of(udl)?;
    let files = match language {
        Language::Python => generate_python(udl, crate_root),
        Language::Kotlin => generate_builtin(TargetLanguage::Kotlin, udl, crate_root),
        Language::Swift => generate_builtin(TargetLanguage::Swift, udl, crate_root),
        Language::Ruby => generate_builtin(TargetLanguage::Ruby, udl, crate_root),
        Language::Node => generate_own(commy_bindgen::Language::Node, udl),
    }
    .with_context(|| format!("cannot generate {language:?} from {udl}"))?;
    if files.is_empty() {
        bail!("the {language:?} generator wrote no file for {udl}");
    }
    Ok(files)
}

/// Writes generated files into `folder`, which holds nothing else afterwards. Files that are what
/// they would be are left alone, so that no build tool takes them for new.
///
/// # Errors
/// When the folder cannot be emptied or written.
pub fn write(files: &BTreeMap<Utf8PathBuf, String>, folder: &Utf8Path) -> Result<()> {
    if read_tree(folder).is_ok_and(|there| there == *files) {
        return Ok(());
    }
    if folder.exists() {
        fs_err::remove_dir_all(folder)?;
    }
    for (path, text) in files {
        let path = folder.join(path);
        if let Some(parent) = path.parent() {
            fs_err::create_dir_all(parent)?;
        }
        fs_err::write(path, text)?;
    }
    Ok(())
}

/// The languages that UniFFI itself does not generate.
fn generate_own(
    language: commy_bindgen::Language,
    udl: &Utf8Path,
) -> Result<BTreeMap<Utf8PathBuf, String>> {
    let rendered = commy_bindgen::render(&commy_bindgen::Options {
        language,
        sources: vec![udl.to_owned()],
        out_dir: Utf8PathBuf::new(),
        config: None,
        crate_name: None,
    })?;
    Ok(rendered
        .into_iter()
        .map(|file| (file.path, file.contents))
        .collect())
}

/// Python renders in memory: its `generate` function also prints to standard output.
fn generate_python(udl: &Utf8Path, root: CrateRoot) -> Result<BTreeMap<Utf8PathBuf, String>> {
    let mut paths = BindgenPaths::default();
    paths.add_layer(root);
    let loader = BindgenLoader::new(paths, GlobalConfig::default());
    let metadata = loader.load_metadata(udl)?;
    let root = loader.load_pipeline_initial_root(udl, metadata)?;
    python::pipeline()
        .execute(root)?
        .modules
        .values()
        .map(|module| Ok((format!("{}.py", module.name).into(), module.render()?)))
        .collect()
}

fn generate_builtin(
    language: TargetLanguage,
    udl: &Utf8Path,
    root: CrateRoot,
) -> Result<BTreeMap<Utf8PathBuf, String>> {
    let scratch = tempfile::tempdir()?;
    let out_dir = Utf8PathBuf::try_from(scratch.path().to_path_buf())?;
    let mut paths = BindgenPaths::default();
    paths.add_layer(root);
    let options = GenerateOptions {
        languages: vec![language],
        source: udl.to_owned(),
        out_dir: out_dir.clone(),
        // The generated code is an implementation detail, and no formatter is pinned for it.
        format: false,
        metadata_no_deps: true,
        ..GenerateOptions::default()
    };
    generate_with_bindgen_paths(options, paths)?;
    read_tree(&out_dir)
}

fn read_tree(root: &Utf8Path) -> Result<BTreeMap<Utf8PathBuf, String>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in folder.read_dir_utf8()? {
            let path = entry?.into_path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let text = fs_err::read_to_string(&path)?;
                files.insert(path.strip_prefix(root)?.to_owned(), text);
            }
        }
    }
    Ok(files)
}

/// The one crate whose interface we generate: the folder that holds `src/<name>.udl`.
struct CrateRoot(Utf8PathBuf);

impl CrateRoot {
    fn of(udl: &Utf8Path) -> Result<Self> {
        let root = udl
            .parent()
            .and_then(Utf8Path::parent)
            .with_context(|| format!("{udl} is not in the src folder of a crate"))?;
        Ok(Self(root.to_owned()))
    }
}

impl BindgenPathsLayer for CrateRoot {
    fn get_crate_root(&self, _crate_name: &str) -> Option<Utf8PathBuf> {
        Some(self.0.clone())
    }
}
