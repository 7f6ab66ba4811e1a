//! Events from node to node.

use commy_core::{Overflow, SubscribeOptions};
use futures_util::StreamExt;

use super::{fact, known};

#[test]
fn a_subscriber_that_blocks_its_publishers_takes_from_afar_what_fits_and_is_told_of_the_rest() {
    fact(2, async |hosts| {
        let options = SubscribeOptions {
            capacity: 4,
            overflow: Overflow::Block,
        };
        let mut subscription = hosts.hosts[0]
            .mesh
            .subscribe("**", options)
            .await
            .expect("taken");
        known().await;
        for _ in 0..20 {
            hosts.publish(1, "t/1").await;
        }
        known().await;
        // Four are queued and one is about to be; four more wait beside the queue.
        let mut sequences = Vec::new();
        for _ in 0..9 {
            let delivery = subscription.next().await.expect("an event");
            assert_eq!(delivery.missed, 0);
            sequences.push(delivery.event.sequence);
        }
        assert_eq!(sequences, (1..=9).collect::<Vec<_>>());
        assert_eq!(subscription.dropped(), 11);
        hosts.publish(1, "t/1").await;
        let delivery = subscription.next().await.expect("an event");
        assert_eq!((delivery.event.sequence, delivery.missed), (21, 11));
        assert_eq!(hosts.hosts[0].mesh.stats().events_dropped, 11);
    });
}

#[test]
fn an_event_goes_only_where_somebody_subscribed_to_it() {
    fact(3, async |hosts| {
        hosts.subscribe(1, "t/*", SubscribeOptions::default()).await;
        hosts.subscribe(1, "**", SubscribeOptions::default()).await;
        known().await;
        hosts.publish(0, "t/1").await;
        known().await;
        let messages: Vec<_> = hosts
            .hosts
            .iter()
            .map(|host| host.mesh.stats().fabric_messages)
            .collect();
        assert_eq!(messages, [1, 1, 0]);
        assert_eq!(hosts.hosts[1].mesh.stats().events_delivered, 2);
    });
}

#[test]
fn a_filter_is_taken_back_with_its_last_subscription() {
    fact(2, async |hosts| {
        let mesh = hosts.hosts[0].mesh.clone();
        let first = mesh
            .subscribe("t/*", SubscribeOptions::default())
            .await
            .expect("taken");
        let second = mesh
            .subscribe("t/*", SubscribeOptions::default())
            .await
            .expect("taken");
        let received = || mesh.stats().fabric_messages;
        for (subscription, expected) in [(Some(first), 1), (Some(second), 2), (None, 2)] {
            known().await;
            hosts.publish(1, "t/1").await;
            known().await;
            assert_eq!(received(), expected);
            drop(subscription);
        }
    });
}
