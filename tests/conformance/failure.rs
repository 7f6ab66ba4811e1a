//! Processes die, hang, come late and are replaced, and the others are told the truth in time.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use commy::{ChangeKind, Error, FabricMode, FabricOptions, Mesh, Query, Status, TlsOptions};
use commy_tests::{Outcome as _, builder, invalid, mesh, soon, started};
use futures_util::{StreamExt, future::join_all};
use rustix::process::Signal;
use tokio::task::JoinHandle;

use crate::peer::{Peer, knows};

const CALLERS: usize = 20;

/// A call, and what became of it: the node that answered, or the error.
#[derive(Debug)]
struct Outcome {
    began: Instant,
    ended: Instant,
    result: Result<String, Error>,
}

/// Callers that call `workers` one after the other until they are told to stop.
struct Load {
    is_over: Arc<AtomicBool>,
    callers: Vec<JoinHandle<Vec<Outcome>>>,
}

impl Load {
    fn begin(mesh: &Mesh, timeout: Duration, is_idempotent: bool) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let caller = |_| {
            let (mesh, is_over) = (mesh.clone(), Arc::clone(&is_over));
            tokio::spawn(async move {
                let mut outcomes = Vec::new();
                while !is_over.load(Relaxed) {
                    let began = Instant::now();
                    let mut call = mesh.call("workers", "work").json(&3).timeout(timeout);
                    if is_idempotent {
                        call = call.idempotent();
                    }
                    let result = call.await.and_then(|reply| reply.json());
                    outcomes.push(Outcome {
                        began,
                        ended: Instant::now(),
                        result,
                    });
                }
                outcomes
            })
        };
        let callers = (0..CALLERS).map(caller).collect();
        Self { is_over, callers }
    }

    async fn end(self) -> Vec<Outcome> {
        self.is_over.store(true, Relaxed);
        let outcomes = soon(join_all(self.callers)).await;
        outcomes.into_iter().flat_map(Result::unwrap).collect()
    }
}

async fn replicas(mesh: &str) -> Vec<Peer> {
    join_all((0..3).map(|_| Peer::serve(mesh, &[]))).await
}

/// The time that the machine, busy with others, kept from whoever here was ready to go on: what must
/// happen within some time must happen within that time of ours.
struct Stolen {
    is_over: Arc<AtomicBool>,
    thread: std::thread::JoinHandle<Duration>,
}

impl Stolen {
    fn begin() -> Self {
        const TICK: Duration = Duration::from_millis(1);
        let is_over = Arc::new(AtomicBool::new(false));
        let over = Arc::clone(&is_over);
        let thread = std::thread::spawn(move || {
            let mut stolen = Duration::ZERO;
            while !over.load(Relaxed) {
                let began = Instant::now();
                std::thread::sleep(TICK);
                stolen += began.elapsed().saturating_sub(TICK);
            }
            stolen
        });
        Self { is_over, thread }
    }

    fn end(self) -> Duration {
        self.is_over.store(true, Relaxed);
        self.thread.join().unwrap()
    }
}

/// Waits until a mesh gives up a node, and gives the moment.
async fn gone(mesh: &Mesh, node: &str) -> Instant {
    let mut changes = mesh.watch(&Query::service("workers")).unwrap();
    soon(async {
        loop {
            let change = changes.next().await.unwrap();
            if change.kind == ChangeKind::Removed && change.instance.id.node.to_string() == node {
                return Instant::now();
            }
        }
    })
    .await
}

async fn some_calls(mesh: &Mesh) {
    let before = mesh.stats().calls_ok;
    crate::peer::until(|| mesh.stats().calls_ok >= before + 5 * CALLERS as u64).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_replica_gets_no_more_calls_and_only_those_on_it_fail() {
    let mesh = mesh().await;
    let mut peers = replicas(mesh.name()).await;
    knows(&mesh, "workers", 3).await;
    let mut fastest = Duration::MAX;
    // A machine may be too busy to tell when one dies; it is not each time.
    for _ in 0..2 {
        let victim = peers.remove(0);
        let load = Load::begin(&mesh, Duration::from_secs(15), false);
        some_calls(&mesh).await;
        let noticed = tokio::spawn({
            let (mesh, node) = (mesh.clone(), victim.node.clone());
            async move { gone(&mesh, &node).await }
        });
        some_calls(&mesh).await;
        let stolen = Stolen::begin();
        let killed = victim.signal(Signal::KILL);
        let known = noticed.await.unwrap();
        fastest = fastest.min((known - killed).saturating_sub(stolen.end()));
        some_calls(&mesh).await;
        let outcomes = load.end().await;
        let failed: Vec<_> = outcomes.iter().filter(|it| it.result.is_err()).collect();
        assert!(failed.len() <= CALLERS, "{}", failed.len());
        for call in failed {
            let error = call.result.as_ref().unwrap_err();
            assert_eq!(error.status(), Status::Unavailable, "{error}");
            assert!(error.context().instance_id.is_some(), "{error:?}");
            assert!(call.began <= known, "{error}");
        }
        let late = |it: &&Outcome| it.began > known && it.result.as_ref() == Ok(&victim.node);
        assert_eq!(outcomes.iter().filter(late).count(), 0);
    }
    assert!(fastest < Duration::from_millis(50), "{fastest:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hung_replica_gets_no_call_after_a_moment_and_idempotent_calls_succeed_elsewhere() {
    let mesh = mesh().await;
    let peers = replicas(mesh.name()).await;
    knows(&mesh, "workers", 3).await;
    let once = Load::begin(&mesh, Duration::from_secs(4), false);
    let repeated = Load::begin(&mesh, Duration::from_secs(4), true);
    some_calls(&mesh).await;
    let noticed = tokio::spawn({
        let (mesh, node) = (mesh.clone(), peers[0].node.clone());
        async move { gone(&mesh, &node).await }
    });
    some_calls(&mesh).await;
    let stolen = Stolen::begin();
    let stopped = peers[0].signal(Signal::STOP);
    let known = noticed.await.unwrap();
    let time = (known - stopped).saturating_sub(stolen.end());
    assert!(time < Duration::from_millis(1500), "{time:?}");
    some_calls(&mesh).await;
    for call in once.end().await {
        let Err(error) = &call.result else { continue };
        let known_statuses = [Status::Unavailable, Status::DeadlineExceeded];
        assert!(known_statuses.contains(&error.status()), "{error}");
        assert!(call.began <= known, "{error}");
        let time = call.ended - call.began;
        assert!(time < Duration::from_secs(5), "{error} after {time:?}");
    }
    for call in repeated.end().await {
        assert!(call.result.is_ok(), "{:?}", call.result);
    }
    peers[0].signal(Signal::CONT);
    knows(&mesh, "workers", 3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rolling_restart_fails_no_call() {
    let mesh = mesh().await;
    let peers = replicas(mesh.name()).await;
    knows(&mesh, "workers", 3).await;
    let load = Load::begin(&mesh, Duration::from_secs(15), false);
    let mut fresh = Vec::new();
    for mut old in peers {
        fresh.push(Peer::serve(mesh.name(), &[]).await);
        knows(&mesh, "workers", 4).await;
        some_calls(&mesh).await;
        old.does("stop").await;
        assert!(old.exits_well().await);
        some_calls(&mesh).await;
    }
    for call in load.end().await {
        assert!(call.result.is_ok(), "{:?}", call.result);
    }
}

#[tokio::test]
async fn a_call_whose_callee_is_killed_says_what_was_tried() {
    let mesh = mesh().await;
    let mut peer = Peer::serve(mesh.name(), &[]).await;
    knows(&mesh, "workers", 1).await;
    let instance = mesh.discover(&Query::service("workers")).unwrap()[0].id;
    let caller = mesh.clone();
    let call = tokio::spawn(async move { caller.call("workers", "hold").await });
    peer.tells("held").await;
    peer.signal(Signal::KILL);
    let error = soon(call).await.unwrap().fails_as(Status::Unavailable);
    assert_eq!(error.context().instance_id, Some(instance.to_string()));
    assert_eq!(error.context().attempts, 1);
    assert_eq!(error.context().service.as_deref(), Some("workers"));
}

#[tokio::test]
async fn who_is_killed_stops_the_work_that_it_asked_for() {
    let mesh = mesh().await;
    let mut callee = Peer::serve(mesh.name(), &[]).await;
    let mut caller = Peer::start(mesh.name(), &[]).await;
    caller.knows("workers", 1).await;
    caller.begins("call workers hold");
    callee.tells("held").await;
    caller.signal(Signal::KILL);
    callee.tells("dropped").await;
}

#[tokio::test]
async fn one_who_comes_after_a_death_knows_the_living_only() {
    let name = mesh().await.name().to_owned();
    let dead = Peer::serve(&name, &[]).await;
    let living = Peer::serve(&name, &[]).await;
    dead.signal(Signal::KILL);
    let mesh = started(Mesh::builder(name)).await;
    knows(&mesh, "workers", 1).await;
    let reply = mesh.call("workers", "who").json(&()).await.unwrap();
    assert_eq!(reply.json::<String>().unwrap(), living.node);
}

#[tokio::test]
async fn a_stop_keeps_its_time_while_another_hangs() {
    let mesh = started(builder().drain_timeout(Duration::from_secs(1))).await;
    let mut peer = Peer::serve(mesh.name(), &[]).await;
    knows(&mesh, "workers", 1).await;
    let caller = mesh.clone();
    let call = tokio::spawn(async move { caller.call("workers", "hold").await });
    peer.tells("held").await;
    peer.signal(Signal::STOP);
    let begun = Instant::now();
    mesh.stop().await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(5));
    assert!(soon(call).await.unwrap().is_err());
}

#[tokio::test]
async fn a_process_that_ends_with_a_mesh_that_runs_ends_well() {
    let mesh = mesh().await;
    let mut peer = Peer::serve(mesh.name(), &[]).await;
    knows(&mesh, "workers", 1).await;
    let caller = mesh.clone();
    let call = tokio::spawn(async move { caller.call("workers", "hold").await });
    peer.tells("held").await;
    assert!(peer.exits_well().await);
    soon(call).await.unwrap().fails_as(Status::Unavailable);
    knows(&mesh, "workers", 0).await;
}

#[test]
fn options_that_cannot_work_are_refused_with_the_rule() {
    let refused = |fabric, value: &str, rule: &str| {
        invalid(builder().fabric(fabric).build(), value, rule);
    };
    let listen = |endpoint: &str| FabricOptions {
        listen: vec![endpoint.into()],
        ..FabricOptions::default()
    };
    let connect = |endpoint: &str| FabricOptions {
        connect: vec![endpoint.into()],
        ..FabricOptions::default()
    };
    let loopback = "only allowed on a loopback address";
    refused(listen("tcp/0.0.0.0:7447"), "tcp/0.0.0.0:7447", loopback);
    refused(connect("tcp/example.org:7447"), "example.org", loopback);
    refused(listen("tls/0.0.0.0:7447"), "tls/0.0.0.0", "certificates");
    refused(connect("quic/a.org:1"), "quic/a.org:1", "certificates");
    refused(connect("udp/127.0.0.1:1"), "udp/127.0.0.1:1", "begins with");
    refused(connect("tcp/127.0.0.1"), "tcp/127.0.0.1", "port");
    let client = FabricOptions {
        mode: FabricMode::Client,
        ..FabricOptions::default()
    };
    refused(client, "client", "needs a router to connect to");
    let multicast = FabricOptions {
        multicast: true,
        ..FabricOptions::default()
    };
    refused(multicast, "multicast", "listen");
    let tls = FabricOptions {
        tls: Some(TlsOptions {
            ca: "/nowhere/ca.pem".into(),
            certificate: "/nowhere/node.pem".into(),
            key: "/nowhere/key.pem".into(),
        }),
        ..FabricOptions::default()
    };
    refused(tls, "/nowhere/ca.pem", "PEM");
}

#[tokio::test]
async fn an_address_that_is_taken_fails_the_start() {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let taken = format!("tcp/{}", listener.local_addr().unwrap());
    let mesh = builder().listen(taken).build().unwrap();
    assert!(soon(mesh.start()).await.is_err());
    assert!(!mesh.is_running());
}
