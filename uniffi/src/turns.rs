//! Sharing a stream among callers that each wait for one item. They take turns in the order in
//! which they asked; one that gives up loses no item, because an item is taken only by a poll that
//! hands it over.

use std::task::{Context, Poll};

use futures_util::{Stream, StreamExt};
use parking_lot::Mutex;

/// A stream whose items several callers may wait for.
#[derive(Debug)]
pub(crate) struct Turns<S> {
    // Two locks, so that looking never waits for one who waits for an item: the turn is held while
    // waiting, the stream only during a poll.
    turn: tokio::sync::Mutex<()>,
    stream: Mutex<S>,
}

impl<S: Stream + Unpin> Turns<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self {
            turn: tokio::sync::Mutex::new(()),
            stream: Mutex::new(stream),
        }
    }

    /// Waits for its turn, then for an item; none when the stream has ended.
    pub(crate) async fn next(&self) -> Option<S::Item> {
        let _turn = self.turn.lock().await;
        std::future::poll_fn(|context| self.poll_next(context)).await
    }

    /// The next item, for one who comes without waiting for a turn. Only who polled last is woken.
    pub(crate) fn poll_next(&self, context: &mut Context<'_>) -> Poll<Option<S::Item>> {
        self.stream.lock().poll_next_unpin(context)
    }

    /// Looks at the stream without waiting for those who wait for an item.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&S) -> T) -> T {
        look(&self.stream.lock())
    }
}
