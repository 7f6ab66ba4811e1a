//! A view of the instances that match a query, for languages that have no streams.

use crate::{instance::Change, turns::Turns};

/// A view of the instances that match a query.
#[derive(Debug)]
pub struct Watch {
    changes: Turns<commy::Watch>,
    closer: commy::Closer,
}

impl Watch {
    /// Waits for the next change; none when the watch is closed or its mesh stopped.
    pub async fn next(&self) -> Option<Change> {
        self.changes.next().await.map(Change::from)
    }

    /// Ends the watch.
    pub fn close(&self) {
        self.closer.close();
    }
}

impl From<commy::Watch> for Watch {
    fn from(watch: commy::Watch) -> Self {
        Self {
            closer: watch.closer(),
            changes: Turns::new(watch),
        }
    }
}
