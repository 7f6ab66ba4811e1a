//! How long a server that is killed or stopped still gets calls while another could answer them.
//!
//! One client calls at a steady pace, two servers answer. The one that answered last is killed, or
//! stopped by SIGSTOP; what counts is when the last call began that nobody answered. All systems are
//! observed side by side, since they wait most of the time.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use super::figures::Figure;
use super::plan::Plan;
use super::process::{Bench, NatsServer, Peer};
use super::system::System;

/// The pace: a call each so often.
const INTERVAL_MS: u64 = 5;
/// How long each call waits for its answer.
const TIMEOUT_MS: u64 = 1000;
/// How long it is watched before anything happens.
const BEFORE: Duration = Duration::from_millis(500);
/// How long it is waited for a killed server to get no more calls.
const KILL_PATIENCE: Duration = Duration::from_secs(3);

/// What was seen of one system.
#[derive(Default, Serialize)]
pub(super) struct Recovery {
    pub(super) killed: Loss,
    pub(super) stopped: Loss,
}

#[derive(Default, Serialize)]
pub(super) struct Loss {
    /// From the loss until the last call began that got no answer, in ms.
    pub(super) milliseconds: Figure,
    /// How many calls got no answer.
    pub(super) calls: Figure,
    /// For how many ms it was watched.
    pub(super) patience_ms: f64,
    /// How often calls still got no answer when that was over.
    pub(super) unfinished: usize,
}

/// When each call began, in seconds since 1970, and which process answered: 0 for nobody.
#[derive(Deserialize)]
struct Calls {
    calls: Vec<(f64, u32)>,
}

struct Group {
    client: Peer,
    servers: Vec<Peer>,
    lost: usize,
    // Each with a server of its own, which others do not load.
    _nats: Option<NatsServer>,
}

pub(super) fn observe(bench: &Bench<'_>, plan: &Plan) -> Result<BTreeMap<&'static str, Recovery>> {
    let observed = bench.language.systems.iter().filter(|it| it.is_observed);
    let observed: Vec<&System> = observed.collect();
    let mut recoveries = BTreeMap::<&'static str, Recovery>::new();
    if observed.is_empty() {
        return Ok(recoveries);
    }
    let turns = [
        ("KILL", plan.kills, KILL_PATIENCE),
        ("STOP", plan.stops, plan.stop_patience),
    ];
    for (signal, times, patience) in turns {
        for time in 1..=times {
            let title = format!("{}: SIG{signal}, {time} of {times}", bench.language.title);
            let activity = bench.site.screen.start(&title);
            let losses = lose(bench, &observed, signal, patience)?;
            activity.finish(true);
            for (system, (milliseconds, calls)) in observed.iter().zip(losses) {
                let recovery = recoveries.entry(system.name).or_default();
                let loss = match signal {
                    "KILL" => &mut recovery.killed,
                    _ => &mut recovery.stopped,
                };
                loss.patience_ms = patience.as_secs_f64() * 1e3;
                loss.unfinished +=
                    usize::from(milliseconds > loss.patience_ms - 2.0 * TIMEOUT_MS as f64);
                loss.milliseconds.add(milliseconds);
                loss.calls.add(calls);
            }
        }
    }
    Ok(recoveries)
}

/// For each system, how long calls got no answer, in ms, and how many.
fn lose(
    bench: &Bench<'_>,
    systems: &[&System],
    signal: &str,
    patience: Duration,
) -> Result<Vec<(f64, f64)>> {
    let site = bench.site;
    let pace = |seconds: f64| format!("calls {seconds} {INTERVAL_MS} {TIMEOUT_MS}");
    let mut groups = Vec::new();
    for system in systems {
        let nats = match system.address {
            super::system::Address::Nats => Some(NatsServer::start(site)?),
            _ => None,
        };
        let address = bench.address(system, nats.as_ref())?;
        let servers = vec![
            bench.server(system, &address)?,
            bench.server(system, &address)?,
        ];
        for server in &servers {
            server.wait_ready(site)?;
        }
        let client = bench.client(system, &address, 2)?;
        client.wait_ready(site)?;
        groups.push(Group {
            client,
            servers,
            lost: 0,
            _nats: nats,
        });
    }
    for group in &mut groups {
        group.client.tell(&pace(BEFORE.as_secs_f64()))?;
        let Calls { calls } = group.client.hear(BEFORE, site)?;
        let last = calls.iter().rev().find(|(_, who)| *who != 0);
        let (_, who) = last.context("nobody answers before anybody is lost")?;
        let mut servers = group.servers.iter();
        group.lost = servers
            .position(|server| server.child.id() == *who)
            .context("somebody else answers")?;
    }
    let takes = BEFORE + patience;
    for group in &mut groups {
        group.client.tell(&pace(takes.as_secs_f64()))?;
    }
    // Part of the experiment: calls are under way for a while before the loss.
    std::thread::sleep(BEFORE);
    let mut moments = Vec::new();
    for group in &groups {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
        group.servers[group.lost].signal(signal)?;
        moments.push(now.as_secs_f64());
    }
    let mut losses = Vec::new();
    for (group, moment) in groups.iter().zip(moments) {
        let Calls { calls } = group.client.hear(takes, site)?;
        let unanswered = calls.iter().filter(|(_, who)| *who == 0);
        let last = unanswered.clone().map(|(begun, _)| begun - moment);
        let last = last.fold(0.0, f64::max);
        losses.push((last * 1e3, unanswered.count() as f64));
    }
    for group in &groups {
        // A stopped process ends when it goes on.
        if signal == "STOP" {
            group.servers[group.lost].signal("CONT")?;
        }
    }
    Ok(losses)
}
