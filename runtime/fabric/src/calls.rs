//! The calls of this node that wait for a reply.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use commy_core::{Error, Status, record::NodeLife};
use commy_mesh::RemoteAnswer;
use parking_lot::Mutex;
use tokio::sync::oneshot;

use crate::{lane::Lane, wire::RequestId};

/// How many parts the table has, so that callers on different threads seldom meet.
const SHARDS: usize = 16;

/// The calls that wait.
pub(crate) struct Calls {
    next: AtomicU64,
    shards: [Mutex<HashMap<u64, Pending>>; SHARDS],
}

struct Pending {
    to: NodeLife,
    lane: Arc<Lane>,
    answer: oneshot::Sender<RemoteAnswer>,
}

impl Calls {
    /// No calls. Numbers begin at the given one, so that a late reply to an earlier life of this
    /// node meets nobody.
    pub(crate) fn beginning_at(first: u64) -> Self {
        Self {
            next: AtomicU64::new(first),
            shards: Default::default(),
        }
    }

    /// A new call to a peer.
    pub(crate) fn begin(
        &self,
        to: NodeLife,
        lane: &Arc<Lane>,
    ) -> (RequestId, oneshot::Receiver<RemoteAnswer>) {
        let id = RequestId(self.next.fetch_add(1, Relaxed));
        let (answer, receiver) = oneshot::channel();
        let pending = Pending {
            to,
            lane: Arc::clone(lane),
            answer,
        };
        self.shard(id).lock().insert(id.0, pending);
        (id, receiver)
    }

    /// Its answer came. One that nobody waits for is not even looked at.
    pub(crate) fn end(&self, id: RequestId, answer: impl FnOnce() -> RemoteAnswer) {
        let pending = self.shard(id).lock().remove(&id.0);
        if let Some(pending) = pending {
            pending.lane.heard();
            // Whoever gave the call up meanwhile needs no answer.
            let _ = pending.answer.send(answer());
        }
    }

    /// Nobody waits for it any more. Gives whether it still was without an answer.
    pub(crate) fn forget(&self, id: RequestId) -> bool {
        self.shard(id).lock().remove(&id.0).is_some()
    }

    /// A peer is lost, and with it the answers to all calls to it.
    pub(crate) fn lose(&self, life: NodeLife, why: &str) {
        self.end_where(|pending| pending.to == life, || lost(life, why));
    }

    /// A peer left, and has answered every call that it took: those that still wait were not taken.
    pub(crate) fn refuse(&self, life: NodeLife) {
        self.end_where(
            |pending| pending.to == life,
            || {
                RemoteAnswer::Refused(Error::new(
                    Status::Unavailable,
                    format!("node {} left before it took the call", life.node),
                ))
            },
        );
    }

    /// The link is closed, and nothing comes any more.
    pub(crate) fn end_all(&self) {
        self.end_where(
            |_| true,
            || {
                RemoteAnswer::Lost(Error::new(
                    Status::Unavailable,
                    "the mesh stopped before there was an answer",
                ))
            },
        );
    }

    fn end_where(&self, is_over: impl Fn(&Pending) -> bool, answer: impl Fn() -> RemoteAnswer) {
        for shard in &self.shards {
            let over: Vec<_> = shard
                .lock()
                .extract_if(|_, pending| is_over(pending))
                .collect();
            for (_, pending) in over {
                // Whoever gave the call up meanwhile needs no answer.
                let _ = pending.answer.send(answer());
            }
        }
    }

    fn shard(&self, id: RequestId) -> &Mutex<HashMap<u64, Pending>> {
        // The index is below the number of shards, and both fit.
        &self.shards[(id.0 % SHARDS as u64) as usize]
    }
}

fn lost(life: NodeLife, why: &str) -> RemoteAnswer {
    RemoteAnswer::Lost(Error::new(
        Status::Unavailable,
        format!(
            "node {} {why} before it answered; whether it carried out the call is not known",
            life.node
        ),
    ))
}
