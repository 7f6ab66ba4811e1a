//! Closing: seen at once, within its time, and nothing stays.

use std::{
    collections::BTreeSet,
    fs,
    sync::Arc,
    time::{Duration, Instant},
};

use commy_core::Status;
use commy_mesh::RemoteAnswer;

use crate::node::{Node, call, fresh_mesh};

#[tokio::test]
async fn a_closed_link_is_seen_at_once_and_calls_on_it_end() {
    let mesh = fresh_mesh("seen");
    let first = Node::join(&mesh).await;
    let second = Node::join(&mesh).await;
    first.sees(second.life.node).await;
    second.sees(first.life.node).await;
    let waiting = tokio::spawn(first.link.invoke(call(
        first.life.node,
        second.life.node,
        "hold",
        b"",
    )));
    second
        .wait("the held call", |told| {
            (!told.held.is_empty()).then_some(())
        })
        .await;
    let start = Instant::now();
    second.close().await;
    first.misses(second.life.node).await;
    let time = start.elapsed();
    assert!(time < Duration::from_secs(1), "{time:?}");
    match waiting.await.expect("an answer") {
        RemoteAnswer::Lost(error) => assert_eq!(error.status(), Status::Unavailable),
        other => panic!("not lost: {other:?}"),
    }
    first.close().await;
}

/// Whoever leaves has answered what it took, and says that it took nothing else.
#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_closes_under_load_leaves_no_call_in_doubt() {
    const CALLERS: usize = 64;
    for _ in 0..5 {
        let mesh = fresh_mesh("doubt");
        let first = Arc::new(Node::join(&mesh).await);
        let second = Node::join(&mesh).await;
        let peer = second.life.node;
        first.sees(peer).await;
        let callers: Vec<_> = (0..CALLERS)
            .map(|_| {
                let first = Arc::clone(&first);
                tokio::spawn(async move {
                    let mut handled = 0;
                    loop {
                        match first.call(peer, "echo", b"").await {
                            RemoteAnswer::Handled(answer) => drop(answer.expect("a reply")),
                            other => return (handled, other),
                        }
                        handled += 1;
                    }
                })
            })
            .collect();
        first.call(peer, "echo", b"").await;
        second.close().await;
        for caller in callers {
            let (handled, end) = caller.await.expect("a caller");
            match end {
                RemoteAnswer::Refused(error) => assert_eq!(error.status(), Status::Unavailable),
                other => panic!("after {handled} answers: {other:?}"),
            }
        }
        first.close().await;
    }
}

#[tokio::test]
async fn calls_and_events_on_a_closed_link_are_refused() {
    let mesh = fresh_mesh("after");
    let first = Node::join(&mesh).await;
    let second = Node::join(&mesh).await;
    first.sees(second.life.node).await;
    first.close().await;
    first.close().await;
    match first.call(second.life.node, "echo", b"").await {
        RemoteAnswer::Refused(error) => assert_eq!(error.status(), Status::Unavailable),
        other => panic!("not refused: {other:?}"),
    }
    assert!(first.publish("a", 1, b"").await.is_err());
    second.close().await;
}

#[tokio::test]
async fn a_link_that_is_only_dropped_closes_itself() {
    let mesh = fresh_mesh("drop");
    let first = Node::join(&mesh).await;
    let second = Node::join(&mesh).await;
    let peer = second.life.node;
    first.sees(peer).await;
    drop(second);
    first.misses(peer).await;
    first.close().await;
}

/// Zenoh keeps a pool of threads for the whole process; everything else goes.
#[tokio::test]
async fn no_thread_socket_or_file_of_a_link_stays() {
    let mesh = fresh_mesh("stay");
    let directory = crate::directory::of(&mesh);
    for _ in 0..2 {
        let first = Node::join(&mesh).await;
        let second = Node::join(&mesh).await;
        first.sees(second.life.node).await;
        assert!(!marks(&directory).is_empty());
        first.close().await;
        second.close().await;
    }
    assert_eq!(marks(&directory), BTreeSet::new());
}

fn marks(directory: &std::path::Path) -> BTreeSet<String> {
    fs::read_dir(directory)
        .expect("the mesh's directory")
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| name != "gate")
        .collect()
}
