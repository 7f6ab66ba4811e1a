//! An object whose async methods make a stream.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use crate::{DelayError, delay::after, tracked::tracked};

pub struct Ticker {
    ticks: u32,
    given: AtomicU32,
}

impl Ticker {
    pub fn new(ticks: u32) -> Self {
        Self {
            ticks,
            given: AtomicU32::new(0),
        }
    }

    pub async fn prepared(ticks: u32, delay_ms: u64) -> Self {
        tracked(after(delay_ms)).await;
        Self::new(ticks)
    }

    pub async fn refused(reason: String) -> Result<Self, DelayError> {
        tracked(async move { Err(DelayError::Failed { reason }) }).await
    }

    pub async fn next(&self) -> Option<u32> {
        tracked(async {
            after(1).await;
            let given = self.given.fetch_add(1, Ordering::SeqCst);
            (given < self.ticks).then_some(given)
        })
        .await
    }

    pub async fn next_or_fail(&self) -> Result<u32, DelayError> {
        self.next().await.ok_or_else(|| DelayError::Failed {
            reason: "no tick left".to_owned(),
        })
    }

    pub async fn remaining(self: Arc<Self>) -> u32 {
        self.ticks.saturating_sub(self.given.load(Ordering::SeqCst))
    }
}
