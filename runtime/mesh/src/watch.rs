//! A view of the instances that match a query. It pulls: the registry only says that there is a new
//! revision, and the watch works out what changed for it, so a slow watcher costs nobody anything.

use std::{
    collections::VecDeque,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use commy_core::{
    query::Selector,
    registry::{Change, Cursor},
};
use futures_util::{FutureExt, Stream, StreamExt};
use tokio_stream::wrappers::WatchStream;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use crate::{node::Node, route::Route};

/// The instances that match a query, as a [`Stream`] of changes: first those that match now, as
/// added, then every change. An instance that changes faster than it is read is told once. The
/// stream ends when it is closed or its mesh is stopped.
pub struct Watch {
    cursor: Cursor<Route>,
    told: VecDeque<Change>,
    revisions: WatchStream<u64>,
    closing: CancellationToken,
    closed: Pin<Box<WaitForCancellationFutureOwned>>,
    node: Arc<Node>,
}

/// Ends a [`Watch`] or a [`Subscription`](crate::Subscription) from elsewhere.
#[derive(Clone)]
pub struct Closer(Arc<dyn Fn() + Send + Sync>);

impl Watch {
    pub(crate) fn new(selector: Selector, node: Arc<Node>, closing: CancellationToken) -> Self {
        Self {
            cursor: Cursor::new(selector),
            told: VecDeque::new(),
            revisions: WatchStream::new(node.revisions()),
            closed: Box::pin(closing.clone().cancelled_owned()),
            closing,
            node,
        }
    }

    /// What ends this watch from elsewhere.
    #[must_use]
    pub fn closer(&self) -> Closer {
        let closing = self.closing.clone();
        Closer::new(move || closing.cancel())
    }
}

impl Stream for Watch {
    type Item = Change;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Change>> {
        let watch = &mut *self;
        if watch.closed.poll_unpin(cx).is_ready() {
            return Poll::Ready(None);
        }
        loop {
            if let Some(change) = watch.told.pop_front() {
                return Poll::Ready(Some(change));
            }
            if std::task::ready!(watch.revisions.poll_next_unpin(cx)).is_none() {
                return Poll::Ready(None);
            }
            watch
                .told
                .extend(watch.cursor.advance(&watch.node.snapshot()));
        }
    }
}

impl std::fmt::Debug for Watch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watch").finish_non_exhaustive()
    }
}

impl Closer {
    pub(crate) fn new(close: impl Fn() + Send + Sync + 'static) -> Self {
        Self(Arc::new(close))
    }

    /// Ends it; what waits for its next item gets none.
    pub fn close(&self) {
        (self.0)();
    }
}

impl std::fmt::Debug for Closer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Closer")
    }
}
