//! What a node owes the others and does in its own time: telling what changed in its record,
//! sending the whole of it to those who ask, and declaring what it subscribed to. What piles up
//! meanwhile is told at once: a thousand registrations cost a few messages.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use commy_core::{
    Bytes, TopicFilter,
    record::{NodeLife, NodeRecord, RecordUpdate},
};
use parking_lot::Mutex;
use tokio::sync::Notify;

/// How many nodes may wait for the record: more than a mesh has processes.
const ASKING_MAX: usize = 10_000;

/// What is owed.
#[derive(Default)]
pub(crate) struct Upkeep {
    owed: Mutex<Owed>,
    changed: Notify,
}

#[derive(Default)]
struct Owed {
    record: Option<Arc<NodeRecord>>,
    update: Option<RecordUpdate>,
    asking: HashSet<NodeLife>,
    /// How often each filter was subscribed to.
    filters: HashMap<TopicFilter, usize>,
}

/// What is to be done now.
pub(crate) struct Due {
    /// What changed in the record, for all.
    pub(crate) update: Option<RecordUpdate>,
    /// The record, for those who ask.
    pub(crate) record: Option<Arc<NodeRecord>>,
    /// Those who ask.
    pub(crate) asking: HashSet<NodeLife>,
    /// The filters that are subscribed to.
    pub(crate) filters: HashSet<TopicFilter>,
}

impl Upkeep {
    /// The record changed.
    pub(crate) fn announce(&self, record: Arc<NodeRecord>, update: RecordUpdate) {
        let mut owed = self.owed.lock();
        owed.record = Some(record);
        owed.update = Some(match owed.update.take() {
            Some(earlier) => join(earlier, update),
            None => update,
        });
        drop(owed);
        self.changed.notify_one();
    }

    /// A peer asks for the record.
    pub(crate) fn ask(&self, peer: NodeLife) {
        let mut owed = self.owed.lock();
        if owed.asking.len() < ASKING_MAX {
            owed.asking.insert(peer);
        }
        drop(owed);
        self.changed.notify_one();
    }

    /// A filter is subscribed to once more.
    pub(crate) fn subscribe(&self, filter: &TopicFilter) {
        *self.owed.lock().filters.entry(filter.clone()).or_default() += 1;
        self.changed.notify_one();
    }

    /// A filter is subscribed to once less.
    pub(crate) fn unsubscribe(&self, filter: &TopicFilter) {
        let mut owed = self.owed.lock();
        if let Some(count) = owed.filters.get_mut(filter) {
            *count -= 1;
            if *count == 0 {
                owed.filters.remove(filter);
            }
        }
        drop(owed);
        self.changed.notify_one();
    }

    /// What is to be done, as soon as there is something.
    pub(crate) async fn due(&self) -> Due {
        self.changed.notified().await;
        let mut owed = self.owed.lock();
        Due {
            update: owed.update.take(),
            record: owed.record.clone(),
            // Whoever asks before there is a record is answered with the first.
            asking: if owed.record.is_some() {
                std::mem::take(&mut owed.asking)
            } else {
                HashSet::new()
            },
            filters: owed.filters.keys().cloned().collect(),
        }
    }
}

/// A record as it travels, kept for those who ask for the same revision.
#[derive(Default)]
pub(crate) struct Encoded {
    latest: Option<(u64, Bytes)>,
}

impl Encoded {
    pub(crate) fn of(&mut self, record: &NodeRecord) -> Bytes {
        match &self.latest {
            Some((revision, bytes)) if *revision == record.revision => bytes.clone(),
            _ => {
                let bytes = Bytes::from(crate::wire::encode_record(record));
                self.latest = Some((record.revision, bytes.clone()));
                bytes
            }
        }
    }
}

/// Two updates that follow each other, as one.
fn join(earlier: RecordUpdate, later: RecordUpdate) -> RecordUpdate {
    if earlier.life != later.life || earlier.revision != later.since {
        // Those who have another revision fetch the whole record.
        return later;
    }
    let mut put: BTreeMap<u64, _> = earlier
        .put
        .into_iter()
        .map(|instance| (instance.id.serial, instance))
        .collect();
    let mut removed: BTreeSet<u64> = earlier.removed.into_iter().collect();
    for serial in later.removed {
        put.remove(&serial);
        removed.insert(serial);
    }
    for instance in later.put {
        removed.remove(&instance.id.serial);
        put.insert(instance.id.serial, instance);
    }
    RecordUpdate {
        life: later.life,
        since: earlier.since,
        revision: later.revision,
        put: put.into_values().collect(),
        removed: removed.into_iter().collect(),
    }
}
