//! Which crate may depend on what.

use std::process::Command;

use cargo_metadata::{DependencyKind, MetadataCommand, Package};
use ignore::WalkBuilder;

/// What does I/O, keeps time or runs tasks: core decides, and does none of these.
const IMPURE: &[&str] = &[
    "actix",
    "actix-rt",
    "async-io",
    "async-std",
    "crossbeam-channel",
    "futures-executor",
    "hyper",
    "libc",
    "mio",
    "nix",
    "polling",
    "quinn",
    "reqwest",
    "rustix",
    "smol",
    "socket2",
    "tokio",
    "uniffi",
    "zenoh",
];

#[test]
fn core_depends_on_nothing_that_does_io() {
    let arguments = "tree --locked --package commy-core --edges normal --prefix none";
    let output = Command::new(env!("CARGO"))
        .args(arguments.split(' '))
        .current_dir(super::root())
        .output()
        .unwrap();
    let tree = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && tree.contains("commy-core v"),
        "{errors}"
    );
    let impure: Vec<&str> = tree
        .lines()
        .filter_map(|line| line.split(' ').next())
        .filter(|name| IMPURE.contains(name))
        .collect();
    assert!(
        impure.is_empty(),
        "commy-core depends on {impure:?}:\n{tree}"
    );
}

#[test]
fn only_the_mesh_depends_on_actix() {
    assert_eq!(dependents("actix"), ["commy-mesh"]);
}

#[test]
fn only_the_fabric_and_its_links_depend_on_zenoh() {
    let dependents = dependents("zenoh");
    // The tests measure it beside a bare Zenoh.
    let dependents: Vec<_> = dependents
        .iter()
        .filter(|it| *it != "commy-tests")
        .collect();
    assert_eq!(dependents, ["commy-fabric", "zenoh-link"]);
}

/// The crates that depend on a library or one of its parts, other than for their tests.
fn dependents(library: &str) -> Vec<String> {
    packages()
        .iter()
        .filter(|package| {
            package.dependencies.iter().any(|dependency| {
                dependency.name.starts_with(library)
                    && dependency.kind != DependencyKind::Development
            })
        })
        .map(|package| package.name.to_string())
        .collect()
}

/// A crate without the dependency could still name actix through a re-export, and a user of the
/// mesh could be handed one: neither appears in the sources.
#[test]
fn no_other_crate_names_actix() {
    let mut named = Vec::new();
    for package in packages() {
        let sources = package.manifest_path.with_file_name("src");
        let is_mesh = package.name == "commy-mesh";
        for entry in WalkBuilder::new(&sources).build() {
            let entry = entry.unwrap();
            if entry.path().extension().is_none_or(|it| it != "rs") {
                continue;
            }
            let text = fs_err::read_to_string(entry.path()).unwrap();
            let code = text
                .lines()
                .map(|line| line.split("//").next().unwrap_or(line));
            let mut code = code.filter(|line| line.contains("actix"));
            if code.any(|line| !is_mesh || line.trim_start().starts_with("pub use")) {
                named.push(entry.path().display().to_string());
            }
        }
    }
    assert!(named.is_empty(), "actix is named in {named:?}");
}

fn packages() -> Vec<Package> {
    MetadataCommand::new()
        .manifest_path(super::root().join("Cargo.toml"))
        .no_deps()
        .exec()
        .unwrap()
        .packages
}
