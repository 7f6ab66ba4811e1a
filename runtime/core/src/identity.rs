//! Who is who: nodes and instances. Ids are made from randomness that is passed in.

use std::{fmt, str::FromStr};

use rand::{Rng, RngExt};

use crate::error::InvalidValue;

/// The id of a node: one process's membership in one mesh. Shown as 32 hexadecimal
/// digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(u128);

impl NodeId {
    /// A new id. It has 128 random bits: two nodes never share one in practice.
    pub fn random(random: &mut impl Rng) -> Self {
        Self(random.random())
    }

    /// The id that has this number, for tests and decoders.
    #[must_use]
    pub const fn from_u128(number: u128) -> Self {
        Self(number)
    }

    /// The id as a number.
    #[must_use]
    pub const fn as_u128(self) -> u128 {
        self.0
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for NodeId {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        canonical(text, |text| {
            Some(Self(u128::from_str_radix(text, 16).ok()?))
        })
        .ok_or_else(|| {
            InvalidValue::new("node id", text, "it has 32 lower-case hexadecimal digits")
        })
    }
}

/// The id of an instance: its node and a number that the node never gives twice. Shown as
/// `NODE-NUMBER`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct InstanceId {
    /// The node that registered it.
    pub node: NodeId,
    /// The number of the registration on that node.
    pub serial: u64,
}

impl fmt::Display for InstanceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.node, self.serial)
    }
}

impl fmt::Debug for InstanceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for InstanceId {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let parse = |text: &str| {
            let (node, serial) = text.split_once('-')?;
            Some(Self {
                node: node.parse().ok()?,
                serial: serial.parse().ok()?,
            })
        };
        canonical(text, parse).ok_or_else(|| {
            InvalidValue::new("instance id", text, "it is a node id, - and a number")
        })
    }
}

/// Parses what an id is shown as and nothing else, so that equal ids are equal texts.
fn canonical<T: fmt::Display>(text: &str, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
    parse(text).filter(|id| id.to_string() == text)
}
