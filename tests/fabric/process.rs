//! A node in a process of its own.

use std::{
    cell::RefCell,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{self, Receiver},
    time::{Duration, Instant},
};

use commy_core::NodeId;
use rustix::process::{Pid, Signal, kill_process};

use crate::node::PATIENCE;

/// A node in a process of its own, killed when it is dropped.
pub(crate) struct Process {
    child: Child,
    input: ChildStdin,
    lines: Receiver<(Instant, String)>,
    /// Lines that came before one that was waited for.
    passed: RefCell<Vec<(Instant, String)>>,
    pub(crate) node: NodeId,
    /// Its own run-time directory, if it has one.
    directory: Option<PathBuf>,
}

impl Process {
    pub(crate) fn join(mesh: &str) -> Self {
        Self::start(mesh, &[]).expect("a node")
    }

    /// Starts a node, or gives what it says went wrong.
    pub(crate) fn start(mesh: &str, options: &[&str]) -> Result<Self, String> {
        Self::start_in(None, mesh, options)
    }

    /// Starts a node with a run-time directory of its own.
    pub(crate) fn start_in(
        directory: Option<&Path>,
        mesh: &str,
        options: &[&str],
    ) -> Result<Self, String> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fabric-node"));
        if let Some(directory) = directory {
            command.env("XDG_RUNTIME_DIR", directory);
        }
        command.arg(mesh).args(options);
        Self::spawn(command)
    }

    /// Starts a whole mesh that serves.
    pub(crate) fn serve(mesh: &str, service: &str, count: usize, ms: u64) -> Self {
        Self::begin_to_serve(mesh, service, count, ms).until_ready()
    }

    /// Starts one, and does not wait until it serves.
    pub(crate) fn begin_to_serve(mesh: &str, service: &str, count: usize, ms: u64) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fabric-node"));
        let (count, ms) = (count.to_string(), ms.to_string());
        command.args(["serve", mesh, service, &count, &ms]);
        Self::begin(command)
    }

    /// Runs a command that becomes a node.
    pub(crate) fn spawn(command: Command) -> Result<Self, String> {
        let mut process = Self::begin(command);
        let (_, first) =
            process.line(|line| line.starts_with("ready ") || line.starts_with("error "));
        match first.split_once(' ') {
            Some(("ready", node)) => {
                process.node = node.parse().expect("a node id");
                Ok(process)
            }
            _ => Err(first),
        }
    }

    pub(crate) fn until_ready(mut self) -> Self {
        let (_, first) = self.line(|line| line.starts_with("ready "));
        self.node = first["ready ".len()..].parse().expect("a node id");
        self
    }

    fn begin(mut command: Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the process");
        let input = child.stdin.take().expect("its input");
        let output = BufReader::new(child.stdout.take().expect("its output"));
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if sender.send((Instant::now(), line)).is_err() {
                    return;
                }
            }
        });
        Self {
            child,
            input,
            lines,
            passed: RefCell::default(),
            node: NodeId::from_u128(0),
            directory: None,
        }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn remove_when_dropped(&mut self, directory: PathBuf) {
        self.directory = Some(directory);
    }

    pub(crate) fn tell(&mut self, command: &str) {
        writeln!(self.input, "{command}").expect("a living process");
    }

    /// The first line for which the condition holds, and when it came. It is not seen again.
    pub(crate) fn line(&self, is_wanted: impl Fn(&str) -> bool) -> (Instant, String) {
        let mut passed = self.passed.borrow_mut();
        if let Some(index) = passed.iter().position(|(_, line)| is_wanted(line)) {
            return passed.remove(index);
        }
        let deadline = Instant::now() + PATIENCE;
        loop {
            let time = deadline.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(time) {
                Ok((moment, line)) if is_wanted(&line) => return (moment, line),
                Ok(other) => passed.push(other),
                Err(error) => panic!("not said ({error}); what was: {passed:?}"),
            }
        }
    }

    pub(crate) fn says(&self, line: &str) -> Instant {
        self.line(|said| said == line).0
    }

    /// Whether it has said until now that it sees a node.
    pub(crate) fn has_seen(&self, node: NodeId) -> bool {
        let mut passed = self.passed.borrow_mut();
        passed.extend(self.lines.try_iter());
        let seen = format!("present {node}");
        passed.iter().any(|(_, line)| *line == seen)
    }

    pub(crate) fn sees(&self, node: NodeId) -> Instant {
        self.says(&format!("present {node}"))
    }

    pub(crate) fn misses(&self, node: NodeId) -> Instant {
        self.says(&format!("absent {node}"))
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, signal).expect("a living process");
    }

    /// Waits until the process has ended by itself.
    pub(crate) fn ends_within(&mut self, time: Duration) -> bool {
        let deadline = Instant::now() + time;
        while Instant::now() < deadline {
            if self.child.try_wait().expect("its state").is_some() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        false
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(directory) = &self.directory {
            let _ = std::fs::remove_dir_all(directory);
        }
    }
}
