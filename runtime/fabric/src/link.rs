//! The link as the mesh sees it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use commy_core::{
    Bytes, Event, NodeId, Result, TopicFilter,
    record::{NodeRecord, RecordUpdate},
};
use commy_mesh::{Link, OutgoingCall, RemoteAnswer, Traffic};
use futures_util::future::{self, BoxFuture};
use parking_lot::Mutex;
use tokio::sync::{oneshot, watch};

use crate::{opening::Opened, station::Station};

/// A node's connection to the others over Zenoh.
pub(crate) struct ZenohLink {
    station: Arc<Station>,
    close: Mutex<Option<oneshot::Sender<Instant>>>,
    closed: watch::Receiver<bool>,
}

impl From<Opened> for ZenohLink {
    fn from(opened: Opened) -> Self {
        let Opened {
            station,
            close,
            closed,
        } = opened;
        Self {
            station,
            close: Mutex::new(Some(close)),
            closed,
        }
    }
}

impl Link for ZenohLink {
    fn announce(&self, record: Arc<NodeRecord>, update: RecordUpdate) {
        self.station.upkeep.announce(record, update);
    }

    fn fetch(&self, node: NodeId) {
        self.station.fetch(node);
    }

    fn invoke(&self, call: OutgoingCall) -> BoxFuture<'static, RemoteAnswer> {
        match self.station.call(&call) {
            Ok(waiting) => Box::pin(waiting.answer()),
            Err(answer) => Box::pin(future::ready(answer)),
        }
    }

    fn payload(&self, content: &[u8]) -> Bytes {
        self.station.carrier.payload(content)
    }

    fn publish(&self, event: Arc<Event>) -> BoxFuture<'static, Result<()>> {
        if let Err(error) = self.station.check_open() {
            return Box::pin(future::ready(Err(error)));
        }
        if self.station.peers.count() == 0 {
            return Box::pin(future::ready(Ok(())));
        }
        Box::pin(self.station.outgoing.push(event))
    }

    fn subscribe(&self, filter: &TopicFilter) {
        self.station.upkeep.subscribe(filter);
    }

    fn unsubscribe(&self, filter: &TopicFilter) {
        self.station.upkeep.unsubscribe(filter);
    }

    fn traffic(&self) -> Traffic {
        self.station.carrier.traffic.read()
    }

    fn close(&self, time: Duration) -> BoxFuture<'static, ()> {
        if !self.station.origin.is_here() {
            // The threads that would close it are not in this process.
            return Box::pin(future::ready(()));
        }
        if let Some(close) = self.close.lock().take() {
            // It can only have closed itself, which is as well.
            let _ = close.send(Instant::now() + time);
        }
        let mut closed = self.closed.clone();
        Box::pin(async move {
            // An error says that the thread is gone, and with it the link.
            let _ = closed.wait_for(|closed| *closed).await;
        })
    }
}

impl Drop for ZenohLink {
    fn drop(&mut self) {
        if !self.station.origin.is_here() {
            // Handles that no thread of this process serves: dropping the last would wait for ever.
            std::mem::forget(Arc::clone(&self.station));
        }
    }
}
