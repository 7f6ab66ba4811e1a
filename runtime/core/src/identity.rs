//! Who is who: nodes and instances. Ids are made from randomness that is passed in.

use std::{fmt, str::FromStr};

use rand::{Rng, RngExt};

use crate::error::InvalidValue;

/// The id of a node: one process's membership in one mesh. Shown as 32 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(u128);

impl NodeId {
    /// A new id. With 122 bits or more of randomness, two nodes never share one in practice.
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
        let invalid = || InvalidValue::new("node id", text, "it has 32 hexadecimal digits");
        if text.len() != 32 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(invalid());
        }
        u128::from_str_radix(text, 16)
            .map(Self)
            .map_err(|_| invalid())
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
        let invalid =
            || InvalidValue::new("instance id", text, "it is a node id, `-` and a number");
        let (node, serial) = text.split_once('-').ok_or_else(invalid)?;
        Ok(Self {
            node: node.parse()?,
            serial: serial.parse().map_err(|_| invalid())?,
        })
    }
}
