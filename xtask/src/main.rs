//! `cargo xtask`: the developer commands of commy, one file each.
//!
//! This file only dispatches; what the arguments mean is in [`cli`].

mod bench;
mod build_sdks;
mod cache;
mod check;
mod cli;
mod doctor;
mod evidence;
mod interop;
mod matrix;
mod native;
mod peer;
mod pins;
mod screen;
mod sdk;
mod simulate;
mod site;
mod snapshots;
mod step;
mod test;
mod tool;

use std::process::ExitCode;

use clap::Parser as _;

use cli::{Cli, Command};

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::BuildSdks(arguments) => build_sdks::run(&arguments),
        Command::Test(arguments) => test::run(&arguments),
        Command::Interop(arguments) => interop::run(&arguments),
        Command::Snapshots(arguments) => snapshots::run(&arguments),
        Command::Bench(arguments) => bench::run(&arguments),
        Command::Simulate(arguments) => simulate::run(&arguments),
        Command::Certs(arguments) => {
            xtask::certs::write(&arguments.directory, &arguments.nodes).map(|()| ExitCode::SUCCESS)
        }
        Command::Doctor => doctor::run(),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
