//! Records: fetched whole, and told by what changed.

use std::sync::Arc;

use commy_core::record::RecordUpdate;

use crate::node::{Node, fresh_mesh, instance, record};

fn unchanged(node: &Node, revision: u64) -> RecordUpdate {
    RecordUpdate {
        life: node.life,
        since: revision,
        revision,
        put: Vec::new(),
        removed: Vec::new(),
    }
}

#[tokio::test]
async fn a_record_is_fetched_as_it_was_announced() {
    let mesh = fresh_mesh("fetch");
    let first = Node::join(&mesh).await;
    let second = Node::join(&mesh).await;
    first.sees(second.life.node).await;
    let announced = record(second.life, 9, 1000);
    second
        .link
        .announce(Arc::new(announced.clone()), unchanged(&second, 9));
    // Asking before the announcement arrived is as well: it is answered then.
    first.link.fetch(second.life.node);
    let fetched = first.wait("the record", |told| told.records.pop()).await;
    assert_eq!(fetched, announced);
    first.close().await;
    second.close().await;
}

#[tokio::test]
async fn changes_are_told_to_all_and_joined_when_they_pile_up() {
    let mesh = fresh_mesh("change");
    let first = Node::join(&mesh).await;
    let second = Node::join(&mesh).await;
    first.sees(second.life.node).await;
    second.sees(first.life.node).await;
    for revision in 1..=1000 {
        let update = RecordUpdate {
            life: second.life,
            since: revision - 1,
            revision,
            put: vec![instance(second.life, revision)],
            removed: if revision > 500 {
                vec![revision - 500]
            } else {
                Vec::new()
            },
        };
        second
            .link
            .announce(Arc::new(record(second.life, revision, 1)), update);
    }
    let updates = first
        .wait("the last change", |told| {
            let is_whole = told
                .updates
                .last()
                .is_some_and(|last| last.revision == 1000);
            is_whole.then(|| told.updates.clone())
        })
        .await;
    assert!(updates.len() < 500, "{} messages", updates.len());
    assert_eq!(updates[0].since, 0);
    for pair in updates.windows(2) {
        assert_eq!(pair[0].revision, pair[1].since);
    }
    let mut serials = std::collections::BTreeSet::new();
    for update in &updates {
        serials.extend(update.put.iter().map(|instance| instance.id.serial));
        for gone in &update.removed {
            serials.remove(gone);
        }
    }
    assert!(serials.into_iter().eq(501..=1000));
    first.close().await;
    second.close().await;
}
