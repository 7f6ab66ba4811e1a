//! Waiting for futures in the threads of C, which know no runtime, and the places where nobody may.

use std::{
    cell::Cell,
    future::Future,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
    time::{Duration, Instant},
};

use commy::Status;

use super::error::problem;
use crate::error::CommyError;

/// Waits without limit, where a function asks for how long to wait in milliseconds.
pub const COMMY_FOREVER: u64 = u64::MAX;

thread_local! {
    static MUST_NOT_WAIT: Cell<bool> = const { Cell::new(false) };
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Waits for a future to its end.
pub(crate) fn wait<F: Future>(future: F) -> Result<F::Output, CommyError> {
    let output = wait_for(COMMY_FOREVER, future)?;
    output.ok_or_else(|| problem(Status::Internal, "an endless wait ended"))
}

/// Waits for a future for so many milliseconds; none when they have passed.
pub(crate) fn wait_for<F: Future>(
    limit_ms: u64,
    future: F,
) -> Result<Option<F::Output>, CommyError> {
    if MUST_NOT_WAIT.get() {
        return Err(problem(
            Status::FailedPrecondition,
            "this function waits, and a callback of cancel or release must not",
        ));
    }
    // A limit beyond what the clock can tell is none.
    let deadline = Instant::now().checked_add(Duration::from_millis(limit_ms));
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return Ok(Some(output));
        }
        match deadline {
            None => thread::park(),
            Some(deadline) => {
                let left = deadline.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    return Ok(None);
                }
                thread::park_timeout(left);
            }
        }
    }
}

/// Runs a callback on a thread that others need, so that no function may wait in it.
pub(crate) fn hurried(callback: impl FnOnce()) {
    let outer = MUST_NOT_WAIT.replace(true);
    callback();
    MUST_NOT_WAIT.set(outer);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_ends_with_its_future_or_its_limit() {
        assert_eq!(wait(async { 7 }).unwrap(), 7);
        assert_eq!(wait_for(5, std::future::pending::<()>()).unwrap(), None);
        assert_eq!(wait_for(0, std::future::ready(1)).unwrap(), Some(1));
    }

    #[test]
    fn nobody_waits_in_a_hurried_callback() {
        hurried(|| {
            let error = wait(std::future::ready(())).unwrap_err();
            assert_eq!(error.status(), Status::FailedPrecondition);
        });
        wait(std::future::ready(())).unwrap();
    }
}
