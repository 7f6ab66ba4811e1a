//! The build script of every topic: scaffolding from the UDL that bears the topic's name.

use std::{env, process::ExitCode};

fn main() -> ExitCode {
    let Ok(package) = env::var("CARGO_PKG_NAME") else {
        eprintln!("cargo sets CARGO_PKG_NAME for build scripts");
        return ExitCode::FAILURE;
    };
    let topic = package.trim_start_matches("topic-");
    match uniffi::generate_scaffolding(format!("src/{topic}.udl")) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("scaffolding of topic {topic}: {error:#}");
            ExitCode::FAILURE
        }
    }
}
