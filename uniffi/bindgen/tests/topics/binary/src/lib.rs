//! Topic: bytes, owned and borrowed.
#![allow(missing_docs, reason = "the UDL documents this interface")]
#![allow(clippy::needless_pass_by_value, reason = "the UDL passes it owned")]

use std::sync::{Mutex, PoisonError};

#[derive(Clone, Debug)]
pub struct Packet {
    pub name: String,
    pub payload: Vec<u8>,
}

pub fn echo(data: Vec<u8>) -> Vec<u8> {
    data
}

pub fn echo_optional(data: Option<Vec<u8>>) -> Option<Vec<u8>> {
    data
}

pub fn split(mut data: Vec<u8>, at: u32) -> Vec<Vec<u8>> {
    let tail = data.split_off(data.len().min(at as usize));
    vec![data, tail]
}

pub fn checksum(data: &[u8]) -> u64 {
    data.iter().map(|byte| u64::from(*byte)).sum()
}

pub fn doubled(data: &[u8]) -> Vec<u8> {
    [data, data].concat()
}

pub fn address(data: &[u8]) -> u64 {
    data.as_ptr() as u64
}

pub fn starts_with(data: &[u8], prefix: &[u8]) -> bool {
    data.starts_with(prefix)
}

#[derive(Debug, Default)]
pub struct Hasher {
    seen: Mutex<Vec<u8>>,
}

impl Hasher {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn update(&self, data: &[u8]) {
        self.seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend_from_slice(data);
    }

    pub fn finish(&self) -> u64 {
        checksum(&self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub fn packet(&self, name: String) -> Packet {
        let payload = self
            .seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        Packet { name, payload }
    }
}

uniffi::include_scaffolding!("binary");
