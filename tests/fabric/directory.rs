//! The run-time directory: private, and cleaned of what killed nodes left.

use std::path::PathBuf;

use crate::node::fresh_mesh;

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
        let mode = std::fs::metadata(&directory).expect("there").mode() & 0o777;
        assert_eq!(mode, 0o700, "{}", directory.display());
    }
    node.close().await;
}
