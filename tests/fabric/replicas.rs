//! Whole meshes over the fabric: replicas of a service in processes of their own, under load from
//! this one, while they die, hang and are replaced.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use commy_core::{
    CallOptions, MeshName, MeshOptions, Message, NodeId, Query, Request, Result, Status,
};
use commy_fabric::ZenohFabric;
use commy_mesh::Mesh;
use rustix::process::Signal;
use tokio::task::JoinHandle;

use crate::{
    node::{HEAVY, PATIENCE, fresh_mesh},
    process::Process,
};

/// A mesh in this process, started.
pub(crate) async fn join(mesh: &str) -> Mesh {
    let options = MeshOptions::new(mesh);
    let name = MeshName::new(mesh).expect("a name");
    let fabric = ZenohFabric::new(&name, &options.fabric, options.max_payload_bytes);
    let fabric = Arc::new(fabric.expect("no options"));
    let mesh = Mesh::with_fabric(options, fabric).expect("a mesh");
    mesh.start().await.expect("a started mesh");
    mesh
}

/// Waits until this many instances match.
pub(crate) async fn until_known(mesh: &Mesh, query: &Query, count: usize) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let known = mesh.discover(query).expect("an answer").len();
        if known == count {
            return;
        }
        assert!(Instant::now() < deadline, "{known} of {count} are known");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// One call, and what became of it.
#[derive(Debug)]
struct Outcome {
    began: Instant,
    ended: Instant,
    result: Result<NodeId>,
}

/// Callers that call one after the other until they are told to stop.
struct Load {
    is_over: Arc<AtomicBool>,
    callers: Vec<JoinHandle<Vec<Outcome>>>,
}

impl Load {
    fn begin(mesh: &Mesh, callers: usize, options: &CallOptions) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let callers = (0..callers)
            .map(|_| {
                let (mesh, options) = (mesh.clone(), options.clone());
                let is_over = Arc::clone(&is_over);
                tokio::spawn(async move {
                    let mut outcomes = Vec::new();
                    while !is_over.load(Relaxed) {
                        let began = Instant::now();
                        let result = who(&mesh, &options).await;
                        outcomes.push(Outcome {
                            began,
                            ended: Instant::now(),
                            result,
                        });
                    }
                    outcomes
                })
            })
            .collect();
        Self { is_over, callers }
    }

    async fn end(self) -> Vec<Outcome> {
        self.is_over.store(true, Relaxed);
        let mut outcomes = Vec::new();
        for caller in self.callers {
            outcomes.extend(caller.await.expect("a caller"));
        }
        outcomes
    }
}

/// Calls the service, and gives the node that answered.
async fn who(mesh: &Mesh, options: &CallOptions) -> Result<NodeId> {
    let request = Request::new("who", Message::default());
    let reply = mesh.call("workers", request, options).await?;
    let node = String::from_utf8(reply.message.payload.to_vec()).expect("text");
    Ok(node.parse().expect("a node id"))
}

fn options(timeout: Duration, idempotent: bool) -> CallOptions {
    CallOptions {
        timeout: Some(timeout),
        idempotent,
        ..CallOptions::default()
    }
}

async fn replicas(mesh: &str, ms: u64) -> (Mesh, Vec<Process>) {
    let replicas: Vec<_> = (0..3)
        .map(|_| Process::serve(mesh, "workers", 1, ms))
        .collect();
    let caller = join(mesh).await;
    until_known(&caller, &Query::service("workers"), 3).await;
    (caller, replicas)
}

#[tokio::test(flavor = "multi_thread")]
async fn three_equal_replicas_share_3000_calls_within_a_tenth() {
    let _heavy = HEAVY.lock().await;
    let (mesh, replicas) = replicas(&fresh_mesh("share"), 0).await;
    let mut shares: HashMap<NodeId, u32> = HashMap::new();
    let options = options(PATIENCE, false);
    for _ in 0..3000 {
        *shares
            .entry(who(&mesh, &options).await.expect("a reply"))
            .or_default() += 1;
    }
    println!("shares: {:?}", shares.values());
    assert_eq!(shares.len(), replicas.len());
    for share in shares.values() {
        assert!((900..=1100).contains(share), "{shares:?}");
    }
    mesh.stop().await.expect("a stop");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_replica_gets_no_call_after_50_ms_and_only_calls_in_flight_on_it_fail() {
    let _heavy = HEAVY.lock().await;
    let (mesh, replicas) = replicas(&fresh_mesh("kill"), 3).await;
    let load = Load::begin(&mesh, 30, &options(PATIENCE, false));
    tokio::time::sleep(Duration::from_millis(500)).await;
    let killed = Instant::now();
    replicas[0].signal(Signal::KILL);
    tokio::time::sleep(Duration::from_millis(700)).await;
    let outcomes = load.end().await;

    let failed: Vec<_> = outcomes
        .iter()
        .filter(|call| call.result.is_err())
        .collect();
    println!("kill: {} of {} calls failed", failed.len(), outcomes.len());
    for call in &failed {
        let error = call.result.as_ref().expect_err("it failed");
        assert_eq!(error.status(), Status::Unavailable, "{error}");
        let after = call.began.saturating_duration_since(killed);
        assert!(after < Duration::from_millis(50), "{error} after {after:?}");
        let known = call.ended.saturating_duration_since(killed);
        assert!(known < Duration::from_secs(1), "{error} after {known:?}");
    }
    // No more than there are callers: each had one call on its way.
    assert!(failed.len() <= 30, "{}", failed.len());
    let late = outcomes.iter().filter(|call| {
        call.began > killed
            && call
                .result
                .as_ref()
                .is_ok_and(|node| *node == replicas[0].node)
    });
    assert_eq!(late.count(), 0);
    mesh.stop().await.expect("a stop");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hung_replica_gets_no_call_after_1500_ms_and_idempotent_calls_succeed_elsewhere() {
    let _heavy = HEAVY.lock().await;
    let (mesh, replicas) = replicas(&fresh_mesh("stop"), 3).await;
    let once = Load::begin(&mesh, 10, &options(Duration::from_secs(4), false));
    let repeated = Load::begin(&mesh, 10, &options(Duration::from_secs(4), true));
    tokio::time::sleep(Duration::from_millis(500)).await;
    let stopped = Instant::now();
    replicas[0].signal(Signal::STOP);
    tokio::time::sleep(Duration::from_secs(3)).await;
    let (once, repeated) = (once.end().await, repeated.end().await);
    replicas[0].signal(Signal::CONT);

    let failed: Vec<_> = once.iter().filter(|call| call.result.is_err()).collect();
    println!("hang: {} of {} calls failed", failed.len(), once.len());
    for call in failed {
        let error = call.result.as_ref().expect_err("it failed");
        let after = call.began.saturating_duration_since(stopped);
        assert!(
            after < Duration::from_millis(1500),
            "{error} after {after:?}"
        );
        let time = call.ended - call.began;
        assert!(time < Duration::from_millis(4500), "{error} took {time:?}");
    }
    for call in &repeated {
        let time = call.ended - call.began;
        assert!(call.result.is_ok(), "{:?} in {time:?}", call.result);
        assert!(time < Duration::from_secs(4), "{time:?}");
    }
    mesh.stop().await.expect("a stop");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rolling_restart_under_load_fails_no_call() {
    let _heavy = HEAVY.lock().await;
    let name = fresh_mesh("rolling");
    let (mesh, mut replicas) = replicas(&name, 3).await;
    let load = Load::begin(&mesh, 20, &options(PATIENCE, false));
    for replica in &mut replicas {
        let fresh = Process::serve(&name, "workers", 1, 3);
        let mut old = std::mem::replace(replica, fresh);
        tokio::time::sleep(Duration::from_millis(200)).await;
        old.tell("stop");
        assert!(old.ends_within(PATIENCE), "a replica does not stop");
    }
    let outcomes = load.end().await;
    println!("rolling restart: {} calls", outcomes.len());
    for call in &outcomes {
        assert!(call.result.is_ok(), "{:?}", call.result);
    }
    assert!(outcomes.len() > 100);
    let fresh: Vec<_> = replicas.iter().map(|replica| replica.node).collect();
    until_known(&mesh, &Query::service("workers"), 3).await;
    assert!(fresh.contains(&who(&mesh, &CallOptions::default()).await.expect("a reply")));
    mesh.stop().await.expect("a stop");
}
