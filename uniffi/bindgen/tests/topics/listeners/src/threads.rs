//! Asks a responder from threads of Rust's own, each of which polls its future itself.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
};

use crate::Responder;

#[derive(Default)]
struct Count {
    answered: AtomicU32,
    finished: AtomicU32,
    waker: Mutex<Option<Waker>>,
}

/// How many of so many threads got an answer.
pub(crate) async fn ask(responder: &Arc<dyn Responder>, threads: u32) -> u32 {
    let count = Arc::new(Count::default());
    for index in 0..threads {
        let responder = Arc::clone(responder);
        let count = Arc::clone(&count);
        thread::spawn(move || {
            if block_on(responder.answer(index.to_string())).is_ok() {
                count.answered.fetch_add(1, Ordering::SeqCst);
            }
            count.finished.fetch_add(1, Ordering::SeqCst);
            let waker = count
                .waker
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take();
            if let Some(waker) = waker {
                waker.wake();
            }
        });
    }
    poll_fn(|context| {
        *count.waker.lock().unwrap_or_else(PoisonError::into_inner) = Some(context.waker().clone());
        // Read after the waker is in place, or the last thread's wake could be missed.
        if count.finished.load(Ordering::SeqCst) == threads {
            Poll::Ready(count.answered.load(Ordering::SeqCst))
        } else {
            Poll::Pending
        }
    })
    .await
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn block_on<F: Future>(future: F) -> F::Output {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
        thread::park();
    }
}
