//! Single facts about nodes that reach each other, each set up by hand on a calm network.

mod calls;
mod events;
mod nodes;
mod records;

use commy_core::{CallOptions, Message, Reply, Request, Result};

use crate::{
    host::Hosts,
    network::Network,
    seeds::{Plan, simulated},
    weather::{Fault, Weather},
};

/// Runs a fact on a calm network with so many hosts, which know each other.
fn fact(hosts: usize, fact: impl AsyncFnOnce(&mut Hosts)) {
    simulated(async move {
        let network = Network::new(1, Weather::CALM, Fault::None, false);
        let mut set_up = Hosts::new(network, 1, Plan::default());
        for _ in 0..hosts {
            set_up.launch().await;
        }
        known().await;
        fact(&mut set_up).await;
        let inner = set_up.network.lock();
        assert!(
            inner.oracle.violations.is_empty(),
            "{:?}",
            inner.oracle.violations
        );
    });
}

/// Everybody has heard of what was done.
async fn known() {
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
}

async fn call(hosts: &Hosts, host: usize, service: &str, options: &CallOptions) -> Result<Reply> {
    let request = Request::new("do", Message::bytes("hello"));
    hosts.hosts[host].mesh.call(service, request, options).await
}
