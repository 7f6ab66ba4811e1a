//! Go: a module that depends on the packaged SDK by its path, and on the peers by its sums.

use anyhow::{Context as _, Result};

use super::{Program, build_sdk, sources};
use crate::native::Native;
use crate::site::Site;
use crate::step::Step;

const PEERS: [&str; 2] = ["github.com/nats-io/nats.go", "google.golang.org/grpc"];

pub(super) fn install(site: &Site, native: &Result<Native, String>) -> Result<Program> {
    build_sdk(site, "go", native)?;
    let sources = sources(site, "go");
    let file = site.scratch("peers").join("go-peers");
    fs_err::create_dir_all(site.scratch("peers"))?;
    Step::new("go: build the peers", "go")
        .args(["build", "-mod=readonly", "-o"])
        .arg(&file)
        .arg(".")
        .env("GOWORK", "off")
        .env("CGO_ENABLED", "1")
        .dir(&sources)
        .run(site)?
        .require(site)?;
    let module = fs_err::read_to_string(sources.join("go.mod"))?;
    let mut program = Program {
        file,
        ..Program::default()
    };
    let commy = site.metadata.packages.iter();
    let commy = commy.into_iter().find(|it| it.name.as_str() == "commy");
    let commy = commy.context("no package is called commy")?;
    let versions = &mut program.versions;
    versions.insert("commy".to_owned(), commy.version.to_string());
    for peer in PEERS {
        let version = module.lines().find_map(|line| {
            let version = line.trim().strip_prefix(peer)?.trim().strip_prefix('v')?;
            Some(version.to_owned())
        });
        let version = version.with_context(|| format!("no version of {peer}"))?;
        versions.insert(peer.to_owned(), version);
    }
    Ok(program)
}
