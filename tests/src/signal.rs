//! Waiting in tests: for things that happen, never for time to pass.

use std::{future::Future, time::Duration};

use tokio::sync::watch;

/// How long anything may take before a test gives up: far longer than it ever does, so that it is
/// reached only by a defect.
const PATIENCE: Duration = Duration::from_secs(20);

/// Waits for something that must happen soon.
#[track_caller]
pub fn soon<F: Future>(future: F) -> impl Future<Output = F::Output> {
    let caller = std::panic::Location::caller();
    async move {
        match tokio::time::timeout(PATIENCE, future).await {
            Ok(output) => output,
            Err(_) => panic!("what {caller} waits for did not happen within {PATIENCE:?}"),
        }
    }
}

/// Counts how often something happened, and lets tests wait until it did.
#[derive(Clone, Debug)]
pub struct Signal(watch::Sender<u64>);

impl Default for Signal {
    fn default() -> Self {
        Self(watch::Sender::new(0))
    }
}

impl Signal {
    /// It happened once more.
    pub fn raise(&self) {
        self.0.send_modify(|count| *count += 1);
    }

    /// How often it happened.
    #[must_use]
    pub fn count(&self) -> u64 {
        *self.0.borrow()
    }

    /// Waits until it happened this often.
    pub async fn reaches(&self, times: u64) {
        let mut count = self.0.subscribe();
        soon(count.wait_for(|count| *count >= times)).await.unwrap();
    }
}
