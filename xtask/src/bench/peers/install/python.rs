//! Python: an environment with the peers, and beside it the wheel of commy.

use anyhow::{Context as _, Result};

use super::{Program, build_sdk, key, output, sources};
use crate::cache;
use crate::native::Native;
use crate::site::Site;
use crate::step::Step;

const VERSIONS: &str =
    "import importlib.metadata as m\nfor d in m.distributions(): print(d.name, d.version)";

pub(super) fn install(site: &Site, native: &Result<Native, String>) -> Result<Program> {
    let wheels = build_sdk(site, "python", native)?;
    let wheel = wheels.first().context("there is no wheel")?;
    let requirements = sources(site, "python").join("requirements.txt");
    let version = output("python3", &["--version"])?;
    let key = key(&[&version, &fs_err::read_to_string(&requirements)?]);
    let environment = cache::entry("peers", &format!("python-{key}"), |folder| {
        Step::new("python: environment for the peers", "python3")
            .args(["-m", "venv"])
            .arg(folder)
            .run(site)?
            .require(site)?;
        Step::new("python: install the peers", folder.join("bin/python"))
            .args(["-m", "pip", "install", "--quiet", "--no-input"])
            .arg("--requirement")
            .arg(&requirements)
            .run(site)?
            .require(site)?;
        Ok(())
    })?;
    let python = environment.join("bin/python");
    let commy = site.scratch("peers").join("python");
    if commy.exists() {
        fs_err::remove_dir_all(&commy)?;
    }
    Step::new("python: install commy for the peers", &python)
        .args(["-m", "pip", "install", "--quiet", "--no-input", "--no-deps"])
        .arg("--target")
        .arg(&commy)
        .arg(wheel)
        .run(site)?
        .require(site)?;
    let list = [
        "-c",
        "import sysconfig; print(sysconfig.get_path('purelib'))",
    ];
    let packages = output(python.as_str(), &list)?;
    let listing = format!(
        "import sys\nsys.path.append({:?})\n{VERSIONS}",
        commy.as_str()
    );
    let versions = output(python.as_str(), &["-c", &listing])?;
    Ok(Program {
        arguments: vec![sources(site, "python").join("peer.py").into()],
        env: vec![("PYTHONPATH".to_owned(), commy.to_string())],
        versions: versions
            .lines()
            .filter_map(|line| line.split_once(' '))
            .map(|(name, version)| (name.to_owned(), version.to_owned()))
            .collect(),
        evaluate: vec![python.to_string(), "-c".to_owned()],
        packages: vec![commy, packages.into()],
        file: python,
        ..Program::default()
    })
}
