//! A delay that a thread of its own keeps, because a UDL future has no runtime.

use std::{
    future::poll_fn,
    sync::{Arc, Mutex, PoisonError},
    task::{Poll, Waker},
    thread,
    time::Duration,
};

#[derive(Default)]
struct Alarm {
    rung: bool,
    waker: Option<Waker>,
}

/// Finishes after so many milliseconds, woken from another thread.
pub(crate) async fn after(delay_ms: u64) {
    let alarm = Arc::new(Mutex::new(Alarm::default()));
    let clock = Arc::clone(&alarm);
    thread::spawn(move || {
        thread::sleep(Duration::from_millis(delay_ms));
        let mut alarm = clock.lock().unwrap_or_else(PoisonError::into_inner);
        alarm.rung = true;
        if let Some(waker) = alarm.waker.take() {
            waker.wake();
        }
    });
    poll_fn(move |context| {
        let mut alarm = alarm.lock().unwrap_or_else(PoisonError::into_inner);
        if alarm.rung {
            return Poll::Ready(());
        }
        alarm.waker = Some(context.waker().clone());
        Poll::Pending
    })
    .await;
}
