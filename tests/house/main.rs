//! The rules of the house that no compiler checks.
#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, also in what its tests share"
)]

mod dependencies;
mod length;
mod licences;

use camino::Utf8PathBuf;

fn root() -> Utf8PathBuf {
    Utf8PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .canonicalize_utf8()
        .unwrap()
}
