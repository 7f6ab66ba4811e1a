//! Node.js: an npm package with the compiled façade and bindings, their types, and the native
//! library inside.

use anyhow::{Context as _, Result, ensure};
use camino::{Utf8Path, Utf8PathBuf};
use xtask::bindings;

use super::{Language, OPENSSL, Sdk, TOPICS};
use crate::check::{Check, Column, Evidence};
use crate::native::Native;
use crate::peer::Peer;
use crate::pins;
use crate::site::Site;
use crate::step::Step;
use crate::tool::{Get, Need, Tool};

const NAME: &str = "node";
/// What `sdks/node/package.json` says until the package is built.
const NO_VERSION: &str = "\"version\": \"0.0.0-development\"";
/// What users of the package compile: the tests, the samples and the benchmarks.
const USERS: &[&str] = &["tests", "samples", "bench"];

pub(crate) struct Node;

impl Language for Node {
    fn name(&self) -> &'static str {
        NAME
    }

    fn tools(&self) -> Vec<Tool> {
        let tool = |name, probe, minimum| Tool {
            name,
            probe,
            minimum,
            get: Get::Apt(&["nodejs", "npm"]),
            need: Need::Required,
        };
        vec![
            tool("node", &["node", "--version"], pins::NODE_MINIMUM),
            tool("npm", &["npm", "--version"], ""),
            OPENSSL,
        ]
    }

    fn columns(&self) -> &'static [&'static str] {
        &[
            "package",
            "lint",
            "types",
            "process",
            "docs",
            "tour",
            "shop",
            "generator",
        ]
    }

    fn sdk(&self) -> Option<&dyn Sdk> {
        Some(self)
    }

    fn prepare(&self, site: &Site) -> Result<()> {
        tools(site)
    }

    fn checks(&self, site: &Site, only: Option<&[&str]>) -> Result<Vec<Check>> {
        let sources = site.sdk(NAME);
        let project = project(site);
        let report = site.scratch(NAME).join("junit.xml");
        let tool = |title: &str, name: &str, arguments: &[&str]| {
            Step::new(format!("node: {title}"), bin(site, name))
                .args(arguments)
                .dir(&sources)
        };
        let run = |title: &str| Step::new(format!("node: {title}"), "node").dir(&project);
        let sample = |name: &str| run(name).arg(format!("out/samples/{name}.js"));
        let tests: Vec<String> = match only {
            None => test_files(&sources)?,
            Some(topics) => topics.iter().map(|it| (*it).to_owned()).collect(),
        };
        let run_tests = run("node --test")
            .args(["--expose-gc", "--test", "--test-reporter=junit"])
            .arg(format!("--test-reporter-destination={report}"))
            .args(tests.iter().map(|it| format!("out/tests/{it}.test.js")));

        Ok(vec![
            Check {
                evidence: Evidence::Prints("{ id: 1, state: 'created' }"),
                ..Check::exit("package", [install(site)?, example(site)?])
            },
            Check::exit("lint", [tool("prettier", "prettier", &["--check", "."])]),
            Check::exit("lint", [tool("oxlint", "oxlint", &["--deny-warnings"])]),
            // As users see it: types come from the installed package.
            Check::exit("types", [compile(site)?]),
            Check {
                evidence: Evidence::Prints("9/9"),
                ..Check::exit("tour", [compile(site)?, sample("tour")])
            },
            Check::exit("shop", [compile(site)?, sample("shop")]),
            Check {
                column: Column::ByTopic,
                steps: vec![compile(site)?, run_tests],
                evidence: Evidence::JUnit(report),
            },
            generator(site),
        ])
    }

    fn peer(&self, site: &Site) -> Result<Peer> {
        Ok(Peer {
            build: vec![install(site)?, compile(site)?],
            start: Step::new("node: peer", "node")
                .arg("out/samples/peer.js")
                .dir(&project(site)),
        })
    }

    fn benches(&self, site: &Site, filter: Option<&str>) -> Result<Vec<Step>> {
        let step = |title: &str| Step::new(format!("node: {title}"), "node").dir(&project(site));
        Ok(vec![
            install(site)?,
            compile(site)?,
            step("benchmarks").arg("out/bench/bench.js").args(filter),
        ])
    }
}

impl Sdk for Node {
    fn generate(&self, site: &Site, native: &Native) -> Result<()> {
        let files = bindings::generate(bindings::Language::Node, &site.udl())?;
        bindings::write(&files, &site.sdk(NAME).join("src/generated"))?;
        let folder = site.sdk(NAME).join("native").join(platform()?);
        fs_err::create_dir_all(&folder)?;
        let library = &native.cdylib;
        let name = library.file_name().context("the library has no name")?;
        // Renamed into place: a process may have the one loaded that is there.
        let copied = folder.join("copied");
        fs_err::copy(library, &copied)?;
        fs_err::rename(&copied, folder.join(name))?;
        Ok(())
    }

    fn package(&self, site: &Site) -> Result<Vec<Utf8PathBuf>> {
        let sources = site.sdk(NAME);
        let stage = site.scratch(NAME).join("package");
        anew(&stage)?;
        Step::new("node: tsc", bin(site, "tsc"))
            .args(["--project", ".", "--outDir"])
            .arg(stage.join("dist"))
            .dir(&sources)
            .run(site)?
            .require(site)?;
        copy(&sources.join("native"), &stage.join("native"))?;
        fs_err::copy(sources.join("README.md"), stage.join("README.md"))?;
        for license in ["LICENSE-APACHE", "LICENSE-MIT"] {
            fs_err::copy(site.root.join(license), stage.join(license))?;
        }
        let manifest = fs_err::read_to_string(sources.join("package.json"))?;
        fs_err::write(stage.join("package.json"), versioned(&manifest, site)?)?;
        Step::new("node: npm pack", "npm")
            .args(["pack", "--loglevel=error", "--pack-destination"])
            .arg(site.package(NAME))
            .dir(&stage)
            .run(site)?
            .require(site)?;
        Ok(vec![tarball(site)?])
    }
}

/// Node's name for this platform, as the bindings look for the library under it.
fn platform() -> Result<String> {
    let system = match std::env::consts::OS {
        "linux" => "linux",
        "macos" => "darwin",
        "windows" => "win32",
        other => anyhow::bail!("the package has no place for a library of {other}"),
    };
    let processor = match std::env::consts::ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        other => anyhow::bail!("the package has no place for a library of {other}"),
    };
    Ok(format!("{system}-{processor}"))
}

/// The manifest with the workspace's version.
fn versioned(manifest: &str, site: &Site) -> Result<String> {
    ensure!(
        manifest.contains(NO_VERSION),
        "package.json has no {NO_VERSION} to be replaced"
    );
    let package = site
        .metadata
        .packages
        .iter()
        .find(|package| package.name.as_str() == "commy-ffi")
        .context("the workspace has no package commy-ffi")?;
    let version = format!("\"version\": \"{}\"", package.version);
    Ok(manifest.replacen(NO_VERSION, &version, 1))
}

/// Installs the compiler, the formatter and the linter beside the sources, at the versions that
/// the manifest pins. There is no lock file, as that would name the registry of whoever wrote it.
fn tools(site: &Site) -> Result<()> {
    let sources = site.sdk(NAME);
    let manifest = fs_err::read_to_string(sources.join("package.json"))?;
    // Written last, so that an installation that was cut short is repeated.
    let installed = sources.join("node_modules/.installed.json");
    if fs_err::read_to_string(&installed).is_ok_and(|it| it == manifest) {
        return Ok(());
    }
    Step::new("node: install tools", "npm")
        .args(["install", "--loglevel=error", "--no-package-lock"])
        .args(["--no-audit", "--no-fund"])
        .dir(&sources)
        .run(site)?
        .require(site)?;
    Ok(fs_err::write(installed, manifest)?)
}

fn bin(site: &Site, name: &str) -> Utf8PathBuf {
    let name = if cfg!(windows) {
        format!("{name}.cmd")
    } else {
        name.to_owned()
    };
    site.sdk(NAME).join("node_modules/.bin").join(name)
}

/// A throw-away project that has the package installed, as a user would.
fn project(site: &Site) -> Utf8PathBuf {
    site.scratch(NAME).join("project")
}

fn install(site: &Site) -> Result<Step> {
    let project = project(site);
    anew(&project)?;
    fs_err::write(
        project.join("package.json"),
        "{ \"private\": true, \"type\": \"module\" }\n",
    )?;
    Ok(Step::new("node: install the package", "npm")
        .args(["install", "--loglevel=error", "--no-audit", "--no-fund"])
        .arg(tarball(site)?)
        .dir(&project))
}

/// The first example of the README that the package holds.
fn example(site: &Site) -> Result<Step> {
    let readme = fs_err::read_to_string(site.sdk(NAME).join("README.md"))?;
    let program = readme
        .split("```")
        .filter_map(|block| block.strip_prefix("js\n"))
        .find(|code| code.starts_with("import "))
        .context("the README has no example that imports commy")?;
    let file = project(site).join("example.js");
    fs_err::write(&file, program)?;
    Ok(Step::new("node: the README's example", "node")
        .arg(file)
        .dir(&project(site)))
}

/// Compiles what uses the package, with types that come from it and are checked, too.
fn compile(site: &Site) -> Result<Step> {
    let (sources, project) = (site.sdk(NAME), project(site));
    for name in USERS {
        anew(&project.join(name))?;
        copy(&sources.join(name), &project.join(name))?;
    }
    let types = sources.join("node_modules/@types");
    let config = format!(
        r#"{{
  "compilerOptions": {{
    "target": "es2022",
    "lib": ["es2022", "esnext.disposable"],
    "module": "nodenext",
    "types": ["node"],
    "typeRoots": ["{types}"],
    "strict": true,
    "noImplicitOverride": true,
    "noPropertyAccessFromIndexSignature": true,
    "noUncheckedIndexedAccess": true,
    "noUnusedLocals": true,
    "rootDir": ".",
    "outDir": "out"
  }},
  "include": ["tests", "samples", "bench"]
}}
"#
    );
    fs_err::write(project.join("tsconfig.json"), config)?;
    Ok(Step::new("node: tsc, its users", bin(site, "tsc"))
        .args(["--project", "."])
        .dir(&project))
}

/// The generator's own suite: interfaces of every kind, generated, compiled and run.
fn generator(site: &Site) -> Check {
    let suite = Step::new("node: the generator's suite", "cargo")
        .args(["test", "--locked", "--workspace", "--no-fail-fast"])
        .args(["--test", NAME])
        .dir(&site.root);
    Check {
        column: Column::Named("generator"),
        steps: vec![suite],
        evidence: Evidence::Libtest,
    }
}

fn test_files(sources: &Utf8Path) -> Result<Vec<String>> {
    let mut files = Vec::new();
    for entry in sources.join("tests").read_dir_utf8()? {
        let path = entry?.into_path();
        if let Some(name) = path.file_name().and_then(|it| it.strip_suffix(".test.ts")) {
            files.push(name.to_owned());
        }
    }
    files.sort();
    for topic in TOPICS {
        ensure!(files.iter().any(|it| it == topic), "no test of {topic}");
    }
    Ok(files)
}

fn tarball(site: &Site) -> Result<Utf8PathBuf> {
    let folder = site.package(NAME);
    let mut tarballs = Vec::new();
    for entry in folder.read_dir_utf8()? {
        tarballs.push(entry?.into_path());
    }
    match tarballs.as_slice() {
        [tarball] => Ok(tarball.clone()),
        _ => anyhow::bail!(
            "{folder} holds {} packages, and one is expected",
            tarballs.len()
        ),
    }
}

/// An empty folder, whatever was there.
fn anew(folder: &Utf8Path) -> Result<()> {
    if folder.exists() {
        fs_err::remove_dir_all(folder)?;
    }
    Ok(fs_err::create_dir_all(folder)?)
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
    /// The bindings' generator names the version of koffi that its runtime is written for.
    #[test]
    fn the_package_depends_on_the_koffi_of_the_bindings() {
        let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../sdks/node/package.json");
        let manifest = fs_err::read_to_string(manifest).unwrap();
        let koffi = format!("\"koffi\": \"{}\"", commy_bindgen::node::KOFFI_VERSION);
        assert!(manifest.contains(&koffi), "{koffi}");
        assert!(manifest.contains(super::NO_VERSION));
    }
}
