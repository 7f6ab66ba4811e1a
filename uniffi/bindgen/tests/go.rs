//! The topic suite in Go: `tests/go/<topic>_test.go`, checked with gofmt and `go vet`, run
//! with `go test -race`, over cgo. Needs go 1.24 or later, and a C compiler.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "all of this is a test, also what no #[test] marks"
)]

mod suite;

use std::{ffi::OsString, fs, path::Path};

use commy_bindgen::{Language, go::GO_MINIMUM};

suite::topics!(
    Language::Go,
    run_topic: primitives, strings, records, enums, errors, objects, compounds, binary, moments,
    customs, externals, traits, callbacks, listeners, futures, docs, derived, macros,
);

/// The races and the memory of C that Go's detector sees.
const RACE: &[&str] = &["-race"];

fn run_topic(topic: &str) {
    run(topic, &[topic], RACE, |_| {});
}

/// What a call costs beside one that is made by hand, without a detector that slows both.
#[test]
fn overhead() {
    run(
        "overhead",
        &["primitives", "strings", "objects"],
        &["-v"],
        |folder| copy(&suite::test_file("go/bare"), &folder.join("bare")),
    );
}

/// Bindings that were made from another version of the library.
#[test]
fn stale() {
    run("stale", &["primitives"], RACE, |folder| {
        let library = "primitives/uniffi_library.go";
        let current = fs::read_to_string(folder.join(library)).unwrap();
        let contract = current
            .replace("version != 30", "version != 29")
            .replace("speak 30", "speak 29");
        let call = "C.uniffi_topic_primitives_checksum_func_add(), ";
        let (before, after) = current.split_once(call).unwrap();
        let (expected, after) = after.split_once('}').unwrap();
        let other = u16::wrapping_add(expected.parse().unwrap(), 1);
        let checksum = format!("{before}{call}{other}}}{after}");
        let symbol = "checksum_func_add";
        let gone = "checksum_func_gone";
        for (name, text) in [
            ("contract", contract),
            ("checksum", checksum),
            ("symbol", current.replace(symbol, gone)),
            ("current", current.clone()),
        ] {
            assert_eq!(name == "current", text == current, "{name}");
            let program = folder.join(name);
            copy(&folder.join("primitives"), &program.join("primitives"));
            fs::write(program.join(library), text).unwrap();
            if name == "symbol" {
                let header = program.join("primitives/uniffi.h");
                let text = fs::read_to_string(&header).unwrap();
                fs::write(header, text.replace(symbol, gone)).unwrap();
            }
            let main = format!(
                "package main\n\nimport \"suite/{name}/primitives\"\n\nfunc main() {{\n\t\
                 primitives.Tick()\n}}\n"
            );
            fs::write(program.join("main.go"), main).unwrap();
        }
    });
}

/// Generates topics, checks how they are formatted, and runs a test.
fn run(name: &str, topics: &[&str], flags: &[&str], prepare: impl FnOnce(&Path)) {
    let folder = suite::scratch("go", name);
    for topic in topics {
        suite::generate_into(Language::Go, topic, &folder);
    }
    for file in [format!("{name}_test.go"), "support_test.go".to_owned()] {
        fs::copy(suite::test_file(&format!("go/{file}")), folder.join(&file)).unwrap();
    }
    let unformatted = suite::run(&folder, "gofmt", &["-l".as_ref(), ".".as_ref()], &[]);
    assert_eq!(unformatted, "", "gofmt would change these files");

    prepare(&folder);
    let module = format!("module suite\n\ngo {GO_MINIMUM}\n");
    fs::write(folder.join("go.mod"), module).unwrap();
    let library = suite::library().parent().unwrap().as_os_str();
    let mut linking = OsString::from("-L");
    linking.push(library);
    linking.push(" -Wl,-rpath,");
    linking.push(library);
    let environment = [
        ("CGO_ENABLED", "1".as_ref()),
        ("CGO_LDFLAGS", linking.as_os_str()),
        // The suite runs as it lies, whatever workspace is around it.
        ("GOWORK", "off".as_ref()),
        ("GOFLAGS", "-mod=mod".as_ref()),
    ];
    let test = [&["test", "-count=1"], flags, &["."]].concat();
    for arguments in [&["vet", "./..."], &test[..]] {
        let arguments: Vec<_> = arguments.iter().map(AsRef::as_ref).collect();
        suite::run(&folder, "go", &arguments, &environment);
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}
