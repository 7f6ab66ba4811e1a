//! Topic: strings at the top level of a call.
#![allow(missing_docs, reason = "the UDL documents this interface")]
#![allow(clippy::needless_pass_by_value, reason = "the UDL passes it owned")]

pub fn echo(text: String) -> String {
    text
}

pub fn join(left: String, right: String) -> String {
    left + &right
}

pub fn bytes_in(text: String) -> u32 {
    u32::try_from(text.len()).unwrap_or(u32::MAX)
}

pub fn scalars_in(text: String) -> u32 {
    u32::try_from(text.chars().count()).unwrap_or(u32::MAX)
}

pub fn is_empty(text: String) -> bool {
    text.is_empty()
}

pub fn repeat(text: String, times: u32) -> String {
    text.repeat(times as usize)
}

pub fn reversed(text: &str) -> String {
    text.chars().rev().collect()
}

uniffi::include_scaffolding!("strings");
