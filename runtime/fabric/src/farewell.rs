//! A node's goodbyes: who was told, and who has not yet said that it heard.

use std::{collections::HashSet, time::Duration};

use commy_core::record::NodeLife;
use parking_lot::Mutex;
use tokio::sync::Notify;

/// The peers that were told goodbye and have not said that they heard.
#[derive(Default)]
pub(crate) struct Farewell {
    awaited: Mutex<HashSet<NodeLife>>,
    heard: Notify,
}

impl Farewell {
    /// These are told now.
    pub(crate) fn tell(&self, peers: impl IntoIterator<Item = NodeLife>) {
        self.awaited.lock().extend(peers);
    }

    /// A peer heard it, or is not there to hear it.
    pub(crate) fn heard_by(&self, peer: NodeLife) {
        let mut awaited = self.awaited.lock();
        if awaited.remove(&peer) && awaited.is_empty() {
            self.heard.notify_one();
        }
    }

    /// Waits until all have heard it, or for the given time.
    pub(crate) async fn all_heard(&self, time: Duration) {
        if !self.awaited.lock().is_empty() {
            // Those who did not answer in time find out from the token.
            let _ = tokio::time::timeout(time, self.heard.notified()).await;
        }
    }
}
