//! A future with a limit, which a thread of its own keeps: topics have no runtime.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Poll, Waker},
    thread,
    time::Duration,
};

#[derive(Default)]
struct Limit {
    passed: bool,
    waker: Option<Waker>,
}

/// What the future gives, or nothing when the limit passes first; then the future is dropped.
pub(crate) async fn within<F>(mut future: Pin<Box<F>>, limit: Duration) -> Option<F::Output>
where
    F: Future + Send,
{
    let state = Arc::new(Mutex::new(Limit::default()));
    let timer = Arc::clone(&state);
    thread::spawn(move || {
        thread::sleep(limit);
        let mut state = timer.lock().unwrap_or_else(PoisonError::into_inner);
        state.passed = true;
        if let Some(waker) = state.waker.take() {
            waker.wake();
        }
    });
    poll_fn(move |context| {
        if let Poll::Ready(output) = future.as_mut().poll(context) {
            return Poll::Ready(Some(output));
        }
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.passed {
            return Poll::Ready(None);
        }
        state.waker = Some(context.waker().clone());
        Poll::Pending
    })
    .await
}
