//! What neighbours say to each other past Zenoh: all of it arrives, in order where there must be
//! one, and whoever writes nonsense is not read any more.

use std::{
    io::{ErrorKind, Read, Write},
    os::unix::net::{UnixListener, UnixStream},
    path::PathBuf,
    time::{Duration, Instant},
};

use commy_core::Message;
use commy_mesh::{LocalAnswer, RemoteAnswer};
use futures_util::future::join_all;
use rustix::process::Signal;
use tokio::time::timeout;

use crate::{
    directory,
    node::{Node, PATIENCE, call, fresh_mesh, replied},
    process::Process,
};

/// Where neighbours write to the nodes of a mesh.
fn entrances(mesh: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory::of(mesh)).expect("the mesh's directory");
    entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|end| end == "near"))
        .collect()
}

async fn pair(mesh: &str) -> (Node, Node) {
    let first = Node::join(mesh).await;
    let second = Node::join(mesh).await;
    first.sees(second.life.node).await;
    second.sees(first.life.node).await;
    (first, second)
}

/// How many connections there are to a socket, as the kernel lists them.
fn connections(entrance: &std::path::Path) -> usize {
    const ESTABLISHED: &str = "03";
    let sockets = std::fs::read_to_string("/proc/net/unix").expect("the kernel's list");
    let name = entrance.to_str().expect("a path");
    sockets
        .lines()
        .filter(|line| line.ends_with(name) && line.split(' ').nth(5) == Some(ESTABLISHED))
        .count()
}

#[tokio::test]
async fn neighbours_are_connected_past_zenoh_and_nothing_stays() {
    let mesh = fresh_mesh("shortcut");
    let (first, second) = pair(&mesh).await;
    let entrances = entrances(&mesh);
    assert_eq!(entrances.len(), 2, "{entrances:?}");
    let deadline = Instant::now() + PATIENCE;
    while entrances.iter().any(|entrance| connections(entrance) != 1) {
        assert!(Instant::now() < deadline, "not connected to each other");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    second.close().await;
    first.misses(second.life.node).await;
    assert_eq!(self::entrances(&mesh).len(), 1);
    first.close().await;
    assert!(self::entrances(&mesh).is_empty());
    assert!(entrances.iter().all(|entrance| connections(entrance) == 0));
}

#[tokio::test]
async fn a_node_whose_entrance_is_gone_is_reached_over_zenoh() {
    let mesh = fresh_mesh("removed");
    let first = Node::join(&mesh).await;
    for entrance in entrances(&mesh) {
        std::fs::remove_file(entrance).expect("it is there");
    }
    let second = Node::join(&mesh).await;
    second.sees(first.life.node).await;
    first.sees(second.life.node).await;
    let payload = replied(second.call(first.life.node, "echo", b"over zenoh").await);
    assert_eq!(payload, b"over zenoh".as_slice());
    second.close().await;
    first.close().await;
}

/// Whether all calls get their replies that a node sent before it left, though its neighbour did
/// nothing but stall when they came.
async fn replies_come_before_the_goodbye() -> bool {
    const CALLS: usize = 32;
    let (caller, callee) = pair(&fresh_mesh("last")).await;
    let answers: Vec<_> = (0..CALLS)
        .map(|_| call(caller.life.node, callee.life.node, "hold", b""))
        .map(|call| caller.link.invoke(call))
        .collect();
    let is_held = |held: usize| (held == CALLS).then_some(());
    callee
        .wait("all calls", |told| is_held(told.held.len()))
        .await;
    let stall = call(callee.life.node, caller.life.node, "stall", b"");
    let stalling = callee.link.invoke(stall);
    caller
        .wait("the stall", |told| told.requests.pop().map(drop))
        .await;
    for held in callee.told(|told| std::mem::take(&mut told.held)) {
        held.send(LocalAnswer::Handled(Ok(Message::default())))
            .expect("it is waited for");
    }
    callee.close().await;
    drop(stalling);
    let answers = timeout(PATIENCE, join_all(answers)).await;
    let answers = answers.expect("all answers");
    caller.close().await;
    answers
        .iter()
        .all(|answer| matches!(answer, RemoteAnswer::Handled(Ok(_))))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_written_before_a_goodbye_is_heard_before_it() {
    // A machine that stalls for longer than a goodbye waits makes it a loss.
    const TRIES: usize = 3;
    for _ in 0..TRIES {
        if replies_come_before_the_goodbye().await {
            return;
        }
    }
    panic!("replies were lost in each of {TRIES} tries");
}

/// Stands in for the entrance of a node, and sees what its neighbour writes there.
#[tokio::test(flavor = "multi_thread")]
async fn small_calls_and_what_cancels_any_call_are_written_to_the_entrance() {
    let mesh = fresh_mesh("written");
    let callee = Node::join(&mesh).await;
    let [entrance] = &entrances(&mesh)[..] else {
        panic!("not one entrance");
    };
    std::fs::remove_file(entrance).expect("it is there");
    let listener = UnixListener::bind(entrance).expect("a socket in its place");
    let caller = Node::join(&mesh).await;
    caller.sees(callee.life.node).await;
    let (mut written, _) = listener.accept().expect("the caller connects");
    written.set_nonblocking(true).expect("a socket");
    let mut next = move || {
        let mut buffer = vec![0; 100_000];
        match written.read(&mut buffer) {
            Ok(bytes) => buffer[..bytes].to_vec(),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::WouldBlock);
                Vec::new()
            }
        }
    };
    for (size, is_small) in [(0, true), (65_536, true), (65_537, false), (1 << 20, false)] {
        let call = call(caller.life.node, callee.life.node, "hold", &vec![7; size]);
        let waiting = caller.link.invoke(call);
        let request = next();
        if is_small {
            let envelope = u32::from_le_bytes(request[..4].try_into().expect("four bytes"));
            assert_eq!(request[4..8], (size as u32).to_le_bytes());
            assert_eq!(request.len(), 8 + envelope as usize + size);
            assert!(
                request[8 + envelope as usize..]
                    .iter()
                    .all(|byte| *byte == 7)
            );
        } else {
            assert!(request.is_empty(), "{size} bytes are too many");
        }
        drop(waiting);
        let cancel = next();
        assert!((9..100).contains(&cancel.len()), "{cancel:?}");
    }
    caller.close().await;
    callee.close().await;
}

/// Messages of all sizes around what goes the short way, many at once.
#[tokio::test]
async fn whichever_way_a_message_goes_it_arrives_as_it_was() {
    let (caller, callee) = pair(&fresh_mesh("ways")).await;
    let sizes = [0, 1, 4_096, 65_535, 65_536, 65_537, 200_000];
    let calls = (0..300_usize).map(|number| {
        let content = vec![number as u8; sizes[number % sizes.len()]];
        let call = call(caller.life.node, callee.life.node, "echo", &content);
        let answer = caller.link.invoke(call);
        async move { (number, replied(answer.await) == content) }
    });
    let answers = timeout(PATIENCE, join_all(calls)).await;
    for (number, is_same) in answers.expect("all answers") {
        assert!(is_same, "call {number}");
    }
    caller.close().await;
    callee.close().await;
}

/// A neighbour that pauses, though not for so long that it is given up, loses nothing; and whoever
/// calls it meanwhile does not wait in the call.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_neighbour_could_not_read_yet_is_not_lost() {
    const CALLS: usize = 500;
    let mesh = fresh_mesh("pause");
    let caller = Node::join(&mesh).await;
    let callee = Process::join(&mesh);
    caller.sees(callee.node).await;
    replied(caller.call(callee.node, "echo", b"").await);
    callee.signal(Signal::STOP);
    let content = vec![7; 4_096];
    let start = Instant::now();
    let answers: Vec<_> = (0..CALLS)
        .map(|_| {
            let call = call(caller.life.node, callee.node, "echo", &content);
            caller.link.invoke(call)
        })
        .collect();
    let time = start.elapsed();
    callee.signal(Signal::CONT);
    assert!(time < Duration::from_millis(700), "begun in {time:?}");
    let answers = timeout(PATIENCE, join_all(answers)).await;
    for answer in answers.expect("all answers") {
        assert!(replied(answer) == content);
    }
    caller.close().await;
}

/// A message as neighbours write it, but for what is in the envelope.
fn message(envelope: &[u8], payload_bytes: u32) -> Vec<u8> {
    let mut message = Vec::new();
    message.extend((envelope.len() as u32).to_le_bytes());
    message.extend(payload_bytes.to_le_bytes());
    message.extend(envelope);
    message
}

/// Whether the other side closes, and does not write anything.
fn is_hung_up_on(mut stream: &UnixStream) -> bool {
    stream
        .set_read_timeout(Some(Duration::from_millis(300)))
        .expect("a timeout");
    match stream.read(&mut [0; 16]) {
        Ok(bytes) => bytes == 0,
        Err(error) if error.kind() == ErrorKind::WouldBlock => false,
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::ConnectionReset);
            true
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_writes_nonsense_is_dropped_and_the_others_are_heard() {
    let mesh = fresh_mesh("nonsense");
    let callee = Node::join(&mesh).await;
    let [entrance] = &entrances(&mesh)[..] else {
        panic!("not one entrance");
    };
    let caller = Node::join(&mesh).await;
    caller.sees(callee.life.node).await;
    // Longer than anything may be: there is no reading on after that.
    for head in [message(&[], u32::MAX), vec![0xff; 8]] {
        let mut stream = UnixStream::connect(entrance).expect("a connection");
        stream.write_all(&head).expect("it is read");
        assert!(is_hung_up_on(&stream));
    }
    // Also if it is read because another says goodbye.
    let leaver = Node::join(&mesh).await;
    callee.sees(leaver.life.node).await;
    leaver.sees(callee.life.node).await;
    let mut stream = UnixStream::connect(entrance).expect("a connection");
    replied(caller.call(callee.life.node, "echo", b"").await);
    callee.told(|told| told.requests.clear());
    let stall = call(caller.life.node, callee.life.node, "stall", b"");
    let stalling = caller.link.invoke(stall);
    callee
        .wait("the stall", |told| told.requests.pop().map(drop))
        .await;
    stream.write_all(&[0xff; 8]).expect("it is read");
    leaver.close().await;
    replied(stalling.await);
    assert!(is_hung_up_on(&stream));
    // As long as it says, and not understood: it is skipped. [1, 8, life, true] would be a goodbye,
    // which belongs elsewhere.
    let mut stream = UnixStream::connect(entrance).expect("a connection");
    let mut goodbye = vec![0x85, 1, 8, 0x50];
    goodbye.extend(caller.life.node.as_u128().to_be_bytes());
    goodbye.extend([1, 0xf5]);
    for envelope in [&b""[..], b"nonsense", &[0xff; 200], &goodbye] {
        stream.write_all(&message(envelope, 0)).expect("it is read");
    }
    // One that never ends waits for its end, and nobody with it.
    let unfinished = message(&[1; 100], 0);
    stream.write_all(&unfinished[..50]).expect("it is read");
    for _ in 0..10 {
        let payload = replied(caller.call(callee.life.node, "echo", b"heard").await);
        assert_eq!(payload, b"heard".as_slice());
    }
    assert!(!is_hung_up_on(&stream));
    assert!(caller.told(|told| told.present.contains_key(&callee.life.node)));
    assert!(callee.told(|told| told.present.contains_key(&caller.life.node)));
    caller.close().await;
    callee.close().await;
    assert!(is_hung_up_on(&stream));
}
