//! Payloads travel untouched, up to the mesh's bound.

use commy::{Bytes, Failure, Message, Service, Status};
use commy_tests::{Outcome, builder, echo, invalid, mesh, soon, started};
use futures_util::StreamExt;

const MIB: usize = 1 << 20;

#[tokio::test]
async fn an_empty_payload_arrives_empty() {
    let mesh = mesh().await;
    mesh.serve(echo("orders")).await.unwrap();
    let reply = mesh.call("orders", "echo").await.unwrap();
    assert!(reply.message.payload.is_empty());
    assert_eq!(reply.message.content_type, "application/octet-stream");
}

#[tokio::test]
async fn every_byte_arrives_as_it_was_sent() {
    let mesh = mesh().await;
    mesh.serve(echo("orders")).await.unwrap();
    let every: Vec<u8> = (0..=255).collect();
    let reply = mesh
        .call("orders", "echo")
        .bytes(every.clone())
        .await
        .unwrap();
    assert_eq!(reply.message.payload, every);
}

#[tokio::test]
async fn a_large_payload_arrives_without_being_copied() {
    let mesh = mesh().await;
    mesh.serve(echo("orders")).await.unwrap();
    let payload: Bytes = (0..4 * MIB).map(|n| n as u8).collect::<Vec<_>>().into();
    let reply = mesh
        .call("orders", "echo")
        .bytes(payload.clone())
        .await
        .unwrap();
    assert_eq!(reply.message.payload, payload);
    assert_eq!(reply.message.payload.as_ptr(), payload.as_ptr());
}

#[tokio::test]
async fn a_payload_at_the_bound_passes_and_one_byte_more_does_not() {
    let mesh = started(builder().max_payload_bytes(1000)).await;
    mesh.serve(echo("orders")).await.unwrap();
    mesh.call("orders", "echo")
        .bytes(vec![7; 1000])
        .await
        .unwrap();
    let error = mesh
        .call("orders", "echo")
        .bytes(vec![7; 1001])
        .await
        .fails_as(Status::ResourceExhausted);
    assert!(error.reason().contains("1001 bytes"), "{error}");
    assert!(error.reason().contains("at most 1000"), "{error}");
}

#[tokio::test]
async fn sixteen_mib_are_too_much_unless_the_mesh_allows_them() {
    let small = mesh().await;
    small.serve(echo("orders")).await.unwrap();
    small
        .call("orders", "echo")
        .bytes(vec![7; 16 * MIB])
        .await
        .fails_as(Status::ResourceExhausted);
    small
        .call("orders", "echo")
        .bytes(vec![7; 8 * MIB])
        .await
        .unwrap();

    let large = started(builder().max_payload_bytes(16 << 20)).await;
    large.serve(echo("orders")).await.unwrap();
    let reply = large
        .call("orders", "echo")
        .bytes(vec![7; 16 * MIB])
        .await
        .unwrap();
    assert_eq!(reply.message.payload.len(), 16 * MIB);
}

#[tokio::test]
async fn a_reply_over_the_bound_fails_the_call_and_nothing_else() {
    let mesh = started(builder().max_payload_bytes(1000)).await;
    let service =
        Service::new("orders").bytes(
            "grow",
            |payload: Bytes, _| async move { Ok(payload.repeat(2)) },
        );
    mesh.serve(service).await.unwrap();
    mesh.call("orders", "grow")
        .bytes(vec![7; 501])
        .await
        .fails_as(Status::ResourceExhausted);
    mesh.call("orders", "grow")
        .bytes(vec![7; 500])
        .await
        .unwrap();
}

#[tokio::test]
async fn an_event_over_the_bound_is_refused() {
    let mesh = started(builder().max_payload_bytes(1000)).await;
    let mut events = mesh.subscribe("**").await.unwrap();
    mesh.publish("a")
        .bytes(vec![7; 1001])
        .await
        .fails_as(Status::ResourceExhausted);
    mesh.publish("b").bytes(vec![7; 1000]).await.unwrap();
    assert_eq!(soon(events.next()).await.unwrap().topic.as_str(), "b");
}

#[tokio::test]
async fn content_types_and_headers_travel_both_ways() {
    let mesh = mesh().await;
    mesh.serve(echo("orders")).await.unwrap();
    let message = Message {
        content_type: "image/png".into(),
        ..Message::bytes("png")
            .with_header("traceparent", "00-1-2-3")
            .with_header("k", "ünï")
    };
    let reply = mesh
        .call("orders", "echo")
        .message(message.clone())
        .await
        .unwrap();
    assert_eq!(reply.message, message);
}

#[tokio::test]
async fn headers_stay_whatever_content_is_given_after_them() {
    let mesh = mesh().await;
    mesh.serve(echo("orders")).await.unwrap();
    let reply = mesh
        .call("orders", "echo")
        .header("k", "v")
        .json(&[1, 2])
        .await
        .unwrap();
    assert_eq!(reply.message, Message::json("[1,2]").with_header("k", "v"));
}

#[tokio::test]
async fn headers_and_content_types_follow_their_rules() {
    let mesh = mesh().await;
    mesh.serve(echo("orders")).await.unwrap();
    let call = |message| mesh.call("orders", "echo").message(message);
    let headers = |count: usize| {
        (0..count).fold(Message::default(), |message, n| {
            message.with_header(n.to_string(), "")
        })
    };
    let typed = |bytes| Message {
        content_type: "t".repeat(bytes).into(),
        ..Message::default()
    };
    let header = |name: &str, value: &str| Message::default().with_header(name, value);

    invalid(
        call(headers(65)).await,
        "number of headers 65",
        "at most 64",
    );
    invalid(call(header("", "v")).await, "\"\"", "must not be empty");
    invalid(call(header("a b", "v")).await, "\"a b\"", "' ' is not");
    invalid(
        call(header(&"k".repeat(65), "v")).await,
        "kkk",
        "at most 64",
    );
    invalid(
        call(header("k", &"v".repeat(4097))).await,
        "header value",
        "at most 4096 are allowed",
    );
    invalid(call(typed(257)).await, "content type", "at most 256");
    call(headers(64)).await.unwrap();
    call(typed(256)).await.unwrap();
    call(header(&"k".repeat(64), &"v".repeat(4096)))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_reply_follows_the_same_rules() {
    let mesh = mesh().await;
    let service = Service::new("orders").message("long", |message: Message, _| async move {
        Ok(message.with_header("k", "v".repeat(4097)))
    });
    mesh.serve(service).await.unwrap();
    let error = mesh.call("orders", "long").await.unwrap_err();
    assert!(error.reason().contains("header value"), "{error}");
}

#[tokio::test]
async fn a_request_that_is_not_the_value_is_refused_as_such() {
    let mesh = mesh().await;
    let service = Service::new("orders").method("create", |count: u32, _| async move { Ok(count) });
    mesh.serve(service).await.unwrap();
    for payload in ["", "{", "\"text\"", "-1", "[1]", "\u{feff}1"] {
        let call = mesh
            .call("orders", "create")
            .message(Message::json(payload));
        invalid(call.await, "cannot be read as u32", "");
    }
    let not_utf8 = Message::json(vec![0xff, 0xfe]);
    invalid(
        mesh.call("orders", "create").message(not_utf8).await,
        "cannot be read as u32",
        "",
    );
    mesh.call("orders", "create").json(&1).await.unwrap();
}

#[tokio::test]
async fn a_reply_that_is_not_the_value_is_told_by_its_reader() {
    let mesh = mesh().await;
    mesh.serve(echo("orders")).await.unwrap();
    let reply = mesh.call("orders", "echo").bytes("text").await.unwrap();
    let error = reply.json::<u32>().fails_as(Status::Internal);
    assert!(
        error.reason().contains("application/octet-stream"),
        "{error}"
    );
    assert!(error.reason().contains("u32"), "{error}");
}

#[tokio::test]
async fn a_value_without_a_json_form_is_refused_before_anything_is_sent() {
    let mesh = mesh().await;
    mesh.serve(echo("orders")).await.unwrap();
    let value = std::collections::HashMap::from([((1, 2), 3)]);
    invalid(
        mesh.call("orders", "echo").json(&value).await,
        "cannot be written as JSON",
        "key",
    );
    invalid(
        mesh.publish("orders").json(&value).await,
        "cannot be written as JSON",
        "key",
    );
    assert_eq!(mesh.stats().requests_handled, 0);
}

#[tokio::test]
async fn an_answer_without_a_json_form_is_internal() {
    let mesh = mesh().await;
    let service = Service::new("orders").method("odd", |(): (), _| async move {
        Ok::<_, Failure>(std::collections::HashMap::from([((1, 2), 3)]))
    });
    mesh.serve(service).await.unwrap();
    mesh.call("orders", "odd")
        .json(&())
        .await
        .fails_as(Status::Internal);
}
