//! News as bytes: for each a head of fixed size, then texts, then headers, if there are any. Texts
//! and headers are encoded as UniFFI does; payloads are not in it, but where they are.
//!
//! The head, little-endian: kind (u8, padded to 4), length of the texts (u32), ticket or invocation
//! (u64), handler (u64), address and length of the payload (u64 each), time left in milliseconds
//! (u64), attempt (u32), length of the headers (u32).

use std::collections::HashMap;

use commy::{Bytes, Event, Message};
use uniffi::Lower;

use super::counter::News;
use crate::{UniFfiTag, error::CommyError};

const REPLIED: u8 = 1;
const FAILED: u8 = 2;
const ASKED: u8 = 3;
const CANCELLED: u8 = 4;
const GONE: u8 = 5;
const PUBLISHED: u8 = 6;
const READY: u8 = 7;
const EVENT: u8 = 8;

const TEXTS_LENGTH_AT: usize = 4;
const HEADERS_LENGTH_AT: usize = 52;

#[derive(Default)]
struct Head {
    kind: u8,
    subject: u64,
    handler: u64,
    payload: Bytes,
    time_left_ms: u64,
    attempt: u32,
}

/// Writes one of the news, and keeps its payload.
pub(super) fn write(page: &mut Vec<u8>, lent: &mut Vec<Bytes>, news: News) {
    let begin = page.len();
    match news {
        News::Replied(ticket, reply) => {
            let Message {
                payload,
                content_type,
                headers,
            } = reply.message;
            let kind = REPLIED;
            head(
                page,
                lent,
                Head {
                    kind,
                    subject: ticket,
                    payload,
                    ..Head::default()
                },
            );
            text(page, &reply.served_by.to_string());
            text(page, &content_type);
            end(page, begin, headers);
        }
        News::Failed(ticket, error) => {
            let mut payload = Vec::new();
            <CommyError as Lower<UniFfiTag>>::write(error, &mut payload);
            let payload = payload.into();
            let kind = FAILED;
            head(
                page,
                lent,
                Head {
                    kind,
                    subject: ticket,
                    payload,
                    ..Head::default()
                },
            );
        }
        News::Asked(handler, id, request) => {
            let Message {
                payload,
                content_type,
                headers,
            } = request.message;
            let left = request.time_left.as_millis();
            head(
                page,
                lent,
                Head {
                    kind: ASKED,
                    subject: id,
                    handler,
                    payload,
                    time_left_ms: u64::try_from(left).unwrap_or(u64::MAX),
                    attempt: request.attempt,
                },
            );
            text(page, request.service.as_str());
            text(page, request.method.as_str());
            text(page, &content_type);
            text(page, &request.caller.to_string());
            end(page, begin, headers);
        }
        News::Cancelled(handler, id) => bare(page, lent, CANCELLED, id, handler),
        News::Gone(handler) => bare(page, lent, GONE, 0, handler),
        // Whoever takes it takes it further.
        News::Due(_) => {}
        News::Published(ticket) => bare(page, lent, PUBLISHED, ticket, 0),
        News::Ready(number) => bare(page, lent, READY, number, 0),
    }
}

/// Writes an event, and keeps its payload. What was missed is where a handler's number is otherwise.
pub(super) fn write_event(page: &mut Vec<u8>, lent: &mut Vec<Bytes>, event: Event) {
    let begin = page.len();
    let Message {
        payload,
        content_type,
        headers,
    } = event.message;
    let content = Head {
        kind: EVENT,
        subject: event.sequence,
        handler: event.missed,
        payload,
        ..Head::default()
    };
    head(page, lent, content);
    text(page, event.topic.as_str());
    text(page, &content_type);
    text(page, &event.publisher.to_string());
    end(page, begin, headers);
}

/// Writes what is no more than its numbers.
fn bare(page: &mut Vec<u8>, lent: &mut Vec<Bytes>, kind: u8, subject: u64, handler: u64) {
    let numbers = Head {
        kind,
        subject,
        handler,
        ..Head::default()
    };
    head(page, lent, numbers);
}

fn head(page: &mut Vec<u8>, lent: &mut Vec<Bytes>, head: Head) {
    let Head {
        kind,
        subject,
        handler,
        payload,
        time_left_ms,
        attempt,
    } = head;
    page.extend_from_slice(&u32::from(kind).to_le_bytes());
    page.extend_from_slice(&0_u32.to_le_bytes());
    page.extend_from_slice(&subject.to_le_bytes());
    page.extend_from_slice(&handler.to_le_bytes());
    page.extend_from_slice(&(payload.as_ptr() as u64).to_le_bytes());
    page.extend_from_slice(&(payload.len() as u64).to_le_bytes());
    page.extend_from_slice(&time_left_ms.to_le_bytes());
    page.extend_from_slice(&attempt.to_le_bytes());
    page.extend_from_slice(&0_u32.to_le_bytes());
    if !payload.is_empty() {
        lent.push(payload);
    }
}

/// As UniFFI writes a string; all of these are far below its limit.
fn text(page: &mut Vec<u8>, text: &str) {
    page.extend_from_slice(&(text.len() as u32).to_be_bytes());
    page.extend_from_slice(text.as_bytes());
}

/// Completes the head of what began there with what follows it.
fn end(page: &mut Vec<u8>, begin: usize, headers: impl IntoIterator<Item = (String, String)>) {
    let texts = page.len() - begin - HEADERS_LENGTH_AT - 4;
    set(page, begin + TEXTS_LENGTH_AT, texts);
    let headers: HashMap<String, String> = headers.into_iter().collect();
    if !headers.is_empty() {
        let before = page.len();
        <HashMap<String, String> as Lower<UniFfiTag>>::write(headers, page);
        let length = page.len() - before;
        set(page, begin + HEADERS_LENGTH_AT, length);
    }
}

fn set(page: &mut [u8], at: usize, length: usize) {
    page[at..at + 4].copy_from_slice(&(length as u32).to_le_bytes());
}
