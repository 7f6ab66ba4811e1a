//! The last error of each thread, and the fence that every function stands behind: whatever goes
//! wrong inside, also a panic, is a status outside.

use std::{
    cell::RefCell,
    ffi::c_char,
    panic::{AssertUnwindSafe, catch_unwind},
    ptr,
};

use commy::Status;

use super::{output::Texts, status::CommyStatus};
use crate::error::{CommyError, ErrorInfo};

/// Everything that is known about an error. Texts that do not apply are NULL.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct CommyErrorView {
    /// How the function ended.
    pub status: CommyStatus,
    /// The status and the reason in one line.
    pub message: *const c_char,
    /// What went wrong: the value and the rule that it broke.
    pub reason: *const c_char,
    /// The service concerned.
    pub service: *const c_char,
    /// The method concerned.
    pub method: *const c_char,
    /// The id of the instance that failed, if one was chosen.
    pub instance_id: *const c_char,
    /// How many instances were tried.
    pub attempts: u32,
    /// The handler's own code, for `COMMY_STATUS_HANDLER_FAILED`.
    pub code: *const c_char,
    /// The handler's own details as JSON text, for `COMMY_STATUS_HANDLER_FAILED`.
    pub details_json: *const c_char,
}

thread_local! {
    static LAST: RefCell<Option<(Box<CommyErrorView>, Texts)>> = const { RefCell::new(None) };
}

/// The last error of this thread in one line, such as `NOT_FOUND: no instance of orders is known`;
/// empty if no function failed in this thread yet. It lasts until the next function fails in this
/// thread; functions that succeed leave it alone.
#[unsafe(no_mangle)]
pub extern "C" fn commy_last_error_message() -> *const c_char {
    let last = commy_last_error();
    if last.is_null() {
        return c"".as_ptr();
    }
    // SAFETY: the view lasts until the next failure of this thread.
    unsafe { (*last).message }
}

/// The last error of this thread, or NULL if no function failed in this thread yet. It lasts as long
/// as `commy_last_error_message` does.
#[unsafe(no_mangle)]
pub extern "C" fn commy_last_error() -> *const CommyErrorView {
    LAST.try_with(|last| match &*last.borrow() {
        Some((view, _)) => ptr::from_ref(&**view),
        None => ptr::null(),
    })
    // The thread is ending, and its last error is gone.
    .unwrap_or(ptr::null())
}

/// Runs the body of a function: an error is kept for `commy_last_error`, a panic is one.
pub(crate) fn fenced(body: impl FnOnce() -> Result<(), CommyError>) -> CommyStatus {
    let result = catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|panic| {
        let said = panic.downcast_ref::<&str>().copied();
        let said = said.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
        let reason = format!("commy has a defect: {}", said.unwrap_or("a panic"));
        Err(problem(Status::Internal, reason))
    });
    match result {
        Ok(()) => CommyStatus::Ok,
        Err(error) => keep(&error),
    }
}

fn keep(error: &CommyError) -> CommyStatus {
    let status = CommyStatus::from(error.status());
    let mut texts = Texts::default();
    let message = texts.text(error.to_string());
    let ErrorInfo {
        reason,
        service,
        method,
        instance_id,
        attempts,
        code,
        details_json,
    } = error.info().clone();
    let view = CommyErrorView {
        status,
        message,
        reason: texts.text(reason),
        service: texts.optional(service),
        method: texts.optional(method),
        instance_id: texts.optional(instance_id),
        attempts,
        code: texts.optional(code),
        details_json: texts.optional(details_json),
    };
    // Without effect where the thread is ending: nobody can ask any more.
    let _ = LAST.try_with(|last| *last.borrow_mut() = Some((Box::new(view), texts)));
    status
}

/// An error of this side's own.
pub(crate) fn problem(status: Status, reason: impl Into<String>) -> CommyError {
    CommyError::new(
        status,
        ErrorInfo {
            reason: reason.into(),
            ..ErrorInfo::default()
        },
    )
}

/// A value that breaks a rule.
pub(crate) fn invalid(reason: impl Into<String>) -> CommyError {
    problem(Status::InvalidArgument, reason)
}

#[cfg(test)]
mod tests {
    use std::ffi::CStr;

    use super::*;

    #[test]
    fn a_panic_is_a_status_with_what_it_said() {
        assert_eq!(fenced(|| panic!("lost {}", 1)), CommyStatus::Internal);
        // SAFETY: the text lasts until the next failure of this thread.
        let message = unsafe { CStr::from_ptr(commy_last_error_message()) };
        assert_eq!(
            message.to_str().unwrap(),
            "INTERNAL: commy has a defect: lost 1"
        );
    }
}
