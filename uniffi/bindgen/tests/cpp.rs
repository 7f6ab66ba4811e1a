//! The topic suite in C++: `tests/cpp/<topic>_test.cpp`, compiled as C++20 without warnings,
//! run with GoogleTest. Needs g++ (or the compiler that CXX names), clang-format and the
//! development files of GoogleTest.

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
};

use commy_bindgen::{Language, cpp::CLANG_FORMAT};

suite::topics!(Language::Cpp, run_topic: primitives, strings);

fn run_topic(topic: &str) {
    let folder = suite::scratch("cpp", topic);
    let include = folder.join("include");
    suite::generate_into(Language::Cpp, topic, &include);
    let mut format: Vec<OsString> = vec![
        "--dry-run".into(),
        "--Werror".into(),
        format!("--style={CLANG_FORMAT}").into(),
    ];
    for file in fs::read_dir(&include).unwrap() {
        format.push(file.unwrap().path().into());
    }
    let format: Vec<_> = format.iter().map(OsString::as_os_str).collect();
    suite::run(&folder, "clang-format", &format, &[]);

    let source = suite::test_file(&format!("cpp/{topic}_test.cpp"));
    let library = suite::library().parent().unwrap();
    let mut rpath = OsString::from("-Wl,-rpath,");
    rpath.push(library);
    let options = [
        "-std=c++20",
        "-g",
        "-Wall",
        "-Wextra",
        "-Wpedantic",
        "-Werror",
    ];
    let mut compile: Vec<&OsStr> = options.map(OsStr::new).to_vec();
    compile.extend([
        "-I".as_ref(),
        include.as_os_str(),
        source.as_os_str(),
        "-o".as_ref(),
        "topic".as_ref(),
        "-L".as_ref(),
        library.as_os_str(),
        rpath.as_os_str(),
    ]);
    compile.extend(["-ltopics", "-lgmock", "-lgtest", "-lgtest_main", "-pthread"].map(OsStr::new));
    let compiler = env::var_os("CXX").unwrap_or_else(|| "g++".into());
    suite::run(&folder, compiler, &compile, &[]);
    suite::run(&folder, folder.join("topic"), &[], &[]);
}
