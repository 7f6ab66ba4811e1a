//! Runs a tool, bounded in time, and fails with all that it said.

use std::{
    ffi::OsStr,
    fs::File,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// Long enough for a first compilation on a loaded machine; a hang still ends.
const LIMIT: Duration = Duration::from_secs(1800);
const POLL: Duration = Duration::from_millis(20);

/// Runs a program in a folder, with these variables set, and gives what it printed.
/// Fails the test if the program is absent, fails, or runs for more than half an hour.
pub(crate) fn run(
    folder: &Path,
    program: impl AsRef<OsStr>,
    arguments: &[&OsStr],
    environment: &[(&str, &OsStr)],
) -> String {
    let program = program.as_ref();
    let shown = format!(
        "{} {}",
        program.to_string_lossy(),
        arguments
            .iter()
            .map(|argument| argument.to_string_lossy())
            .collect::<Vec<_>>()
            .join(" ")
    );
    // A file, because a full pipe would stop the child, and the child's children keep it.
    let mut output = tempfile::tempfile().unwrap();
    let out = |file: &File| Stdio::from(file.try_clone().unwrap());
    let mut child = Command::new(program)
        .args(arguments)
        .envs(environment.iter().copied())
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(out(&output))
        .stderr(out(&output))
        .spawn()
        .unwrap_or_else(|error| panic!("{shown}: {error}; is it installed?"));
    let start = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break Some(status);
        }
        if start.elapsed() > LIMIT {
            child.kill().unwrap();
            child.wait().unwrap();
            break None;
        }
        thread::sleep(POLL);
    };
    let text = read(&mut output);
    match status {
        Some(status) if status.success() => text,
        Some(status) => panic!("{shown} in {}: {status}\n{text}", folder.display()),
        None => panic!("{shown} ran for more than {LIMIT:?}\n{text}"),
    }
}

fn read(file: &mut File) -> String {
    use std::io::{Read, Seek};
    let mut bytes = Vec::new();
    file.rewind().unwrap();
    file.read_to_end(&mut bytes).unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}
