//! Waits that another thread ends at once, so that the wake often comes while the waiter is still
//! at work on its poll.

use std::{
    future::poll_fn,
    sync::{
        Arc, LazyLock, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering::SeqCst},
        mpsc::{Sender, channel},
    },
    task::{Poll, Waker},
    thread,
};

type Job = (Arc<AtomicBool>, Waker);

static OTHER: LazyLock<Mutex<Sender<Job>>> = LazyLock::new(|| {
    let (sender, receiver) = channel::<Job>();
    thread::spawn(move || {
        for (done, waker) in receiver {
            done.store(true, SeqCst);
            waker.wake();
        }
    });
    Mutex::new(sender)
});

/// Finishes once another thread has seen it.
pub(crate) async fn hop() {
    let done = Arc::new(AtomicBool::new(false));
    let mut is_sent = false;
    poll_fn(move |context| {
        if done.load(SeqCst) {
            return Poll::Ready(());
        }
        if !is_sent {
            is_sent = true;
            let other = OTHER.lock().unwrap_or_else(PoisonError::into_inner);
            // The thread ends with the process, not before.
            let _ = other.send((Arc::clone(&done), context.waker().clone()));
        }
        Poll::Pending
    })
    .await;
}
