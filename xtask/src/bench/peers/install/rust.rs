//! Rust: the same program twice, once with commy and raw Zenoh and once with the others, so that
//! one system's libraries do not get the features that another's ask for.

use anyhow::{Context as _, Result};
use camino::Utf8PathBuf;

use super::{Program, sources};
use crate::site::Site;
use crate::step::Step;

/// The features of the program, and the systems that each is for.
const BUILDS: [(&str, &[&str]); 2] = [
    ("mesh", &["commy", "zenoh", "zenoh_shm"]),
    ("served", &["nats", "grpc"]),
];
/// What is measured, as the lock file names it.
const PACKAGES: [&str; 4] = ["commy", "zenoh", "async-nats", "tonic"];

pub(super) fn install(site: &Site) -> Result<Program> {
    let sources = sources(site, "rust");
    let mut program = Program::default();
    for (feature, systems) in BUILDS {
        Step::new(format!("rust: build the peers, {feature}"), "cargo")
            .args(["build", "--release", "--locked", "--features", feature])
            .arg("--target-dir")
            .arg(&site.target)
            .dir(&sources)
            .run(site)?
            .require(site)?;
        let name = format!("commy-bench-peers{}", std::env::consts::EXE_SUFFIX);
        let file: Utf8PathBuf = site.scratch("peers").join(format!("{feature}-{name}"));
        fs_err::create_dir_all(site.scratch("peers"))?;
        fs_err::copy(site.target.join("release").join(name), &file)?;
        for system in systems {
            program.apart.insert(system, file.clone());
        }
    }
    let lock = fs_err::read_to_string(sources.join("Cargo.lock"))?;
    for package in PACKAGES {
        let version = locked(&lock, package).with_context(|| format!("no {package} is locked"))?;
        program.versions.insert(package.to_owned(), version);
    }
    Ok(program)
}

/// The version of a package in a lock file.
fn locked(lock: &str, package: &str) -> Option<String> {
    let mut lines = lock.lines();
    lines.find(|line| *line == format!("name = \"{package}\""))?;
    let version = lines.next()?.strip_prefix("version = \"")?;
    Some(version.trim_end_matches('"').to_owned())
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_version_is_read_from_a_lock_file() {
        let lock = "[[package]]\nname = \"tonic-build\"\nversion = \"2\"\n\n\
                    [[package]]\nname = \"tonic\"\nversion = \"0.14.6\"\n";
        assert_eq!(super::locked(lock, "tonic").as_deref(), Some("0.14.6"));
        assert_eq!(super::locked(lock, "none"), None);
    }
}
