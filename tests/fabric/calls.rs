//! Calls: every way in which they end is told from the others.

use std::time::Duration;

use commy_core::{Error, NodeId, Status};
use commy_mesh::{LocalAnswer, RemoteAnswer};

use crate::node::{Node, call, fresh_mesh, replied};

async fn pair(topic: &str) -> (Node, Node) {
    let mesh = fresh_mesh(topic);
    let first = Node::join(&mesh).await;
    let second = Node::join(&mesh).await;
    first.sees(second.life.node).await;
    second.sees(first.life.node).await;
    (first, second)
}

#[tokio::test]
async fn a_request_arrives_as_it_was_sent_and_so_does_its_reply() {
    let (caller, callee) = pair("whole").await;
    let answer = caller.call(callee.life.node, "echo", b"payload").await;
    let RemoteAnswer::Handled(Ok(reply)) = answer else {
        panic!("not a reply: {answer:?}");
    };
    assert_eq!(reply.payload, b"payload".as_slice());
    assert_eq!(reply.headers["traceparent"], "00-1-2-01");
    let (to, request) = callee.told(|told| told.requests.pop()).expect("a request");
    assert_eq!((to.node, to.serial), (callee.life.node, 7));
    assert_eq!(request.service.as_str(), "orders");
    assert_eq!(request.method.as_str(), "echo");
    assert_eq!(request.caller, caller.life.node);
    assert_eq!(request.attempt, 1);
    assert!(request.time_left > Duration::from_secs(1));
    caller.close().await;
    callee.close().await;
}

#[tokio::test]
async fn payloads_of_every_size_arrive_whole() {
    let (caller, callee) = pair("sizes").await;
    for size in [0, 1, 3071, 3072, 65_535, 100_000, 1 << 20, 20 << 20] {
        let payload: Vec<u8> = (0..size).map(|byte: usize| (byte * 31) as u8).collect();
        let reply = replied(caller.call(callee.life.node, "echo", &payload).await);
        assert_eq!(reply.len(), size);
        assert!(reply == payload, "a payload of {size} bytes was changed");
    }
    caller.close().await;
    callee.close().await;
}

#[tokio::test]
async fn a_thousand_calls_at_once_get_their_own_replies() {
    let (caller, callee) = pair("thousand").await;
    let calls: Vec<_> = (0..1000_u32)
        .map(|number| {
            let payload = number.to_be_bytes();
            let call = call(caller.life.node, callee.life.node, "echo", &payload);
            (payload, caller.link.invoke(call))
        })
        .collect();
    for (payload, answer) in calls {
        assert_eq!(replied(answer.await), payload.as_slice());
    }
    caller.close().await;
    callee.close().await;
}

#[tokio::test]
async fn failure_and_refusal_are_told_apart() {
    let (caller, callee) = pair("apart").await;
    match caller.call(callee.life.node, "fail", b"").await {
        RemoteAnswer::Handled(Err(error)) => {
            assert_eq!(error.status(), Status::HandlerFailed);
            assert_eq!(error.context().code.as_deref(), Some("BROKEN"));
        }
        other => panic!("not the handler's failure: {other:?}"),
    }
    match caller.call(callee.life.node, "refuse", b"").await {
        RemoteAnswer::Refused(error) => assert_eq!(error.status(), Status::NotFound),
        other => panic!("not a refusal: {other:?}"),
    }
    match caller.call(NodeId::from_u128(5), "echo", b"").await {
        RemoteAnswer::Refused(error) => assert_eq!(error.status(), Status::Unavailable),
        other => panic!("not a refusal: {other:?}"),
    }
    caller.close().await;
    callee.close().await;
}

#[tokio::test]
async fn giving_up_a_call_cancels_the_handler() {
    let (caller, callee) = pair("cancel").await;
    let waiting = caller
        .link
        .invoke(call(caller.life.node, callee.life.node, "hold", b""));
    let mut held = callee.wait("the held call", |told| told.held.pop()).await;
    drop(waiting);
    tokio::time::timeout(crate::node::PATIENCE, held.closed())
        .await
        .expect("the handler is told");
    caller.close().await;
    callee.close().await;
}

#[tokio::test]
async fn a_late_answer_arrives() {
    let (caller, callee) = pair("late").await;
    let waiting = tokio::spawn(caller.link.invoke(call(
        caller.life.node,
        callee.life.node,
        "hold",
        b"",
    )));
    let held = callee.wait("the held call", |told| told.held.pop()).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    let error = Error::new(Status::Internal, "late");
    held.send(LocalAnswer::Handled(Err(error.clone())))
        .expect("someone waits");
    match waiting.await.expect("an answer") {
        RemoteAnswer::Handled(Err(answer)) => assert_eq!(answer, error),
        other => panic!("not the answer: {other:?}"),
    }
    caller.close().await;
    callee.close().await;
}

#[tokio::test]
async fn a_handler_that_is_dropped_is_an_internal_error() {
    let (caller, callee) = pair("dropped").await;
    let waiting = tokio::spawn(caller.link.invoke(call(
        caller.life.node,
        callee.life.node,
        "hold",
        b"",
    )));
    drop(callee.wait("the held call", |told| told.held.pop()).await);
    match waiting.await.expect("an answer") {
        RemoteAnswer::Handled(Err(error)) => assert_eq!(error.status(), Status::Internal),
        other => panic!("not an error: {other:?}"),
    }
    caller.close().await;
    callee.close().await;
}

#[tokio::test]
async fn what_goes_over_a_link_is_counted() {
    let (caller, callee) = pair("counted").await;
    let before = caller.link.traffic();
    assert_eq!(before.messages_sent, 0, "upkeep is not counted");
    caller.call(callee.life.node, "echo", b"12345").await;
    let after = caller.link.traffic();
    assert_eq!((after.messages_sent, after.bytes_sent), (1, 5));
    assert_eq!((after.messages_received, after.bytes_received), (1, 5));
    caller.close().await;
    callee.close().await;
}
