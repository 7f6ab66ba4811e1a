//! Topic: what only proc-macros can say, so this topic is generated from the library.

use std::collections::HashSet;

/// An enum whose variants have discriminants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
#[repr(u8)]
pub enum Port {
    /// A discriminant that is written.
    Http = 80,
    /// One that follows from the variant before.
    Next,
    /// Another that is written.
    Last = 255,
}

/// A list that boxes its tail.
#[derive(Clone, Debug, uniffi::Record)]
pub struct Link {
    /// What this link holds.
    pub value: u32,
    /// The links after it.
    pub next: Option<Box<Link>>,
}

/// A rich enum whose variants have nameless fields.
#[derive(Clone, Debug, uniffi::Enum)]
pub enum Measure {
    /// One nameless field.
    Metres(f64),
    /// Two.
    Between(f64, f64),
}

/// A record with methods.
#[derive(Clone, Debug, uniffi::Record)]
pub struct Celsius {
    /// Degrees above the freezing point of water.
    #[uniffi(default = 20.0)]
    pub degrees: f64,
}

#[uniffi::export]
impl Celsius {
    /// The same temperature on another scale.
    pub fn fahrenheit(&self) -> f64 {
        self.degrees * 1.8 + 32.0
    }
}

/// The set itself.
#[uniffi::export]
pub fn echo_set(values: HashSet<String>) -> HashSet<String> {
    values
}

/// The port itself.
#[uniffi::export]
pub fn echo_port(port: Port) -> Port {
    port
}

/// The measure itself.
#[uniffi::export]
pub fn echo_measure(measure: Measure) -> Measure {
    measure
}

/// How many links there are.
#[uniffi::export]
#[expect(
    clippy::needless_pass_by_value,
    reason = "a link is passed owned over the FFI"
)]
pub fn links(first: Link) -> u32 {
    let mut count = 1;
    let mut link = &first;
    while let Some(next) = &link.next {
        count += 1;
        link = next;
    }
    count
}

uniffi::setup_scaffolding!("macros");
