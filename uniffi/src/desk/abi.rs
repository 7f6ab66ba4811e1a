//! The functions that a façade calls. Handles are those of UniFFI's objects; addresses and lengths
//! are of memory that is the caller's until the function returns. None of them panics into the
//! caller: what is malformed is a code, which only a defect of the façade leads to.

use std::{
    collections::HashMap,
    panic::{AssertUnwindSafe, catch_unwind},
    slice,
    sync::Arc,
};

use commy::{Bytes, Message};
use uniffi::{Handle, Lift, Lower};

use super::{Desk, Order, window::Window};
use crate::{UniFfiTag, handler::Handler, invocation::Failure, mesh::Mesh, options::CallOptions};

/// It is done.
const DONE: i32 = 0;
/// What was given cannot be read.
const MALFORMED: i32 = 1;

/// News that were taken.
#[repr(C)]
pub(super) struct Page {
    data: *const u8,
    len: usize,
}

/// Opens a mesh's desk, and says what its loop watches, -1 where a loop cannot watch a pipe; null if
/// there is no pipe. The mesh's handle is a clone of its own, which this takes.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn commyffi_desk_open(mesh: u64, descriptor: *mut i32) -> *const Desk {
    let opened = catch_unwind(|| {
        let mesh =
            <Arc<Mesh> as Lift<UniFfiTag>>::try_lift(Handle::from_raw_unchecked(mesh)).ok()?;
        let desk = Desk::open(mesh).ok()?;
        let watched = desk.counter.descriptor().unwrap_or(-1);
        // SAFETY: the caller gives a place for it.
        unsafe { descriptor.write(watched) };
        Some(Arc::into_raw(Arc::new(desk)))
    });
    opened.ok().flatten().unwrap_or(std::ptr::null())
}

/// Closes a desk: calls are cancelled, and requests answered with a failure, also those to come.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn commyffi_desk_close(desk: &Desk) {
    let _ = guarded(|| {
        desk.counter.close();
        Some(())
    });
}

/// Shares a desk with another thread, which frees it, too.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn commyffi_desk_share(desk: *const Desk) {
    // SAFETY: it is not freed.
    unsafe { Arc::increment_strong_count(desk) };
}

/// Frees a desk, and closes it with the last who shares it.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn commyffi_desk_free(desk: *const Desk) {
    // SAFETY: it is freed once by each who shares it.
    let desk = unsafe { Arc::from_raw(desk) };
    let _ = catch_unwind(AssertUnwindSafe(|| drop(desk)));
}

/// A handler of the desk, by the loop's own number for it, to be registered.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn commyffi_desk_handler(desk: &Desk, number: u64) -> u64 {
    let counter = Arc::clone(&desk.counter);
    let handler: Arc<dyn Handler> = Arc::new(Window { counter, number });
    <Arc<dyn Handler> as Lower<UniFfiTag>>::lower(handler).as_raw()
}

/// Hands a call over: its service, method, content type, headers and options, and its payload.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn commyffi_desk_call(
    desk: &Desk,
    ticket: u64,
    head: *const u8,
    head_len: usize,
    payload: *const u8,
    payload_len: usize,
) -> i32 {
    // SAFETY: the caller's memory.
    let (head, payload) = unsafe { (bytes(head, head_len), bytes(payload, payload_len)) };
    guarded(|| {
        let mut rest = head;
        let service = read(&mut rest)?;
        let method = read(&mut rest)?;
        let message = message(&mut rest, payload)?;
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
pub(super) unsafe extern "C" fn commyffi_desk_cancel(desk: &Desk, ticket: u64) {
    let _ = guarded(|| {
        desk.counter.forget(ticket);
        Some(())
    });
}

/// Answers a request: content type and headers, and the payload.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn commyffi_desk_reply(
    desk: &Desk,
    invocation: u64,
    head: *const u8,
    head_len: usize,
    payload: *const u8,
    payload_len: usize,
) -> i32 {
    // SAFETY: the caller's memory.
    let (head, payload) = unsafe { (bytes(head, head_len), bytes(payload, payload_len)) };
    guarded(|| {
        let message = message(&mut &*head, payload)?;
        desk.counter.answer(invocation, Ok(message));
        Some(())
    })
}

/// Answers a request with a failure.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn commyffi_desk_fail(
    desk: &Desk,
    invocation: u64,
    failure: *const u8,
    failure_len: usize,
) -> i32 {
    // SAFETY: the caller's memory.
    let failure = unsafe { bytes(failure, failure_len) };
    guarded(|| {
        let failure: Failure = read(&mut &*failure)?;
        desk.counter.answer(invocation, Err(failure.into()));
        Some(())
    })
}

/// Takes all news there are. They and their payloads are the desk's, until the next are taken.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn commyffi_desk_take(desk: &Desk, page: &mut Page) -> i32 {
    guarded(|| {
        let (data, len) = desk.counter.take();
        *page = Page { data, len };
        Some(())
    })
}

/// Waits until the bell was rung more often than `heard`, and gives how often; 0 when the desk is
/// closed.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn commyffi_desk_wait(desk: &Desk, heard: u64) -> u64 {
    catch_unwind(AssertUnwindSafe(|| desk.counter.wait(heard)))
        .ok()
        .flatten()
        .unwrap_or(0)
}

unsafe fn bytes<'m>(data: *const u8, len: usize) -> &'m [u8] {
    if len == 0 {
        return &[];
    }
    // SAFETY: as the module says.
    unsafe { slice::from_raw_parts(data, len) }
}

fn read<T: Lift<UniFfiTag>>(rest: &mut &[u8]) -> Option<T> {
    T::try_read(rest).ok()
}

fn message(rest: &mut &[u8], payload: &[u8]) -> Option<Message> {
    let content_type: String = read(rest)?;
    let headers: HashMap<String, String> = read(rest)?;
    Some(Message {
        payload: Bytes::copy_from_slice(payload),
        content_type: content_type.into(),
        headers: headers.into_iter().collect(),
    })
}

fn guarded(act: impl FnOnce() -> Option<()>) -> i32 {
    match catch_unwind(AssertUnwindSafe(act)) {
        Ok(Some(())) => DONE,
        Ok(None) | Err(_) => MALFORMED,
    }
}
