//! Files stay short enough to read.

use ignore::WalkBuilder;

/// Above this, a file is two files.
const LINES_MAX: usize = 600;

/// What people write in: generated text, snapshots and locks are not read line by line.
const SOURCES: &[&str] = &[
    "c", "cpp", "go", "h", "hpp", "html", "java", "js", "kt", "kts", "mjs", "py", "rb", "rs", "sh",
    "swift", "toml", "ts", "udl",
];

#[test]
fn no_source_file_is_longer_than_people_read() {
    let mut seen = 0;
    let mut long = Vec::new();
    // What git ignores is not ours: generated bindings, packages, caches.
    for entry in WalkBuilder::new(super::root()).require_git(false).build() {
        let entry = entry.unwrap();
        let path = entry.path();
        let extension = path.extension().and_then(|it| it.to_str()).unwrap_or("");
        if !path.is_file() || !SOURCES.contains(&extension) {
            continue;
        }
        seen += 1;
        let lines = fs_err::read_to_string(path).unwrap().lines().count();
        if lines > LINES_MAX {
            long.push(format!("{}: {lines} lines", path.display()));
        }
    }
    assert!(seen > 20, "only {seen} source files were found");
    assert!(
        long.is_empty(),
        "more than {LINES_MAX} lines:\n{}",
        long.join("\n")
    );
}
