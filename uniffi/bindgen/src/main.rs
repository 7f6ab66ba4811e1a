//! The command line of the generator.
//!
//! Owns the arguments and the exit code; everything else is the library's.

use std::process::ExitCode;

use camino::Utf8PathBuf;
use clap::{Parser, Subcommand};
use commy_bindgen::{Language, Options, generate};

/// UniFFI bindings for Node, Go and C++.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Generates the bindings of one or more crates.
    Generate {
        /// The language to generate.
        #[arg(long)]
        language: Language,
        /// Where the files go; created if absent.
        #[arg(long)]
        out_dir: Utf8PathBuf,
        /// A file that is applied over the `uniffi.toml` of every crate.
        #[arg(long)]
        config: Option<Utf8PathBuf>,
        /// Only this crate, of all that the sources describe.
        #[arg(long = "crate", value_name = "NAME")]
        crate_name: Option<String>,
        /// UDL files, or built libraries.
        #[arg(required = true, value_name = "SOURCE")]
        sources: Vec<Utf8PathBuf>,
    },
}

fn main() -> ExitCode {
    let Command::Generate {
        language,
        out_dir,
        config,
        crate_name,
        sources,
    } = Arguments::parse().command;
    let options = Options {
        language,
        sources,
        out_dir,
        config,
        crate_name,
    };
    match generate(&options) {
        Ok(written) => {
            for path in written {
                eprintln!("wrote {path}");
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
