//! The cache outside the checkout: environments and toolchains that outlive a clone.
//!
//! Owns where an entry is and that it is whole. What an entry holds is its maker's business; its
//! key names the pinned versions it was made from, so that a new pin makes a new entry.

use anyhow::{Context as _, Result};
use camino::Utf8PathBuf;
use fs_err::File;

/// Written last: a folder without it was left half made.
const WHOLE: &str = ".whole";

/// The folder of the entry `<kind>/<key>`, made by `make` if it is not there yet.
///
/// Two commands that want the same entry at once make it once.
pub(crate) fn entry(
    kind: &str,
    key: &str,
    make: impl FnOnce(&Utf8PathBuf) -> Result<()>,
) -> Result<Utf8PathBuf> {
    let shelf = home()?.join(kind);
    fs_err::create_dir_all(&shelf)?;
    let lock = File::create(shelf.join(format!("{key}.lock")))?;
    lock.file()
        .lock()
        .with_context(|| format!("cannot lock the cache entry {kind}/{key}"))?;

    let folder = shelf.join(key);
    if folder.join(WHOLE).exists() {
        return Ok(folder);
    }
    if folder.exists() {
        fs_err::remove_dir_all(&folder)?;
    }
    fs_err::create_dir(&folder)?;
    make(&folder)?;
    File::create(folder.join(WHOLE))?;
    Ok(folder)
}

/// `$XDG_CACHE_HOME/commy`, or `~/.cache/commy`.
fn home() -> Result<Utf8PathBuf> {
    let folder = |name| {
        std::env::var(name)
            .ok()
            .map(Utf8PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    folder("XDG_CACHE_HOME")
        .or_else(|| folder("HOME").map(|home| home.join(".cache")))
        .map(|cache| cache.join("commy"))
        .context("neither XDG_CACHE_HOME nor HOME names an absolute folder for the cache")
}
