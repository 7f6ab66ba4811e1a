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
        Some(link) => link.publish(Arc::clone(&event)),
        None => Ok(()),
    };
    for queue in full {
        wait_for_room(mesh, node, &queue, &event).await?;
    }
    is_sent
}

/// Waits for a subscriber whose policy is that its publishers wait.
async fn wait_for_room(mesh: &Inner, node: &Node, queue: &Queue, event: &Arc<Event>) -> Result<()> {
    let patience = mesh.settings.call_timeout;
    tokio::select! {
        biased;
        () = queue.wait_for_room(event) => Ok(()),
        () = node.sleep(patience) => Err(Error::new(
            Status::ResourceExhausted,
            format!(
                "a subscriber of \"{}\" that blocks its publishers made no room within {patience:?}",
                event.topic
            ),
        )),
    }
}
