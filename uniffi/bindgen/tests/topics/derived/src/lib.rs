//! Topic: Debug, Display, Eq, Ord and Hash of objects, records and rich enums.
#![allow(missing_docs, reason = "the UDL documents this interface")]
#![allow(clippy::needless_pass_by_value, reason = "the UDL passes it owned")]

use std::{fmt, sync::Arc};

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    major: u32,
    minor: u32,
}

impl Version {
    pub fn new(major: u32, minor: u32) -> Self {
        Self { major, minor }
    }

    pub fn major(&self) -> u32 {
        self.major
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{}.{}", self.major, self.minor)
    }
}

#[derive(Debug, PartialEq, Eq)]
pub struct Token {
    text: String,
}

impl Token {
    pub fn new(text: String) -> Self {
        Self { text }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    pub from: u32,
    pub to: u32,
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.from, self.to)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    Low,
    High { by: u32 },
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Low => f.write_str("low"),
            Self::High { by } => write!(f, "high by {by}"),
        }
    }
}

pub fn echo_span(span: Span) -> Span {
    span
}

pub fn echo_level(level: Level) -> Level {
    level
}

pub fn sorted(mut versions: Vec<Arc<Version>>) -> Vec<Arc<Version>> {
    versions.sort();
    versions
}

uniffi::include_scaffolding!("derived");
