//! A run in which everything happens that may: hosts come, restart and die, links are cut, nodes
//! pause and flicker, and meanwhile they register, call, publish and subscribe.

use std::{sync::Arc, time::Duration};

use commy_core::{Health, Overflow, SubscribeOptions};
use rand::RngExt;

use crate::{
    host::{Hosts, SERVICES},
    topology::State,
};

/// How many things happen.
const STEPS: u32 = 40;
const HOSTS_MAX: usize = 4;
/// After how much calm everybody knows everything: longer than the longest hold, and a reminder and
/// a fetch.
const CALM: Duration = Duration::from_secs(45);

pub(crate) async fn run(hosts: &mut Hosts) {
    for _ in 0..hosts.random.random_range(2..=3) {
        hosts.launch().await;
    }
    let mut dead = Vec::new();
    for _ in 0..STEPS {
        step(hosts, &mut dead).await;
        let pause_ms = [0, 0, 5, 50, 700][hosts.random.random_range(0..5)];
        let pause_us = hosts.random.random_range(0..=pause_ms * 1000);
        tokio::time::sleep(Duration::from_micros(pause_us)).await;
    }
    heal(hosts);
    hosts.calls_over().await;
    tokio::time::sleep(CALM).await;
    hosts.check_convergence();
    let now = hosts.network.now();
    hosts.network.lock().oracle.over(now);
}

async fn step(hosts: &mut Hosts, dead: &mut Vec<crate::host::Host>) {
    let host = hosts.random.random_range(0..hosts.hosts.len());
    let registrations = hosts.hosts[host].registrations.len();
    let network = Arc::clone(&hosts.network);
    match hosts.random.random_range(0..100) {
        0..14 => {
            let service = SERVICES[hosts.random.random_range(0..SERVICES.len())];
            hosts.register(host, service).await;
        }
        14..18 if registrations > 0 => {
            let place = hosts.random.random_range(0..registrations);
            hosts.deregister(host, place).await;
        }
        18..24 if registrations > 0 => set_health(hosts, host).await,
        24..60 => {
            for _ in 0..hosts.random.random_range(1..5) {
                hosts.call_anything(host);
            }
        }
        60..70 => {
            for _ in 0..hosts.random.random_range(1..8) {
                let topic = ["t/1", "t/2"][hosts.random.random_range(0..2)];
                hosts.publish(host, topic).await;
            }
        }
        70..75 => {
            let filter = ["**", "t/*", "t/1"][hosts.random.random_range(0..3)];
            let overflow = [Overflow::DropOldest, Overflow::DropNewest, Overflow::Block];
            let options = SubscribeOptions {
                capacity: hosts.random.random_range(1..6),
                overflow: overflow[hosts.random.random_range(0..3)],
            };
            hosts.subscribe(host, filter, options).await;
        }
        75..80 => {
            let other = hosts.random.random_range(0..hosts.hosts.len());
            let (one, other) = (hosts.hosts[host].id, hosts.hosts[other].id);
            if one != other {
                network.note(&format!("{one} and {other} are cut off"));
                network.lock().topology.cut(one, other);
                network.topology_changed();
            }
        }
        80..83 => network.set(hosts.hosts[host].id, State::Paused),
        83..88 => heal(hosts),
        88..90 if hosts.hosts.len() > 1 => dead.push(hosts.crash(host)),
        90..93 if !network.lock().topology.is_paused(hosts.hosts[host].id) => {
            hosts.restart(host).await;
        }
        93..95 if hosts.hosts.len() < HOSTS_MAX => hosts.launch().await,
        95..100 => {
            let other = hosts.random.random_range(0..hosts.hosts.len());
            network.flicker(hosts.hosts[host].id, hosts.hosts[other].id);
        }
        _ => {}
    }
}

async fn set_health(hosts: &mut Hosts, host: usize) {
    let registrations = hosts.hosts[host].registrations.len();
    let place = hosts.random.random_range(0..registrations);
    let is_drained = hosts.random.random_bool(0.2);
    let is_healthy = hosts.random.random();
    let held = &mut hosts.hosts[host].registrations[place];
    if held.health == Health::Draining {
        return;
    }
    if is_drained {
        held.health = Health::Draining;
        let drained = held.registration.drain(Duration::from_millis(300)).await;
        drained.expect("it drains");
    } else {
        held.health = if is_healthy {
            Health::Healthy
        } else {
            Health::Unhealthy
        };
        let reported = held.registration.set_health(held.health).await;
        reported.expect("it is registered and does not drain");
    }
}

/// Everybody reaches everybody again.
fn heal(hosts: &Hosts) {
    let network = &hosts.network;
    network.note("all is mended");
    let mut inner = network.lock();
    inner.topology.mend();
    inner.weather.loss = 0.0;
    drop(inner);
    for host in &hosts.hosts {
        if network.lock().topology.is_paused(host.id) {
            network.set(host.id, State::Running);
        }
    }
    network.topology_changed();
}
