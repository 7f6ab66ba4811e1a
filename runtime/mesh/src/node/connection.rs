//! A node's connection to the others, for those who use it: the data paths and the broker. The
//! uplink looks after it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use actix::Recipient;

use crate::{
    actors::uplink::Close,
    fabric::{Link, Traffic},
};

/// How long closing a link may take: enough to tell the peers, and little for who waits for a stop.
const LINK_CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// A node's connection to the others.
pub(crate) struct Connection {
    pub(crate) link: Arc<dyn Link>,
    /// How many peers are present, as the uplink last knew.
    pub(crate) peers: Arc<AtomicU64>,
    pub(crate) close: Recipient<Close>,
}

impl Connection {
    pub(crate) fn peers(&self) -> u64 {
        self.peers.load(Relaxed)
    }

    /// Tells the peers that this node leaves, and closes the link.
    pub(crate) async fn close(&self) {
        let closing = self.close.send(Close(LINK_CLOSE_TIMEOUT));
        // The link promises to be in time; a node does not depend on that.
        let bound = LINK_CLOSE_TIMEOUT + LINK_CLOSE_TIMEOUT / 4;
        if !matches!(tokio::time::timeout(bound, closing).await, Ok(Ok(()))) {
            tracing::error!("the link did not close within {bound:?}, and is left behind");
        }
    }
}

/// What went over the links of a node, the present one and those of its earlier lives.
impl std::ops::Add for Traffic {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            messages_sent: self.messages_sent + other.messages_sent,
            messages_received: self.messages_received + other.messages_received,
            bytes_sent: self.bytes_sent + other.bytes_sent,
            bytes_received: self.bytes_received + other.bytes_received,
        }
    }
}
