//! Connecting to the other nodes of this host, at the beginning and again when a connection was
//! lost: Zenoh does not connect again to nodes that it was not configured with.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Weak,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use futures_util::{StreamExt, future, stream};
use tokio::time::{sleep, timeout};
use zenoh::{
    Wait,
    config::{Locator, ZenohId},
    internal::runtime::{Runtime as ZenohRuntime, ZRuntime},
};

use crate::{
    rendezvous::{Rendezvous, Sibling},
    station::Station,
};

/// How many connections are opened at once.
const CONNECTING_MAX: usize = 16;
/// How long the first connections may take together before the node goes on without the rest.
const CONNECT_TIME: Duration = Duration::from_secs(1);
/// How long the node waits to see those that it connected to.
const SEEN_TIME: Duration = Duration::from_millis(300);
/// How often it looks whether it does.
const SEEN_POLL: Duration = Duration::from_millis(1);
/// How often the nodes of this host are looked at again.
const LOOK_INTERVAL: Duration = Duration::from_millis(250);
/// After how many looks a node connects to one that should have connected to it.
const LOOKS_PATIENT: u32 = 4;

/// Connects to all of them, or to as many as can be in a second, and waits a moment until they are
/// seen, so that whoever began this node finds its neighbours there.
pub(crate) async fn connect_all(zenoh: &ZenohRuntime, siblings: Vec<Sibling>, station: &Station) {
    let connected = AtomicUsize::new(0);
    let connections = stream::iter(siblings)
        .map(|sibling| connect(zenoh, sibling))
        .buffer_unordered(CONNECTING_MAX)
        .for_each(|is_connected| {
            connected.fetch_add(usize::from(is_connected), Relaxed);
            future::ready(())
        });
    if timeout(CONNECT_TIME, connections).await.is_err() {
        tracing::warn!("not all nodes of this host could be connected to at once");
    }
    let seen = async {
        while station.peers.count() < connected.load(Relaxed) {
            sleep(SEEN_POLL).await;
        }
    };
    if timeout(SEEN_TIME, seen).await.is_err() {
        tracing::debug!("not all nodes of this host were seen at once");
    }
}

/// Looks for nodes of this host that are not connected, as long as the link is open. Of two, the
/// one with the higher id connects; the other does so only if nothing came of that.
pub(crate) async fn look_around(
    zenoh: ZenohRuntime,
    rendezvous: Arc<Rendezvous>,
    station: Weak<Station>,
) {
    let me = zenoh.zid().to_string();
    let mut missed: HashMap<String, u32> = HashMap::new();
    loop {
        sleep(LOOK_INTERVAL).await;
        let Some(connected) = station.upgrade().and_then(|station| connected(&station)) else {
            return;
        };
        let siblings = match rendezvous.siblings() {
            Ok(siblings) => siblings,
            Err(error) => {
                tracing::warn!(%error, "the nodes of this host cannot be looked at");
                continue;
            }
        };
        let absent: Vec<_> = siblings
            .into_iter()
            .filter(|sibling| !connected.contains(&sibling.id))
            .collect();
        missed.retain(|id, _| absent.iter().any(|sibling| sibling.id == *id));
        for sibling in absent {
            let looks = missed.entry(sibling.id.clone()).or_default();
            *looks += 1;
            if me > sibling.id || *looks >= LOOKS_PATIENT {
                connect(&zenoh, sibling).await;
            }
        }
    }
}

/// The ids of the nodes that this one is connected to.
fn connected(station: &Station) -> Option<HashSet<String>> {
    station.carrier.with(|session| {
        let info = session.info();
        info.peers_zid()
            .wait()
            .chain(info.routers_zid().wait())
            .map(|id| id.to_string())
            .collect()
    })
}

/// Connects to a node. Its socket is read on Zenoh's receiving threads, which saves a message the
/// way from one thread to another.
async fn connect(zenoh: &ZenohRuntime, sibling: Sibling) -> bool {
    let Sibling { id, locator } = sibling;
    let (Ok(id), Ok(locator)) = (id.parse::<ZenohId>(), locator.parse::<Locator>()) else {
        tracing::warn!(id, locator, "a node of this host has an impossible address");
        return false;
    };
    let zenoh = zenoh.clone();
    let connecting =
        ZRuntime::RX.spawn(async move { zenoh.connect_peer(&id.into(), &[locator]).await });
    let is_connected = matches!(connecting.await, Ok(true));
    if !is_connected {
        tracing::debug!(%id, "a node of this host could not be connected to");
    }
    is_connected
}
