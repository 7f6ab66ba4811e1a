//! Two peers that meet: one that calls, and one that answers.
//!
//! Owns how they are brought together, and the log of all that they are told and say. It must not
//! know what is checked.

use std::io::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Result, bail};
use camino::Utf8PathBuf;
use fs_err::File;

use super::process::Process;
use crate::site::Site;
use crate::step::{self, Step};

/// Both of them, with meshes that run.
pub(super) struct Pair {
    pub(super) caller: Process,
    pub(super) callee: Process,
    /// Where all that was said can be read.
    pub(super) log: Utf8PathBuf,
}

/// One file for both processes.
#[derive(Clone)]
pub(super) struct Log(Option<Arc<Mutex<File>>>);

impl Pair {
    /// Starts both at once in a mesh of their own, which nothing but its name describes.
    pub(super) fn start(site: &Site, title: &str, caller: &Step, callee: &Step) -> Result<Self> {
        let (path, file) = step::open_log(site, &format!("interop: {title}"))?;
        let log = Log(Some(Arc::new(Mutex::new(file))));
        let name: Vec<&str> = title.split(' ').collect();
        let mesh = format!("interop-{}-{}", std::process::id(), name.join("-"));
        let start = |name: &str, step: &Step| {
            let mut command = step.command(site);
            command.arg(&mesh);
            Process::start(name, command, log.clone())
        };
        let mut pair = Self {
            callee: start("the callee", callee)?,
            caller: start("the caller", caller)?,
            log: site.shown(&path).to_owned(),
        };
        for process in [&mut pair.callee, &mut pair.caller] {
            if let Err(error) = process.is_ready() {
                bail!("{error:#}; see {}", pair.log);
            }
        }
        Ok(pair)
    }
}

impl Log {
    #[cfg(test)]
    pub(super) fn nowhere() -> Self {
        Self(None)
    }

    pub(super) fn write(&self, name: &str, mark: &str, text: &str) {
        if let Some(file) = &self.0 {
            let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
            // A log that cannot be written fails nothing but itself.
            let _ = writeln!(file, "{name} {mark} {text}");
        }
    }
}
