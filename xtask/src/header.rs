//! The header of the C ABI, from its Rust module.
//!
//! Owns the settings of cbindgen, so that `build-sdks` ships exactly what the snapshot shows. It
//! must not know where an SDK keeps the file.

use anyhow::{Context as _, Result, ensure};
use camino::Utf8Path;
use cbindgen::{Builder, Config, DocumentationStyle, EnumConfig, Language, RenameRule, Style};

/// The module whose items the header declares, relative to the root of the checkout.
pub const MODULE: &str = "uniffi/src/c";

/// The files of the module in the order in which the header is read.
const FILES: &[&str] = &[
    "status.rs",
    "error.rs",
    "handles.rs",
    "wait.rs",
    "mesh.rs",
    "stats.rs",
    "message.rs",
    "instance.rs",
    "discovery.rs",
    "watch.rs",
    "handler.rs",
    "service.rs",
    "call.rs",
    "events.rs",
];

/// What the header says before anything else.
const PREAMBLE: &str = "\
/* commy for C: a service mesh that you link.
 *
 * Made from Rust by cbindgen: do not edit.
 *
 * Functions return a status, may be called from any thread, and wait for what they do. After one
 * that is not COMMY_STATUS_OK, commy_last_error tells the calling thread what went wrong.
 *
 * What the library makes is known by handles, small structures that are compared by their id. A
 * handle that is null, freed twice, of another kind or made up is COMMY_STATUS_INVALID_ARGUMENT.
 * What a view function shows belongs to its handle and ends with it.
 *
 * Texts are UTF-8, end with NUL, and are copied where they are handed over. Structures that begin
 * with a size must have it set, and be zero wherever nothing is set:
 *
 *   CommyMeshOptions options = {.size = sizeof options, .name = \"shop\"};
 *
 * Pointers must be NULL where that is allowed or lead to what their type and length say. That is
 * the one thing that no library can check. */
";

/// The text of `commy.h`.
///
/// # Errors
/// When the module cannot be read, or has an item that C cannot express.
pub fn generate(root: &Utf8Path) -> Result<String> {
    let config = Config {
        language: Language::C,
        header: Some(PREAMBLE.to_owned()),
        include_guard: Some("COMMY_H".to_owned()),
        no_includes: true,
        sys_includes: ["stdbool.h", "stddef.h", "stdint.h"]
            .map(str::to_owned)
            .to_vec(),
        cpp_compat: true,
        usize_is_size_t: true,
        documentation_style: DocumentationStyle::Doxy,
        style: Style::Both,
        line_length: 100,
        enumeration: EnumConfig {
            rename_variants: RenameRule::QualifiedScreamingSnakeCase,
            ..EnumConfig::default()
        },
        ..Config::default()
    };
    let folder = root.join(MODULE);
    let mut builder = Builder::new().with_config(config);
    for file in FILES {
        builder = builder.with_src(folder.join(file));
    }
    let bindings = builder
        .generate()
        .with_context(|| format!("cannot make a header of {folder}"))?;
    let mut text = Vec::new();
    bindings.write(&mut text);
    let text = String::from_utf8(text)?;
    require_all(&folder, &text)?;
    Ok(text)
}

/// Requires that every exported function is declared: cbindgen leaves out what it does not
/// understand, and files that nobody named.
fn require_all(folder: &Utf8Path, header: &str) -> Result<()> {
    for entry in folder.read_dir_utf8()? {
        let source = fs_err::read_to_string(entry?.path())?;
        for rest in source.split("extern \"C\" fn commy_").skip(1) {
            let name = rest.split('(').next().unwrap_or_default();
            ensure!(
                header.contains(&format!("commy_{name}(")),
                "the header does not declare commy_{name}"
            );
        }
    }
    Ok(())
}
