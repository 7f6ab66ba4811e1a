//! The topic suite in C++: `tests/cpp/<topic>_test.cpp`, compiled as C++20 without warnings and
//! with AddressSanitizer, run with GoogleTest. Needs g++ (or the compiler that CXX names),
//! clang-format and the development files of GoogleTest.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "all of this is a test, also what no #[test] marks"
)]

mod suite;

use std::{
    env,
    ffi::{OsStr, OsString},
    fs,
    path::Path,
};

use camino::Utf8PathBuf;
use commy_bindgen::{Language, Options, cpp::CLANG_FORMAT};

suite::topics!(
    Language::Cpp,
    run_topic: primitives, strings, records, enums, errors, objects, compounds, binary, moments,
    customs, externals, traits, callbacks, listeners, futures, docs, derived, macros,
);

fn run_topic(topic: &str) {
    let folder = suite::scratch("cpp", topic);
    let include = folder.join("include");
    suite::generate_into(Language::Cpp, topic, &include);
    check_format(&include);
    run(&folder, topic, &[]);
}

/// Interfaces whose errors are given, not thrown.
#[test]
fn results() {
    let folder = suite::scratch("cpp", "results");
    let include = folder.join("include");
    let path = |path: &str| Utf8PathBuf::from_path_buf(suite::package().join(path)).unwrap();
    let topics = ["errors", "futures", "listeners", "objects", "traits"];
    let generated = commy_bindgen::generate(&Options {
        language: Language::Cpp,
        sources: topics
            .map(|t| path(&format!("tests/topics/{t}/src/{t}.udl")))
            .into(),
        out_dir: Utf8PathBuf::from_path_buf(include.clone()).unwrap(),
        config: Some(path("tests/cpp/results.toml")),
        crate_name: None,
    });
    assert!(generated.is_ok(), "{generated:?}");
    check_format(&include);
    run(&folder, "results", &[]);
}

/// Bindings that were made from another version of the library.
#[test]
fn stale() {
    for (name, before, after, expected) in [
        (
            "contract",
            "contract_version(), 30",
            "contract_version(), 29",
            "the library of primitives speaks version 30 of UniFFI's contract, the bindings speak \
             29: build both from the same sources",
        ),
        (
            "checksum",
            "checksum_func_add(), ",
            "checksum_func_add(), 1 + ",
            "add in the library of primitives differs from the bindings: build both from the same \
             sources",
        ),
    ] {
        let folder = suite::scratch("cpp", &format!("stale-{name}"));
        let include = folder.join("include");
        suite::generate_into(Language::Cpp, "primitives", &include);
        let header = include.join("primitives.hpp");
        let current = fs::read_to_string(&header).unwrap();
        let stale = current.replacen(before, after, 1);
        assert_ne!(stale, current, "{name}");
        fs::write(&header, stale).unwrap();
        run(&folder, "stale", &[&format!("-DEXPECTED=\"{expected}\"")]);
    }
}

/// That clang-format would change nothing.
fn check_format(include: &Path) {
    let mut arguments: Vec<OsString> = vec![
        "--dry-run".into(),
        "--Werror".into(),
        format!("--style={CLANG_FORMAT}").into(),
    ];
    for folder in [include.to_owned(), include.join("uniffi_runtime")] {
        let files = fs::read_dir(folder)
            .unwrap()
            .map(|file| file.unwrap().path());
        arguments.extend(files.filter(|path| path.is_file()).map(OsString::from));
    }
    let arguments: Vec<_> = arguments.iter().map(OsString::as_os_str).collect();
    suite::run(include, "clang-format", &arguments, &[]);
}

const OPTIONS: &[&str] = &[
    "-std=c++20",
    "-g1",
    "-Wall",
    "-Wextra",
    "-Wpedantic",
    "-Werror",
    "-fsanitize=address,undefined",
    "-fno-sanitize-recover=all",
    "-pthread",
];

/// Compiles a test against what was generated into `include`, and runs it.
fn run(folder: &Path, name: &str, more: &[&str]) {
    let include = folder.join("include");
    let test = suite::test_file(&format!("cpp/{name}_test.cpp"));
    let library = suite::library().parent().unwrap();
    let mut rpath = OsString::from("-Wl,-rpath,");
    rpath.push(library);
    let mut header = OsString::from("-DHEADER=\"");
    header.push(include.join(format!("{name}.hpp")));
    header.push("\"");
    let mut compile: Vec<&OsStr> = OPTIONS.iter().chain(more).map(OsStr::new).collect();
    compile.extend([
        header.as_os_str(),
        "-I".as_ref(),
        include.as_os_str(),
        "-I".as_ref(),
        test.parent().unwrap().as_os_str(),
        test.as_os_str(),
        "-o".as_ref(),
        "topic".as_ref(),
        "-L".as_ref(),
        library.as_os_str(),
        rpath.as_os_str(),
    ]);
    compile.extend(["-ltopics", "-lgmock", "-lgtest", "-lgtest_main"].map(OsStr::new));
    let compiler = env::var_os("CXX").unwrap_or_else(|| "g++".into());
    suite::run(folder, compiler, &compile, &[]);
    suite::run(folder, folder.join("topic"), &[], &[]);
}
