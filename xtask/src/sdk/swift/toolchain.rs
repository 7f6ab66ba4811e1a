//! The Swift toolchain: the one on the PATH, or else one in a Debian root of its own.
//!
//! Owns which of the two it is, and how a command is run with it.

use anyhow::Result;
use camino::{Utf8Path, Utf8PathBuf};

use super::debian;
use crate::pins;
use crate::sdk::OPENSSL;
use crate::site::Site;
use crate::step::Step;
use crate::tool::{Found, Get, Need, Tool};

const ON_PATH: Tool = Tool {
    name: "swift",
    probe: &["swift", "--version"],
    minimum: pins::SWIFT_MINIMUM,
    get: Get::Setup {
        find: debian::find,
        how: "cargo xtask build-sdks sets it up on Debian, as root; else from swift.org",
    },
    need: Need::Required,
};

/// What the root is made with, and needed only where there is no Swift.
const DEBOOTSTRAP: Tool = Tool {
    name: "debootstrap",
    probe: &["debootstrap", "--version"],
    minimum: "",
    // The keyring is named for its update: an old one does not know the root's release.
    get: Get::Apt(&["debootstrap", "debian-archive-keyring"]),
    need: Need::Required,
};

/// The tools to have, on this machine.
pub(super) fn tools() -> Vec<Tool> {
    match ON_PATH.find() {
        Found::Good(_) => vec![ON_PATH, OPENSSL],
        Found::Old(_) | Found::Missing => vec![DEBOOTSTRAP, ON_PATH],
    }
}

/// A toolchain that is there.
pub(super) enum Swift {
    OnPath,
    InRoot(Utf8PathBuf),
}

impl Swift {
    /// The toolchain of this machine, set up if it is not there.
    pub(super) fn provide(site: &Site) -> Result<Self> {
        if matches!(ON_PATH.on_path(), Found::Good(_)) {
            return Ok(Self::OnPath);
        }
        debian::root(site).map(Self::InRoot)
    }

    /// A step that runs `swift` in a folder; its arguments are still to be added.
    pub(super) fn run(&self, site: &Site, folder: &Utf8Path, title: &str) -> Step {
        let title = format!("swift: {title}");
        match self {
            Self::OnPath => Step::new(title, "swift").dir(folder),
            Self::InRoot(root) => debian::enter(site, root, folder, title).arg("swift"),
        }
    }

    /// A step that starts a program which `swift` has built, in reach of those that run beside it.
    pub(super) fn start(&self, site: &Site, program: &Utf8Path, title: &str) -> Step {
        let title = format!("swift: {title}");
        match self {
            Self::OnPath => Step::new(title, program),
            Self::InRoot(root) => debian::start(site, root, program, title),
        }
    }
}
