//! Where and of what a run was made: figures mean nothing without.

use std::process::Command;

use anyhow::Result;
use serde::Serialize;
use time::OffsetDateTime;

use crate::site::Site;

#[derive(Serialize)]
pub(super) struct Machine {
    pub(super) date: String,
    pub(super) commit: String,
    pub(super) processor: String,
    pub(super) processors: usize,
    pub(super) memory_gib: u64,
    pub(super) system: String,
    /// Processes that wanted to run, on average over a minute, before the run began.
    pub(super) load: String,
    pub(super) rust: String,
    pub(super) nats_server: String,
}

impl Machine {
    pub(super) fn here(site: &Site) -> Result<Self> {
        let cpu = fs_err::read_to_string("/proc/cpuinfo")?;
        let memory = fs_err::read_to_string("/proc/meminfo")?;
        let load = fs_err::read_to_string("/proc/loadavg")?;
        let value = |text: &str, name: &str| {
            let line = text.lines().find(|line| line.starts_with(name));
            let value = line.and_then(|line| line.split_once(':'));
            value.map_or("unknown".to_owned(), |(_, value)| value.trim().to_owned())
        };
        let kib = value(&memory, "MemTotal").replace("kB", "");
        let kib: u64 = kib.trim().parse().unwrap_or_default();
        let commit = ["-C", site.root.as_str(), "rev-parse", "--short=12", "HEAD"];
        Ok(Self {
            date: OffsetDateTime::now_utc().date().to_string(),
            commit: said("git", &commit),
            processor: value(&cpu, "model name"),
            processors: std::thread::available_parallelism()?.get(),
            memory_gib: kib.div_ceil(1024 * 1024),
            system: said("uname", &["-srm"]),
            load: load.split(' ').next().unwrap_or_default().to_owned(),
            rust: said("rustc", &["--version"]),
            nats_server: said("nats-server", &["--version"]).replace("nats-server: v", ""),
        })
    }
}

/// What a program says of itself, which nothing depends on.
fn said(program: &str, arguments: &[&str]) -> String {
    match Command::new(program).args(arguments).output() {
        Ok(output) if output.status.success() => {
            String::from_utf8_lossy(&output.stdout).trim().to_owned()
        }
        _ => "unknown".to_owned(),
    }
}
