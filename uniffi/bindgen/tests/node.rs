//! The topic suite in Node: `tests/node/<topic>.test.ts`, compiled with `tsc --strict`,
//! run with `node --test`, over koffi. Needs node 18 or later, and npm.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "all of this is a test, also what no #[test] marks"
)]

mod suite;

use std::{ffi::OsStr, fs, path::Path, sync::OnceLock};

use commy_bindgen::{Language, node::KOFFI_VERSION};

suite::topics!(
    Language::Node,
    run_topic: primitives, strings, records, enums, errors, objects, compounds, binary, moments,
    customs, externals, traits, callbacks, listeners, futures, docs, derived, macros,
);

fn run_topic(topic: &str) {
    run(topic, &[topic], |_| {});
}

/// What no topic is about: the threads of Node's, and how a process ends.
#[test]
fn threads() {
    run("threads", &["futures", "callbacks", "objects"], |_| {});
}

/// What a call costs beside one that is made by hand.
#[test]
fn overhead() {
    run("overhead", &["primitives", "strings", "objects"], |_| {});
}

/// Bindings that were made from another version of the library.
#[test]
fn stale() {
    run("stale", &["primitives"], |source| {
        let current = fs::read_to_string(source.join("primitives.ts")).unwrap();
        let contract = current.replacen("contract: 30,", "contract: 29,", 1);
        let before = "checksum_func_add\",\n      expected: ";
        let checksum = current.replacen(before, &format!("{before}1"), 1);
        let symbol = current.replacen("checksum_func_add", "checksum_func_gone", 1);
        for (name, text) in [
            ("contract", contract),
            ("checksum", checksum),
            ("symbol", symbol),
        ] {
            assert_ne!(text, current, "{name}");
            fs::write(source.join(format!("{name}.ts")), text).unwrap();
        }
    });
}

/// Generates topics, checks how they are formatted, and runs a test of theirs.
fn run(name: &str, topics: &[&str], prepare: impl FnOnce(&Path)) {
    let modules = modules();
    let folder = suite::scratch("node", name);
    let source = folder.join("src");
    for topic in topics {
        suite::generate_into(Language::Node, topic, &source);
    }
    let test = format!("{name}.test.ts");
    fs::copy(
        suite::test_file(&format!("node/{test}")),
        source.join(&test),
    )
    .unwrap();
    let tool = |name: &str, arguments: &[&str]| {
        let arguments: Vec<_> = arguments.iter().map(OsStr::new).collect();
        suite::run(&folder, modules.join(".bin").join(name), &arguments, &[])
    };
    tool("prettier", &["--check", "--no-config", "src"]);

    prepare(&source);
    fs::write(folder.join("package.json"), r#"{ "type": "module" }"#).unwrap();
    fs::write(folder.join("tsconfig.json"), TSCONFIG).unwrap();
    tool("tsc", &["--project", "."]);
    suite::run(
        &folder,
        "node",
        &[
            "--test".as_ref(),
            // The tests of leaks call it.
            "--expose-gc".as_ref(),
            format!("dist/{name}.test.js").as_ref(),
        ],
        &[("UNIFFI_LIBRARY_TOPICS", suite::library().as_os_str())],
    );
}

/// Stricter than `--strict`, so that users may be. `@types/node` itself would not pass.
const TSCONFIG: &str = r#"{
  "compilerOptions": {
    "target": "es2022",
    "lib": ["es2022", "esnext.disposable"],
    "module": "nodenext",
    "types": ["node"],
    "strict": true,
    "noImplicitOverride": true,
    "noUncheckedIndexedAccess": true,
    "exactOptionalPropertyTypes": true,
    "skipLibCheck": true,
    "rootDir": "src",
    "outDir": "dist"
  }
}
"#;

/// koffi and the tools, installed once, outside the sources; Node finds them from any
/// topic's folder, which lies below.
fn modules() -> &'static Path {
    static MODULES: OnceLock<std::path::PathBuf> = OnceLock::new();
    MODULES.get_or_init(|| {
        let folder = suite::tools("node");
        let manifest = format!(
            r#"{{
  "private": true,
  "dependencies": {{ "koffi": "{KOFFI_VERSION}" }},
  "devDependencies": {{
    "@types/node": "20.19.0",
    "prettier": "3.10.1",
    "typescript": "7.0.2"
  }}
}}
"#
        );
        let path = folder.join("package.json");
        let modules = folder.join("node_modules");
        let is_installed =
            modules.exists() && fs::read_to_string(&path).is_ok_and(|text| text == manifest);
        if !is_installed {
            // Written last, so that an installation that was cut short is repeated.
            let draft = folder.join("draft");
            fs::create_dir_all(&draft).unwrap();
            fs::write(draft.join("package.json"), &manifest).unwrap();
            suite::run(
                &draft,
                "npm",
                &["install", "--no-audit", "--no-fund"].map(OsStr::new),
                &[],
            );
            if modules.exists() {
                fs::remove_dir_all(&modules).unwrap();
            }
            fs::rename(draft.join("node_modules"), &modules).unwrap();
            fs::write(&path, &manifest).unwrap();
        }
        modules
    })
}
