//! What publishing costs with 1 and with 100 subscribers. Their queues are always full, and drop
//! the oldest event: the same work for each event, whoever reads it.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on ends")]

use commy::{Bytes, Mesh, Subscription};
use commy_bench::CALLER;
use divan::{Bencher, counter::ItemsCount};

fn main() {
    divan::main();
}

/// A mesh with this many subscribers of one topic.
fn subscribed(subscribers: usize) -> (Mesh, Vec<Subscription>) {
    CALLER.block_on(async {
        let mesh = Mesh::builder(format!("bench-publish-{subscribers}"))
            .build()
            .unwrap();
        mesh.start().await.unwrap();
        let mut subscriptions = Vec::new();
        for _ in 0..subscribers {
            subscriptions.push(mesh.subscribe("orders/*").capacity(16).await.unwrap());
        }
        (mesh, subscriptions)
    })
}

#[divan::bench(args = [1, 100])]
fn to_subscribers(bencher: Bencher<'_, '_>, subscribers: usize) {
    let (mesh, _subscriptions) = subscribed(subscribers);
    let payload = Bytes::from_static(b"sixteen bytes...");
    bencher.counter(ItemsCount::new(subscribers)).bench(|| {
        let publishing = mesh.publish("orders/created").bytes(payload.clone());
        CALLER.block_on(publishing.into_future()).unwrap();
    });
}
