//! News of other nodes on their way from the link's threads to the uplink: bounded, and never
//! blocking. Of presence the latest counts, so it takes one place a life; records and updates queue,
//! and where there is no room for one more, the node that said it is asked again.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    mem,
};

use commy_core::{
    NodeId,
    record::{NodeLife, NodeRecord, RecordUpdate},
};
use parking_lot::Mutex;
use tokio::sync::Notify;

/// How many records and updates may wait. An uplink that is this far behind is better off with one
/// whole record of each node than with all the steps to it.
const NEWS_MAX: usize = 4096;
/// How many lives may have news of their presence waiting: more than a fabric has nodes.
const LIVES_MAX: usize = 16_384;

/// News that wait for the uplink.
#[derive(Default)]
pub(crate) struct Inbox {
    waiting: Mutex<News>,
    arrived: Notify,
}

/// All that has arrived since it was last taken.
#[derive(Default)]
pub(super) struct News {
    pub(super) presence: BTreeMap<NodeLife, bool>,
    pub(super) told: VecDeque<Told>,
    /// Nodes of whose news some were dropped.
    pub(super) missed: BTreeSet<NodeId>,
}

/// What a node told of itself.
pub(super) enum Told {
    Record(NodeRecord),
    Update(RecordUpdate),
}

impl Inbox {
    pub(crate) fn presence(&self, life: NodeLife, is_present: bool) {
        let mut news = self.waiting.lock();
        if news.presence.len() >= LIVES_MAX && !news.presence.contains_key(&life) {
            tracing::error!(node = %life.node, "news of its presence were dropped: too many nodes come and go");
            return;
        }
        news.presence.insert(life, is_present);
        drop(news);
        self.arrived.notify_one();
    }

    pub(crate) fn record(&self, record: NodeRecord) {
        self.tell(record.life.node, Told::Record(record));
    }

    pub(crate) fn update(&self, update: RecordUpdate) {
        self.tell(update.life.node, Told::Update(update));
    }

    /// Resolves when something has arrived since the last time. For one who waits.
    pub(super) async fn arrived(&self) {
        self.arrived.notified().await;
    }

    pub(super) fn take(&self) -> News {
        mem::take(&mut *self.waiting.lock())
    }

    fn tell(&self, node: NodeId, told: Told) {
        let mut news = self.waiting.lock();
        if news.told.len() < NEWS_MAX {
            news.told.push_back(told);
        } else if news.missed.len() < LIVES_MAX && news.missed.insert(node) {
            tracing::warn!(%node, "its news do not fit the inbox of the uplink: its record will be fetched");
        }
        drop(news);
        self.arrived.notify_one();
    }
}
