//! C: a CMake package, which pkg-config finds too, with the header and the native library inside.

use anyhow::{Context as _, Result};
use camino::{Utf8Path, Utf8PathBuf};

use super::{Language, OPENSSL, Sdk, TOPICS, cmake};
use crate::check::{Check, Column, Evidence};
use crate::native::Native;
use crate::peer::Peer;
use crate::pins;
use crate::site::Site;
use crate::step::Step;
use crate::tool::{Get, Need, Tool};

pub(super) const NAME: &str = "c";
/// The folders of what is written by hand.
const HANDWRITTEN: &[&str] = &["tests", "samples", "samples/shop", "samples/peer"];
/// What the first example of the README prints.
pub(super) const GREETING: &str = "hello Ann";
/// The topic that a sanitizer's own heap would change.
const UNSANITIZED: &str = "memory";
/// The topics whose peers would take a test under valgrind for one that hangs.
const NOT_UNDER_VALGRIND: &[&str] = &["remote", "failure"];

pub(crate) struct C;

impl Language for C {
    fn name(&self) -> &'static str {
        NAME
    }

    fn tools(&self) -> Vec<Tool> {
        let tool = |name, probe, packages| Tool {
            name,
            probe,
            minimum: "",
            get: Get::Apt(packages),
            need: Need::Required,
        };
        vec![
            tool("cc", &["cc", "--version"], &["gcc", "libc6-dev"]),
            Tool {
                minimum: pins::CMAKE_MINIMUM,
                ..tool("cmake", &["cmake", "--version"], &["cmake"])
            },
            tool("ninja", &["ninja", "--version"], &["ninja-build"]),
            tool("pkg-config", &["pkg-config", "--version"], &["pkg-config"]),
            tool(
                "cmocka",
                &["pkg-config", "--modversion", "cmocka"],
                &["libcmocka-dev"],
            ),
            tool(
                "cJSON",
                &["pkg-config", "--modversion", "libcjson"],
                &["libcjson-dev"],
            ),
            tool(
                "clang-format",
                &["clang-format", "--version"],
                &["clang-format"],
            ),
            tool("valgrind", &["valgrind", "--version"], &["valgrind"]),
            OPENSSL,
        ]
    }

    fn columns(&self) -> &'static [&'static str] {
        &["package", "lint", "tour", "shop", "valgrind", "sanitizer"]
    }

    fn sdk(&self) -> Option<&dyn Sdk> {
        Some(self)
    }

    fn checks(&self, site: &Site, only: Option<&[&str]>) -> Result<Vec<Check>> {
        let plain = Build::new(site, "plain", "OFF");
        let sanitized = Build::new(site, "sanitized", "ON");
        let prints = |column, line, steps: Vec<Step>| Check {
            evidence: Evidence::Prints(line),
            ..Check::exit(column, steps)
        };
        let mut checks = vec![
            prints("package", GREETING, with_cmake(site)?),
            prints("package", GREETING, with_pkg_config(site)),
            Check::exit("lint", [lint(site)?]),
            prints("tour", "9/9", plain.then("samples/tour")),
            Check::exit("shop", plain.then("samples/shop")),
        ];
        for topic in TOPICS {
            if only.is_none_or(|only| only.contains(topic)) {
                checks.push(plain.topic(site, topic));
            }
        }
        checks.push(plain.all(site, "valgrind", |topic| {
            (!NOT_UNDER_VALGRIND.contains(&topic)).then(|| format!("valgrind.{topic}"))
        }));
        checks.push(sanitized.all(site, "sanitizer", |topic| {
            (topic != UNSANITIZED).then(|| topic.to_owned())
        }));
        Ok(checks)
    }

    fn peer(&self, site: &Site) -> Result<Peer> {
        let mut build = Build::new(site, "plain", "OFF").then("samples/peer");
        let start = build.pop().context("a build without a program")?;
        Ok(Peer { build, start })
    }

    fn benches(&self, _site: &Site, _filter: Option<&str>) -> Result<Vec<Step>> {
        Ok(Vec::new())
    }
}

impl Sdk for C {
    fn generate(&self, site: &Site, native: &Native) -> Result<()> {
        cmake::generate(site, NAME, native)
    }

    fn package(&self, site: &Site) -> Result<Vec<Utf8PathBuf>> {
        Ok(vec![cmake::install(site, NAME)?])
    }
}

/// One way to build the tests and the samples.
struct Build {
    title: &'static str,
    sources: Utf8PathBuf,
    folder: Utf8PathBuf,
    sanitize: &'static str,
}

impl Build {
    fn new(site: &Site, title: &'static str, sanitize: &'static str) -> Self {
        Self {
            title,
            sources: site.sdk(NAME),
            folder: site.scratch(NAME).join(title),
            sanitize,
        }
    }

    /// Builds a target.
    fn target(&self, name: &str) -> Vec<Step> {
        let title = self.title;
        vec![
            cmake::configure(NAME, title, &self.sources, &self.folder)
                .args(["-DCOMMY_TESTS=ON", "-DCOMMY_SAMPLES=ON"])
                .arg(format!("-DCOMMY_SANITIZE={}", self.sanitize)),
            Step::new(format!("c: build {name}, {title}"), "cmake")
                .arg("--build")
                .arg(&self.folder)
                .args(["--target", name]),
        ]
    }

    /// Builds one program, and runs it.
    fn then(&self, program: &str) -> Vec<Step> {
        let name = Utf8Path::new(program).file_name().unwrap_or(program);
        let mut steps = self.target(name);
        steps.push(Step::new(
            format!("c: {name}, {}", self.title),
            self.folder.join(program),
        ));
        steps
    }

    /// The tests of one topic, which report each by itself.
    fn topic(&self, site: &Site, topic: &str) -> Check {
        let report = site.scratch(NAME).join(format!("reports/{topic}.xml"));
        let mut steps = self.then(&format!("tests/{topic}_test"));
        if let Some(step) = steps.pop() {
            let step = step.env("CMOCKA_MESSAGE_OUTPUT", "XML");
            steps.push(step.env("CMOCKA_XML_FILE", &report));
        }
        Check {
            column: Column::Called(topic.to_owned()),
            steps,
            evidence: Evidence::JUnit(report),
        }
    }

    /// All topics in one column, by the names that ctest has for them here.
    fn all(
        &self,
        site: &Site,
        column: &'static str,
        name: impl Fn(&str) -> Option<String>,
    ) -> Check {
        let report = site.scratch(NAME).join(format!("reports/{column}.xml"));
        let names: Vec<String> = TOPICS.iter().filter_map(|topic| name(topic)).collect();
        let mut steps = self.target("all");
        steps.push(
            Step::new(format!("c: {column}"), "ctest")
                .arg("--test-dir")
                .arg(&self.folder)
                .args(["--output-on-failure", "--no-tests=error", "--output-junit"])
                .arg(&report)
                .arg("--tests-regex")
                .arg(format!("^({})$", names.join("|"))),
        );
        Check {
            column: Column::Named(column),
            steps,
            evidence: Evidence::JUnit(report),
        }
    }
}

fn lint(site: &Site) -> Result<Step> {
    let sources = site.sdk(NAME);
    let mut step = Step::new("c: clang-format", "clang-format")
        .args(["--dry-run", "--Werror"])
        .dir(&sources);
    for folder in HANDWRITTEN {
        for entry in sources.join(folder).read_dir_utf8()? {
            let path = entry?.into_path();
            if matches!(path.extension(), Some("h" | "c")) {
                step = step.arg(path);
            }
        }
    }
    Ok(step)
}

/// The package where users would have it: somewhere else than it was built.
fn prefix(site: &Site) -> Utf8PathBuf {
    site.scratch(NAME).join("installed")
}

/// A throw-away project that finds the package by CMake, with the first example of the README.
fn with_cmake(site: &Site) -> Result<Vec<Step>> {
    let prefix = prefix(site);
    if prefix.exists() {
        fs_err::remove_dir_all(&prefix)?;
    }
    let mut steps = vec![
        Step::new("c: copy the package", "cmake")
            .args(["-E", "copy_directory"])
            .arg(cmake::package(site, NAME))
            .arg(&prefix),
    ];
    let folder = site.scratch(NAME).join("consumer");
    steps.extend(cmake::consumer(site, NAME, "main.c", &prefix, &folder)?);
    Ok(steps)
}

/// The same program, compiled with what pkg-config says and nothing that standard C lacks.
fn with_pkg_config(site: &Site) -> Vec<Step> {
    let program = site.scratch(NAME).join("by-pkg-config");
    let script =
        "cc -std=c11 -pedantic-errors -o \"$1\" \"$2\" $(pkg-config --cflags --libs commy)";
    vec![
        Step::new("c: compile by pkg-config", "sh")
            .args(["-c", script, "sh"])
            .arg(&program)
            .arg(site.scratch(NAME).join("consumer/main.c"))
            .env("PKG_CONFIG_PATH", prefix(site).join("lib/pkgconfig")),
        Step::new("c: run what pkg-config found", program)
            .env("LD_LIBRARY_PATH", prefix(site).join("lib")),
    ]
}
