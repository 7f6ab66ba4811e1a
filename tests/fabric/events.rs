//! Events: to those who subscribed, once each, in order.

use std::time::Duration;

use crate::node::{Node, fresh_mesh};

/// Publishes until the other side hears it: a subscription takes a moment to be known.
async fn until_heard(publisher: &Node, subscriber: &Node, topic: &str) {
    for _ in 0..400 {
        publisher.publish(topic, 0, b"first").await.expect("room");
        tokio::time::sleep(Duration::from_millis(10)).await;
        if subscriber.told(|told| !told.events.is_empty()) {
            tokio::time::sleep(Duration::from_millis(50)).await;
            subscriber.told(|told| told.events.clear());
            return;
        }
    }
    panic!("the subscription was never known");
}

#[tokio::test]
async fn events_arrive_in_order_once_each_whatever_filters_they_match() {
    let mesh = fresh_mesh("order");
    let publisher = Node::join(&mesh).await;
    let subscriber = Node::join(&mesh).await;
    publisher.sees(subscriber.life.node).await;
    for filter in [
        "orders/*",
        "orders/**",
        "**",
        "**/created",
        "orders/created",
    ] {
        subscriber.subscribe(filter);
    }
    until_heard(&publisher, &subscriber, "orders/created").await;
    for sequence in 1..=2000 {
        publisher
            .publish("orders/created", sequence, &sequence.to_be_bytes())
            .await
            .expect("room");
    }
    let events = subscriber
        .wait("all events", |told| {
            (told.events.len() >= 2000).then(|| std::mem::take(&mut told.events))
        })
        .await;
    let sequences: Vec<_> = events.iter().map(|event| event.sequence).collect();
    assert!(sequences.iter().copied().eq(1..=2000), "{sequences:?}");
    assert!(
        events
            .iter()
            .all(|event| event.publisher == publisher.life.node)
    );
    assert!(
        publisher.told(|told| told.events.is_empty()),
        "heard its own"
    );
    publisher.close().await;
    subscriber.close().await;
}

#[tokio::test]
async fn only_what_is_subscribed_to_arrives() {
    let mesh = fresh_mesh("only");
    let publisher = Node::join(&mesh).await;
    let subscriber = Node::join(&mesh).await;
    publisher.sees(subscriber.life.node).await;
    subscriber.subscribe("a/*/c");
    subscriber.subscribe("a/*/c");
    until_heard(&publisher, &subscriber, "a/b/c").await;
    for topic in ["a", "a/b", "a/b/c/d", "b/b/c", "a/x/c"] {
        publisher.publish(topic, 1, b"").await.expect("room");
    }
    let event = subscriber.wait("the one", |told| told.events.pop()).await;
    assert_eq!(event.topic.as_str(), "a/x/c");

    // Counted: one of two is taken back, then both.
    let filter = commy_core::TopicFilter::new("a/*/c").expect("a filter");
    subscriber.link.unsubscribe(&filter);
    until_heard(&publisher, &subscriber, "a/b/c").await;
    subscriber.link.unsubscribe(&filter);
    tokio::time::sleep(Duration::from_millis(300)).await;
    subscriber.told(|told| told.events.clear());
    publisher.publish("a/b/c", 2, b"").await.expect("room");
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(subscriber.told(|told| told.events.is_empty()));
    publisher.close().await;
    subscriber.close().await;
}
