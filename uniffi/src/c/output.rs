//! What C is shown: views whose pointers lead into memory that lasts as long as they do.

use std::{
    collections::HashMap,
    ffi::{CString, c_char, c_void},
    ptr,
};

use super::message::{CommyMessage, CommyPair};
use crate::{message::Message, payload::Payload};

/// Memory that a view's pointers lead into. What is put in does not move until all of it is dropped.
#[derive(Default)]
pub(crate) struct Texts {
    texts: Vec<CString>,
    lists: Vec<Box<[*const c_char]>>,
    pairs: Vec<Box<[CommyPair]>>,
    payloads: Vec<Payload>,
}

impl Texts {
    /// A text; one that holds a NUL ends there, because for C it does.
    pub(crate) fn text(&mut self, text: String) -> *const c_char {
        let text = CString::new(text).unwrap_or_else(|error| {
            let end = error.nul_position();
            let mut bytes = error.into_vec();
            bytes.truncate(end);
            CString::new(bytes).unwrap_or_default()
        });
        // What a CString points to stays where it is when the CString itself moves.
        let pointer = text.as_ptr();
        self.texts.push(text);
        pointer
    }

    /// A text, or NULL for none.
    pub(crate) fn optional(&mut self, text: Option<String>) -> *const c_char {
        text.map_or(ptr::null(), |text| self.text(text))
    }

    /// Texts, and how many they are.
    pub(crate) fn list(&mut self, texts: Vec<String>) -> (*const *const c_char, usize) {
        let list: Box<[_]> = texts.into_iter().map(|text| self.text(text)).collect();
        let shown = (list.as_ptr(), list.len());
        self.lists.push(list);
        shown
    }

    /// Pairs in the order of their keys, and how many they are.
    pub(crate) fn pairs(&mut self, map: HashMap<String, String>) -> (*const CommyPair, usize) {
        let mut sorted: Vec<_> = map.into_iter().collect();
        sorted.sort_unstable();
        let pairs: Box<[_]> = sorted
            .into_iter()
            .map(|(key, value)| CommyPair {
                key: self.text(key),
                value: self.text(value),
            })
            .collect();
        let shown = (pairs.as_ptr(), pairs.len());
        self.pairs.push(pairs);
        shown
    }

    /// A message.
    pub(crate) fn message(&mut self, message: Message) -> CommyMessage {
        let Message {
            payload,
            content_type,
            headers,
        } = message;
        let (headers, headers_length) = self.pairs(headers);
        let shown = CommyMessage {
            payload: payload.as_ptr().cast::<c_void>(),
            payload_length: payload.len(),
            content_type: self.text(content_type),
            headers,
            headers_length,
        };
        self.payloads.push(payload);
        shown
    }
}

/// A view and the memory that it leads into.
pub(crate) struct Shown<V> {
    view: V,
    _texts: Texts,
}

// SAFETY: nothing behind the pointers is ever written, and it lives as long as the view.
unsafe impl<V> Send for Shown<V> {}
// SAFETY: as above.
unsafe impl<V> Sync for Shown<V> {}

impl<V> Shown<V> {
    pub(crate) fn new(show: impl FnOnce(&mut Texts) -> V) -> Self {
        let mut texts = Texts::default();
        let view = show(&mut texts);
        Self {
            view,
            _texts: texts,
        }
    }

    pub(crate) fn view(&self) -> &V {
        &self.view
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::CStr;

    use super::*;

    #[test]
    fn a_text_with_a_nul_ends_there() {
        let mut texts = Texts::default();
        let pointer = texts.text("a\0b".to_owned());
        // SAFETY: the text lives as long as `texts`.
        assert_eq!(unsafe { CStr::from_ptr(pointer) }, c"a");
    }

    #[test]
    fn what_is_shown_stays_where_it_is() {
        let mut texts = Texts::default();
        let first = texts.text("first".to_owned());
        let (list, length) = texts.list((0..100).map(|number| number.to_string()).collect());
        assert_eq!(length, 100);
        // SAFETY: both live as long as `texts`.
        let (first, last) = unsafe { (CStr::from_ptr(first), CStr::from_ptr(*list.add(99))) };
        assert_eq!((first, last), (c"first", c"99"));
    }
}
