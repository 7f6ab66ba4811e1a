//! The rules of the house that no compiler checks.

mod dependencies;
mod length;
mod licences;

use camino::Utf8PathBuf;

fn root() -> Utf8PathBuf {
    Utf8PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .canonicalize_utf8()
        .unwrap()
}
