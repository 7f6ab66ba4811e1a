//! Topic: async calls, their errors, and their cancellation.
#![allow(missing_docs, reason = "the UDL documents this interface")]
#![allow(clippy::needless_pass_by_value, reason = "the UDL passes it owned")]

mod delay;
mod hop;
mod ticker;
mod tracked;

use std::{
    future::{pending, poll_fn},
    sync::Arc,
    task::Poll,
};

use delay::after;
use hop::hop;
pub use ticker::Ticker;
use tracked::tracked;

#[derive(Debug, thiserror::Error)]
pub enum DelayError {
    #[error("failed: {reason}")]
    Failed { reason: String },
}

macro_rules! ready {
    ($($name:ident: $of:ty),+ $(,)?) => {
        $(pub async fn $name(value: $of) -> $of {
            tracked(async { value }).await
        })+
    };
}

ready! {
    ready_u8: u8, ready_i64: i64, ready_f32: f32, ready_f64: f64, ready_boolean: bool,
    ready_string: String, ready_sequence: Vec<u32>,
}

pub async fn ready() {
    tracked(async {}).await;
}

pub async fn greet_after(who: String, delay_ms: u64) -> String {
    tracked(async move {
        after(delay_ms).await;
        format!("hello, {who}")
    })
    .await
}

pub async fn sleep(delay_ms: u64) {
    tracked(after(delay_ms)).await;
}

pub async fn fail_after(reason: String, delay_ms: u64) -> Result<u32, DelayError> {
    tracked(async move {
        after(delay_ms).await;
        Err(DelayError::Failed { reason })
    })
    .await
}

pub async fn never() {
    tracked(pending::<()>()).await;
}

#[expect(clippy::panic, reason = "the panic is what the topic is about")]
pub async fn explode_after(message: String, delay_ms: u64) {
    tracked(async move {
        after(delay_ms).await;
        panic!("{message}");
    })
    .await;
}

pub async fn wake_often(times: u32) -> u32 {
    let mut turns = 0;
    tracked(poll_fn(move |context| {
        if turns == times {
            return Poll::Ready(turns);
        }
        turns += 1;
        context.waker().wake_by_ref();
        Poll::Pending
    }))
    .await
}

pub async fn hop_often(times: u32) -> u32 {
    tracked(async move {
        for _ in 0..times {
            hop().await;
        }
        times
    })
    .await
}

pub async fn ticker_after(delay_ms: u64) -> Arc<Ticker> {
    tracked(async move {
        after(delay_ms).await;
        Arc::new(Ticker::new(3))
    })
    .await
}

pub fn live_futures() -> u64 {
    tracked::live()
}

pub fn cancelled_futures() -> u64 {
    tracked::cancelled()
}

uniffi::include_scaffolding!("futures");
