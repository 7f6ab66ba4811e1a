//! One process that a command runs: captured, logged, bounded in time.
//!
//! Output goes to `target/xtask/logs/<title>.log`; a failure shows the end of it. It must not know
//! why the process is run or what its output means.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use camino::{Utf8Path, Utf8PathBuf};
use fs_err::File;

use crate::site::Site;

/// A first build of every dependency on a small machine takes a good part of this.
const LIMIT: Duration = Duration::from_mins(60);
/// How often a quiet process is looked at.
const GLANCE: Duration = Duration::from_millis(20);
/// A daemon that a process leaves behind may hold its pipes open: output is awaited no longer.
const OUTPUT_AFTER_EXIT: Duration = Duration::from_secs(5);
/// Lines between a process and its log; a process that writes faster waits.
const LINES_IN_FLIGHT: usize = 1024;
/// Lines of a log that are shown when its process fails.
const TAIL: usize = 40;

/// A process to run.
pub(crate) struct Step {
    title: String,
    command: Command,
    limit: Duration,
}

impl Step {
    /// `title` names the step on the screen and, its spaces and colons made dashes, its log.
    pub(crate) fn new(title: impl Into<String>, program: impl AsRef<OsStr>) -> Self {
        let mut command = Command::new(program);
        command.stdin(Stdio::null());
        Self {
            title: title.into(),
            command,
            limit: LIMIT,
        }
    }

    pub(crate) fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.command.arg(argument);
        self
    }

    pub(crate) fn args(mut self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        self.command.args(arguments);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    pub(crate) fn dir(mut self, folder: &Utf8Path) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// A process like this one, for whoever drives it by himself.
    pub(crate) fn command(&self, site: &Site) -> Command {
        let mut command = Command::new(self.command.get_program());
        command.args(self.command.get_args());
        for (name, value) in self.command.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        if let Some(folder) = self.command.get_current_dir() {
            command.current_dir(folder);
        }
        forget_cargo_libraries(&mut command, site);
        command
    }

    /// Runs the process to its end. An error means that it could not be run at all.
    pub(crate) fn run(mut self, site: &Site) -> Result<Outcome> {
        let (log, mut file) = open_log(site, &self.title)?;
        writeln!(file, "$ {:?}", self.command)?;
        forget_cargo_libraries(&mut self.command, site);

        let activity = site.screen.start(&self.title);
        let spawned = self
            .command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let mut child = match spawned {
            Ok(child) => child,
            Err(error) => {
                activity.finish(false);
                let program = self.command.get_program().to_string_lossy().into_owned();
                return Err(error).with_context(|| format!("{}: cannot run {program}", self.title));
            }
        };
        let deadline = Instant::now() + self.limit;
        let lines = listen(&mut child);
        let mut stdout = String::new();
        let mut exited: Option<Instant> = None;
        loop {
            match lines.recv_timeout(GLANCE) {
                Ok(line) => {
                    writeln!(file, "{}", line.text)?;
                    if site.screen.verbose() {
                        site.screen.say(&format!("    {}", line.text));
                    }
                    if line.is_stdout {
                        stdout.push_str(&line.text);
                        stdout.push('\n');
                    }
                }
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {}
            }
            if exited.is_none() && child.try_wait()?.is_some() {
                exited = Some(Instant::now());
            }
            let abandoned = exited.is_some_and(|at| at.elapsed() > OUTPUT_AFTER_EXIT);
            if abandoned || Instant::now() > deadline {
                break;
            }
        }
        let ended = wait_until(&mut child, deadline)?;
        let how = match ended {
            Some(status) => status.to_string(),
            None => format!("killed after {} s", self.limit.as_secs()),
        };
        writeln!(file, "[{how}]")?;
        let success = ended.is_some_and(|status| status.success());
        activity.finish(success);
        Ok(Outcome {
            title: self.title,
            success,
            how,
            stdout,
            log,
        })
    }

    /// Hands the terminal to the process: for what a person watches, such as a benchmark.
    pub(crate) fn stream(mut self, site: &Site) -> Result<bool> {
        forget_cargo_libraries(&mut self.command, site);
        site.screen.say(&format!("== {}", self.title));
        let status = self
            .command
            .status()
            .with_context(|| format!("{}: cannot run", self.title))?;
        Ok(status.success())
    }
}

/// How a process ended.
pub(crate) struct Outcome {
    title: String,
    how: String,
    pub(crate) success: bool,
    pub(crate) stdout: String,
    log: Utf8PathBuf,
}

impl Outcome {
    /// The outcome, or an error that shows the end of the log.
    pub(crate) fn require(self, site: &Site) -> Result<Self> {
        if self.success {
            return Ok(self);
        }
        bail!(self.explain(site));
    }

    /// The lines of the log that hold `word`.
    pub(crate) fn lines_with(&self, word: &str) -> Vec<String> {
        let text = fs_err::read_to_string(&self.log).unwrap_or_default();
        let lines = text.lines().filter(|line| line.contains(word));
        lines.map(str::to_owned).collect()
    }

    /// Shows the end of the log and returns one line that says what failed and where to read on.
    pub(crate) fn explain(&self, site: &Site) -> String {
        let text = fs_err::read_to_string(&self.log).unwrap_or_else(|error| error.to_string());
        let lines: Vec<&str> = text.lines().collect();
        for line in &lines[lines.len().saturating_sub(TAIL)..] {
            site.screen.say(&format!("    | {line}"));
        }
        format!(
            "{}: {}; see {}",
            self.title,
            self.how,
            site.shown(&self.log)
        )
    }
}

/// The log of what is called `title`, made anew.
pub(crate) fn open_log(site: &Site, title: &str) -> Result<(Utf8PathBuf, File)> {
    let name: Vec<&str> = title
        .split(|letter: char| !letter.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let log = site.logs().join(format!("{}.log", name.join("-")));
    fs_err::create_dir_all(site.logs())?;
    let file = File::create(&log)?;
    Ok((log, file))
}

/// Cargo puts its own output folders on the library path of what it runs. A package that finds the
/// library there would pass its tests without carrying the library, so the folders are taken out.
fn forget_cargo_libraries(command: &mut Command, site: &Site) {
    forget_cargo_package(command);
    if command
        .get_envs()
        .any(|(name, _)| name == "LD_LIBRARY_PATH")
    {
        // A step that names a path of its own means it.
        return;
    }
    let Some(path) = std::env::var_os("LD_LIBRARY_PATH") else {
        return;
    };
    let kept = std::env::split_paths(&path).filter(|folder| !folder.starts_with(&site.target));
    match std::env::join_paths(kept) {
        Ok(kept) if !kept.is_empty() => command.env("LD_LIBRARY_PATH", kept),
        _ => command.env_remove("LD_LIBRARY_PATH"),
    };
}

/// Cargo tells what it runs which package that is. A build script that asks, such as ring's, would
/// run anew in a `cargo` of ours after one from a shell, and the other way round, and with it would
/// be built all that is above it: the whole fabric.
fn forget_cargo_package(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        let is_of_package =
            |it: &str| it.starts_with("CARGO_PKG_") || it.starts_with("CARGO_MANIFEST_");
        if name.to_str().is_some_and(is_of_package) {
            command.env_remove(name);
        }
    }
}

struct Line {
    text: String,
    is_stdout: bool,
}

/// Reads both pipes, a thread each, until the process and all that inherited them have ended.
fn listen(child: &mut Child) -> Receiver<Line> {
    let (sender, receiver) = sync_channel(LINES_IN_FLIGHT);
    if let Some(pipe) = child.stdout.take() {
        forward(pipe, true, sender.clone());
    }
    if let Some(pipe) = child.stderr.take() {
        forward(pipe, false, sender);
    }
    receiver
}

fn forward(pipe: impl Read + Send + 'static, is_stdout: bool, sender: SyncSender<Line>) {
    std::thread::spawn(move || {
        for bytes in BufReader::new(pipe).split(b'\n') {
            let Ok(bytes) = bytes else { return };
            let text = String::from_utf8_lossy(&bytes)
                .trim_end_matches('\r')
                .to_owned();
            if sender.send(Line { text, is_stdout }).is_err() {
                return;
            }
        }
    });
}

/// Waits for the process until the deadline and kills it then.
fn wait_until(child: &mut Child, deadline: Instant) -> Result<Option<ExitStatus>> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() > deadline {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        std::thread::sleep(GLANCE);
    }
}
