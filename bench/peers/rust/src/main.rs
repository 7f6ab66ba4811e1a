//! One side of one system, in a process of its own: it speaks the protocol of bench/peers/README.md.
//!
//! Owns the command line and the lines that go in and out. How anything is measured is in
//! [`measure`], the same for all systems; how a system is used is in [`systems`].

mod measure;
mod systems;

use anyhow::{Result, bail};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines, Stdin};

use measure::{Client, Returned};

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (returned, events) = Returned::new();
    match *arguments.as_slice() {
        #[cfg(feature = "mesh")]
        ["commy", "serve", address] => serve(systems::commy::serve(address).await?).await,
        #[cfg(feature = "mesh")]
        ["commy", "drive", address, "1"] => {
            drive(systems::commy::connect(address, events).await?, returned).await
        }
        #[cfg(feature = "mesh")]
        ["commy", "cross", address] => cross(systems::commy::Crossings::open(address).await?).await,
        #[cfg(feature = "mesh")]
        [system @ ("zenoh" | "zenoh_shm"), side, address, ..] => {
            let is_shared = system == "zenoh_shm";
            if side == "serve" {
                return serve(systems::zenoh::serve(address, is_shared).await?).await;
            }
            let client = systems::zenoh::connect(address, is_shared, events).await?;
            drive(client, returned).await
        }
        #[cfg(feature = "served")]
        ["nats", "serve", address] => serve(systems::nats::serve(address).await?).await,
        #[cfg(feature = "served")]
        ["nats", "drive", address, "1"] => {
            drive(systems::nats::connect(address, events).await?, returned).await
        }
        #[cfg(feature = "served")]
        ["grpc", "serve", address] => serve(systems::grpc::serve(address).await?).await,
        #[cfg(feature = "served")]
        ["grpc", "drive", address, "1"] => {
            drive(systems::grpc::connect(address).await?, returned).await
        }
        _ => {
            drop(events);
            bail!("arguments: SYSTEM serve ADDRESS, or SYSTEM drive ADDRESS 1")
        }
    }
}

/// Keeps a server until the driver is gone.
async fn serve<S>(server: S) -> Result<()> {
    let mut lines = ready()?;
    while lines.next_line().await?.is_some() {}
    drop(server);
    Ok(())
}

async fn drive(client: impl Client, mut returned: Returned) -> Result<()> {
    measure::meet(&client).await?;
    if client.has_events() {
        measure::join(&client, &mut returned).await?;
    }
    let mut lines = ready()?;
    while let Some(line) = lines.next_line().await? {
        let words: Vec<&str> = line.split(' ').collect();
        let result = match *words.as_slice() {
            ["echo", size, seconds, in_flight] => {
                measure::echo(&client, size.parse()?, seconds.parse()?, in_flight.parse()?).await?
            }
            ["events", size, seconds, window] => {
                let (size, seconds, window) = (size.parse()?, seconds.parse()?, window.parse()?);
                measure::events(&client, &mut returned, size, seconds, window).await?
            }
            _ => bail!("no command reads {line:?}"),
        };
        say(&result)?;
    }
    Ok(())
}

#[cfg(feature = "mesh")]
async fn cross(crossings: systems::commy::Crossings) -> Result<()> {
    let mut lines = ready()?;
    while let Some(line) = lines.next_line().await? {
        let ["cost", kind, seconds] = *line.split(' ').collect::<Vec<_>>() else {
            bail!("no command reads {line:?}");
        };
        say(&crossings.cost(kind, seconds.parse()?).await?)?;
    }
    Ok(())
}

fn ready() -> Result<Lines<BufReader<Stdin>>> {
    println!("ready");
    Ok(BufReader::new(tokio::io::stdin()).lines())
}

fn say(result: &Value) -> Result<()> {
    // Standard output is flushed at each end of a line.
    println!("{result}");
    Ok(())
}
