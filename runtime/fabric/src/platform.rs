//! What differs by platform: where the nodes of one user on one host meet, and through what.
//!
//! | platform | directory | link |
//! | --- | --- | --- |
//! | Linux, macOS, other Unix | `$XDG_RUNTIME_DIR/commy/MESH`, else `/tmp/commy-UID/MESH` | Unix sockets |
//! | Windows | `%LOCALAPPDATA%\commy\MESH` | TCP on a loopback port, noted in a file |
//!
//! On Unix the directory belongs to the user and is closed to all others, and so are the sockets in
//! it. On Windows the directory has the user's own access list; the port itself can be dialled by
//! every user of the host.

pub(crate) mod socket;

use std::path::{Path, PathBuf};

use commy_core::{MeshName, Result};

/// How long the name of a mesh's directory may be: the path of a socket holds 104 bytes on some
/// platforms.
const MESH_BYTES_MAX: usize = 32;

/// The directory in which the nodes of a mesh meet, made if it is not there.
///
/// # Errors
/// `FAILED_PRECONDITION` when it cannot be made, or is not this user's alone.
pub(crate) fn meeting_directory(mesh: &MeshName) -> Result<PathBuf> {
    let directory = system::base_directory()?.join(directory_name(mesh));
    system::make_private(&directory)?;
    Ok(directory)
}

/// Where the node of this id listens for the others of its host, as Zenoh writes endpoints.
pub(crate) fn local_listener(directory: &Path, id: &str) -> String {
    system::local_listener(directory, id)
}

/// Notes what is to be known of a listener beyond its name, once it listens.
pub(crate) fn note_listener(directory: &Path, id: &str, locators: &[String]) -> Result<()> {
    system::note_listener(directory, id, locators)
}

/// Where the node of this id is reached, if it listens yet.
pub(crate) fn locator(directory: &Path, id: &str) -> Option<String> {
    system::locator(directory, id)
}

/// Where the neighbours of the node of this id write to it past Zenoh.
pub(crate) fn entrance(directory: &Path, id: &str) -> PathBuf {
    directory.join(format!("{id}.near"))
}

/// The files that a node leaves behind when it is killed, its mark aside.
pub(crate) fn leftovers(directory: &Path, id: &str) -> Vec<PathBuf> {
    let mut leftovers = system::leftovers(directory, id);
    leftovers.push(entrance(directory, id));
    leftovers
}

/// Keeps the signal of a broken pipe from this thread and from all that it starts: a write to a node
/// that died then fails, as it does in programs of Rust, and does not end a program of another
/// language.
pub(crate) fn shut_out_broken_pipes() {
    system::shut_out_broken_pipes();
}

/// A name that is short enough: a long one is cut, and told from others by a number made of it.
fn directory_name(mesh: &MeshName) -> String {
    let name = mesh.as_str();
    if name.len() <= MESH_BYTES_MAX {
        return name.to_owned();
    }
    // FNV-1a: every version of every node must come to the same number. Two meshes that share a
    // directory by accident only connect in vain: their keys differ.
    let number = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{}~{number:016x}", &name[..MESH_BYTES_MAX - 17])
}

#[cfg(unix)]
mod system {
    use std::{
        env, fs, io,
        os::unix::fs::{DirBuilderExt, MetadataExt},
        path::{Path, PathBuf},
    };

    use commy_core::{Error, Result, Status};

    /// The longest path of a socket: `sun_path` holds 108 bytes on Linux and 104 elsewhere, with a
    /// zero at the end.
    const SOCKET_PATH_BYTES_MAX: usize = if cfg!(target_os = "linux") { 107 } else { 103 };
    /// The longest of what is appended to the base directory: `/MESH/ID.sock`.
    const BELOW_BASE_BYTES: usize = 1 + super::MESH_BYTES_MAX + 1 + 24 + 5;

    pub(super) fn base_directory() -> Result<PathBuf> {
        let user = rustix::process::geteuid().as_raw();
        if let Some(directory) = env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from)
            && is_usable(&directory)
        {
            let directory = directory.join("commy");
            make_private(&directory)?;
            return Ok(directory);
        }
        let directory = PathBuf::from(format!("/tmp/commy-{user}"));
        make_private(&directory)?;
        Ok(directory)
    }

    /// Whether sockets can be made below a directory, and their paths written in an endpoint.
    fn is_usable(directory: &Path) -> bool {
        let bytes = directory.as_os_str().len() + "/commy".len() + BELOW_BASE_BYTES;
        directory.is_absolute()
            && directory.is_dir()
            && bytes <= SOCKET_PATH_BYTES_MAX
            && directory
                .to_str()
                .is_some_and(|path| !path.contains(['?', '#', ';', '=']))
    }

    pub(super) fn shut_out_broken_pipes() {
        let mut pipes = std::mem::MaybeUninit::<libc::sigset_t>::uninit();
        // SAFETY: the set is made by the first call and read by the last, which changes nothing but
        // this thread. None fails with these arguments.
        unsafe {
            libc::sigemptyset(pipes.as_mut_ptr());
            libc::sigaddset(pipes.as_mut_ptr(), libc::SIGPIPE);
            libc::pthread_sigmask(libc::SIG_BLOCK, pipes.as_ptr(), std::ptr::null_mut());
        }
    }

    pub(super) fn make_private(directory: &Path) -> Result<()> {
        let refuse = |why: String| {
            Err(Error::new(
                Status::FailedPrecondition,
                format!("the run-time directory {}: {why}", directory.display()),
            ))
        };
        match fs::DirBuilder::new().mode(0o700).create(directory) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return refuse(format!("cannot be made: {error}")),
        }
        // Not what a link points to: another user may have made the link.
        let metadata = match fs::symlink_metadata(directory) {
            Ok(metadata) => metadata,
            Err(error) => return refuse(format!("cannot be looked at: {error}")),
        };
        let user = rustix::process::geteuid().as_raw();
        if !metadata.is_dir() {
            return refuse("is not a directory".into());
        }
        if metadata.uid() != user {
            return refuse(format!(
                "belongs to user {}, and this process runs as user {user}; remove it, or set XDG_RUNTIME_DIR to a directory of your own",
                metadata.uid()
            ));
        }
        if metadata.mode() & 0o077 != 0 {
            return refuse(format!(
                "is open to other users (mode {:o}); it must have mode 700",
                metadata.mode() & 0o7777
            ));
        }
        Ok(())
    }

    pub(super) fn local_listener(directory: &Path, id: &str) -> String {
        format!("unixsock-stream/{}", socket(directory, id).display())
    }

    pub(super) fn note_listener(_: &Path, _: &str, _: &[String]) -> Result<()> {
        Ok(())
    }

    pub(super) fn locator(directory: &Path, id: &str) -> Option<String> {
        let socket = socket(directory, id);
        socket
            .exists()
            .then(|| format!("unixsock-stream/{}", socket.display()))
    }

    pub(super) fn leftovers(directory: &Path, id: &str) -> Vec<PathBuf> {
        vec![
            socket(directory, id),
            // Zenoh's own lock beside each socket.
            directory.join(format!("{id}.sock.lock")),
        ]
    }

    fn socket(directory: &Path, id: &str) -> PathBuf {
        directory.join(format!("{id}.sock"))
    }
}

#[cfg(not(unix))]
mod system {
    use std::{
        env, fs,
        path::{Path, PathBuf},
    };

    use commy_core::{Error, Result, Status};

    pub(super) fn base_directory() -> Result<PathBuf> {
        let base = env::var_os("LOCALAPPDATA").map_or_else(env::temp_dir, PathBuf::from);
        Ok(base.join("commy"))
    }

    /// What is made below the user's own directory has its access list.
    pub(super) fn make_private(directory: &Path) -> Result<()> {
        fs::create_dir_all(directory).map_err(|error| {
            Error::new(
                Status::FailedPrecondition,
                format!(
                    "the run-time directory {} cannot be made: {error}",
                    directory.display()
                ),
            )
        })
    }

    pub(super) fn local_listener(_: &Path, _: &str) -> String {
        "tcp/127.0.0.1:0".into()
    }

    pub(super) fn note_listener(directory: &Path, id: &str, locators: &[String]) -> Result<()> {
        let local = locators
            .iter()
            .find(|locator| locator.starts_with("tcp/127.0.0.1:"));
        let Some(local) = local else {
            return Ok(());
        };
        fs::write(port_file(directory, id), local).map_err(|error| {
            Error::new(
                Status::FailedPrecondition,
                format!(
                    "the run-time directory {} cannot be written to: {error}",
                    directory.display()
                ),
            )
        })
    }

    pub(super) fn locator(directory: &Path, id: &str) -> Option<String> {
        fs::read_to_string(port_file(directory, id)).ok()
    }

    pub(super) fn leftovers(directory: &Path, id: &str) -> Vec<PathBuf> {
        vec![port_file(directory, id)]
    }

    /// There is no such signal.
    pub(super) fn shut_out_broken_pipes() {}

    fn port_file(directory: &Path, id: &str) -> PathBuf {
        directory.join(format!("{id}.port"))
    }
}
