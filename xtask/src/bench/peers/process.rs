//! The processes that are measured, and what is said to them.
//!
//! Owns starting, telling, hearing and ending them. Every wait is bounded, and whatever was started
//! is ended by its own id when it is dropped.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use camino::Utf8PathBuf;
use fs_err::File;

use super::install::Program;
use super::system::{Address, Language, System};
use crate::site::Site;

/// Everybody is ready by then, on a busy machine.
const READY: Duration = Duration::from_secs(60);
/// What a command may take beyond the time that it is asked to.
const GRACE: Duration = Duration::from_secs(60);
/// What a process that was told to end may take.
const END: Duration = Duration::from_secs(5);
const GLANCE: Duration = Duration::from_millis(5);

/// One language's program, ready to be started.
pub(super) struct Bench<'a> {
    pub(super) site: &'a Site,
    pub(super) language: &'a Language,
    pub(super) program: &'a Program,
}

/// A process that speaks the protocol.
pub(super) struct Peer {
    pub(super) child: Child,
    what: String,
    input: Option<ChildStdin>,
    lines: Receiver<String>,
}

/// The server of NATS, on a port of its own.
pub(super) struct NatsServer {
    child: Child,
    port: u16,
}

impl<'a> Bench<'a> {
    pub(super) fn new(site: &'a Site, language: &'a Language, program: &'a Program) -> Self {
        Self {
            site,
            language,
            program,
        }
    }

    /// The server of NATS, if any of the systems needs it.
    pub(super) fn nats(&self) -> Result<Option<NatsServer>> {
        let mut systems = self.language.systems.iter();
        if systems.any(|system| system.address == Address::Nats) {
            return NatsServer::start(self.site).map(Some);
        }
        Ok(None)
    }

    /// A new address of this system, for one group of servers and clients.
    pub(super) fn address(&self, system: &System, nats: Option<&NatsServer>) -> Result<String> {
        Ok(match system.address {
            Address::Mesh => format!("bench-{}-{}", std::process::id(), free_ports()?),
            Address::Tcp => format!("127.0.0.1:{}", free_ports()?),
            Address::Nats => {
                let nats = nats.context("nobody has started the server of NATS")?;
                format!("127.0.0.1:{}", nats.port)
            }
        })
    }

    pub(super) fn server(&self, system: &System, address: &str) -> Result<Peer> {
        self.start(system.name, &["serve", address])
    }

    pub(super) fn client(&self, system: &System, address: &str, servers: usize) -> Result<Peer> {
        self.start(system.name, &["drive", address, &servers.to_string()])
    }

    /// What it takes to cross into the runtime of this system and back.
    pub(super) fn crossings(&self, system: &System) -> Result<Peer> {
        let address = self.address(system, None)?;
        self.start(system.name, &["cross", &address])
    }

    fn start(&self, system: &str, arguments: &[&str]) -> Result<Peer> {
        let program = self.program;
        let what = format!("peers-{}-{system}-{}", self.language.name, arguments[0]);
        let mut command = Command::new(program.apart.get(system).unwrap_or(&program.file));
        command
            .args(&program.arguments)
            .arg(system)
            .args(arguments)
            .envs(program.env.iter().map(|(name, value)| (name, value)));
        Peer::start(self.site, what, command)
    }
}

impl Peer {
    /// Starts a process whose complaints go to a log, and does not wait for it.
    pub(super) fn start(site: &Site, what: String, mut command: Command) -> Result<Self> {
        fs_err::create_dir_all(site.logs())?;
        let log = File::create(log(site, &what))?;
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log.into_file())
            .spawn()
            .with_context(|| format!("{what}: cannot run it"))?;
        let input = child.stdin.take();
        let output = child.stdout.take().context("a process without output")?;
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Ok(Self {
            child,
            what,
            input,
            lines,
        })
    }

    pub(super) fn wait_ready(&self, site: &Site) -> Result<()> {
        match self.line(READY, site)?.as_str() {
            "ready" => Ok(()),
            other => bail!("{}: it said {other:?}, not that it is ready", self.what),
        }
    }

    /// Gives a command that takes so long.
    pub(super) fn tell(&mut self, command: &str) -> Result<()> {
        let input = self.input.as_mut().context("its input is closed")?;
        writeln!(input, "{command}").with_context(|| format!("{}: it is gone", self.what))
    }

    /// The result of a command that takes so long.
    pub(super) fn hear<T: serde::de::DeserializeOwned>(
        &self,
        takes: Duration,
        site: &Site,
    ) -> Result<T> {
        let line = self.line(takes + GRACE, site)?;
        serde_json::from_str(&line).with_context(|| format!("{}: a strange answer", self.what))
    }

    fn line(&self, limit: Duration, site: &Site) -> Result<String> {
        self.lines.recv_timeout(limit).map_err(|error| {
            let text = fs_err::read_to_string(log(site, &self.what)).unwrap_or_default();
            let end: Vec<&str> = text.lines().rev().take(20).collect();
            let end: Vec<&str> = end.into_iter().rev().collect();
            anyhow::anyhow!("{}: no answer ({error})\n{}", self.what, end.join("\n"))
        })
    }

    /// Sends a signal by its name.
    pub(super) fn signal(&self, name: &str) -> Result<()> {
        let id = self.child.id().to_string();
        let status = Command::new("kill").args(["-s", name, &id]).status()?;
        anyhow::ensure!(status.success(), "{}: cannot send it {name}", self.what);
        Ok(())
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // A closed input is the word to end.
        drop(self.input.take());
        end(&mut self.child);
    }
}

impl NatsServer {
    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(super) fn start(site: &Site) -> Result<Self> {
        let port = free_ports()?;
        let log = File::create(log(site, "peers-nats-server"))?;
        let child = Command::new("nats-server")
            .args(["-a", "127.0.0.1", "-p", &port.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log.into_file())
            .spawn()
            .context("cannot run nats-server: apt-get install nats-server")?;
        let server = Self { child, port };
        let until = Instant::now() + READY;
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            anyhow::ensure!(Instant::now() < until, "nats-server does not listen");
            std::thread::sleep(GLANCE);
        }
        Ok(server)
    }
}

impl Drop for NatsServer {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn log(site: &Site, what: &str) -> Utf8PathBuf {
    site.logs().join(format!("{what}.log"))
}

fn end(child: &mut Child) {
    let until = Instant::now() + END;
    while Instant::now() < until {
        if !matches!(child.try_wait(), Ok(None)) {
            return;
        }
        std::thread::sleep(GLANCE);
    }
    // It may have ended in between.
    let _ = child.kill();
    let _ = child.wait();
}

/// The first of three free ports in a row.
fn free_ports() -> Result<u16> {
    for _ in 0..100 {
        let first = TcpListener::bind(("127.0.0.1", 0))?;
        let port = first.local_addr()?.port();
        let is_free = |offset| {
            port.checked_add(offset)
                .is_some_and(|port| TcpListener::bind(("127.0.0.1", port)).is_ok())
        };
        if is_free(1) && is_free(2) {
            return Ok(port);
        }
    }
    bail!("no three free ports in a row on loopback")
}
