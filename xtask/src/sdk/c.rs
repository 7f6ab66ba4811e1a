//! C: a CMake package, which pkg-config finds too, with the header and the native library inside.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use camino::{Utf8Path, Utf8PathBuf};
use xtask::{bindings, header};

use super::{Language, Sdk, TOPICS};
use crate::check::{Check, Column, Evidence};
use crate::native::Native;
use crate::peer::Peer;
use crate::site::Site;
use crate::step::Step;
use crate::tool::{Get, Need, Tool};

const NAME: &str = "c";
const HEADER: &str = "commy.h";
/// Leaks count where nothing points to them any more: threads that idle at the end hold memory.
const VALGRIND: &[&str] = &[
    "--quiet",
    "--error-exitcode=9",
    "--leak-check=full",
    "--show-leak-kinds=definite",
    "--errors-for-leak-kinds=definite",
];

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
                minimum: "3.21",
                ..tool("cmake", &["cmake", "--version"], &["cmake", "make"])
            },
            tool("pkg-config", &["pkg-config", "--version"], &["pkg-config"]),
            tool(
                "cmocka",
                &["pkg-config", "--modversion", "cmocka"],
                &["libcmocka-dev"],
            ),
            tool("valgrind", &["valgrind", "--version"], &["valgrind"]),
        ]
    }

    fn columns(&self) -> &'static [&'static str] {
        &["package", "tour", "valgrind", "sanitizer"]
    }

    fn sdk(&self) -> Option<&dyn Sdk> {
        Some(self)
    }

    fn checks(&self, site: &Site, only: Option<&[&str]>) -> Result<Vec<Check>> {
        let plain = site.scratch(NAME).join("plain");
        let checked = site.scratch(NAME).join("sanitized");
        let reports = site.scratch(NAME).join("reports");
        if reports.exists() {
            fs_err::remove_dir_all(&reports)?;
        }
        fs_err::create_dir_all(&reports)?;
        let topics: Vec<&str> = TOPICS
            .iter()
            .copied()
            .filter(|topic| only.is_none_or(|only| only.contains(topic)))
            .filter(|topic| source(site, topic).exists())
            .collect();
        let program = |folder: &Utf8Path, topic: &str| folder.join(format!("tests/{topic}_test"));

        let mut checks = vec![
            Check::exit("package", [install(site), with_cmake(site)?]),
            Check::exit("package", with_pkg_config(site)),
            Check {
                evidence: Evidence::Prints("9/9"),
                ..Check::exit("tour", build(site, &plain, "OFF"))
            },
        ];
        if let Some(tour) = checks.last_mut() {
            tour.steps.push(Step::new("c: tour", plain.join("tour")));
        }
        checks.push(Check::exit("sanitizer", build(site, &checked, "ON")));
        for topic in topics {
            let report = reports.join(format!("{topic}.xml"));
            checks.push(Check {
                column: Column::Called(topic.to_owned()),
                steps: vec![
                    Step::new(format!("c: {topic}"), program(&plain, topic))
                        .env("CMOCKA_MESSAGE_OUTPUT", "XML")
                        .env("CMOCKA_XML_FILE", &report),
                ],
                evidence: Evidence::JUnit(report),
            });
            checks.push(Check::exit(
                "valgrind",
                [Step::new(format!("c: valgrind {topic}"), "valgrind")
                    .args(VALGRIND)
                    .arg(program(&plain, topic))],
            ));
            checks.push(Check::exit(
                "sanitizer",
                [Step::new(
                    format!("c: sanitizer {topic}"),
                    program(&checked, topic),
                )],
            ));
        }
        Ok(checks)
    }

    fn peer(&self, site: &Site) -> Result<Peer> {
        let folder = site.scratch(NAME).join("plain");
        Ok(Peer {
            build: build(site, &folder, "OFF"),
            start: Step::new("c: peer", folder.join("samples/peer")),
        })
    }

    fn benches(&self, _site: &Site, _filter: Option<&str>) -> Result<Vec<Step>> {
        Ok(Vec::new())
    }
}

impl Sdk for C {
    fn generate(&self, site: &Site, native: &Native) -> Result<()> {
        let sources = site.sdk(NAME);
        let text = header::generate(&site.root)?;
        let files = BTreeMap::from([(Utf8PathBuf::from(HEADER), text)]);
        bindings::write(&files, &sources.join("include"))?;
        let folder = sources.join("native").join(platform());
        fs_err::create_dir_all(&folder)?;
        let library = &native.cdylib;
        let name = library.file_name().context("the library has no name")?;
        fs_err::copy(library, folder.join(name))?;
        Ok(())
    }

    fn package(&self, site: &Site) -> Result<Vec<Utf8PathBuf>> {
        let folder = site.scratch(NAME).join("package");
        let prefix = site.package(NAME).join("commy");
        configure(site, "configure the package", &folder)
            .run(site)?
            .require(site)?;
        Step::new("c: install the package", "cmake")
            .args(["--install", folder.as_str(), "--prefix", prefix.as_str()])
            .run(site)?
            .require(site)?;
        Ok(vec![prefix])
    }
}

/// The tests of a topic.
fn source(site: &Site, topic: &str) -> Utf8PathBuf {
    site.sdk(NAME).join(format!("tests/{topic}_test.c"))
}

fn configure(site: &Site, title: &str, folder: &Utf8Path) -> Step {
    Step::new(format!("c: {title}"), "cmake")
        .arg("-S")
        .arg(site.sdk(NAME))
        .arg("-B")
        .arg(folder)
        .arg("-DCMAKE_INSTALL_LIBDIR=lib")
}

/// Builds the tests and the samples, where nothing is installed.
fn build(site: &Site, folder: &Utf8Path, sanitize: &str) -> Vec<Step> {
    vec![
        configure(site, &format!("configure, sanitizer {sanitize}"), folder)
            .args(["-DCOMMY_TESTS=ON", "-DCOMMY_SAMPLES=ON"])
            .arg(format!("-DCOMMY_SANITIZE={sanitize}")),
        Step::new(format!("c: build, sanitizer {sanitize}"), "cmake")
            .arg("--build")
            .arg(folder),
    ]
}

/// The package where users would have it: somewhere else than it was built.
fn prefix(site: &Site) -> Utf8PathBuf {
    site.scratch(NAME).join("installed")
}

fn install(site: &Site) -> Step {
    Step::new("c: copy the package", "cmake")
        .args(["-E", "copy_directory"])
        .arg(site.package(NAME).join("commy"))
        .arg(prefix(site))
}

/// A throw-away project that finds the package by CMake, and takes the tour.
fn with_cmake(site: &Site) -> Result<Step> {
    let folder = site.scratch(NAME).join("consumer");
    fs_err::create_dir_all(&folder)?;
    fs_err::write(
        folder.join("CMakeLists.txt"),
        "cmake_minimum_required(VERSION 3.21)\n\
         project(consumer LANGUAGES C)\n\
         find_package(commy REQUIRED COMPONENTS c)\n\
         add_executable(consumer main.c)\n\
         target_link_libraries(consumer PRIVATE commy::c)\n",
    )?;
    fs_err::copy(site.sdk(NAME).join("samples/tour.c"), folder.join("main.c"))?;
    let build = folder.join("build");
    Ok(
        Step::new("c: a CMake project that depends on ours", "ctest")
            .arg("--build-and-test")
            .args([&folder, &build])
            .args(["--build-generator", "Unix Makefiles", "--build-options"])
            .arg(format!("-DCMAKE_PREFIX_PATH={}", prefix(site)))
            .args(["--test-command", build.join("consumer").as_str()]),
    )
}

/// A program that is compiled with what pkg-config says, and takes the tour.
fn with_pkg_config(site: &Site) -> Vec<Step> {
    let program = site.scratch(NAME).join("by-pkg-config");
    let script = "cc -std=c11 -o \"$1\" \"$2\" $(pkg-config --cflags --libs commy)";
    vec![
        Step::new("c: compile by pkg-config", "sh")
            .args(["-c", script, "sh"])
            .arg(&program)
            .arg(site.sdk(NAME).join("samples/tour.c"))
            .env("PKG_CONFIG_PATH", prefix(site).join("lib/pkgconfig")),
        Step::new("c: run what pkg-config found", program)
            .env("LD_LIBRARY_PATH", prefix(site).join("lib")),
    ]
}

/// The folder of this platform's library, as CMake names platforms.
fn platform() -> String {
    let system = match std::env::consts::OS {
        "linux" => "Linux",
        "macos" => "Darwin",
        "windows" => "Windows",
        other => other,
    };
    format!("{system}-{}", std::env::consts::ARCH)
}
