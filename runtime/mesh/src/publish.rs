//! The data path of an event: from its publisher into the queues of this process's subscribers, and
//! over the link when there are other nodes, with no actor between them. A publisher that waits for
//! each of its publications has its events in order at every subscriber.

use std::sync::{Arc, atomic::Ordering::Relaxed};

use commy_core::{Error, Event, Message, Result, Status, Topic};

use crate::{
    mesh::Inner,
    node::Node,
    subscription::{Offer, Queue},
};

/// Publishes an event.
pub(crate) async fn publish(mesh: &Inner, topic: Topic, message: Message) -> Result<()> {
    let session = mesh.session()?;
    message.check(mesh.settings.max_payload_bytes)?;
    let node = &session.node;
    let event = Arc::new(Event {
        topic,
        message,
        publisher: node.id(),
        sequence: node.next_sequence(),
    });
    mesh.counters.events_published.fetch_add(1, Relaxed);
    let full: Vec<Arc<Queue>> = node
        .subscriptions()
        .matching(&event.topic)
        .into_iter()
        .filter(|queue| queue.offer(&event) == Offer::Full)
        .cloned()
        .collect();
    // Before the wait for slow subscribers, which are none of the other nodes' business.
    let is_sent = match node.link().filter(|_| node.peers() > 0) {
        Some(link) => {
            let sending = link.publish(Arc::clone(&event));
            within_patience(mesh, node, sending, || {
                "the way to other nodes had no room".into()
            })
            .await
            .flatten()
        }
        None => Ok(()),
    };
    for queue in full {
        within_patience(mesh, node, queue.wait_for_room(&event), || {
            format!(
                "a subscriber of \"{}\" that blocks its publishers made no room",
                event.topic
            )
        })
        .await?;
    }
    is_sent
}

/// What comes of waiting for room, which is given up after the time that a call may take.
async fn within_patience<T>(
    mesh: &Inner,
    node: &Node,
    waiting: impl Future<Output = T>,
    what: impl FnOnce() -> String,
) -> Result<T> {
    let patience = mesh.settings.call_timeout;
    tokio::select! {
        biased;
        done = waiting => Ok(done),
        () = node.sleep(patience) => Err(Error::new(
            Status::ResourceExhausted,
            format!("{} within {patience:?}", what()),
        )),
    }
}
