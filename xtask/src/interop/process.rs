//! A peer in a process of its own: commands go to it and answers come from it, a line of JSON each.
//!
//! Owns the process, which is killed and reaped whatever happens, and the bound of every wait. It
//! must not know what the commands mean.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use serde_json::{Value, json};

use super::pair::Log;

/// Far longer than anything takes on a machine that is busy with other things as well.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);
/// How often a process that is about to end is looked at.
const GLANCE: Duration = Duration::from_millis(5);
/// Far more lines than a peer says in its life; one that says more waits.
const LINES_MAX: usize = 4096;
/// Lines of a peer's standard error that are shown of one that died.
const COMPLAINTS_SHOWN: usize = 8;

pub(super) struct Process {
    /// Whose it is, as failures call it.
    name: String,
    child: Child,
    input: Option<ChildStdin>,
    said: Receiver<Said>,
    /// What was said before something that was waited for.
    unheard: VecDeque<Value>,
    /// The end of its standard error.
    complaints: VecDeque<String>,
    log: Log,
    commands: u64,
    /// The id of its node.
    pub(super) node: String,
}

/// A line of one of its two outputs.
enum Said {
    Line(String),
    Complaint(String),
}

impl Process {
    /// Starts a peer, which [`Process::meets`] waits for.
    pub(super) fn start(name: &str, mut command: Command, log: Log) -> Result<Self> {
        log.write(name, "$", &format!("{command:?}"));
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| {
                let program = command.get_program().to_string_lossy().into_owned();
                format!("{name}: cannot run {program}")
            })?;
        let (sender, said) = sync_channel(LINES_MAX);
        let input = child.stdin.take();
        if let (Some(output), Some(errors)) = (child.stdout.take(), child.stderr.take()) {
            forward(output, Said::Line, sender.clone());
            forward(errors, Said::Complaint, sender);
        }
        Ok(Self {
            name: name.to_owned(),
            child,
            input,
            said,
            unheard: VecDeque::new(),
            complaints: VecDeque::new(),
            log,
            commands: 0,
            node: String::new(),
        })
    }

    /// Waits until its mesh is started.
    pub(super) fn is_ready(&mut self) -> Result<()> {
        let first = self.hears("its first line", |_| true)?;
        let node = first["ready"].as_str();
        self.node = node
            .ok_or_else(|| anyhow!("{} began with {first}", self.name))?
            .to_owned();
        Ok(())
    }

    /// Gives a command, and returns its number.
    pub(super) fn begins(&mut self, mut command: Value) -> Result<u64> {
        self.commands += 1;
        command["id"] = json!(self.commands);
        self.log.write(&self.name, "<", &command.to_string());
        let written = self
            .input
            .as_mut()
            .context("its input is closed")
            .and_then(|input| Ok(writeln!(input, "{command}").and_then(|()| input.flush())?));
        if let Err(error) = written {
            // It may have said why before it ended.
            self.hears("what it cannot have been told", |_| false)
                .with_context(|| error.to_string())?;
        }
        Ok(self.commands)
    }

    /// Gives a command, and returns what it answers, which must be no error.
    pub(super) fn does(&mut self, command: &Value) -> Result<Value> {
        let id = self.begins(command.clone())?;
        let answer = self.answer(id, command)?;
        match answer.get("ok") {
            Some(value) => Ok(value.clone()),
            None => bail!("{}: {command} failed: {}", self.name, answer["error"]),
        }
    }

    /// Gives a command, and returns the error that it must end in.
    pub(super) fn fails(&mut self, command: &Value) -> Result<Value> {
        let id = self.begins(command.clone())?;
        let answer = self.answer(id, command)?;
        self.error(&answer)
    }

    /// The error in an answer, which must be one.
    pub(super) fn error(&self, answer: &Value) -> Result<Value> {
        match answer.get("error") {
            Some(error) => Ok(error.clone()),
            None => bail!("{}: expected an error, came {answer}", self.name),
        }
    }

    pub(super) fn answer(&mut self, id: u64, command: &Value) -> Result<Value> {
        self.hears(&format!("an answer to {command}"), |line| {
            line["id"] == json!(id)
        })
    }

    /// Waits until it tells of something that is as it is wanted.
    pub(super) fn tells(&mut self, what: &str, wanted: impl Fn(&Value) -> bool) -> Result<Value> {
        self.hears(&format!("{what:?}"), |line| {
            line["told"] == what && wanted(line)
        })
    }

    /// What it tells of within a time, if it does.
    pub(super) fn tells_within(&mut self, what: &str, time: Duration) -> Result<Option<Value>> {
        self.listen(Instant::now() + time, &|line: &Value| line["told"] == what)
    }

    /// Forgets what it told and nobody waited for, so that it passes for nothing later.
    pub(super) fn forget(&mut self) {
        self.unheard.clear();
    }

    /// Waits for its end, which must be a good one.
    pub(super) fn ends(&mut self) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait()? {
                self.log.write(&self.name, "=", &status.to_string());
                let words = self.last_words();
                ensure!(status.success(), "{} ended with {status}{words}", self.name);
                return Ok(());
            }
            ensure!(
                Instant::now() < deadline,
                "{} did not end within {} s",
                self.name,
                PATIENCE.as_secs()
            );
            std::thread::sleep(GLANCE);
        }
    }

    pub(super) fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    fn hears(&mut self, what: &str, wanted: impl Fn(&Value) -> bool) -> Result<Value> {
        match self.listen(Instant::now() + PATIENCE, &wanted) {
            Ok(Some(line)) => Ok(line),
            Ok(None) => {
                let unheard: Vec<String> = self.unheard.iter().map(ToString::to_string).collect();
                let unheard = match unheard.as_slice() {
                    [] => "nothing came".to_owned(),
                    lines => format!("came {}", lines.join(" ")),
                };
                bail!(
                    "{}: expected {what} within {} s, {unheard}",
                    self.name,
                    PATIENCE.as_secs()
                )
            }
            Err(error) => Err(error.context(format!("expected {what}"))),
        }
    }

    /// The next line that is wanted, or none by the deadline. An error means that none will come.
    fn listen(
        &mut self,
        deadline: Instant,
        wanted: &dyn Fn(&Value) -> bool,
    ) -> Result<Option<Value>> {
        if let Some(index) = self.unheard.iter().position(wanted) {
            return Ok(self.unheard.remove(index));
        }
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.said.recv_timeout(left) {
                Ok(Said::Line(text)) => {
                    self.log.write(&self.name, ">", &text);
                    let line: Value = serde_json::from_str(&text)
                        .ok()
                        .filter(Value::is_object)
                        .with_context(|| {
                            format!("{} said what is no line of JSON: {text}", self.name)
                        })?;
                    if wanted(&line) {
                        return Ok(Some(line));
                    }
                    self.unheard.push_back(line);
                }
                Ok(Said::Complaint(text)) => self.complains(text),
                Err(RecvTimeoutError::Timeout) => return Ok(None),
                // Both of its outputs have ended.
                Err(RecvTimeoutError::Disconnected) => {
                    let (how, words) = (self.how_it_ended(), self.last_words());
                    bail!("{} has ended: {how}{words}", self.name);
                }
            }
        }
    }

    fn complains(&mut self, text: String) {
        self.log.write(&self.name, "!", &text);
        self.complaints.push_back(text);
        if self.complaints.len() > COMPLAINTS_SHOWN {
            self.complaints.pop_front();
        }
    }

    /// The end of what it wrote to its standard error, for the end of a sentence.
    fn last_words(&mut self) -> String {
        while let Ok(said) = self.said.try_recv() {
            if let Said::Complaint(text) = said {
                self.complains(text);
            }
        }
        if self.complaints.is_empty() {
            return String::new();
        }
        let lines: Vec<&str> = self.complaints.iter().map(String::as_str).collect();
        format!(", after {}", lines.join(" | "))
    }

    /// How a process ended that has closed its outputs; it is not waited for if it goes on without.
    fn how_it_ended(&mut self) -> String {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            match self.child.try_wait() {
                Ok(None) => std::thread::sleep(GLANCE),
                Ok(Some(status)) => return status.to_string(),
                Err(error) => return error.to_string(),
            }
        }
        "it goes on, but says nothing more".to_owned()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself, and then both say so.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Passes on the lines of an output until it ends, or nobody listens any more.
fn forward(output: impl Read + Send + 'static, kind: fn(String) -> Said, sender: SyncSender<Said>) {
    std::thread::spawn(move || {
        for line in BufReader::new(output).split(b'\n') {
            let Ok(line) = line else { return };
            let text = String::from_utf8_lossy(&line).trim_end().to_owned();
            if sender.send(kind(text)).is_err() {
                return;
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A process that a shell plays.
    fn played(script: &str) -> Process {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        Process::start("the peer", command, Log::nowhere()).unwrap()
    }

    #[test]
    fn a_peer_that_dies_says_how_and_its_last_words() {
        let error = played("echo no tea >&2; exit 3").is_ready().unwrap_err();
        let text = format!("{error:#}");
        assert!(text.contains("exit status: 3, after no tea"), "{text}");
    }

    #[test]
    fn what_is_no_json_is_shown() {
        let error = played("echo tea is ready; cat").is_ready().unwrap_err();
        let text = format!("{error:#}");
        assert!(text.ends_with("no line of JSON: tea is ready"), "{text}");
    }

    #[test]
    fn an_answer_and_what_is_told_may_come_in_any_order() {
        let lines = r#"'{"ready":"n"}' '{"told":"held"}' '{"id":1,"ok":7}' '{"id":2,"error":{}}'"#;
        let mut peer = played(&format!("printf '%s\\n' {lines}; cat >/dev/null"));
        peer.is_ready().unwrap();
        assert_eq!(peer.does(&json!({ "do": "count" })).unwrap(), json!(7));
        peer.tells("held", |_| true).unwrap();
        assert_eq!(peer.fails(&json!({ "do": "break" })).unwrap(), json!({}));
    }

    #[test]
    fn a_process_that_is_let_go_is_gone() {
        let peer = played("echo; exec cat");
        let id = peer.child.id();
        drop(peer);
        let found = Command::new("sh")
            .args(["-c", &format!("kill -0 {id} 2>/dev/null")])
            .status();
        assert!(!found.unwrap().success());
    }
}
