//! The run-time directory: private, and cleaned of what killed nodes left.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, chown, symlink},
    path::{Path, PathBuf},
};

use crate::{node::fresh_mesh, process::Process};

/// Where the nodes of a mesh meet.
pub(crate) fn of(mesh: &str) -> PathBuf {
    base().join(mesh)
}

fn base() -> PathBuf {
    match std::env::var_os("XDG_RUNTIME_DIR").filter(|path| std::path::Path::new(path).is_dir()) {
        Some(directory) => PathBuf::from(directory).join("commy"),
        None => PathBuf::from(format!(
            "/tmp/commy-{}",
            rustix::process::geteuid().as_raw()
        )),
    }
}

#[tokio::test]
async fn the_directory_is_closed_to_others() {
    use std::os::unix::fs::MetadataExt;

    let mesh = fresh_mesh("mode");
    let node = crate::node::Node::join(&mesh).await;
    for directory in [base(), of(&mesh)] {
        let mode = fs::metadata(&directory).expect("there").mode() & 0o777;
        assert_eq!(mode, 0o700, "{}", directory.display());
    }
    node.close().await;
}

/// What a node says that cannot use this as its `XDG_RUNTIME_DIR`.
fn refused(directory: &Path) -> String {
    let error = Process::start_in(Some(directory), &fresh_mesh("refused"), &[])
        .err()
        .expect("the directory is refused");
    assert!(error.contains("FAILED_PRECONDITION"), "{error}");
    error
}

#[test]
fn a_directory_that_is_open_to_others_is_refused() {
    let base = tempfile::tempdir().expect("a directory");
    let directory = base.path().join("commy");
    fs::create_dir(&directory).expect("a directory");
    fs::set_permissions(&directory, fs::Permissions::from_mode(0o755)).expect("a mode");
    let error = refused(base.path());
    assert!(error.contains("mode 755"), "{error}");
    assert!(error.contains(&directory.display().to_string()), "{error}");
}

#[test]
fn a_link_in_the_directory_s_place_is_refused() {
    let base = tempfile::tempdir().expect("a directory");
    let elsewhere = tempfile::tempdir().expect("a directory");
    symlink(elsewhere.path(), base.path().join("commy")).expect("a link");
    let error = refused(base.path());
    assert!(error.contains("not a directory"), "{error}");
}

#[test]
fn a_directory_of_another_user_is_refused() {
    if !rustix::process::geteuid().is_root() {
        // Only root can give a directory away; to others, one of root's is another user's.
        let error = refused(Path::new("/proc/1"));
        assert!(error.contains("/proc/1/commy"), "{error}");
        return;
    }
    let base = tempfile::tempdir().expect("a directory");
    let directory = base.path().join("commy");
    fs::create_dir(&directory).expect("a directory");
    fs::set_permissions(&directory, fs::Permissions::from_mode(0o700)).expect("a mode");
    chown(&directory, Some(65_534), None).expect("another owner");
    let error = refused(base.path());
    assert!(error.contains("belongs to user 65534"), "{error}");
}
