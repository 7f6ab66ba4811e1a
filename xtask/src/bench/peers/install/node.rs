//! Node.js: a project with the peers by its lock, and in it the package of commy.

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::{Program, build_sdk, sources};
use crate::native::Native;
use crate::site::Site;
use crate::step::Step;

/// What is measured, as it is installed.
const PACKAGES: [&str; 3] = ["commy", "nats", "@grpc/grpc-js"];

pub(super) fn install(site: &Site, native: &Result<Native, String>) -> Result<Program> {
    let packages = build_sdk(site, "node", native)?;
    let package = packages.first().context("there is no package")?;
    let project = site.scratch("peers").join("node");
    if project.exists() {
        fs_err::remove_dir_all(&project)?;
    }
    fs_err::create_dir_all(project.join("systems"))?;
    for folder in ["", "systems"] {
        for entry in sources(site, "node").join(folder).read_dir_utf8()? {
            let path = entry?.into_path();
            if let (true, Some(name)) = (path.is_file(), path.file_name()) {
                fs_err::copy(&path, project.join(folder).join(name))?;
            }
        }
    }
    let npm = |title: &str, arguments: &[&str]| {
        Step::new(format!("node: {title}"), "npm")
            .args(arguments)
            .args(["--no-audit", "--no-fund"])
            .dir(&project)
    };
    npm("install the peers", &["ci"]).run(site)?.require(site)?;
    let install = ["install", "--no-save", "--no-package-lock"];
    npm("install commy for the peers", &install)
        .arg(package)
        .run(site)?
        .require(site)?;
    let modules = project.join("node_modules");
    let mut program = Program {
        file: "node".into(),
        arguments: vec![project.join("peer.js").into()],
        evaluate: ["node", "--input-type=module", "--eval"]
            .map(str::to_owned)
            .to_vec(),
        packages: vec![modules.clone()],
        ..Program::default()
    };
    for package in PACKAGES {
        let manifest = fs_err::read_to_string(modules.join(package).join("package.json"))?;
        let manifest: Value = serde_json::from_str(&manifest)?;
        let version = manifest["version"].as_str().context("no version")?;
        let versions = &mut program.versions;
        versions.insert(package.to_owned(), version.to_owned());
    }
    Ok(program)
}
