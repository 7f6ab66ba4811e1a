//! Toolchains: what a language needs, whether it is there, and how to get it.
//!
//! Owns probing and installing. It must not know which language needs what.

use std::process::Command;

use anyhow::{Result, bail};

use crate::site::Site;
use crate::step::Step;

/// A program, or a part of one, that a language needs.
#[derive(Clone, Copy)]
pub(crate) struct Tool {
    pub(crate) name: &'static str,
    /// The program and arguments that print its version; failing means that it is not there.
    pub(crate) probe: &'static [&'static str],
    /// The lowest version that will do, or empty where any will.
    pub(crate) minimum: &'static str,
    pub(crate) get: Get,
    pub(crate) need: Need,
}

/// How a missing tool is got.
#[derive(Clone, Copy)]
pub(crate) enum Get {
    /// Debian's packages: installed without asking where the machine is Debian and we are root.
    Apt(&'static [&'static str]),
    /// A command for the developer to type.
    Command(&'static str),
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    Required,
    /// Nothing fails without it; the text says what it is for.
    Optional(&'static str),
}

/// What a probe found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    Good(String),
    Old(String),
    Missing,
}

impl Tool {
    pub(crate) fn find(&self) -> Found {
        let [program, arguments @ ..] = self.probe else {
            return Found::Missing;
        };
        match Command::new(program).args(arguments).output() {
            Ok(output) if output.status.success() => {
                // Java, for one, tells its version on standard error.
                let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
                text.push_str(&String::from_utf8_lossy(&output.stderr));
                judge(&text, self.minimum)
            }
            _ => Found::Missing,
        }
    }

    /// The command that gets this tool.
    pub(crate) fn how_to_get(&self) -> String {
        match self.get {
            Get::Apt(packages) => format!("apt-get install {}", packages.join(" ")),
            Get::Command(command) => command.to_owned(),
        }
    }
}

/// Makes sure that every required tool is there, installing what Debian has.
pub(crate) fn provide(site: &Site, language: &str, tools: &[Tool]) -> Result<()> {
    for tool in tools.iter().filter(|tool| tool.need == Need::Required) {
        if matches!(tool.find(), Found::Good(_)) {
            continue;
        }
        if let Get::Apt(packages) = tool.get
            && may_install()
        {
            install(site, language, packages)?;
        }
        match tool.find() {
            Found::Good(_) => {}
            Found::Old(version) => bail!(
                "{} {version} is too old, {} is needed: {}",
                tool.name,
                tool.minimum,
                tool.how_to_get()
            ),
            Found::Missing => bail!("{} is missing: {}", tool.name, tool.how_to_get()),
        }
    }
    Ok(())
}

fn install(site: &Site, language: &str, packages: &[&str]) -> Result<()> {
    let wanted = packages.join(" ");
    Step::new(format!("{language}: apt-get update"), "apt-get")
        .args(["update", "--quiet"])
        .run(site)?
        .require(site)?;
    Step::new(format!("{language}: apt-get install {wanted}"), "apt-get")
        .env("DEBIAN_FRONTEND", "noninteractive")
        .args(["install", "--quiet", "--yes", "--no-install-recommends"])
        .args(packages)
        .run(site)?
        .require(site)?;
    Ok(())
}

/// Whether Debian's packages can be installed without asking anyone.
fn may_install() -> bool {
    let root = Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|output| output.stdout.trim_ascii() == b"0");
    root && Command::new("apt-get").arg("--version").output().is_ok()
}

fn judge(text: &str, minimum: &str) -> Found {
    let Some(version) = version_in(text) else {
        return if minimum.is_empty() {
            Found::Good("found".to_owned())
        } else {
            Found::Missing
        };
    };
    if numbers(&version) >= numbers(minimum) {
        Found::Good(version)
    } else {
        Found::Old(version)
    }
}

/// The first word of `text` that looks like a version: `3.11.2` in `Python 3.11.2`.
fn version_in(text: &str) -> Option<String> {
    text.split(|letter: char| !(letter.is_ascii_digit() || letter == '.'))
        .map(|word| word.trim_matches('.'))
        .find(|word| word.contains('.'))
        .map(str::to_owned)
}

fn numbers(version: &str) -> Vec<u64> {
    version
        .split('.')
        .map_while(|part| part.parse().ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_found_in_what_a_tool_prints() {
        let openjdk = "openjdk version \"17.0.13\" 2024-10-15";
        assert_eq!(judge(openjdk, "17"), Found::Good("17.0.13".to_owned()));
        let go = "go version go1.23.4 linux/amd64";
        assert_eq!(judge(go, "1.24"), Found::Old("1.23.4".to_owned()));
        assert_eq!(
            judge("Python 3.11.2", "3.9"),
            Found::Good("3.11.2".to_owned())
        );
    }

    #[test]
    fn a_tool_without_a_version_is_good_only_where_any_version_will_do() {
        assert_eq!(judge("ready", ""), Found::Good("found".to_owned()));
        assert_eq!(judge("ready", "1.0"), Found::Missing);
    }

    #[test]
    fn a_program_that_does_not_exist_is_missing() {
        let tool = Tool {
            name: "nothing",
            probe: &["commy-no-such-program", "--version"],
            minimum: "",
            get: Get::Command("none"),
            need: Need::Required,
        };
        assert_eq!(tool.find(), Found::Missing);
    }
}
