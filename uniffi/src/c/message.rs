//! What travels, as C gives and is shown it.

use std::{
    ffi::{c_char, c_void},
    ptr,
};

/// A header or an entry of metadata.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct CommyPair {
    /// The key.
    pub key: *const c_char,
    /// The value.
    pub value: *const c_char,
}

/// The content of a request, a reply or an event. One of zeros is empty.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct CommyMessage {
    /// The payload, carried untouched.
    pub payload: *const c_void,
    /// Bytes in the payload.
    pub payload_length: usize,
    /// What the payload is, as a media type of at most 256 bytes; NULL for
    /// `application/octet-stream`.
    pub content_type: *const c_char,
    /// Headers: at most 64, keys of 1 to 64 bytes, values of at most 4,096 bytes, each key once.
    pub headers: *const CommyPair,
    /// How many headers there are.
    pub headers_length: usize,
}

impl CommyMessage {
    pub(crate) const EMPTY: Self = Self {
        payload: ptr::null(),
        payload_length: 0,
        content_type: ptr::null(),
        headers: ptr::null(),
        headers_length: 0,
    };
}
