//! One side of one system, in a process of its own: it speaks the protocol of bench/peers/README.md.
//!
//! Owns the command line and the lines that go in and out. How anything is measured is in
//! [`measure`], the same for all systems; how a system is used is in [`systems`].

mod measure;
mod systems;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines, Stdin};

use measure::{Client, Returned};
use systems::{commy, grpc, nats, zenoh};

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match *arguments.as_slice() {
        ["commy", "serve", address] => serve(commy::serve(address).await?).await,
        ["zenoh", "serve", address] => serve(zenoh::serve(address, false).await?).await,
        ["zenoh_shm", "serve", address] => serve(zenoh::serve(address, true).await?).await,
        ["nats", "serve", address] => serve(nats::serve(address).await?).await,
        ["grpc", "serve", address] => serve(grpc::serve(address).await?).await,
        ["commy", "cross", address] => cross(commy::Crossings::open(address).await?).await,
        [system, "drive", address, servers] => {
            let (returned, events) = Returned::new();
            let servers = servers.parse()?;
            match system {
                "commy" => drive(commy::connect(address, events).await?, servers, returned).await,
                "zenoh" | "zenoh_shm" => {
                    let client = zenoh::connect(address, system == "zenoh_shm", events).await?;
                    drive(client, servers, returned).await
                }
                "nats" => drive(nats::connect(address, events).await?, servers, returned).await,
                "grpc" => drive(grpc::connect(address).await?, servers, returned).await,
                _ => bail!("no system is called {system:?}"),
            }
        }
        _ => bail!("arguments: SYSTEM serve ADDRESS, or SYSTEM drive ADDRESS SERVERS"),
    }
}

/// Keeps a server until the driver is gone.
async fn serve<S>(server: S) -> Result<()> {
    let mut lines = ready()?;
    while lines.next_line().await?.is_some() {}
    drop(server);
    Ok(())
}

async fn drive(client: impl Client, servers: usize, mut returned: Returned) -> Result<()> {
    measure::meet(&client, servers).await?;
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

async fn cross(crossings: commy::Crossings) -> Result<()> {
    let mut lines = ready()?;
    while let Some(line) = lines.next_line().await? {
        let mut words = line.split(' ').skip(1);
        let kind = words.next().context("which crossing?")?;
        let seconds = words.next().context("for how long?")?.parse()?;
        say(&crossings.cost(kind, seconds).await?)?;
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
