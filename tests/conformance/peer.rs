//! Nodes in processes of their own, as tests drive them: see the program `conformance-peer`.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
    time::{Duration, Instant},
};

use commy::{Mesh, Query};
use commy_tests::soon;
use rustix::process::{Pid, Signal, kill_process};
use tokio::sync::mpsc;

/// Far more lines than any test leaves unread.
const LINES_MAX: usize = 4096;

/// A node in a process of its own, killed when it is dropped.
pub(crate) struct Peer {
    child: Child,
    input: ChildStdin,
    lines: mpsc::Receiver<String>,
    /// Lines that came before one that was waited for.
    passed: Vec<String>,
    pub(crate) node: String,
}

impl Peer {
    pub(crate) async fn start(mesh: &str, options: &[&str]) -> Self {
        Self::start_in(None, mesh, options).await
    }

    /// Starts one that serves `workers`.
    pub(crate) async fn serve(mesh: &str, options: &[&str]) -> Self {
        let mut peer = Self::start(mesh, options).await;
        peer.register("workers").await;
        peer
    }

    /// Starts one that meets the others of its host in a run-time directory of its own: as far away
    /// as on another host.
    pub(crate) async fn start_in(directory: Option<&Path>, mesh: &str, options: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_conformance-peer"));
        if let Some(directory) = directory {
            command.env("XDG_RUNTIME_DIR", directory);
        }
        let mut child = command
            .arg(mesh)
            .args(options)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let input = child.stdin.take().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = mpsc::channel(LINES_MAX);
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if sender.blocking_send(line).is_err() {
                    return;
                }
            }
        });
        let mut peer = Self {
            child,
            input,
            lines,
            passed: Vec::new(),
            node: String::new(),
        };
        peer.node = peer.tells("ready ").await;
        peer
    }

    pub(crate) async fn register(&mut self, service: &str) {
        self.does(&format!("register {service}")).await;
    }

    /// Gives a command, and waits until it is done.
    pub(crate) async fn does(&mut self, command: &str) {
        self.begins(command);
        let verb = command.split(' ').next().unwrap();
        self.tells(&format!("done {verb}")).await;
    }

    /// Gives a command.
    pub(crate) fn begins(&mut self, command: &str) {
        writeln!(self.input, "{command}").unwrap();
    }

    /// Waits for the next line that begins so, and gives the rest of it.
    pub(crate) async fn tells(&mut self, begin: &str) -> String {
        let rest = |line: &str| line.strip_prefix(begin).map(str::to_owned);
        if let Some(index) = self.passed.iter().position(|line| rest(line).is_some()) {
            return rest(&self.passed.remove(index)).unwrap();
        }
        soon(async {
            loop {
                let line = self.lines.recv().await.expect("a process that lives");
                match rest(&line) {
                    Some(rest) => return rest,
                    None => self.passed.push(line),
                }
            }
        })
        .await
    }

    /// Waits until it knows this many instances of a service.
    pub(crate) async fn knows(&mut self, service: &str, count: usize) {
        soon(async {
            loop {
                self.begins(&format!("discover {service}"));
                if self.tells("known ").await == count.to_string() {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        })
        .await;
    }

    /// Sends a signal, and gives the moment before.
    pub(crate) fn signal(&self, signal: Signal) -> Instant {
        let moment = Instant::now();
        kill_process(Pid::from_child(&self.child), signal).unwrap();
        moment
    }

    /// Tells it to end with a mesh that runs, and whether it ended well.
    pub(crate) async fn exits_well(mut self) -> bool {
        self.begins("exit");
        soon(async {
            loop {
                if let Some(status) = self.child.try_wait().unwrap() {
                    return status.success();
                }
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        })
        .await
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until a mesh knows this many instances of a service.
pub(crate) async fn knows(mesh: &Mesh, service: &str, count: usize) {
    until(|| mesh.discover(&Query::service(service)).unwrap().len() == count).await;
}

/// Waits until something holds that nothing tells of.
pub(crate) async fn until(holds: impl Fn() -> bool) {
    soon(async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    })
    .await;
}
