//! What the generators make of the UDL, against what was committed.
//!
//! For each language: the full text of every generated file, and `surface.snap`, which holds the
//! public declarations only and is what a reviewer reads. `cargo xtask snapshots --accept` writes
//! both.
#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, also in what its tests share"
)]

mod mask;
mod surface;

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8PathBuf;
use surface::Names;
use xtask::bindings::{Language, UDL, generate};
use xtask::header;

#[test]
fn python_is_as_committed() {
    check(Language::Python, "python", surface::python::read);
}

#[test]
fn kotlin_is_as_committed() {
    check(Language::Kotlin, "kotlin", surface::kotlin::read);
}

#[test]
fn swift_is_as_committed() {
    check(Language::Swift, "swift", surface::swift::read);
}

#[test]
fn ruby_is_as_committed() {
    check(Language::Ruby, "ruby", surface::ruby::read);
}

#[test]
fn node_is_as_committed() {
    check(Language::Node, "node", surface::node::read);
}

#[test]
fn go_is_as_committed() {
    check(Language::Go, "go", surface::go::read);
}

#[test]
fn cpp_is_as_committed() {
    check(Language::Cpp, "cpp", surface::cpp::read);
}

#[test]
fn c_is_as_committed() {
    let header = header::generate(&root()).unwrap();
    let surface = surface::c::read(&header);
    compare("c", &BTreeMap::from([("commy.h".into(), header)]), &surface);
}

/// What our generators write alike for every interface, as it is committed in their sources.
const RUNTIMES: &[&str] = &[
    "uniffi-runtime",
    "uniffi_runtime",
    "ffi/uniffi_buffer",
    "ffi/uniffi_call.go",
    "ffi/uniffi_compound.go",
    "ffi/uniffi_foreign",
    "ffi/uniffi_future",
    "ffi/uniffi_object",
];

/// Holds every generated file and the surface of the language's own sources against its snapshot.
fn check(language: Language, name: &str, surface: fn(&str, &Names) -> String) {
    let udl = root().join(UDL);
    let names = Names::of(&fs_err::read_to_string(&udl).unwrap());
    let mut files = generate(language, &udl).unwrap();
    files.retain(|path, _| {
        let is_under = |runtime: &&str| path.as_str().starts_with(*runtime);
        !RUNTIMES.iter().any(is_under)
    });
    let surfaces: String = files
        .iter()
        .filter(|(path, _)| !matches!(path.extension(), Some("h" | "modulemap")))
        .map(|(_, text)| surface(text, &names))
        .collect();
    compare(name, &files, &surfaces);
}

fn root() -> Utf8PathBuf {
    Utf8PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// Holds files and their surface against what is committed.
fn compare(name: &str, files: &BTreeMap<Utf8PathBuf, String>, surfaces: &str) {
    let folder = root().join("tests/codegen/snapshots").join(name);

    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(&folder);
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let _guard = settings.bind_to_scope();

    let lines = surfaces.lines().count();
    assert!(lines > 10, "the surface is not read: {lines} lines");
    for declaration in surfaces.split("\n\n") {
        let mut members = BTreeSet::new();
        for member in declaration
            .lines()
            .filter(|line| !line.contains("__init__"))
        {
            assert!(
                members.insert(member),
                "{name} declares twice: {member}\n{declaration}"
            );
        }
    }
    insta::assert_snapshot!("surface", surfaces);

    let mut expected = BTreeSet::from(["surface.snap".to_owned()]);
    for (path, text) in files {
        let file = path.file_name().unwrap();
        expected.insert(format!("{file}.snap"));
        insta::assert_snapshot!(file, mask::mask(text));
    }
    let committed: BTreeSet<String> = folder
        .read_dir_utf8()
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_owned())
        .filter(|file| file.ends_with(".snap"))
        .collect();
    assert_eq!(
        committed, expected,
        "{folder} holds a file that nothing generates"
    );
}
