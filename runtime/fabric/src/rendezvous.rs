//! How the nodes of one host find each other: each has a mark in its mesh's directory, a file that
//! it keeps locked. The kernel unlocks the file of a process that is no more, so a mark that can be
//! locked is what a killed node left behind.

use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use commy_core::{Error, MeshName, Result, Status, record::NodeLife};

use crate::{
    nearby::{Entrance, Nearby},
    platform,
};

/// The file that a node keeps locked while it looks around: of two that begin at once, one sees the
/// other, and exactly one connects.
const GATE: &str = "gate";
/// What the name of a mark ends with.
const MARK: &str = ".node";
/// How many nodes of a host are looked at: beyond that, a mesh needs routers.
const SIBLINGS_MAX: usize = 1_000;
/// How long a node waits for another that looks around. One that hangs meanwhile must not stop all
/// others; whom both miss is found by looking around again.
const GATE_WAIT: Duration = Duration::from_millis(500);

/// Another node of this host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sibling {
    /// Its id in Zenoh.
    pub(crate) id: String,
    /// Where it is reached.
    pub(crate) locator: String,
}

/// The id in Zenoh of a node in one life: what is left of an earlier one in its peers is of another
/// node. 96 bits keep the paths of sockets short; a leading zero would be lost.
pub(crate) fn id_of(life: NodeLife) -> String {
    // An odd factor spreads what differs over all bits, and these are those of the golden ratio.
    const FACTOR: u128 = 0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835;
    let number = (life.node.as_u128() ^ u128::from(life.incarnation.0)).wrapping_mul(FACTOR);
    format!("{:024x}", (number >> 32) | (1 << 95))
}

/// This node's mark, which goes when this is dropped.
pub(crate) struct Rendezvous {
    directory: PathBuf,
    id: String,
    _mark: File,
}

impl Rendezvous {
    /// Marks this node's place.
    ///
    /// # Errors
    /// `FAILED_PRECONDITION` when the directory cannot be used.
    pub(crate) fn mark(mesh: &MeshName, id: &str) -> Result<Self> {
        let directory = platform::meeting_directory(mesh)?;
        // Locked before it has its name: an unlocked mark is one that was left behind.
        let unnamed = directory.join(format!("{id}.new"));
        let mark = File::create(&unnamed)
            .and_then(|file| file.lock().map(|()| file))
            .and_then(|file| fs::rename(&unnamed, mark_path(&directory, id)).map(|()| file))
            .map_err(|error| unusable(&unnamed, &error))?;
        Ok(Self {
            directory,
            id: id.to_owned(),
            _mark: mark,
        })
    }

    /// Opens where neighbours write to this node past Zenoh.
    ///
    /// # Errors
    /// `FAILED_PRECONDITION` when the directory cannot be used.
    pub(crate) fn open_entrance(&self) -> Result<Option<(Nearby, Entrance)>> {
        Nearby::open(&self.directory, &self.id)
    }

    /// Where this node listens.
    pub(crate) fn listener(&self) -> String {
        platform::local_listener(&self.directory, &self.id)
    }

    /// Says where this node listens, once it does.
    pub(crate) fn note(&self, locators: &[String]) -> Result<()> {
        platform::note_listener(&self.directory, &self.id, locators)
    }

    /// Keeps others from looking around until it is dropped. Waits a little, and blocks meanwhile.
    pub(crate) fn enter(&self) -> Result<Option<File>> {
        let path = self.directory.join(GATE);
        let gate = File::create(&path).map_err(|error| unusable(&path, &error))?;
        let start = Instant::now();
        loop {
            match gate.try_lock() {
                Ok(()) => return Ok(Some(gate)),
                Err(TryLockError::WouldBlock) if start.elapsed() < GATE_WAIT => {
                    std::thread::sleep(Duration::from_millis(2));
                }
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(error)) => return Err(unusable(&path, &error)),
            }
        }
    }

    /// The other nodes of this host. What killed ones left behind is removed.
    pub(crate) fn siblings(&self) -> Result<Vec<Sibling>> {
        let entries =
            fs::read_dir(&self.directory).map_err(|error| unusable(&self.directory, &error))?;
        let mut siblings = Vec::new();
        for entry in entries.flatten() {
            let name = entry.file_name();
            let Some(id) = name.to_str().and_then(|name| name.strip_suffix(MARK)) else {
                continue;
            };
            if id == self.id || !is_id(id) {
                continue;
            }
            if is_left_behind(&entry.path()) {
                clean(&self.directory, id);
            } else if let Some(locator) = platform::locator(&self.directory, id) {
                siblings.push(Sibling {
                    id: id.to_owned(),
                    locator,
                });
                if siblings.len() == SIBLINGS_MAX {
                    break;
                }
            }
        }
        Ok(siblings)
    }
}

impl Drop for Rendezvous {
    fn drop(&mut self) {
        clean(&self.directory, &self.id);
    }
}

/// Whether it can be an id: what is in the directory is the user's own, and may still be wrong.
fn is_id(id: &str) -> bool {
    id.len() == 24 && id.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether the node that made a mark is no more.
fn is_left_behind(mark: &Path) -> bool {
    File::open(mark).is_ok_and(|file| file.try_lock_shared().is_ok())
}

/// Removes what belongs to a node that is no more. Another may be doing the same.
fn clean(directory: &Path, id: &str) {
    for leftover in platform::leftovers(directory, id) {
        let _ = fs::remove_file(leftover);
    }
    let _ = fs::remove_file(mark_path(directory, id));
}

fn mark_path(directory: &Path, id: &str) -> PathBuf {
    directory.join(format!("{id}{MARK}"))
}

fn unusable(path: &Path, error: &io::Error) -> Error {
    Error::new(
        Status::FailedPrecondition,
        format!("{} cannot be used: {error}", path.display()),
    )
}
