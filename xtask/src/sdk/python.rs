//! Python: a wheel with the façade, the generated module and the native library inside.

use anyhow::{Context as _, Result};
use camino::{Utf8Path, Utf8PathBuf};
use xtask::bindings;

use super::{Language, OPENSSL, Sdk};
use crate::check::{Check, Column, Evidence};
use crate::native::Native;
use crate::peer::Peer;
use crate::site::Site;
use crate::step::Step;
use crate::tool::{Get, Need, Tool};
use crate::{cache, pins};

const NAME: &str = "python";
const PIP_INSTALL: [&str; 5] = ["-m", "pip", "install", "--quiet", "--no-input"];

pub(crate) struct Python;

impl Language for Python {
    fn name(&self) -> &'static str {
        NAME
    }

    fn tools(&self) -> Vec<Tool> {
        vec![
            Tool {
                name: "python3",
                probe: &["python3", "--version"],
                minimum: pins::PYTHON_MINIMUM,
                get: Get::Apt(&["python3"]),
                need: Need::Required,
            },
            Tool {
                // Debian packs what makes virtual environments apart from Python.
                name: "python3 venv",
                probe: &["python3", "-c", "import ensurepip, venv"],
                minimum: "",
                get: Get::Apt(&["python3-venv"]),
                need: Need::Required,
            },
            OPENSSL,
        ]
    }

    fn columns(&self) -> &'static [&'static str] {
        &[
            "package", "lint", "types", "blocking", "desk", "process", "docs", "tour", "shop",
        ]
    }

    fn sdk(&self) -> Option<&dyn Sdk> {
        Some(self)
    }

    fn prepare(&self, site: &Site) -> Result<()> {
        tools(site).map(drop)
    }

    fn checks(&self, site: &Site, only: Option<&[&str]>) -> Result<Vec<Check>> {
        let sources = site.sdk(NAME);
        let scratch = site.scratch(NAME);
        let report = scratch.join("pytest.xml");
        let environment = environment(site, "venv")?;

        // Everything below runs in the scratch folder, where `import commy` can find nothing but
        // the installed wheel.
        let python = |title: &str| {
            Step::new(format!("python: {title}"), python_in(&environment)).dir(&scratch)
        };
        let sample = |name: &str| python(name).arg(sources.join(format!("samples/{name}.py")));
        let pytest = [
            format!("pytest=={}", pins::PYTEST),
            format!("packaging=={}", pins::PACKAGING),
        ];
        let pytest = || python("install pytest").args(PIP_INSTALL).args(&pytest);
        let tools = tools(site)?;
        let tool = |title: &str| Step::new(format!("python: {title}"), python_in(&tools));
        let ruff = |title: &str, arguments: &[&str]| {
            tool(title)
                .args(["-m", "ruff"])
                .args(arguments)
                .arg("--cache-dir")
                .arg(scratch.join("ruff"))
                .dir(&sources)
        };
        let mypy = |title: &str, folders: &[&str]| {
            tool(title)
                .args(["-m", "mypy", "--strict", "--config-file"])
                .arg(sources.join("pyproject.toml"))
                .args(["--python-version", pins::PYTHON_MINIMUM])
                .arg("--python-executable")
                .arg(python_in(&environment))
                .arg("--cache-dir")
                .arg(scratch.join("mypy"))
                .args(folders.iter().map(|folder| sources.join(folder)))
                .dir(&scratch)
        };
        let tests = sources.join("tests");
        let run_tests = python("pytest")
            .args([
                "-m",
                "pytest",
                "--quiet",
                "--strict-markers",
                "--strict-config",
            ])
            .arg("--import-mode=importlib")
            .args(["-p", "no:cacheprovider"])
            .arg(format!("--rootdir={sources}"))
            .arg(format!("--junitxml={report}"))
            .args(match only {
                None => vec![tests],
                Some(topics) => topics
                    .iter()
                    .map(|topic| tests.join(format!("test_{topic}.py")))
                    .collect(),
            });

        Ok(vec![
            Check::exit("package", install(site, &environment)?),
            Check::exit("lint", [ruff("ruff check", &["check"])]),
            Check::exit("lint", [ruff("ruff format", &["format", "--check"])]),
            // The samples run before anything but the wheel is installed.
            Check {
                evidence: Evidence::Prints("9/9"),
                ..Check::exit("tour", [sample("tour")])
            },
            Check::exit("shop", [sample("shop")]),
            Check::exit("types", [mypy("mypy, the package", &["commy"])]),
            // As users see it: types come from the installed wheel.
            Check::exit(
                "types",
                [
                    pytest(),
                    mypy("mypy, its users", &["tests", "samples", "bench"]),
                ],
            ),
            Check {
                column: Column::ByTopic,
                steps: vec![pytest(), run_tests],
                evidence: Evidence::JUnit(report),
            },
        ])
    }

    fn peer(&self, site: &Site) -> Result<Peer> {
        let environment = environment(site, "peer")?;
        Ok(Peer {
            build: install(site, &environment)?,
            start: Step::new("python: peer", python_in(&environment))
                .arg(site.sdk(NAME).join("samples/peer.py"))
                .dir(&site.scratch(NAME)),
        })
    }

    fn benches(&self, site: &Site, filter: Option<&str>) -> Result<Vec<Step>> {
        let environment = environment(site, "venv")?;
        let mut steps = install(site, &environment)?;
        steps.push(
            Step::new("python: benchmarks", python_in(&environment))
                .arg(site.sdk(NAME).join("bench/bench.py"))
                .args(filter)
                .dir(&site.scratch(NAME)),
        );
        Ok(steps)
    }
}

impl Sdk for Python {
    fn generate(&self, site: &Site, native: &Native) -> Result<()> {
        let folder = site.sdk(NAME).join("commy/generated");
        let mut files = bindings::generate(bindings::Language::Python, &site.udl())?;
        // The generator names the module after the namespace, which is the name of the façade.
        let module = files
            .remove(Utf8Path::new("commy.py"))
            .context("the generator wrote no module commy.py")?;
        files.insert("commy_ffi.py".into(), module);
        let doc = "\"\"\"Raw bindings, generated from the UDL: use the package `commy`.\"\"\"\n";
        files.insert("__init__.py".into(), doc.to_owned());
        bindings::write(&files, &folder)?;
        // The generated module loads the library that stands beside it.
        let library = native
            .cdylib
            .file_name()
            .context("the library has no name")?;
        fs_err::copy(&native.cdylib, folder.join(library))?;
        Ok(())
    }

    fn package(&self, site: &Site) -> Result<Vec<Utf8PathBuf>> {
        Step::new("python: wheel", python_in(&tools(site)?))
            .args([
                "-m",
                "hatchling",
                "build",
                "--target",
                "wheel",
                "--directory",
            ])
            .arg(site.package(NAME))
            .dir(&site.sdk(NAME))
            .run(site)?
            .require(site)?;
        Ok(vec![only_wheel(site)?])
    }
}

/// Where the wheel is installed as a user would: an environment that is not there yet.
fn environment(site: &Site, name: &str) -> Result<Utf8PathBuf> {
    let environment = site.scratch(NAME).join(name);
    if environment.exists() {
        fs_err::remove_dir_all(&environment)?;
    }
    fs_err::create_dir_all(site.scratch(NAME))?;
    Ok(environment)
}

fn install(site: &Site, environment: &Utf8Path) -> Result<Vec<Step>> {
    Ok(vec![
        Step::new("python: fresh environment", "python3")
            .args(["-m", "venv"])
            .arg(environment),
        Step::new("python: install the wheel", python_in(environment))
            .args(PIP_INSTALL)
            .arg(only_wheel(site)?),
    ])
}

/// The environment that holds the build backend and the checkers, made once for each Python.
fn tools(site: &Site) -> Result<Utf8PathBuf> {
    let version = version()?;
    let pins = [
        format!("hatchling=={}", pins::HATCHLING),
        format!("mypy=={}", pins::MYPY),
        format!("ruff=={}", pins::RUFF),
    ];
    let key = format!("{version}-{}", pins.join("-").replace("==", "-"));
    cache::entry(NAME, &key, |folder| {
        Step::new("python: environment for tools", "python3")
            .args(["-m", "venv"])
            .arg(folder)
            .run(site)?
            .require(site)?;
        Step::new("python: install tools", python_in(folder))
            .args(PIP_INSTALL)
            .args(&pins)
            .run(site)?
            .require(site)?;
        Ok(())
    })
}

fn only_wheel(site: &Site) -> Result<Utf8PathBuf> {
    let folder = site.package(NAME);
    let mut wheels = Vec::new();
    for entry in folder.read_dir_utf8()? {
        let path = entry?.into_path();
        if path.extension() == Some("whl") {
            wheels.push(path);
        }
    }
    match wheels.as_slice() {
        [wheel] => Ok(wheel.clone()),
        _ => anyhow::bail!(
            "{folder} holds {} wheels, and one is expected",
            wheels.len()
        ),
    }
}

/// The interpreter of a virtual environment.
fn python_in(environment: &Utf8Path) -> Utf8PathBuf {
    if cfg!(windows) {
        environment.join("Scripts/python.exe")
    } else {
        environment.join("bin/python")
    }
}

/// The version of the Python that makes the environments, which are of no use to another.
fn version() -> Result<String> {
    let output = std::process::Command::new("python3")
        .args(["-c", "import platform; print(platform.python_version())"])
        .output()
        .context("cannot run python3")?;
    anyhow::ensure!(output.status.success(), "python3 cannot tell its version");
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}
