//! The command line of `cargo xtask`.

use camino::Utf8PathBuf;
use clap::{Args, Parser, Subcommand};

use crate::sdk::{INTEROP, LANGUAGES, TOPICS, sdks};

/// The developer commands of commy.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Build the package of every SDK into dist/
    BuildSdks(BuildSdks),
    /// Run every test in every language and show one table
    Test(Test),
    /// Have every language call every language and show who can
    Interop(Interop),
    /// Compare the generated bindings with the committed snapshots
    Snapshots(Snapshots),
    /// Run the benchmarks of the runtime and of every SDK
    Bench(Bench),
    /// Run whole nodes on a simulated network, from many seeds or from one
    Simulate(Simulate),
    /// Make a certificate authority for development, and certificates of it for nodes
    Certs(Certs),
    /// Show which toolchains are here and how to get the missing ones
    Doctor,
}

#[derive(Args)]
pub(crate) struct BuildSdks {
    /// Build only this SDK (may be repeated)
    #[arg(long = "lang", value_name = "LANG", value_parser = sdk)]
    pub(crate) languages: Vec<String>,
    /// Build the native library optimised
    #[arg(long)]
    pub(crate) release: bool,
    /// Show the output of every process as it comes
    #[arg(long, short)]
    pub(crate) verbose: bool,
}

#[derive(Args)]
pub(crate) struct Test {
    /// Test only this language (may be repeated)
    #[arg(long = "lang", value_name = "LANG", value_parser = language)]
    pub(crate) languages: Vec<String>,
    /// Test only this topic or column of the table (may be repeated)
    #[arg(long = "topic", value_name = "TOPIC", value_parser = topic)]
    pub(crate) topics: Vec<String>,
    /// Show the output of every process as it comes
    #[arg(long, short)]
    pub(crate) verbose: bool,
}

#[derive(Args)]
pub(crate) struct Interop {
    /// Only these languages call each other (may be repeated)
    #[arg(long = "lang", value_name = "LANG", value_delimiter = ',', value_parser = language)]
    pub(crate) languages: Vec<String>,
    /// Show the output of every process that builds as it comes
    #[arg(long, short)]
    pub(crate) verbose: bool,
}

#[derive(Args)]
#[group(multiple = false)]
pub(crate) struct Snapshots {
    /// Fail if any snapshot differs (the default)
    #[arg(long)]
    pub(crate) check: bool,
    /// Show what would change
    #[arg(long)]
    pub(crate) review: bool,
    /// Write the generated bindings as the new snapshots
    #[arg(long)]
    pub(crate) accept: bool,
}

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Bench {
    /// Run only the benchmarks whose names contain this
    pub(crate) filter: Option<String>,
    #[command(subcommand)]
    pub(crate) against: Option<Against>,
}

#[derive(Subcommand)]
pub(crate) enum Against {
    /// Measure commy beside ZeroMQ, NATS, Zenoh and gRPC, taking turns
    Peers(Peers),
}

#[derive(Args)]
pub(crate) struct Peers {
    /// Measure only in this language (may be repeated), and leave the committed table alone
    #[arg(long = "lang", value_name = "LANG", value_parser = peers)]
    pub(crate) languages: Vec<String>,
    /// Take few and short turns, and leave the committed table alone
    #[arg(long)]
    pub(crate) quick: bool,
}

#[derive(Args)]
pub(crate) struct Simulate {
    /// How many seeds are tried, from 0
    #[arg(long, value_name = "COUNT", default_value_t = 10_000)]
    pub(crate) seeds: u64,
    /// Replay this seed alone, and show every packet
    #[arg(long, value_name = "SEED", conflicts_with = "seeds")]
    pub(crate) seed: Option<u64>,
}

#[derive(Args)]
pub(crate) struct Certs {
    /// Where the files are written, and the authority is looked for
    #[arg(default_value = "dist/certs")]
    pub(crate) directory: Utf8PathBuf,
    /// The name or address by which the others connect to a node (may be repeated)
    #[arg(long = "node", value_name = "NAME", default_value = "localhost")]
    pub(crate) nodes: Vec<String>,
}

fn peers(name: &str) -> Result<String, String> {
    one_of(name, crate::bench::peers::languages())
}

fn sdk(name: &str) -> Result<String, String> {
    one_of(name, sdks().map(|sdk| sdk.name()))
}

fn language(name: &str) -> Result<String, String> {
    one_of(name, LANGUAGES.iter().map(|language| language.name()))
}

fn topic(name: &str) -> Result<String, String> {
    let columns = LANGUAGES
        .iter()
        .flat_map(|language| language.columns().iter().copied());
    one_of(name, TOPICS.iter().copied().chain(columns).chain([INTEROP]))
}

fn one_of<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Result<String, String> {
    let mut names: Vec<&str> = Vec::new();
    for known in known {
        if !names.contains(&known) {
            names.push(known);
        }
    }
    if names.contains(&name) {
        Ok(name.to_owned())
    } else {
        Err(format!("it must be one of {}", names.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn an_unknown_topic_is_refused_with_those_that_exist() {
        let arguments = ["cargo xtask", "test", "--topic", "weather"];
        let error = Cli::try_parse_from(arguments)
            .err()
            .map(|it| it.to_string());
        assert!(error.is_some_and(|text| text.contains("weather") && text.contains("pubsub")));
    }

    /// Makefile.toml holds one alias a command and nothing else, and each one parses.
    #[test]
    fn every_alias_of_cargo_make_is_a_command_and_every_command_has_one() {
        let makefile = concat!(env!("CARGO_MANIFEST_DIR"), "/../Makefile.toml");
        let text = fs_err::read_to_string(makefile).unwrap();
        let makefile: toml::Table = toml::from_str(&text).unwrap();
        let tasks = makefile["tasks"].as_table().unwrap();
        for (name, task) in tasks {
            assert_eq!(task["command"].as_str(), Some("cargo"), "{name}");
            let arguments: Vec<&str> = task["args"]
                .as_array()
                .unwrap()
                .iter()
                .map(|argument| argument.as_str().unwrap())
                .collect();
            assert_eq!(arguments, ["xtask", name, "${@}"], "{name}");
            Cli::try_parse_from(["cargo xtask", name]).unwrap();
        }
        let cli = Cli::command();
        let commands: Vec<&str> = cli.get_subcommands().map(|it| it.get_name()).collect();
        let aliases: Vec<&str> = tasks.keys().map(String::as_str).collect();
        assert_eq!(commands.len(), aliases.len(), "{commands:?} {aliases:?}");
    }
}
