//! Handlers that C implements, and the invocations by which they answer.

use std::{
    ffi::{c_char, c_void},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
};

use parking_lot::Mutex;

use super::{
    error::{fenced, invalid},
    handles::Handles,
    input::{message, one_of, optional, place, required, sized, text},
    message::CommyMessage,
    output::Shown,
    status::CommyStatus,
    wait::hurried,
};
use crate::{
    error::CommyError,
    handler::Handler,
    invocation::{Failure, FailureKind, IncomingRequest, Invocation},
};

/// One request that waits for its answer. It ends with the first answer, or when nobody waits any
/// more; from then on it is stale.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct CommyInvocation {
    /// 0 for none.
    pub id: u64,
}

static INVOCATIONS: Handles<Waiting> = Handles::new(7, "invocation");

/// A request as its handler receives it. It lasts until the handler returns.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct CommyRequest {
    /// The service that was called.
    pub service: *const c_char,
    /// The method that is asked for; empty if none is.
    pub method: *const c_char,
    /// The content.
    pub message: CommyMessage,
    /// What was left of the caller's deadline when the request arrived, in milliseconds.
    pub time_left_ms: u64,
    /// The id of the node that calls.
    pub caller: *const c_char,
    /// Which attempt of the call this is, from 1.
    pub attempt: u32,
}

/// Answers a request, now or later and from any thread, by `commy_complete` or `commy_fail`. It
/// runs in a thread of commy's own, of which there are many, so it may block and call. One that
/// never answers leaves its caller waiting for the deadline.
pub type CommyHandleRequest = Option<
    unsafe extern "C" fn(
        invocation: CommyInvocation,
        request: *const CommyRequest,
        context: *mut c_void,
    ),
>;

/// Answers the requests of one registration.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct CommyHandler {
    /// `sizeof(CommyHandler)`.
    pub size: usize,
    /// Answers a request. Required.
    pub handle: CommyHandleRequest,
    /// Nobody waits for this invocation any more: its caller gave up, or its deadline passed. It is
    /// called for invocations that `handle` was called with and that are not answered, once, in a
    /// thread that others need: it must return soon, and functions that wait are
    /// `COMMY_STATUS_FAILED_PRECONDITION` in it. It may come while `handle` runs, and before its
    /// first line: who notes invocations asks `commy_is_cancelled` after that. May be NULL.
    pub cancel: Option<unsafe extern "C" fn(invocation: CommyInvocation, context: *mut c_void)>,
    /// What the callbacks are given: it is not looked at.
    pub context: *mut c_void,
    /// Frees the context. It is called once, after the last callback, if registering succeeded, and
    /// under the same conditions as `cancel`. May be NULL.
    pub release: Option<unsafe extern "C" fn(context: *mut c_void)>,
}

/// Why a handler gives no reply.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub enum CommyFailureKind {
    /// The handler's own failure, told to the caller as `COMMY_STATUS_HANDLER_FAILED` with its code.
    Application = 0,
    /// The service has no such method: `COMMY_STATUS_UNIMPLEMENTED`.
    UnknownMethod = 1,
    /// The request cannot be understood: `COMMY_STATUS_INVALID_ARGUMENT`.
    BadRequest = 2,
    /// The handler is broken: `COMMY_STATUS_INTERNAL`.
    Internal = 3,
}

/// What a handler tells its caller instead of a reply.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct CommyFailure {
    /// `sizeof(CommyFailure)`.
    pub size: usize,
    /// Why there is no reply.
    pub kind: std::mem::MaybeUninit<CommyFailureKind>,
    /// The application's own code for the failure, such as `OUT_OF_STOCK`; at most 128 bytes; NULL
    /// for none.
    pub code: *const c_char,
    /// What happened, for people.
    pub reason: *const c_char,
    /// The application's own details, as JSON text; NULL for none.
    pub details_json: *const c_char,
}

sized!(CommyHandler, CommyFailure);

/// Answers a request with a reply; one of NULL is empty. A reply that breaks a rule is
/// `COMMY_STATUS_INVALID_ARGUMENT`, and the request still waits.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn commy_complete(
    invocation: CommyInvocation,
    reply: *const CommyMessage,
) -> CommyStatus {
    fenced(|| {
        INVOCATIONS.get(invocation.id)?;
        let reply = unsafe { message(reply) }?;
        INVOCATIONS
            .remove(invocation.id)?
            .invocation
            .complete(reply);
        Ok(())
    })
}

/// Answers a request with a failure. A failure that breaks a rule is
/// `COMMY_STATUS_INVALID_ARGUMENT`, and the request still waits.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn commy_fail(
    invocation: CommyInvocation,
    failure: *const CommyFailure,
) -> CommyStatus {
    fenced(|| {
        INVOCATIONS.get(invocation.id)?;
        let failure = unsafe { self::failure(failure) }?;
        INVOCATIONS.remove(invocation.id)?.invocation.fail(failure);
        Ok(())
    })
}

/// Whether nobody waits for an answer any more, or it was given.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn commy_is_cancelled(
    invocation: CommyInvocation,
    cancelled: *mut bool,
) -> CommyStatus {
    fenced(|| {
        let place = unsafe { place("answer", cancelled.cast::<u8>()) }?;
        *place = 0;
        if INVOCATIONS.is_stale(invocation.id) {
            *place = 1;
            return Ok(());
        }
        INVOCATIONS.get(invocation.id).map(drop)
    })
}

unsafe fn failure(pointer: *const CommyFailure) -> Result<Failure, CommyError> {
    // SAFETY: each is what C says it is; what can be checked is, by the readers.
    unsafe {
        let it = required(pointer)?;
        Ok(Failure {
            kind: one_of(
                "kind of failure",
                &it.kind,
                &[
                    (CommyFailureKind::Application, FailureKind::Application),
                    (CommyFailureKind::UnknownMethod, FailureKind::UnknownMethod),
                    (CommyFailureKind::BadRequest, FailureKind::BadRequest),
                    (CommyFailureKind::Internal, FailureKind::Internal),
                ],
            )?,
            code: optional("code", it.code)?.unwrap_or_default(),
            reason: text("reason", it.reason)?,
            details_json: optional("details", it.details_json)?,
        })
    }
}

/// A request that is not answered yet.
struct Waiting {
    invocation: Arc<Invocation>,
    progress: Mutex<Progress>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Progress {
    Queued,
    Begun,
    Cancelled,
}

/// A handler of C, as the mesh is given one.
pub(crate) struct Callbacks(Arc<Context>);

impl Callbacks {
    pub(crate) unsafe fn new(pointer: *const CommyHandler) -> Result<Self, CommyError> {
        // SAFETY: as the caller's.
        let handler = unsafe { required(pointer) }?;
        if handler.handle.is_none() {
            return Err(invalid("the function that handles requests is NULL"));
        }
        Ok(Self(Arc::new(Context {
            handler: *handler,
            is_ours: AtomicBool::new(false),
        })))
    }

    /// The context, to be told when it is the library's.
    pub(crate) fn context(&self) -> Arc<Context> {
        Arc::clone(&self.0)
    }
}

impl Handler for Callbacks {
    fn start(
        &self,
        invocation: Arc<Invocation>,
        request: IncomingRequest,
    ) -> Result<(), CommyError> {
        let context = self.context();
        let waiting = Arc::new(Waiting {
            invocation,
            progress: Mutex::new(Progress::Queued),
        });
        let id = INVOCATIONS.place(request.invocation_id, Arc::clone(&waiting));
        // Functions of C block as they please, which no thread of the mesh's may.
        blocking::unblock(move || context.handle(id, &waiting.progress, request)).detach();
        Ok(())
    }

    fn cancel(&self, invocation_id: u64) -> Result<(), CommyError> {
        let id = INVOCATIONS.handle(invocation_id);
        // One that was answered just now is gone, and is not told to cancel.
        if let Ok(waiting) = INVOCATIONS.remove(id) {
            let progress = std::mem::replace(&mut *waiting.progress.lock(), Progress::Cancelled);
            if progress == Progress::Begun {
                self.0.cancel(id);
            }
        }
        Ok(())
    }
}

/// The functions of a handler and their context.
pub(crate) struct Context {
    handler: CommyHandler,
    /// Whether the context is the library's to release: it is, once registering succeeded.
    is_ours: AtomicBool,
}

// SAFETY: the header says that callbacks are called from any thread, also at once.
unsafe impl Send for Context {}
// SAFETY: as above.
unsafe impl Sync for Context {}

impl Context {
    pub(crate) fn take(&self) {
        self.is_ours.store(true, SeqCst);
    }

    fn handle(&self, id: u64, progress: &Mutex<Progress>, request: IncomingRequest) {
        {
            let mut progress = progress.lock();
            if *progress == Progress::Cancelled {
                return;
            }
            *progress = Progress::Begun;
        }
        let shown = Shown::new(|texts| {
            let IncomingRequest {
                invocation_id: _,
                service,
                method,
                message,
                time_left_ms,
                caller,
                attempt,
            } = request;
            CommyRequest {
                service: texts.text(service),
                method: texts.text(method),
                message: texts.message(message),
                time_left_ms,
                caller: texts.text(caller),
                attempt,
            }
        });
        if let Some(handle) = self.handler.handle {
            // SAFETY: it is what C gave for this, with its context.
            unsafe { handle(CommyInvocation { id }, shown.view(), self.handler.context) };
        }
    }

    fn cancel(&self, id: u64) {
        if let Some(cancel) = self.handler.cancel {
            // SAFETY: it is what C gave for this, with its context.
            hurried(|| unsafe { cancel(CommyInvocation { id }, self.handler.context) });
        }
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        if let (true, Some(release)) = (self.is_ours.load(SeqCst), self.handler.release) {
            // SAFETY: it is what C gave for this, and no callback is called after it.
            hurried(|| unsafe { release(self.handler.context) });
        }
    }
}
