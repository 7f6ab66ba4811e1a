//! C++: a CMake package with the façade, the generated headers and the native library inside.

use anyhow::{Context as _, Result};
use camino::{Utf8Path, Utf8PathBuf};
use xtask::bindings;

use super::{Language, OPENSSL, Sdk, c, cmake};
use crate::check::{Check, Column, Evidence};
use crate::native::Native;
use crate::peer::Peer;
use crate::site::Site;
use crate::step::Step;
use crate::tool::{Get, Need, Tool};
use crate::{pins, sdk};

const NAME: &str = "cpp";
/// The folders of what is written by hand.
const HANDWRITTEN: &[&str] = &["include/commy", "tests", "samples", "bench"];
/// The topic that a sanitizer would change.
const UNSANITIZED: &str = "memory";

pub(crate) struct Cpp;

impl Language for Cpp {
    fn name(&self) -> &'static str {
        NAME
    }

    fn tools(&self) -> Vec<Tool> {
        let tool = |name, probe, minimum, packages| Tool {
            name,
            probe,
            minimum,
            get: Get::Apt(packages),
            need: Need::Required,
        };
        vec![
            tool("g++", &["g++", "--version"], pins::GXX_MINIMUM, &["g++"]),
            tool(
                "cmake",
                &["cmake", "--version"],
                pins::CMAKE_MINIMUM,
                &["cmake"],
            ),
            tool("ninja", &["ninja", "--version"], "", &["ninja-build"]),
            tool(
                "pkg-config",
                &["pkg-config", "--version"],
                "",
                &["pkg-config"],
            ),
            tool(
                "nlohmann-json",
                &["pkg-config", "--modversion", "nlohmann_json"],
                pins::JSON_MINIMUM,
                &["nlohmann-json3-dev"],
            ),
            tool(
                "GoogleTest",
                &["pkg-config", "--modversion", "gmock"],
                "",
                &["libgtest-dev", "libgmock-dev"],
            ),
            tool(
                "clang-format",
                &["clang-format", "--version"],
                "",
                &["clang-format"],
            ),
            tool("valgrind", &["valgrind", "--version"], "", &["valgrind"]),
            OPENSSL,
        ]
    }

    fn columns(&self) -> &'static [&'static str] {
        &["package", "lint", "tour", "shop", "valgrind", "generator"]
    }

    fn sdk(&self) -> Option<&dyn Sdk> {
        Some(self)
    }

    fn checks(&self, site: &Site, only: Option<&[&str]>) -> Result<Vec<Check>> {
        let plain = Build::new(site, "plain", "OFF");
        let sanitized = Build::new(site, "sanitized", "ON");
        let valgrind = |sample: &str| {
            Step::new(format!("cpp: {sample} under valgrind"), "valgrind")
                .args(["--quiet", "--error-exitcode=1", "--leak-check=full"])
                // Threads that run on when main ends hold what valgrind calls possibly lost.
                .args(["--errors-for-leak-kinds=definite", "--fair-sched=yes"])
                .arg(format!(
                    "--suppressions={}/tests/valgrind.supp",
                    plain.sources
                ))
                .arg(plain.folder.join("samples").join(sample))
        };
        let mut checks = Vec::from(consumers(site)?);
        checks.extend([
            Check::exit("lint", [lint(site)?]),
            Check {
                evidence: Evidence::Prints("9/9"),
                ..Check::exit("tour", plain.then("samples/tour"))
            },
            Check::exit(
                "shop",
                plain.building(&["shop".into(), "peer".into()], "samples/shop"),
            ),
            Check {
                evidence: Evidence::Prints("9/9"),
                ..Check::exit("valgrind", [valgrind("tour")])
            },
            Check::exit("valgrind", [valgrind("shop")]),
            generator(site),
        ]);
        checks.extend(sanitized.topics(site, only, |topic| topic != UNSANITIZED));
        checks.extend(plain.topics(site, only, |topic| topic == UNSANITIZED));
        Ok(checks)
    }

    fn peer(&self, site: &Site) -> Result<Peer> {
        let mut build = Build::new(site, "plain", "OFF").then("samples/peer");
        let start = build.pop().context("a build without a program")?;
        Ok(Peer { build, start })
    }

    fn benches(&self, site: &Site, filter: Option<&str>) -> Result<Vec<Step>> {
        let mut build = Build::new(site, "optimized", "OFF");
        build.options.push("-DCMAKE_BUILD_TYPE=Release".into());
        build.options.push("-DCOMMY_BENCH=ON".into());
        let mut steps = build.then("bench/bench");
        if let (Some(filter), Some(step)) = (filter, steps.pop()) {
            steps.push(step.arg(filter));
        }
        Ok(steps)
    }
}

impl Sdk for Cpp {
    fn generate(&self, site: &Site, native: &Native) -> Result<()> {
        let mut files = bindings::generate(bindings::Language::Cpp, &site.udl())?;
        // The generator names the header after the namespace, which is the name of the façade.
        let header = files
            .remove(Utf8Path::new("commy.hpp"))
            .context("the generator wrote no header commy.hpp")?;
        files.insert("commy_ffi.hpp".into(), header);
        bindings::write(&files, &site.sdk(NAME).join("include/commy/generated"))?;
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
    options: Vec<String>,
}

impl Build {
    fn new(site: &Site, title: &'static str, sanitize: &str) -> Self {
        Self {
            title,
            sources: site.sdk(NAME),
            folder: site.scratch(NAME).join(title),
            options: ["COMMY_TESTS=ON", "COMMY_SAMPLES=ON"]
                .map(|option| format!("-D{option}"))
                .into_iter()
                .chain([format!("-DCOMMY_SANITIZE={sanitize}")])
                .collect(),
        }
    }

    /// Builds one program, and runs it.
    fn then(&self, program: &str) -> Vec<Step> {
        let name = Utf8Path::new(program).file_name().unwrap_or(program);
        self.building(&[name.to_owned()], program)
    }

    /// Builds these targets, and runs one of them.
    fn building(&self, targets: &[String], program: &str) -> Vec<Step> {
        let name = Utf8Path::new(program).file_name().unwrap_or(program);
        let title = self.title;
        vec![
            cmake::configure(NAME, title, &self.sources, &self.folder).args(&self.options),
            Step::new(format!("cpp: build {name}, {title}"), "cmake")
                .arg("--build")
                .arg(&self.folder)
                .arg("--target")
                .args(targets),
            Step::new(format!("cpp: {name}, {title}"), self.folder.join(program)),
        ]
    }

    /// The topics that this way is for, of those that are wanted: a program each. The first builds
    /// all, beside each other.
    fn topics(
        &self,
        site: &Site,
        only: Option<&[&str]>,
        is_mine: impl Fn(&str) -> bool,
    ) -> Vec<Check> {
        let topics: Vec<&str> = sdk::TOPICS
            .iter()
            .copied()
            .filter(|topic| is_mine(topic) && only.is_none_or(|only| only.contains(topic)))
            .collect();
        let targets: Vec<String> = topics.iter().map(|topic| format!("{topic}_test")).collect();
        let check = |target: &String| {
            let report = site.scratch(NAME).join(format!("{target}-junit.xml"));
            let mut steps = self.building(&targets, &format!("tests/{target}"));
            if let Some(step) = steps.pop() {
                let known = format!("suppressions={}/tests/leaks.supp", self.sources);
                steps.push(
                    step.arg(format!("--gtest_output=xml:{report}"))
                        // What is suppressed is known by functions that only slow stacks show.
                        .env("ASAN_OPTIONS", "fast_unwind_on_malloc=0")
                        .env("LSAN_OPTIONS", format!("print_suppressions=0:{known}")),
                );
            }
            Check {
                column: Column::ByTopic,
                steps,
                evidence: Evidence::JUnit(report),
            }
        };
        targets.iter().map(check).collect()
    }
}

fn lint(site: &Site) -> Result<Step> {
    let sources = site.sdk(NAME);
    let mut step = Step::new("cpp: clang-format", "clang-format")
        .args(["--dry-run", "--Werror"])
        .dir(&sources);
    for folder in HANDWRITTEN {
        for entry in sources.join(folder).read_dir_utf8()? {
            let path = entry?.into_path();
            if matches!(path.extension(), Some("hpp" | "cpp")) {
                step = step.arg(path);
            }
        }
    }
    Ok(step)
}

/// Throw-away projects that find the installed package, one in each of its languages.
fn consumers(site: &Site) -> Result<[Check; 2]> {
    let package = cmake::package(site, NAME);
    let consumer = |language, file, folder: &str, line| -> Result<Check> {
        let folder = site.scratch(NAME).join(folder);
        let steps = cmake::consumer(site, language, file, &package, &folder)?;
        Ok(Check {
            evidence: Evidence::Prints(line),
            ..Check::exit("package", steps)
        })
    };
    Ok([
        consumer(NAME, "main.cpp", "consumer", "order 1 is created")?,
        consumer(c::NAME, "main.c", "consumer-of-c", c::GREETING)?,
    ])
}

/// The generator's own suite: interfaces of every kind, generated, compiled and run.
fn generator(site: &Site) -> Check {
    let suite = Step::new("cpp: the generator's suite", "cargo")
        .args(["test", "--locked", "--workspace", "--no-fail-fast"])
        .args(["--test", NAME])
        .dir(&site.root);
    Check {
        column: Column::Named("generator"),
        steps: vec![suite],
        evidence: Evidence::Libtest,
    }
}
