//! Topic: docstrings on every construct.
#![allow(missing_docs, reason = "the UDL documents this interface")]
#![allow(clippy::needless_pass_by_value, reason = "the UDL passes it owned")]

use std::sync::{Mutex, PoisonError};

#[derive(Clone, Debug)]
pub struct Entry {
    pub key: String,
    pub value: u32,
}

#[derive(Clone, Copy, Debug)]
pub enum Level {
    Low,
    High,
}

#[derive(Clone, Copy, Debug)]
pub enum Choice {
    One { value: u32 },
    Other,
}

#[derive(Debug, thiserror::Error)]
pub enum DocError {
    #[error("no entry {key}")]
    Missing { key: String },
}

pub trait Reader: Send + Sync {
    fn read(&self, entry: Entry);
}

#[derive(Debug, Default)]
pub struct Library {
    entries: Mutex<Vec<Entry>>,
}

impl Library {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn with_entry(entry: Entry) -> Self {
        Self {
            entries: Mutex::new(vec![entry]),
        }
    }

    pub fn find(&self, key: String) -> Result<Entry, DocError> {
        self.entries
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
            .find(|entry| entry.key == key)
            .cloned()
            .ok_or(DocError::Missing { key })
    }

    pub fn level(&self, choice: Choice) -> Level {
        match choice {
            Choice::One { value } if value < 10 => Level::Low,
            Choice::One { .. } | Choice::Other => Level::High,
        }
    }
}

pub fn shout(text: String, times: u32) -> String {
    text.to_uppercase().repeat(times as usize)
}

pub fn show(reader: Box<dyn Reader>, entry: Entry) {
    reader.read(entry);
}

uniffi::include_scaffolding!("docs");
