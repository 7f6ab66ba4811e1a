//! Rust: the runtime's own language, checked by cargo.

use anyhow::Result;
use cargo_metadata::Package;

use super::{Language, sdks};
use crate::check::{Check, Column, Evidence};
use crate::peer::Peer;
use crate::pins;
use crate::site::Site;
use crate::step::Step;
use crate::tool::{Found, Get, Need, Tool};

/// The package whose test targets are columns: `conformance` by topic, the others by their name.
const TESTS: &str = "commy-tests";
const CONFORMANCE: &str = "conformance";
/// The package of the benchmarks.
const BENCHES: &str = "commy-bench";

const CARGO_DENY: Tool = Tool {
    name: "cargo-deny",
    probe: &["cargo", "deny", "--version"],
    minimum: pins::CARGO_DENY,
    get: Get::Command("cargo install --locked cargo-deny"),
    need: Need::Optional("licences, bans and advisories of dependencies"),
};

pub(crate) struct Rust;

impl Language for Rust {
    fn name(&self) -> &'static str {
        "rust"
    }

    fn tools(&self) -> Vec<Tool> {
        let rustup = Get::Command("rustup toolchain install");
        let tool = |name, probe, minimum, get| Tool {
            name,
            probe,
            minimum,
            get,
            need: Need::Required,
        };
        vec![
            tool("rustc", &["rustc", "--version"], pins::RUST, rustup),
            tool("rustfmt", &["cargo", "fmt", "--version"], "", rustup),
            tool("clippy", &["cargo", "clippy", "--version"], "", rustup),
            tool(
                "C linker",
                &["cc", "--version"],
                "",
                Get::Apt(&["gcc", "libc6-dev"]),
            ),
            // The tests of hosts that are cut off make network namespaces.
            tool("iproute2", &["ip", "-V"], "", Get::Apt(&["iproute2"])),
            CARGO_DENY,
            Tool {
                name: "cargo-make",
                probe: &["cargo", "make", "--version"],
                minimum: pins::CARGO_MAKE,
                get: Get::Command("cargo install --locked cargo-make"),
                need: Need::Optional("the aliases in Makefile.toml"),
            },
        ]
    }

    fn columns(&self) -> &'static [&'static str] {
        &[
            "lint",
            "unit",
            "mesh",
            "house",
            "codegen",
            "simulation",
            "fabric",
            "tour",
            "shop",
        ]
    }

    fn checks(&self, site: &Site, only: Option<&[&str]>) -> Result<Vec<Check>> {
        // Every cargo command names the whole workspace and picks targets, so that all of them see
        // the same features and share what they compile.
        let cargo = |title: &str, arguments: &[&str]| {
            Step::new(format!("rust: {title}"), "cargo")
                .args(arguments)
                .dir(&site.root)
        };
        let lint = |title, arguments: &[&str]| Check::exit("lint", [cargo(title, arguments)]);
        let test = |column, title: &str, arguments: &[&str]| Check {
            column,
            steps: vec![
                cargo(
                    title,
                    &["test", "--locked", "--workspace", "--no-fail-fast"],
                )
                .args(arguments)
                .env("INSTA_UPDATE", "no"),
            ],
            evidence: Evidence::Libtest,
        };

        let everything = ["--workspace", "--all-targets", "--locked"];
        let clippy = [&["clippy"], &everything[..], &["--", "--deny=warnings"]].concat();
        let doc = ["doc", "--workspace", "--no-deps", "--locked"];
        let mut checks = vec![
            lint("cargo fmt", &["fmt", "--all", "--check"]),
            lint("cargo clippy", &clippy),
            Check::exit(
                "lint",
                [cargo("cargo doc", &doc).env("RUSTDOCFLAGS", "--deny=warnings")],
            ),
        ];
        if matches!(CARGO_DENY.find(), Found::Good(_)) {
            checks.push(lint("cargo deny", &["deny", "--all-features", "check"]));
        }

        // A suite that is called after another language is that language's to run.
        let mut integration = test_targets(site, |package| package.name.as_str() != TESTS);
        integration.retain(|target| !sdks().any(|sdk| sdk.name() == target));
        let mut unit = vec!["--lib", "--bins"];
        unit.extend(
            integration
                .iter()
                .flat_map(|target| ["--test", target.as_str()]),
        );
        checks.push(test(Column::Named("unit"), "unit tests", &unit));
        checks.push(test(Column::Named("unit"), "doc tests", &["--doc"]));

        for target in test_targets(site, |package| package.name.as_str() == TESTS) {
            let modules: Vec<String> = only.iter().flat_map(|it| *it).map(module).collect();
            let mut arguments = vec!["--test", &target];
            let column = if target == CONFORMANCE {
                arguments.push("--");
                arguments.extend(modules.iter().map(String::as_str));
                Column::ByTopic
            } else {
                Column::Called(target.clone())
            };
            checks.push(test(column, &target, &arguments));
        }
        let examples = ["build", "--locked", "--workspace", "--examples"];
        let sample = |name: &str| {
            let program = site.target.join("debug/examples").join(name);
            [
                cargo("build the samples", &examples),
                Step::new(format!("rust: {name}"), program),
            ]
        };
        checks.push(Check {
            evidence: Evidence::Prints("9/9"),
            ..Check::exit("tour", sample("tour"))
        });
        checks.push(Check::exit("shop", sample("shop")));
        Ok(checks)
    }

    fn peer(&self, site: &Site) -> Result<Peer> {
        // As the samples are built, so that nothing is compiled twice.
        let build = Step::new("rust: build the peer", "cargo")
            .args(["build", "--locked", "--workspace", "--examples"])
            .dir(&site.root);
        let program = site.target.join("debug/examples/peer");
        Ok(Peer {
            build: vec![build],
            start: Step::new("rust: peer", program),
        })
    }

    fn benches(&self, site: &Site, filter: Option<&str>) -> Result<Vec<Step>> {
        let step = Step::new("rust: benchmarks", "cargo")
            .args(["bench", "--locked", "--package", BENCHES, "--benches", "--"])
            .args(filter)
            .dir(&site.root);
        Ok(vec![step])
    }
}

/// The filter of the test harness for the tests of one topic.
fn module(topic: &&str) -> String {
    format!("{topic}::")
}

fn test_targets(site: &Site, wanted: impl Fn(&Package) -> bool) -> Vec<String> {
    site.metadata
        .packages
        .iter()
        .filter(|package| wanted(package))
        .flat_map(|package| &package.targets)
        .filter(|target| target.is_test())
        .map(|target| target.name.clone())
        .collect()
}
