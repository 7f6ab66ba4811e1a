//! Swift: a SwiftPM package with the façade, the generated bindings and the native library inside.

mod debian;
mod toolchain;

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail, ensure};
use camino::{Utf8Path, Utf8PathBuf};
use xtask::bindings;

use self::toolchain::Swift as Toolchain;
use super::{Language, Sdk};
use crate::check::{Check, Column, Evidence};
use crate::native::Native;
use crate::peer::Peer;
use crate::site::Site;
use crate::step::Step;
use crate::tool::Tool;

const NAME: &str = "swift";
/// SwiftPM knows a package that is depended on by path by the name of its folder.
const PACKAGE: &str = "Commy";
/// The program for the interop matrix; `peer` is that of the tests.
const PEER: &str = "interop-peer";
/// What a user gets, and what the package needs to be tested where it is.
const CONTENT: &[&str] = &[
    "README.md",
    "Package.swift",
    "Sources",
    "native",
    "samples",
    "tests",
];
/// What is written by hand: all but the bindings.
const HANDWRITTEN: &[&str] = &[
    "Package.swift",
    "Sources/Commy",
    "Sources/CommyFFI/Cancellation.swift",
    FUTURES,
    "samples",
    "tests",
];
/// Where the bindings' futures are given functions by which tasks cancel them.
const FUTURES: &str = "Sources/CommyFFI/Futures.swift";
/// What the generated code calls with each kind of future.
const POLL: &str = "ffi_commy_ffi_rust_future_poll_";

pub(crate) struct Swift;

impl Language for Swift {
    fn name(&self) -> &'static str {
        NAME
    }

    fn tools(&self) -> Vec<Tool> {
        toolchain::tools()
    }

    fn columns(&self) -> &'static [&'static str] {
        &["package", "lint", "tour", "shop"]
    }

    fn sdk(&self) -> Option<&dyn Sdk> {
        Some(self)
    }

    fn prepare(&self, site: &Site) -> Result<()> {
        Toolchain::provide(site).map(drop)
    }

    fn checks(&self, site: &Site, only: Option<&[&str]>) -> Result<Vec<Check>> {
        let toolchain = Toolchain::provide(site)?;
        let sources = site.sdk(NAME);
        let swift = |title: &str, command: &str| {
            toolchain
                .run(site, &sources, title)
                .args([command, "--scratch-path"])
                .arg(build_folder(site))
        };
        let report = site.scratch(NAME).join("xunit.xml");
        let mut test = swift("swift test", "test")
            .args(["--disable-swift-testing", "--xunit-output"])
            .arg(&report)
            // Only parallel runs write a report. Each test has a process of its own, so that one
            // that crashes takes no other with it.
            .args(["--parallel", "--num-workers", "2"]);
        for topic in only.unwrap_or_default() {
            test = test.arg("--filter").arg(class_of(topic));
        }
        let lint = toolchain
            .run(site, &sources, "swift format")
            .args(["format", "lint", "--strict", "--recursive"])
            .args(HANDWRITTEN);

        Ok(vec![
            Check {
                evidence: Evidence::Prints("order 1 is created"),
                ..Check::exit("package", [consumer(site, &toolchain)?])
            },
            Check::exit("lint", [lint]),
            Check {
                evidence: Evidence::Prints("9/9"),
                ..Check::exit("tour", [swift("tour", "run").arg("tour")])
            },
            Check::exit("shop", [swift("shop", "run").arg("shop")]),
            Check {
                column: Column::ByTopic,
                steps: vec![test],
                evidence: Evidence::JUnit(report),
            },
        ])
    }

    fn peer(&self, site: &Site) -> Result<Peer> {
        let toolchain = Toolchain::provide(site)?;
        let build = toolchain
            .run(site, &site.sdk(NAME), "build the peer")
            .args(["build", "--product", PEER, "--scratch-path"])
            .arg(build_folder(site));
        let program = build_folder(site).join("debug").join(PEER);
        Ok(Peer {
            build: vec![build],
            start: toolchain.start(site, &program, "peer"),
        })
    }

    fn benches(&self, _site: &Site, _filter: Option<&str>) -> Result<Vec<Step>> {
        Ok(Vec::new())
    }
}

impl Sdk for Swift {
    fn generate(&self, site: &Site, native: &Native) -> Result<()> {
        let sources = site.sdk(NAME);
        let mut files = bindings::generate(bindings::Language::Swift, &site.udl())?;
        let mut file = |name: &str| {
            files
                .remove(Utf8Path::new(name))
                .with_context(|| format!("the generator wrote no {name}"))
        };
        // The module map that is generated too names no library; ours does.
        let header = file("CCommyFFI.h")?;
        let bindings = file("CommyFFI.swift")?;
        let futures = fs_err::read_to_string(sources.join(FUTURES))?;
        require_cancellable(&bindings, &futures)?;
        for (target, name, text) in [
            ("CCommyFFI", "CCommyFFI.h", header),
            ("CommyFFI", "CommyFFI.swift", bindings),
        ] {
            let folder = sources.join("Sources").join(target).join("generated");
            bindings::write(&BTreeMap::from([(name.into(), text)]), &folder)?;
        }

        let library = &native.staticlib;
        let folder = sources.join("native").join(format!(
            "{}-{}",
            std::env::consts::OS,
            std::env::consts::ARCH
        ));
        fs_err::create_dir_all(&folder)?;
        let name = library.file_name().context("the library has no name")?;
        // Renamed into place: a linker may be reading the one that is there.
        let copied = folder.join("copied");
        fs_err::copy(library, &copied)?;
        fs_err::rename(&copied, folder.join(name))?;
        Ok(())
    }

    fn package(&self, site: &Site) -> Result<Vec<Utf8PathBuf>> {
        let sources = site.sdk(NAME);
        let mut build = Toolchain::provide(site)?
            .run(site, &sources, "swift build")
            .args(["build", "--target", PACKAGE, "--scratch-path"])
            .arg(build_folder(site));
        if site.release {
            build = build.args(["--configuration", "release"]);
        }
        build.run(site)?.require(site)?;

        let package = site.package(NAME).join(PACKAGE);
        fs_err::create_dir(&package)?;
        for name in CONTENT {
            copy(&sources.join(name), &package.join(name))?;
        }
        Ok(vec![package])
    }
}

/// What SwiftPM builds of the checkout's own package, outside the folder that is packaged.
fn build_folder(site: &Site) -> Utf8PathBuf {
    site.scratch(NAME).join("build")
}

/// The class that tests a topic, as a filter that matches no other.
fn class_of(topic: &&str) -> String {
    let mut letters = topic.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    format!(
        r"^CommyTests\.{}{}Tests/",
        first.into_iter().collect::<String>(),
        letters.as_str()
    )
}

/// A throw-away package that depends on ours by its path, and runs the first example of the README.
fn consumer(site: &Site, toolchain: &Toolchain) -> Result<Step> {
    let folder = site.scratch(NAME).join("consumer");
    if folder.exists() {
        fs_err::remove_dir_all(&folder)?;
    }
    fs_err::create_dir_all(folder.join("Sources/consumer"))?;
    let package = site.package(NAME).join(PACKAGE);
    let manifest = format!(
        r#"// swift-tools-version: 6.0
import PackageDescription

let package = Package(
    name: "consumer",
    platforms: [.macOS(.v15)],
    dependencies: [.package(path: "{package}")],
    targets: [.executableTarget(name: "consumer", dependencies: ["{PACKAGE}"])]
)
"#
    );
    fs_err::write(folder.join("Package.swift"), manifest)?;
    let readme = fs_err::read_to_string(package.join("README.md"))?;
    let example = readme
        .split("```")
        .filter_map(|block| block.strip_prefix("swift\n"))
        .find(|code| code.starts_with("import Commy"))
        .context("the README has no example that imports Commy")?;
    fs_err::write(folder.join("Sources/consumer/main.swift"), example)?;
    Ok(toolchain
        .run(site, &folder, "a package that depends on ours")
        .args(["run", "consumer"]))
}

/// Requires that every kind of future in the bindings is one that a task can cancel.
fn require_cancellable(bindings: &str, futures: &str) -> Result<()> {
    let kinds: Vec<&str> = bindings
        .split(POLL)
        .skip(1)
        .filter_map(|rest| {
            rest.split(|letter: char| !letter.is_alphanumeric() && letter != '_')
                .next()
        })
        .collect();
    ensure!(
        !kinds.is_empty(),
        "the bindings have no futures: does the generator name them otherwise?"
    );
    for kind in kinds {
        if !futures.contains(&format!("func {POLL}{kind}(")) {
            bail!("{FUTURES} lacks the functions of futures whose result is {kind}");
        }
    }
    Ok(())
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
    fn a_topic_is_tested_by_a_class_of_its_name() {
        assert_eq!(class_of(&"call"), r"^CommyTests\.CallTests/");
    }

    #[test]
    fn a_kind_of_future_that_no_task_could_cancel_is_refused() {
        let bindings = format!("pollFunc: {POLL}void,\npollFunc: {POLL}f64,");
        let both = format!("func {POLL}void(\nfunc {POLL}f64(");
        assert!(require_cancellable(&bindings, &both).is_ok());
        let one = format!("func {POLL}void(");
        let error = require_cancellable(&bindings, &one).unwrap_err();
        assert!(error.to_string().ends_with("futures whose result is f64"));
        assert!(require_cancellable("", &both).is_err());
    }
}
