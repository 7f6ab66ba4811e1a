//! Go: a module with the façade, the generated bindings and the native libraries inside.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use anyhow::{Context as _, Result};
use camino::{Utf8Path, Utf8PathBuf};
use commy_bindgen::go::GO_MINIMUM;
use xtask::bindings;

use super::{Language, OPENSSL, Sdk};
use crate::check::{Check, Column, Evidence};
use crate::native::Native;
use crate::peer::Peer;
use crate::site::Site;
use crate::step::Step;
use crate::tool::{Get, Need, Tool};
use crate::{cache, pins};

const NAME: &str = "go";
/// The folder of the packaged module, which is used by its path.
const PACKAGE: &str = "commy";
/// What is written by hand, but for the module's own Go files.
const FOLDERS: &[&str] = &["bench", "internal", "native", "samples", "tests"];
const MEMORY: &str = "memory";
const STATICCHECK: &str = "honnef.co/go/tools/cmd/staticcheck";

pub(crate) struct Go;

impl Language for Go {
    fn name(&self) -> &'static str {
        NAME
    }

    fn tools(&self) -> Vec<Tool> {
        vec![
            Tool {
                name: "go",
                probe: &["go", "version"],
                minimum: GO_MINIMUM,
                get: Get::Apt(&["golang-go"]),
                need: Need::Required,
            },
            Tool {
                name: "C compiler",
                probe: &["cc", "--version"],
                minimum: "",
                get: Get::Apt(&["gcc", "libc6-dev"]),
                need: Need::Required,
            },
            OPENSSL,
        ]
    }

    fn columns(&self) -> &'static [&'static str] {
        &[
            "package",
            "lint",
            "docs",
            "shared",
            "tour",
            "shop",
            "generator",
        ]
    }

    fn sdk(&self) -> Option<&dyn Sdk> {
        Some(self)
    }

    fn prepare(&self, site: &Site) -> Result<()> {
        staticcheck(site).map(drop)
    }

    fn checks(&self, site: &Site, only: Option<&[&str]>) -> Result<Vec<Check>> {
        // What is packaged is what is checked.
        let package = site.package(NAME).join(PACKAGE);
        let module = |title: &str, arguments: &[&str]| go(title, &package).args(arguments);
        let lint = |step| Check::exit("lint", [step]);
        let events = |column, title: &str, arguments: &[&str]| Check {
            column,
            steps: vec![module(title, &["test", "-json", "-count=1"]).args(arguments)],
            evidence: Evidence::GoTest,
        };
        let run = |topics: &[&str]| {
            let names: Vec<String> = topics.iter().map(capitalised).collect();
            format!("-run=^Test({})_", names.join("|"))
        };
        let wanted = only.map(run);
        let mut tests = vec!["-race"];
        tests.extend(wanted.as_deref());
        tests.push("./tests");
        let shared = package.join("native").join(platform()).join("shared");
        let mut checks = vec![
            Check {
                evidence: Evidence::Prints("order 1 is created"),
                ..Check::exit("package", [consumer(site, &package)?])
            },
            lint(module("go vet", &["vet", "./..."])),
            lint(
                Step::new("go: staticcheck", staticcheck(site)?)
                    .arg("./...")
                    .env("GOWORK", "off")
                    .dir(&package),
            ),
            events(Column::Named("docs"), "examples and docs", &["."]),
            Check {
                evidence: Evidence::Prints("9/9"),
                ..Check::exit("tour", [module("tour", &["run", "./samples/tour"])])
            },
            Check::exit(
                "shop",
                [module("shop", &["run", "-race", "./samples/shop"])],
            ),
            Check {
                evidence: Evidence::Prints("9/9"),
                ..Check::exit(
                    "shared",
                    [module(
                        "tour, shared",
                        &["run", "-tags=commy_shared", "./samples/tour"],
                    )
                    .env("CGO_LDFLAGS", format!("-Wl,-rpath,{shared}"))],
                )
            },
            events(Column::ByTopic, "go test -race", &tests),
            Check {
                column: Column::Named("generator"),
                steps: vec![
                    Step::new("go: the generator's suite", "cargo")
                        .args([
                            "test",
                            "--locked",
                            "--package",
                            "commy-bindgen",
                            "--test",
                            NAME,
                        ])
                        .dir(&site.root),
                ],
                evidence: Evidence::Libtest,
            },
        ];
        // The detector of races needs so much memory that the process is measured without it.
        if only.is_none_or(|only| only.contains(&MEMORY)) {
            let run = run(&[MEMORY]);
            checks.push(events(
                Column::ByTopic,
                "go test, memory",
                &[&run, "./tests"],
            ));
        }
        Ok(checks)
    }

    fn peer(&self, site: &Site) -> Result<Peer> {
        let program = site
            .scratch(NAME)
            .join(format!("peer{}", std::env::consts::EXE_SUFFIX));
        let build = go("build the peer", &site.package(NAME).join(PACKAGE))
            .args(["build", "-o"])
            .arg(&program)
            .arg("./samples/peer");
        Ok(Peer {
            build: vec![build],
            start: Step::new("go: peer", program),
        })
    }

    fn benches(&self, site: &Site, filter: Option<&str>) -> Result<Vec<Step>> {
        let bench = format!("-bench={}", filter.unwrap_or("."));
        let package = site.package(NAME).join(PACKAGE);
        Ok(vec![
            go("benchmarks", &package).args(["test", "-run=^$", &bench, "./bench"]),
        ])
    }
}

impl Sdk for Go {
    fn generate(&self, site: &Site, native: &Native) -> Result<()> {
        let sources = site.sdk(NAME);
        let mut files = bindings::generate(bindings::Language::Go, &site.udl())?;
        files.insert("ffi/native.go".into(), marker(native)?);
        bindings::write(&files, &sources.join("internal/generated"))?;
        let folder = sources.join("native").join(platform());
        for (kind, library) in [("static", &native.staticlib), ("shared", &native.cdylib)] {
            let folder = folder.join(kind);
            fs_err::create_dir_all(&folder)?;
            let name = library.file_name().context("the library has no name")?;
            // Renamed into place: a linker may be reading the one that is there.
            let copied = folder.join("copied");
            fs_err::copy(library, &copied)?;
            fs_err::rename(&copied, folder.join(name))?;
        }
        Ok(())
    }

    fn package(&self, site: &Site) -> Result<Vec<Utf8PathBuf>> {
        let sources = site.sdk(NAME);
        let package = site.package(NAME).join(PACKAGE);
        fs_err::create_dir(&package)?;
        for entry in sources.read_dir_utf8()? {
            let path = entry?.into_path();
            let name = path.file_name().unwrap_or_default();
            let is_file = path.is_file() && !name.starts_with('.');
            if is_file || FOLDERS.contains(&name) {
                copy(&path, &package.join(name))?;
            }
        }
        go("go build", &package)
            .args(["build", "./..."])
            .run(site)?
            .require(site)?;
        Ok(vec![package])
    }
}

/// Go links again when a package has changed, and does not look at the libraries: so one package
/// changes with them.
fn marker(native: &Native) -> Result<String> {
    let mut hasher = DefaultHasher::new();
    for library in [&native.staticlib, &native.cdylib] {
        fs_err::read(library)?.hash(&mut hasher);
    }
    Ok(format!(
        "package ffi\n\n// NativeLibrary changes with the library, so that programs are linked again.\n\
         const NativeLibrary = \"{:016x}\"\n",
        hasher.finish()
    ))
}

/// Go in a module of ours, whatever workspace is around it.
fn go(title: &str, module: &Utf8Path) -> Step {
    Step::new(format!("go: {title}"), "go")
        .env("GOWORK", "off")
        .env("CGO_ENABLED", "1")
        .dir(module)
}

/// The linter, compiled once for each Go.
fn staticcheck(site: &Site) -> Result<Utf8PathBuf> {
    let key = format!("staticcheck-{}-{}", pins::STATICCHECK, version()?);
    let folder = cache::entry(NAME, &key, |folder| {
        Step::new("go: install staticcheck", "go")
            .args(["install", &format!("{STATICCHECK}@{}", pins::STATICCHECK)])
            .env("GOBIN", folder)
            .env("GOWORK", "off")
            .run(site)?
            .require(site)?;
        Ok(())
    })?;
    Ok(folder.join(format!("staticcheck{}", std::env::consts::EXE_SUFFIX)))
}

/// The version of the Go that compiles the linter, which reads no newer one's packages.
fn version() -> Result<String> {
    let output = std::process::Command::new("go")
        .args(["env", "GOVERSION"])
        .output()
        .context("cannot run go")?;
    anyhow::ensure!(output.status.success(), "go cannot tell its version");
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

/// A throw-away module that depends on ours by its path, and runs the program of the README.
fn consumer(site: &Site, package: &Utf8Path) -> Result<Step> {
    let folder = site.scratch(NAME).join("consumer");
    if folder.exists() {
        fs_err::remove_dir_all(&folder)?;
    }
    fs_err::create_dir_all(&folder)?;
    let manifest = format!(
        "module consumer\n\ngo {GO_MINIMUM}\n\nrequire commy.dev/commy v0.0.0\n\n\
         replace commy.dev/commy => {package}\n"
    );
    fs_err::write(folder.join("go.mod"), manifest)?;
    let readme = fs_err::read_to_string(package.join("README.md"))?;
    let program = readme
        .split("```")
        .filter_map(|block| block.strip_prefix("go\n"))
        .find(|code| code.starts_with("package main"))
        .context("the README has no program")?;
    fs_err::write(folder.join("main.go"), program)?;
    Ok(go("a module that depends on ours", &folder).args(["run", "."]))
}

/// What Go calls this platform, as the folder of its libraries.
fn platform() -> String {
    let system = match std::env::consts::OS {
        "macos" => "darwin",
        other => other,
    };
    let machine = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    format!("{system}_{machine}")
}

/// A topic, as the names of its tests begin.
fn capitalised(topic: &&str) -> String {
    let mut letters = topic.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

fn copy(from: &Utf8Path, to: &Utf8Path) -> Result<()> {
    if !from.is_dir() {
        fs_err::copy(from, to)?;
        return Ok(());
    }
    fs_err::create_dir_all(to)?;
    for entry in from.read_dir_utf8()? {
        let entry = entry?;
        copy(entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tests_of_a_topic_begin_with_its_name() {
        assert_eq!(capitalised(&"pubsub"), "Pubsub");
    }
}
