//! Nodes find each other with no configuration.

use std::time::{Duration, Instant};

use crate::node::{Node, fresh_mesh};

#[tokio::test]
async fn two_nodes_of_a_mesh_find_each_other_within_a_second() {
    let mesh = fresh_mesh("two");
    let first = Node::join(&mesh).await;
    let start = Instant::now();
    let second = Node::join(&mesh).await;
    first.sees(second.life.node).await;
    second.sees(first.life.node).await;
    let time = start.elapsed();
    assert!(time < Duration::from_secs(1), "{time:?}");
    first.close().await;
    second.close().await;
}

#[tokio::test]
async fn nodes_of_different_meshes_do_not_see_each_other() {
    let first = Node::join(&fresh_mesh("one")).await;
    let second = Node::join(&fresh_mesh("other")).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(first.told(|told| told.presences.is_empty()));
    assert!(second.told(|told| told.presences.is_empty()));
    first.close().await;
    second.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn six_nodes_that_begin_at_once_all_see_each_other() {
    let mesh = fresh_mesh("six");
    let joins: Vec<_> = (0..6)
        .map(|_| {
            let mesh = mesh.clone();
            tokio::spawn(async move { Node::join(&mesh).await })
        })
        .collect();
    let mut nodes = Vec::new();
    for join in joins {
        nodes.push(join.await.expect("a node"));
    }
    for node in &nodes {
        for peer in &nodes {
            if node.life.node != peer.life.node {
                node.sees(peer.life.node).await;
            }
        }
    }
    for node in &nodes {
        node.close().await;
    }
}

#[tokio::test]
async fn a_node_that_comes_back_is_seen_in_its_new_life() {
    let mesh = fresh_mesh("again");
    let first = Node::join(&mesh).await;
    let mut second = Node::join(&mesh).await;
    first.sees(second.life.node).await;
    second.close().await;
    first.misses(second.life.node).await;

    let mut life = second.life;
    life.incarnation.0 += 1;
    second = Node::open_as(&mesh, &Default::default(), life)
        .await
        .expect("a second life");
    assert_eq!(first.sees(life.node).await, life);
    assert_eq!(
        crate::node::replied(first.call(life.node, "echo", b"again").await),
        b"again".as_slice()
    );
    first.close().await;
    second.close().await;
}

#[tokio::test]
async fn a_very_long_mesh_name_works() {
    let mesh = format!("{}{}", fresh_mesh("long"), "x".repeat(40));
    let mesh = &mesh[..64.min(mesh.len())];
    let first = Node::join(mesh).await;
    let second = Node::join(mesh).await;
    first.sees(second.life.node).await;
    first.close().await;
    second.close().await;
}
