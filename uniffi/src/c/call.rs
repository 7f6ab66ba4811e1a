//! Calls, and the tokens by which they are cancelled.

use std::{collections::HashMap, ffi::c_char, mem::MaybeUninit, sync::Arc};

use futures_util::future::{Either, select};
use tokio_util::sync::CancellationToken;

use super::{
    error::fenced,
    handles::Handles,
    input::{flag, message, optional, pairs, place, sized, structure, text, texts},
    mesh::{COMMY_AT_ONCE, CommyBalance, CommyMesh, MESHES, balance},
    message::{CommyMessage, CommyPair},
    output::Shown,
    status::CommyStatus,
    wait::wait,
};
use crate::{
    error::{CommyError, ErrorInfo},
    message::Request,
    options::CallOptions,
};

/// The answer to a call.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct CommyReply {
    /// 0 for none.
    pub id: u64,
}

/// What cancels calls from another thread: one token may be given to any number of them.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct CommyToken {
    /// 0 for none.
    pub id: u64,
}

static REPLIES: Handles<Shown<CommyReplyView>> = Handles::new(5, "reply");
static TOKENS: Handles<CancellationToken> = Handles::new(6, "token");

/// What a call asks for beyond its request. Everything but the size may be zero, which stands for
/// the default.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct CommyCallOptions {
    /// `sizeof(CommyCallOptions)`.
    pub size: usize,
    /// How long the call may take, in milliseconds; 0 for the mesh's `call_timeout_ms`.
    /// `COMMY_AT_ONCE` is `COMMY_STATUS_DEADLINE_EXCEEDED` at once, and nothing is sent.
    pub timeout_ms: u64,
    /// Whether executing the call twice does no harm, so that it may be retried on another instance.
    pub idempotent: MaybeUninit<bool>,
    /// Whether instances in this mesh's own zone are not preferred over others.
    pub any_zone: MaybeUninit<bool>,
    /// How this call is balanced.
    pub balance: MaybeUninit<CommyBalance>,
    /// The key by which `COMMY_BALANCE_CONSISTENT_HASH` chooses the instance; at most 1,024 bytes.
    pub routing_key: *const c_char,
    /// A requirement on the version of the instance, in Cargo's syntax.
    pub version: *const c_char,
    /// Tags that the instance must all have.
    pub tags: *const *const c_char,
    /// How many tags there are.
    pub tags_length: usize,
    /// Metadata entries that the instance must all have.
    pub metadata: *const CommyPair,
    /// How many entries of metadata there are.
    pub metadata_length: usize,
    /// What cancels the call; null for nothing.
    pub token: CommyToken,
}

sized!(CommyCallOptions);

/// What a reply is.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct CommyReplyView {
    /// The content.
    pub message: CommyMessage,
    /// The id of the instance that answered.
    pub served_by: *const c_char,
}

/// Calls a service and waits for its reply. The method may be NULL for none, the request NULL for
/// an empty one, the options NULL for the defaults. Free the reply with `commy_free_reply`; who does
/// not want one passes NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn commy_call(
    mesh: CommyMesh,
    service: *const c_char,
    method: *const c_char,
    request: *const CommyMessage,
    options: *const CommyCallOptions,
    reply: *mut CommyReply,
) -> CommyStatus {
    fenced(|| {
        let mut unwanted = CommyReply { id: 0 };
        let is_wanted = !reply.is_null();
        let place = if is_wanted {
            unsafe { place("reply", reply) }?
        } else {
            &mut unwanted
        };
        place.id = 0;
        let joined = MESHES.get(mesh.id)?;
        let service = unsafe { text("service", service) }?;
        let method = unsafe { optional("method", method) }?.unwrap_or_default();
        let request = Request {
            method: method.clone(),
            message: unsafe { message(request) }?,
        };
        let (options, token) = unsafe { call_options(options) }?;
        let call = joined.mesh.call(service.clone(), request, options);
        let answer = match token {
            None => wait(call)??,
            Some(token) => {
                let call = select(Box::pin(call), Box::pin(token.cancelled()));
                match wait(call)? {
                    Either::Left((answer, _)) => answer?,
                    // What is dropped here is cancelled.
                    Either::Right(((), _call)) => return Err(cancelled(service, method)),
                }
            }
        };
        if is_wanted {
            place.id = REPLIES.insert(Shown::new(|texts| CommyReplyView {
                message: texts.message(answer.message),
                served_by: texts.text(answer.served_by),
            }));
        }
        Ok(())
    })
}

/// Shows a reply; what is shown lasts until `commy_free_reply`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn commy_view_reply(
    reply: CommyReply,
    view: *mut *const CommyReplyView,
) -> CommyStatus {
    fenced(|| {
        let place = unsafe { place("view", view) }?;
        *place = std::ptr::null();
        *place = REPLIES.get(reply.id)?.view();
        Ok(())
    })
}

/// Frees a reply.
#[unsafe(no_mangle)]
pub extern "C" fn commy_free_reply(reply: CommyReply) -> CommyStatus {
    fenced(|| REPLIES.remove(reply.id).map(drop))
}

/// Creates a token. Free it with `commy_free_token`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn commy_create_token(token: *mut CommyToken) -> CommyStatus {
    fenced(|| {
        let place = unsafe { place("token", token) }?;
        place.id = TOKENS.insert(CancellationToken::new());
        Ok(())
    })
}

/// Cancels every call that has this token, now and later: they return `COMMY_STATUS_CANCELLED`, and
/// their handlers are told. It waits for nothing, and doing it twice does nothing.
#[unsafe(no_mangle)]
pub extern "C" fn commy_cancel(token: CommyToken) -> CommyStatus {
    fenced(|| {
        TOKENS.get(token.id)?.cancel();
        Ok(())
    })
}

/// Frees a token; calls that have it go on.
#[unsafe(no_mangle)]
pub extern "C" fn commy_free_token(token: CommyToken) -> CommyStatus {
    fenced(|| TOKENS.remove(token.id).map(drop))
}

fn cancelled(service: String, method: String) -> CommyError {
    CommyError::Cancelled {
        info: ErrorInfo {
            reason: "the caller cancelled the call".to_owned(),
            service: Some(service),
            method: Some(method),
            ..ErrorInfo::default()
        },
    }
}

type Token = Option<Arc<CancellationToken>>;

unsafe fn call_options(
    pointer: *const CommyCallOptions,
) -> Result<(CallOptions, Token), CommyError> {
    let mut options = CallOptions {
        timeout_ms: None,
        idempotent: false,
        routing_key: None,
        balance: None,
        zone_first: true,
        version: None,
        tags: Vec::new(),
        metadata: HashMap::new(),
    };
    // SAFETY: each is what C says it is; what can be checked is, by the readers.
    unsafe {
        let Some(it) = structure(pointer)? else {
            return Ok((options, None));
        };
        options.timeout_ms = match it.timeout_ms {
            0 => None,
            COMMY_AT_ONCE => Some(0),
            given => Some(given),
        };
        options.idempotent = flag("idempotent", &it.idempotent)?;
        options.zone_first = !flag("any_zone", &it.any_zone)?;
        options.balance = balance(&it.balance)?;
        options.routing_key = optional("routing key", it.routing_key)?;
        options.version = optional("version", it.version)?;
        options.tags = texts("tags", it.tags, it.tags_length)?;
        options.metadata = pairs("metadata", it.metadata, it.metadata_length)?;
        let token = match it.token.id {
            0 => None,
            id => Some(TOKENS.get(id)?),
        };
        Ok((options, token))
    }
}
