//! The functions that a façade calls. A desk is known by a handle that is given out once, a mesh and
//! a handler by those of UniFFI's objects; addresses and lengths are of memory that is the caller's
//! until the function returns. None of them panics into the caller: a handle that stands for nothing
//! and what is malformed are a code, which only a defect of the façade leads to.

use std::{
    collections::HashMap,
    panic::{AssertUnwindSafe, catch_unwind},
    slice,
    sync::Arc,
    task::Poll,
};

use commy::Message;
use uniffi::{Handle, Lift, Lower};

use super::{Desk, Order, follower::Follower, window::Window};
use crate::{
    UniFfiTag, c::handles::Handles, handler::Handler, invocation::Failure, mesh::Mesh,
    options::CallOptions, subscription::Subscription,
};

/// It is done.
const DONE: i32 = 0;
/// What was given cannot be read.
const MALFORMED: i32 = 1;
/// It is not done yet, and is told when it is.
const WAITING: i32 = 2;
/// There comes no more.
const ENDED: i32 = 3;

/// The desks that are not freed.
static DESKS: Handles<Desk> = Handles::new(11, "desk");
/// Followers that are not freed.
static FOLLOWERS: Handles<Follower> = Handles::new(12, "follower");

/// News that were taken.
#[repr(C)]
pub(super) struct Page {
    data: *const u8,
    len: usize,
}

/// Opens a mesh's desk, and says what its loop watches, -1 where a loop cannot watch a pipe; 0 if
/// there is no pipe. The mesh's handle is a clone of its own, which this takes.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn commyffi_desk_open(mesh: u64, descriptor: *mut i32) -> u64 {
    let opened = catch_unwind(|| {
        // SAFETY: a clone of UniFFI's, as above.
        let mesh = unsafe { object::<Mesh>(mesh) }?;
        let desk = Desk::open(mesh).ok()?;
        // SAFETY: the caller gives a place for it, or null.
        let watched = unsafe { descriptor.as_mut() }?;
        *watched = desk.counter.descriptor().unwrap_or(-1);
        Some(DESKS.insert(desk))
    });
    opened.ok().flatten().unwrap_or(0)
}

/// Closes a desk: calls are cancelled, and requests answered with a failure, also those to come.
#[unsafe(no_mangle)]
pub(super) extern "C" fn commyffi_desk_close(desk: u64) {
    let _ = at(desk, |desk| {
        desk.counter.close();
        Some(())
    });
}

/// Frees a desk, and closes it.
#[unsafe(no_mangle)]
pub(super) extern "C" fn commyffi_desk_free(desk: u64) {
    let _ = guarded(|| {
        DESKS.remove(desk).ok()?.counter.close();
        Some(())
    });
}

/// A handler of the desk, by the loop's own number for it, to be registered; 0 without the desk.
#[unsafe(no_mangle)]
pub(super) extern "C" fn commyffi_desk_handler(desk: u64, number: u64) -> u64 {
    let made = catch_unwind(|| {
        let counter = Arc::clone(&DESKS.get(desk).ok()?.counter);
        let handler: Arc<dyn Handler> = Arc::new(Window { counter, number });
        Some(<Arc<dyn Handler> as Lower<UniFfiTag>>::lower(handler).as_raw())
    });
    made.ok().flatten().unwrap_or(0)
}

/// Hands a call over: its service, method, content type, headers and options, and its payload.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn commyffi_desk_call(
    desk: u64,
    ticket: u64,
    head: *const u8,
    head_len: usize,
    payload: *const u8,
    payload_len: usize,
) -> i32 {
    // SAFETY: the caller's memory.
    let given = unsafe { (bytes(head, head_len), bytes(payload, payload_len)) };
    at(desk, |desk| {
        let (mut rest, payload) = (given.0?, given.1?);
        let service = read(&mut rest)?;
        let method = read(&mut rest)?;
        let message = message(desk, &mut rest, payload)?;
        let options: CallOptions = read(&mut rest)?;
        let order = Order {
            service,
            method,
            message,
            options: options.into(),
        };
        desk.call(ticket, order);
        Some(())
    })
}

/// Nobody waits for a call any more.
#[unsafe(no_mangle)]
pub(super) extern "C" fn commyffi_desk_cancel(desk: u64, ticket: u64) {
    let _ = at(desk, |desk| {
        desk.counter.forget(ticket);
        Some(())
    });
}

/// Answers a request: content type and headers, and the payload.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn commyffi_desk_reply(
    desk: u64,
    invocation: u64,
    head: *const u8,
    head_len: usize,
    payload: *const u8,
    payload_len: usize,
) -> i32 {
    // SAFETY: the caller's memory.
    let given = unsafe { (bytes(head, head_len), bytes(payload, payload_len)) };
    at(desk, |desk| {
        let message = message(desk, &mut given.0?, given.1?)?;
        desk.counter.answer(invocation, Ok(message));
        Some(())
    })
}

/// Answers a request with a failure.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn commyffi_desk_fail(
    desk: u64,
    invocation: u64,
    failure: *const u8,
    failure_len: usize,
) -> i32 {
    // SAFETY: the caller's memory.
    let given = unsafe { bytes(failure, failure_len) };
    at(desk, |desk| {
        let failure: Failure = read(&mut given?)?;
        desk.counter.answer(invocation, Err(failure.into()));
        Some(())
    })
}

/// Takes all news there are. They and their payloads are the desk's, until the next are taken.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn commyffi_desk_take(desk: u64, page: *mut Page) -> i32 {
    at(desk, |desk| {
        // SAFETY: the caller gives a place for it, or null.
        let page = unsafe { page.as_mut() }?;
        let (data, len) = desk.counter.take();
        *page = Page { data, len };
        Some(())
    })
}

/// Publishes an event: its topic, content type and headers, and its payload.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn commyffi_desk_publish(
    desk: u64,
    ticket: u64,
    head: *const u8,
    head_len: usize,
    payload: *const u8,
    payload_len: usize,
) -> i32 {
    // SAFETY: the caller's memory.
    let given = unsafe { (bytes(head, head_len), bytes(payload, payload_len)) };
    coded(|| {
        let desk = DESKS.get(desk).ok()?;
        let (mut rest, payload) = (given.0?, given.1?);
        let topic = read(&mut rest)?;
        let message = message(&desk, &mut rest, payload)?;
        Some(match desk.publish(ticket, topic, message) {
            true => DONE,
            false => WAITING,
        })
    })
}

/// Follows a subscription, by the loop's own number for it; 0 without the desk. The subscription's
/// handle is a clone of its own, which this takes.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn commyffi_desk_follow(
    desk: u64,
    subscription: u64,
    number: u64,
) -> u64 {
    let made = catch_unwind(|| {
        // SAFETY: a clone of UniFFI's, as above.
        let subscription = unsafe { object::<Subscription>(subscription) }?;
        let counter = Arc::clone(&DESKS.get(desk).ok()?.counter);
        Some(FOLLOWERS.insert(Follower::new(subscription, counter, number)))
    });
    made.ok().flatten().unwrap_or(0)
}

/// Takes the next event, which is the follower's until the one after it is taken.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn commyffi_desk_next(follower: u64, page: *mut Page) -> i32 {
    coded(|| {
        // SAFETY: the caller gives a place for it, or null.
        let page = unsafe { page.as_mut() }?;
        Some(match FOLLOWERS.get(follower).ok()?.next() {
            Poll::Ready(Some((data, len))) => {
                *page = Page { data, len };
                DONE
            }
            Poll::Ready(None) => ENDED,
            Poll::Pending => WAITING,
        })
    })
}

/// Follows no longer.
#[unsafe(no_mangle)]
pub(super) extern "C" fn commyffi_desk_unfollow(follower: u64) {
    let _ = guarded(|| FOLLOWERS.remove(follower).ok().map(drop));
}

/// Waits until the bell was rung more often than `heard`, and gives how often; 0 when the desk is
/// closed.
#[unsafe(no_mangle)]
pub(super) extern "C" fn commyffi_desk_wait(desk: u64, heard: u64) -> u64 {
    catch_unwind(|| DESKS.get(desk).ok()?.counter.wait(heard))
        .ok()
        .flatten()
        .unwrap_or(0)
}

/// What a handle of UniFFI's stands for, which takes it; none for null.
unsafe fn object<T>(handle: u64) -> Option<Arc<T>>
where
    Arc<T>: Lift<UniFfiTag, FfiType = Handle>,
{
    // SAFETY: as the module says.
    let handle = unsafe { Handle::from_raw(handle) }?;
    <Arc<T> as Lift<UniFfiTag>>::try_lift(handle).ok()
}

/// What lies at an address; none if no memory can be there.
unsafe fn bytes<'m>(data: *const u8, len: usize) -> Option<&'m [u8]> {
    if len == 0 {
        return Some(&[]);
    }
    if data.is_null() || isize::try_from(len).is_err() {
        return None;
    }
    // SAFETY: as the module says.
    Some(unsafe { slice::from_raw_parts(data, len) })
}

fn read<T: Lift<UniFfiTag>>(rest: &mut &[u8]) -> Option<T> {
    T::try_read(rest).ok()
}

fn message(desk: &Desk, rest: &mut &[u8], payload: &[u8]) -> Option<Message> {
    let content_type: String = read(rest)?;
    let headers: HashMap<String, String> = read(rest)?;
    Some(Message {
        payload: desk.mesh.inner().payload(payload),
        content_type: content_type.into(),
        headers: headers.into_iter().collect(),
    })
}

/// Does something at a desk.
fn at(desk: u64, act: impl FnOnce(&Desk) -> Option<()>) -> i32 {
    guarded(|| act(&*DESKS.get(desk).ok()?))
}

fn guarded(act: impl FnOnce() -> Option<()>) -> i32 {
    coded(|| act().map(|()| DONE))
}

fn coded(act: impl FnOnce() -> Option<i32>) -> i32 {
    let code = catch_unwind(AssertUnwindSafe(act));
    code.ok().flatten().unwrap_or(MALFORMED)
}

#[cfg(test)]
mod tests {
    use std::ptr;

    use super::*;

    #[test]
    fn a_desk_that_is_not_there_is_a_code() {
        for desk in [0, 1, u64::MAX] {
            let mut page = Page {
                data: ptr::null(),
                len: 0,
            };
            // SAFETY: there is no memory behind nothing, and a page is given.
            let codes = unsafe {
                [
                    commyffi_desk_call(desk, 1, ptr::null(), 0, ptr::null(), 0),
                    commyffi_desk_reply(desk, 1, ptr::null(), 0, ptr::null(), 0),
                    commyffi_desk_fail(desk, 1, ptr::null(), 0),
                    commyffi_desk_take(desk, &raw mut page),
                    commyffi_desk_publish(desk, 1, ptr::null(), 0, ptr::null(), 0),
                    commyffi_desk_next(desk, &raw mut page),
                ]
            };
            assert_eq!(codes, [MALFORMED; 6]);
            assert_eq!(commyffi_desk_wait(desk, 0), 0);
            assert_eq!(commyffi_desk_handler(desk, 7), 0);
            // SAFETY: there is no subscription.
            assert_eq!(unsafe { commyffi_desk_follow(desk, 0, 7) }, 0);
            commyffi_desk_unfollow(desk);
            commyffi_desk_cancel(desk, 1);
            commyffi_desk_close(desk);
            commyffi_desk_free(desk);
        }
    }

    #[test]
    fn memory_that_cannot_be_is_not_read() {
        // SAFETY: none of it is read.
        unsafe {
            assert!(bytes(ptr::null(), 1).is_none());
            assert!(bytes(ptr::dangling(), usize::MAX).is_none());
            assert_eq!(bytes(ptr::null(), 0), Some(&[][..]));
        }
    }
}
