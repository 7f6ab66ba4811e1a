//! Events reach every subscriber whose filter matches, in order, or are counted as lost.

use std::time::Duration;

use commy::{Event, Mesh, Overflow, Status, Subscription};
use commy_tests::{Outcome, builder, invalid, mesh, soon, started};
use futures_util::StreamExt;
use serde::{Deserialize, Serialize};

async fn next(subscription: &mut Subscription) -> Event {
    soon(subscription.next())
        .await
        .expect("the subscription is open")
}

async fn publish(mesh: &Mesh, numbers: impl IntoIterator<Item = u32>) {
    for number in numbers {
        mesh.publish("numbers").json(&number).await.unwrap();
    }
}

/// The numbers that are queued, each with how many were missed before it.
async fn queued(mesh: &Mesh, mut subscription: Subscription) -> Vec<(u32, u64)> {
    mesh.stop().await.unwrap();
    let mut numbers = Vec::new();
    while let Some(event) = soon(subscription.next()).await {
        numbers.push((event.json().unwrap(), event.missed));
    }
    numbers
}

#[tokio::test]
async fn a_subscriber_gets_what_is_published() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Created {
        id: u32,
    }
    let mesh = mesh().await;
    let mut events = mesh.subscribe("orders/created").await.unwrap();
    mesh.publish("orders/created")
        .json(&Created { id: 17 })
        .header("k", "v")
        .await
        .unwrap();
    mesh.publish("orders/created")
        .bytes(vec![0, 255])
        .await
        .unwrap();

    let event = next(&mut events).await;
    assert_eq!(event.topic.as_str(), "orders/created");
    assert_eq!(event.json::<Created>().unwrap(), Created { id: 17 });
    assert_eq!(event.message.content_type, "application/json");
    assert_eq!(event.message.headers["k"], "v");
    assert_eq!(event.publisher, mesh.node_id());
    assert_eq!(event.missed, 0);

    let bytes = next(&mut events).await;
    assert_eq!(bytes.message.payload, [0, 255].as_slice());
    assert!(bytes.sequence > event.sequence);
    bytes.json::<Created>().fails_as(Status::Internal);
}

#[tokio::test]
async fn filters_match_segments() {
    let mesh = mesh().await;
    let topics = [
        "orders",
        "orders/created",
        "orders/eu/created",
        "stock/created",
    ];
    let cases = [
        ("orders/created", vec!["orders/created"]),
        ("orders/*", vec!["orders/created"]),
        ("*/created", vec!["orders/created", "stock/created"]),
        (
            "orders/**",
            vec!["orders", "orders/created", "orders/eu/created"],
        ),
        (
            "**/created",
            vec!["orders/created", "orders/eu/created", "stock/created"],
        ),
        ("orders/*/created", vec!["orders/eu/created"]),
        ("*", vec!["orders"]),
        ("**", topics.to_vec()),
        ("Orders", vec![]),
    ];
    let mut subscriptions = Vec::new();
    for (filter, _) in &cases {
        subscriptions.push(mesh.subscribe(*filter).await.unwrap());
    }
    for topic in topics {
        mesh.publish(topic).await.unwrap();
    }
    mesh.stop().await.unwrap();
    for ((filter, expected), subscription) in cases.iter().zip(subscriptions) {
        let got: Vec<_> = soon(
            subscription
                .map(|event| event.topic.to_string())
                .collect::<Vec<_>>(),
        )
        .await;
        assert_eq!(got, *expected, "filter {filter}");
    }
}

#[tokio::test]
async fn events_of_one_publisher_arrive_in_order() {
    let mesh = mesh().await;
    let events = mesh.subscribe("numbers").capacity(1000).await.unwrap();
    publish(&mesh, 0..1000).await;
    let expected: Vec<_> = (0..1000).map(|number| (number, 0)).collect();
    assert_eq!(queued(&mesh, events).await, expected);
}

#[tokio::test]
async fn each_subscriber_gets_every_event() {
    let mesh = mesh().await;
    let mut subscriptions = Vec::new();
    for _ in 0..100 {
        subscriptions.push(mesh.subscribe("numbers").await.unwrap());
    }
    publish(&mesh, 0..10).await;
    for subscription in &mut subscriptions {
        for number in 0..10 {
            assert_eq!(next(subscription).await.json::<u32>().unwrap(), number);
        }
    }
    assert_eq!(mesh.stats().events_published, 10);
    assert_eq!(mesh.stats().events_delivered, 1000);
}

#[tokio::test]
async fn publishing_to_nobody_is_no_error() {
    let mesh = mesh().await;
    mesh.publish("orders/created").await.unwrap();
    assert_eq!(mesh.stats().events_published, 1);
    assert_eq!(mesh.stats().events_delivered, 0);
}

#[tokio::test]
async fn the_oldest_makes_room_and_the_next_event_tells_the_loss() {
    let mesh = mesh().await;
    let events = mesh.subscribe("numbers").capacity(3).await.unwrap();
    publish(&mesh, 0..10).await;
    assert_eq!(events.dropped(), 7);
    assert_eq!(mesh.stats().events_dropped, 7);
    assert_eq!(queued(&mesh, events).await, [(7, 7), (8, 0), (9, 0)]);
}

#[tokio::test]
async fn the_newest_is_dropped_and_the_one_after_it_tells_the_loss() {
    let mesh = mesh().await;
    let subscribe = mesh
        .subscribe("numbers")
        .capacity(3)
        .overflow(Overflow::DropNewest);
    let mut events = subscribe.await.unwrap();
    publish(&mesh, 0..10).await;
    assert_eq!(events.dropped(), 7);
    for number in 0..3 {
        let event = next(&mut events).await;
        assert_eq!((event.json::<u32>().unwrap(), event.missed), (number, 0));
    }
    publish(&mesh, 10..11).await;
    assert_eq!(queued(&mesh, events).await, [(10, 7)]);
}

#[tokio::test]
async fn a_publisher_waits_for_a_subscriber_that_blocks() {
    let mesh = mesh().await;
    let subscribe = mesh
        .subscribe("numbers")
        .capacity(2)
        .overflow(Overflow::Block);
    let mut events = subscribe.await.unwrap();
    publish(&mesh, 0..2).await;
    let mut third = mesh.publish("numbers").json(&2).into_future();
    assert!(futures_util::poll!(&mut third).is_pending());
    assert_eq!(next(&mut events).await.json::<u32>().unwrap(), 0);
    soon(third).await.unwrap();
    assert_eq!(events.dropped(), 0);
    assert_eq!(queued(&mesh, events).await, [(1, 0), (2, 0)]);
}

#[tokio::test]
async fn a_publisher_waits_no_longer_than_a_call_may() {
    let mesh = started(builder().call_timeout(Duration::from_millis(20))).await;
    let subscribe = mesh
        .subscribe("numbers")
        .capacity(1)
        .overflow(Overflow::Block);
    let _events = subscribe.await.unwrap();
    publish(&mesh, 0..1).await;
    let call = mesh.publish("numbers").into_future();
    soon(call).await.fails_as(Status::ResourceExhausted);
}

#[tokio::test]
async fn a_subscriber_that_goes_frees_the_publisher_that_waits_for_it() {
    let mesh = mesh().await;
    let subscribe = mesh
        .subscribe("numbers")
        .capacity(1)
        .overflow(Overflow::Block);
    let events = subscribe.await.unwrap();
    publish(&mesh, 0..1).await;
    let mut second = mesh.publish("numbers").into_future();
    assert!(futures_util::poll!(&mut second).is_pending());
    drop(events);
    soon(second).await.unwrap();
}

#[tokio::test]
async fn one_slow_subscriber_does_not_hold_up_the_others() {
    let mesh = mesh().await;
    let slow = mesh.subscribe("numbers").capacity(1).await.unwrap();
    let fast = mesh.subscribe("numbers").capacity(100).await.unwrap();
    publish(&mesh, 0..100).await;
    assert_eq!((slow.dropped(), fast.dropped()), (99, 0));
    assert_eq!(queued(&mesh, fast).await.len(), 100);
}

#[tokio::test]
async fn a_closed_subscription_ends_after_what_was_queued() {
    let mesh = mesh().await;
    let mut events = mesh.subscribe("numbers").await.unwrap();
    publish(&mesh, 0..2).await;
    events.closer().close();
    publish(&mesh, 2..4).await;
    assert_eq!(next(&mut events).await.json::<u32>().unwrap(), 0);
    assert_eq!(next(&mut events).await.json::<u32>().unwrap(), 1);
    assert_eq!(soon(events.next()).await, None);
    assert_eq!(soon(events.next()).await, None);
    assert_eq!(events.dropped(), 0);
}

#[tokio::test]
async fn closing_wakes_who_waits() {
    let mesh = mesh().await;
    let mut events = mesh.subscribe("numbers").await.unwrap();
    let closer = events.closer();
    let waiting = tokio::spawn(async move { events.next().await });
    tokio::task::yield_now().await;
    closer.close();
    closer.close();
    assert_eq!(soon(waiting).await.unwrap(), None);
}

#[tokio::test]
async fn a_waiting_next_that_is_dropped_loses_no_event() {
    let mesh = mesh().await;
    let mut events = mesh.subscribe("numbers").await.unwrap();
    for _ in 0..10 {
        assert!(futures_util::poll!(events.next()).is_pending());
    }
    publish(&mesh, 0..1).await;
    assert_eq!(next(&mut events).await.json::<u32>().unwrap(), 0);
}

#[tokio::test]
async fn topics_follow_their_rule() {
    let mesh = mesh().await;
    let cases = [
        ("", "empty"),
        ("/orders", "empty"),
        ("orders/", "empty"),
        ("a//b", "empty"),
        ("a b", "' ' is not"),
        ("ä", "'ä' is not"),
        ("orders/*", "'*'"),
        ("**", "'*'"),
    ];
    for (topic, rule) in cases {
        invalid(mesh.publish(topic).await, &format!("{topic:?}"), rule);
    }
    invalid(mesh.publish("t".repeat(257)).await, "ttt", "at most 256");
    mesh.publish("t".repeat(256)).await.unwrap();
    mesh.publish("a.b:c_d-e/1").await.unwrap();
}

#[tokio::test]
async fn filters_follow_their_rule() {
    let mesh = mesh().await;
    for filter in ["", "/a", "a/", "a//b", "a b", "a*", "a/**b", "***", "ä/*"] {
        invalid(mesh.subscribe(filter).await, &format!("{filter:?}"), "");
    }
    invalid(mesh.subscribe("t".repeat(257)).await, "ttt", "at most 256");
}

#[tokio::test]
async fn a_queue_has_room_for_1_to_65536_events() {
    let mesh = mesh().await;
    for capacity in [0, 65_537] {
        let subscribe = mesh.subscribe("numbers").capacity(capacity);
        invalid(
            subscribe.await,
            &format!("capacity {capacity}"),
            "between 1 and 65536",
        );
    }
    mesh.subscribe("numbers").capacity(65_536).await.unwrap();
}
