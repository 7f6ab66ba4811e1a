//! Large payloads lie in memory that the processes of a host share, if all neighbours share it; and
//! wherever they lie, they arrive.

use std::time::{Duration, Instant};

use commy_core::{Bytes, options::FabricOptions};
use commy_mesh::OutgoingCall;

use crate::node::{Node, PATIENCE, call, fresh_mesh, replied};

const LARGE: usize = 1 << 20;

/// Two nodes of which the second has these options.
async fn pair(topic: &str, options: &FabricOptions) -> (Node, Node) {
    let mesh = fresh_mesh(topic);
    let first = Node::join(&mesh).await;
    let second = Node::open(&mesh, options).await.expect("a node");
    first.sees(second.life.node).await;
    second.sees(first.life.node).await;
    (first, second)
}

fn content() -> Vec<u8> {
    (0..LARGE).map(|byte| (byte * 31) as u8).collect()
}

/// Whether bytes lie in memory that has a name, which other processes can map.
fn is_shared(payload: &Bytes) -> bool {
    let address = payload.as_ptr().addr();
    let maps = std::fs::read_to_string("/proc/self/maps").expect("this process's memory");
    maps.lines().any(|line| {
        let (range, _) = line.split_once(' ').expect("a range");
        let (from, to) = range.split_once('-').expect("two addresses");
        let read = |text| usize::from_str_radix(text, 16).expect("an address");
        line.contains("/dev/shm/") && (read(from)..read(to)).contains(&address)
    })
}

/// A payload in shared memory, which is made while the first ones are not in it.
async fn placed(node: &Node, content: &[u8]) -> Bytes {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let payload = node.link.payload(content);
        if is_shared(&payload) {
            return payload;
        }
        assert!(Instant::now() < deadline, "nothing is in shared memory");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn echoed(node: &Node, peer: &Node, payload: Bytes) -> Bytes {
    let mut outgoing: OutgoingCall = call(node.life.node, peer.life.node, "echo", b"");
    outgoing.request.message.payload = payload;
    replied(node.link.invoke(outgoing).await)
}

#[tokio::test]
async fn a_payload_that_is_made_in_shared_memory_arrives_and_its_place_is_used_again() {
    let (caller, callee) = pair("placed", &FabricOptions::default()).await;
    let content = content();
    // Many times what there is room for.
    for _ in 0..100 {
        let payload = placed(&caller, &content).await;
        assert!(payload == content);
        assert!(echoed(&caller, &callee, payload).await == content);
        callee.told(|told| told.requests.clear());
    }
    caller.close().await;
    callee.close().await;
}

#[tokio::test]
async fn a_part_of_a_payload_in_shared_memory_is_sent_as_that_part() {
    let (caller, callee) = pair("part", &FabricOptions::default()).await;
    let content = content();
    let payload = placed(&caller, &content).await;
    for part in [0..LARGE / 2, LARGE / 2..LARGE] {
        let reply = echoed(&caller, &callee, payload.slice(part.clone())).await;
        assert!(reply == content[part]);
    }
    caller.close().await;
    callee.close().await;
}

#[tokio::test]
async fn a_small_payload_is_not_put_there() {
    let (caller, callee) = pair("small", &FabricOptions::default()).await;
    placed(&caller, &content()).await;
    assert!(!is_shared(&caller.link.payload(b"small")));
    caller.close().await;
    callee.close().await;
}

#[tokio::test]
async fn nothing_is_put_there_while_a_neighbour_would_not_see_it() {
    let apart = FabricOptions {
        no_shared_memory: true,
        ..FabricOptions::default()
    };
    let (caller, callee) = pair("apart", &apart).await;
    let content = content();
    for _ in 0..20 {
        let payload = caller.link.payload(&content);
        assert!(!is_shared(&payload));
        assert!(echoed(&caller, &callee, payload).await == content);
    }
    caller.close().await;
    callee.close().await;
}

#[tokio::test]
async fn what_lies_there_reaches_a_neighbour_that_comes_later_and_does_not_see_it() {
    let mesh = fresh_mesh("later");
    let caller = Node::join(&mesh).await;
    let near = Node::join(&mesh).await;
    caller.sees(near.life.node).await;
    let content = content();
    let payload = placed(&caller, &content).await;
    let apart = FabricOptions {
        no_shared_memory: true,
        ..FabricOptions::default()
    };
    let late = Node::open(&mesh, &apart).await.expect("a node");
    caller.sees(late.life.node).await;
    late.sees(caller.life.node).await;
    assert!(echoed(&caller, &late, payload.clone()).await == content);
    assert!(echoed(&caller, &near, payload).await == content);
    for node in [caller, near, late] {
        node.close().await;
    }
}
