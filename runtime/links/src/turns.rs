//! TLS links whose reader and writer take turns. Zenoh reads a link on one thread and writes to it
//! on another. Of a TLS link both change one state, the session's, and Zenoh's own link guards it
//! from neither: while one has a record in hand the other finds no session, and worse is possible.
//!
//! Reading waits inside, so that no lock may be held for as long as it takes. But a session is
//! touched only while a future is polled: so a lock is held for each poll, and never across two.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    sync::Arc,
};

use async_trait::async_trait;
use parking_lot::Mutex;
use zenoh_link_commons::{
    LinkAuthId, LinkManagerUnicastTrait, LinkUnicast, LinkUnicastTrait, NewLinkChannelSender,
};
use zenoh_link_tls::LinkManagerUnicastTls;
use zenoh_protocol::{
    core::{EndPoint, Locator, Priority},
    transport::BatchSize,
};
use zenoh_result::ZResult;
use zenoh_runtime::ZRuntime;

/// How many accepted links may wait to be taken.
const ACCEPTED_MAX: usize = 16;

/// Opens TLS links.
pub(crate) struct Manager(LinkManagerUnicastTls);

impl Manager {
    /// Links that others open go to `accepted`.
    pub(crate) fn new(accepted: NewLinkChannelSender) -> Self {
        let (sender, links) = flume::bounded::<LinkUnicast>(ACCEPTED_MAX);
        // Ends when nobody listens any more, and when nobody takes what comes.
        ZRuntime::Acceptor.spawn(async move {
            while let Ok(link) = links.recv_async().await {
                if accepted.send_async(in_turn(&link)).await.is_err() {
                    return;
                }
            }
        });
        Self(LinkManagerUnicastTls::new(sender))
    }
}

#[async_trait]
impl LinkManagerUnicastTrait for Manager {
    async fn new_link(&self, endpoint: EndPoint) -> ZResult<LinkUnicast> {
        self.0.new_link(endpoint).await.map(|link| in_turn(&link))
    }

    async fn new_listener(&self, endpoint: EndPoint) -> ZResult<Locator> {
        self.0.new_listener(endpoint).await
    }

    async fn del_listener(&self, endpoint: &EndPoint) -> ZResult<()> {
        self.0.del_listener(endpoint).await
    }

    async fn get_listeners(&self) -> Vec<EndPoint> {
        self.0.get_listeners().await
    }

    async fn get_locators(&self) -> Vec<Locator> {
        self.0.get_locators().await
    }

    async fn get_locators_noloopback(&self) -> Vec<Locator> {
        self.0.get_locators_noloopback().await
    }
}

/// A link as it is, but for the turns.
fn in_turn(link: &LinkUnicast) -> LinkUnicast {
    let link: Arc<dyn LinkUnicastTrait> = Arc::new(InTurn {
        link: Arc::clone(link),
        turn: Mutex::new(()),
    });
    LinkUnicast::from(link)
}

struct InTurn {
    link: Arc<dyn LinkUnicastTrait>,
    /// Held by whoever touches the link's session.
    turn: Mutex<()>,
}

impl InTurn {
    async fn alone<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        poll_fn(|context| {
            let _turn = self.turn.lock();
            work.as_mut().poll(context)
        })
        .await
    }
}

#[async_trait]
impl LinkUnicastTrait for InTurn {
    fn get_mtu(&self) -> BatchSize {
        self.link.get_mtu()
    }

    fn get_src(&self) -> &Locator {
        self.link.get_src()
    }

    fn get_dst(&self) -> &Locator {
        self.link.get_dst()
    }

    fn is_reliable(&self) -> bool {
        self.link.is_reliable()
    }

    fn is_streamed(&self) -> bool {
        self.link.is_streamed()
    }

    fn get_interface_names(&self) -> Vec<String> {
        self.link.get_interface_names()
    }

    fn get_auth_id(&self) -> &LinkAuthId {
        self.link.get_auth_id()
    }

    fn supports_priorities(&self) -> bool {
        self.link.supports_priorities()
    }

    async fn write(&self, buffer: &[u8], priority: Option<Priority>) -> ZResult<usize> {
        self.alone(self.link.write(buffer, priority)).await
    }

    async fn write_all(&self, buffer: &[u8], priority: Option<Priority>) -> ZResult<()> {
        self.alone(self.link.write_all(buffer, priority)).await
    }

    async fn read(&self, buffer: &mut [u8], priority: Option<Priority>) -> ZResult<usize> {
        self.alone(self.link.read(buffer, priority)).await
    }

    async fn read_exact(&self, buffer: &mut [u8], priority: Option<Priority>) -> ZResult<()> {
        self.alone(self.link.read_exact(buffer, priority)).await
    }

    async fn close(&self) -> ZResult<()> {
        self.alone(self.link.close()).await
    }
}

#[cfg(test)]
mod tests;
