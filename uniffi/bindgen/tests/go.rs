//! The topic suite in Go: `tests/go/<topic>_test.go`, checked with gofmt and `go vet`, run
//! with `go test -race`, over cgo. Needs go 1.23 or later, and a C compiler.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "all of this is a test, also what no #[test] marks"
)]

mod suite;

use std::{ffi::OsString, fs};

use commy_bindgen::Language;

suite::topics!(Language::Go, run_topic: primitives, strings);

fn run_topic(topic: &str) {
    let folder = suite::scratch("go", topic);
    suite::generate_into(Language::Go, topic, &folder);
    let unformatted = suite::run(&folder, "gofmt", &["-l".as_ref(), ".".as_ref()], &[]);
    assert_eq!(unformatted, "", "gofmt would change these files");

    let test = format!("{topic}_test.go");
    fs::copy(suite::test_file(&format!("go/{test}")), folder.join(&test)).unwrap();
    fs::write(folder.join("go.mod"), "module suite\n\ngo 1.23\n").unwrap();
    let library = suite::library().parent().unwrap().as_os_str();
    let mut flags = OsString::from("-L");
    flags.push(library);
    flags.push(" -Wl,-rpath,");
    flags.push(library);
    let environment = [
        ("CGO_ENABLED", "1".as_ref()),
        ("CGO_LDFLAGS", flags.as_os_str()),
        // The suite runs as it lies, whatever workspace is around it.
        ("GOWORK", "off".as_ref()),
        ("GOFLAGS", "-mod=mod".as_ref()),
    ];
    suite::run(
        &folder,
        "go",
        &["vet".as_ref(), "./...".as_ref()],
        &environment,
    );
    suite::run(
        &folder,
        "go",
        &[
            "test".as_ref(),
            "-race".as_ref(),
            "-count=1".as_ref(),
            "./...".as_ref(),
        ],
        &environment,
    );
}
