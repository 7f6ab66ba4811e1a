//! A Debian root with Swift inside, for Debian machines that have none: Debian packs Swift only in
//! releases later than the one that we support, and swift.org is no registry of packages.
//!
//! Owns making the root and running a command in it. All that it mounts is mounted in a namespace
//! of the command's own, which ends with the command, however that ends: nothing is ever mounted
//! where another process could see it, nor left behind.

use std::ffi::OsString;

use anyhow::{Context as _, Result, bail};
use camino::{Utf8Path, Utf8PathBuf};

use crate::cache;
use crate::pins;
use crate::site::Site;
use crate::step::Step;
use crate::tool::{self, Found};

/// `libc6-dev` and the rest are what Swift's linker needs, and Debian's package leaves to its users;
/// by `openssl`, tests make certificates.
const PACKAGES: &[&str] = &[
    "ca-certificates",
    "g++",
    "gcc",
    "libc6-dev",
    "libstdc++-14-dev",
    "openssl",
    "swiftlang",
];
/// Names the folder in which a user's programs meet, where there is one.
const MEETING: &str = "XDG_RUNTIME_DIR";
const NAMESPACE: [&str; 4] = ["unshare", "--mount", "--propagation", "private"];
/// Mounts what a command needs in the root, then becomes the command: with the root, the folders to
/// share up to `--`, the folder to run in, and the command as arguments.
const ENTER: &str = r#"set -e
root=$1
shift
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
while [ "$1" != -- ]; do
    mkdir -p "$root$1"
    mount --bind "$1" "$root$1"
    shift
done
folder=$2
shift 2
exec chroot "$root" /usr/bin/env --ignore-environment --chdir="$folder" \
    HOME=/root LANG=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"
"#;

/// The root, made if it is not there yet: two minutes, 2.7 GB.
pub(super) fn root(site: &Site) -> Result<Utf8PathBuf> {
    cache::entry(super::NAME, pins::SWIFT_ROOT, |root| make(site, root))
}

/// Whether the root is there.
pub(super) fn find() -> Found {
    match cache::find(super::NAME, pins::SWIFT_ROOT) {
        Some(_) => Found::Good(pins::SWIFT_ROOT.to_owned()),
        None => Found::Missing,
    }
}

/// A step that runs a command, its arguments, in a folder of the checkout or of its target folder.
pub(super) fn enter(site: &Site, root: &Utf8Path, folder: &Utf8Path, title: String) -> Step {
    share(site, root, title).arg("--").arg(folder)
}

/// A step that starts a program, which meets those outside of the root: it shares the folders by
/// which the meshes of one host find each other.
pub(super) fn start(site: &Site, root: &Utf8Path, program: &Utf8Path, title: String) -> Step {
    let mut step = share(site, root, title).arg("/tmp");
    let meeting = std::env::var_os(MEETING);
    if let Some(folder) = &meeting {
        step = step.arg(folder);
    }
    step = step.arg("--").arg(&site.target);
    if let Some(folder) = meeting {
        let mut setting = OsString::from(MEETING);
        setting.push("=");
        setting.push(folder);
        step = step.arg("env").arg(setting);
    }
    step.arg(program)
}

/// A step that enters the root with the checkout in it; more folders may be added.
fn share(site: &Site, root: &Utf8Path, title: String) -> Step {
    namespaced(title)
        .args(["sh", "-c", ENTER, "sh"])
        .arg(root)
        .args([&site.root, &site.target])
}

fn make(site: &Site, root: &Utf8Path) -> Result<()> {
    tool::require_debian_root("a Debian root with Swift")?;
    let mirror = mirror(site)?;
    let mut debootstrap = namespaced(format!("swift: debootstrap {}", pins::SWIFT_SUITE))
        .args(["debootstrap", "--variant=minbase"])
        .arg(format!("--include={}", PACKAGES.join(",")))
        .arg(pins::SWIFT_SUITE)
        .arg(root)
        .arg(&mirror);
    if let Some(proxy) = proxy(site)? {
        debootstrap = debootstrap.env("http_proxy", proxy);
    }
    debootstrap.run(site)?.require(site)?;
    // What was unpacked is not needed any more, and is half a gigabyte.
    fs_err::remove_dir_all(root.join("var/cache/apt/archives"))?;
    Ok(())
}

fn namespaced(title: String) -> Step {
    let [program, arguments @ ..] = NAMESPACE;
    Step::new(title, program).args(arguments)
}

/// The mirror from which this machine itself installs Debian's packages.
fn mirror(site: &Site) -> Result<String> {
    // A machine that has not asked its mirrors yet knows their addresses, but not whose they are.
    if let Some(mirror) = known_mirror(site)? {
        return Ok(mirror);
    }
    tool::update_apt(site, super::NAME)?;
    known_mirror(site)?.context("apt knows no mirror of Debian from which to install Swift")
}

fn known_mirror(site: &Site) -> Result<Option<String>> {
    let targets = Step::new("swift: apt-get indextargets", "apt-get")
        .args(["indextargets", "--format", "$(SITE)"])
        .args([
            "Created-By: Packages",
            "Origin: Debian",
            "Label: Debian",
            "Component: main",
        ])
        .run(site)?
        .require(site)?;
    let Some(address) = targets.stdout.lines().next() else {
        return Ok(None);
    };
    // Some images of Debian name their mirrors in a file.
    let Some(list) = address.strip_prefix("mirror+file:") else {
        return Ok(Some(address.to_owned()));
    };
    let list = fs_err::read_to_string(list)?;
    let first = list
        .split_whitespace()
        .find(|word| word.starts_with("http"))
        .with_context(|| format!("{address} names no mirror"))?;
    Ok(Some(first.to_owned()))
}

/// The proxy by which apt reaches its mirrors, if it uses one.
fn proxy(site: &Site) -> Result<Option<String>> {
    let settings = Step::new("swift: apt-config dump", "apt-config")
        .args(["dump", "--format", "%v%n", "Acquire::http::Proxy"])
        .run(site)?
        .require(site)?;
    let proxy = settings.stdout.lines().next().unwrap_or_default().trim();
    match proxy {
        "" | "DIRECT" => Ok(None),
        proxy if proxy.starts_with("http") => Ok(Some(proxy.to_owned())),
        other => bail!("apt's proxy {other} is not one that debootstrap can use"),
    }
}
