//! A run in which nothing goes wrong: servers are replaced one after another while a client calls
//! them all the time. No call may fail and no event get lost.

use std::time::Duration;

use commy_core::{Health, Overflow, SubscribeOptions};
use rand::RngExt;

use crate::{host::Hosts, oracle::Property};

/// How many servers are replaced in a run.
const ROLLS: u32 = 4;
/// After how long everybody knows of a change.
const KNOWN: Duration = Duration::from_millis(150);
const SERVICE: &str = "a";

pub(crate) async fn run(hosts: &mut Hosts) {
    for _ in 0..hosts.random.random_range(3..=4) {
        hosts.launch().await;
    }
    let servers = 1..hosts.hosts.len();
    for server in servers.clone() {
        hosts.register(server, SERVICE).await;
    }
    let options = SubscribeOptions {
        capacity: 1024,
        overflow: Overflow::Block,
    };
    let subscription = hosts.subscribe(0, "**", options).await;
    serve(hosts, KNOWN, false).await;
    for _ in 0..ROLLS {
        let server = hosts.random.random_range(servers.clone());
        hosts.publish(server, "t/1").await;
        serve(hosts, Duration::from_millis(20), true).await;
        replace(hosts, server).await;
        serve(hosts, KNOWN, true).await;
    }
    hosts.calls_over().await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    hosts.check_convergence();
    for host in &hosts.hosts {
        let taken = hosts.network.lock().oracle.taken(subscription, host.id);
        if taken != host.published {
            let what = format!(
                "{taken} of {} events of {} arrived",
                host.published, host.id
            );
            hosts.violated(Property::OrderOfEvents, what);
        }
    }
}

/// Lets time pass, while the client calls.
async fn serve(hosts: &mut Hosts, time: Duration, is_calling: bool) {
    let until = hosts.network.now() + time;
    while hosts.network.now() < until {
        if is_calling {
            hosts.call_surely(0, SERVICE);
        }
        let pause_ms = hosts.random.random_range(1..10);
        tokio::time::sleep(Duration::from_millis(pause_ms)).await;
    }
}

/// A server goes in one way or another, and comes back.
async fn replace(hosts: &mut Hosts, server: usize) {
    // Calls that are on their way meet every moment of it.
    for _ in 0..hosts.random.random_range(0..8) {
        hosts.call_surely(0, SERVICE);
    }
    match hosts.random.random_range(0..3) {
        0 => hosts.restart(server).await,
        1 => hosts.deregister(server, 0).await,
        _ => {
            let held = &mut hosts.hosts[server].registrations[0];
            held.health = Health::Draining;
            let drained = held.registration.drain(Duration::from_secs(1)).await;
            if drained != Ok(true) {
                hosts.violated(Property::Drain, format!("a drain gave {drained:?}"));
            }
            for _ in 0..hosts.random.random_range(0..8) {
                hosts.call_surely(0, SERVICE);
            }
            hosts.deregister(server, 0).await;
        }
    }
    hosts.register(server, SERVICE).await;
}
