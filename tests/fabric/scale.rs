//! Many nodes and many instances on one host.

use std::time::{Duration, Instant};

use commy_core::Query;

use crate::{
    node::{HEAVY, Node, fresh_mesh},
    process::Process,
    replicas::{join, until_known},
};

/// What a test allows beyond what is asked of a machine that does nothing else: this one builds.
const BUSY: u32 = 5;

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_joins_knows_10_000_instances_on_20_nodes_within_a_second() {
    let _heavy = HEAVY.lock().await;
    let mesh = fresh_mesh("late");
    let beginning: Vec<_> = (0..20)
        .map(|node| Process::begin_to_serve(&mesh, &format!("service-{node}"), 500, 0))
        .collect();
    let nodes: Vec<_> = beginning.into_iter().map(Process::until_ready).collect();
    let start = Instant::now();
    let late = join(&mesh).await;
    until_known(&late, &Query::all(), 10_000).await;
    let time = start.elapsed();
    println!(
        "late join: 10,000 instances on {} nodes in {time:?}",
        nodes.len()
    );
    assert!(time < Duration::from_secs(1) * BUSY, "{time:?}");
    late.stop().await.expect("a stop");
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_processes_all_know_the_one_that_comes_and_goes() {
    let _heavy = HEAVY.lock().await;
    let mesh = fresh_mesh("fifty");
    let processes: Vec<_> = (0..50).map(|_| Process::join(&mesh)).collect();
    let start = Instant::now();
    let node = Node::join(&mesh).await;
    for process in &processes {
        process.sees(node.life.node);
        node.sees(process.node).await;
    }
    println!(
        "50 processes: all know the newcomer after {:?}",
        start.elapsed()
    );
    node.close().await;
    for process in &processes {
        process.misses(node.life.node);
    }
}
