//! `cargo xtask bench`: the benchmarks of the runtime and of every SDK, one after the other;
//! beside other systems by [`peers`].

pub(crate) mod peers;

use std::process::ExitCode;

use anyhow::{Result, anyhow};

use crate::build_sdks;
use crate::cli;
use crate::sdk::LANGUAGES;
use crate::site::Site;

pub(crate) fn run(arguments: &cli::Bench) -> Result<ExitCode> {
    if let Some(cli::Against::Peers(arguments)) = &arguments.against {
        return peers::run(arguments);
    }
    // Figures of an unoptimised library say nothing.
    let site = Site::open(true, false)?;
    let native = build_sdks::build_native(&site);
    let mut success = true;
    for language in LANGUAGES {
        if let Some(sdk) = language.sdk() {
            build_sdks::build(&site, sdk, &native).map_err(|reason| anyhow!(reason))?;
        }
        let mut steps = language.benches(&site, arguments.filter.as_deref())?;
        let bench = steps.pop();
        for step in steps {
            step.run(&site)?.require(&site)?;
        }
        if let Some(bench) = bench {
            success &= bench.stream(&site)?;
        }
    }
    Ok(if success {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
