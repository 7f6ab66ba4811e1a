//! The service table: who serves what, at which revision. One writer changes a [`Table`] and
//! publishes its [`Snapshot`]s, which anyone reads without a lock; a [`Cursor`] tells what changed
//! between two of them. How an instance is reached is a parameter `R`, which this module carries
//! and never looks into.
//!
//! All of it is made of persistent maps: a snapshot of 100,000 instances is made by copying a few
//! pointers, and shares all but what changed with the one before.

mod candidates;
mod cursor;
mod snapshot;
mod table;

use crate::instance::Instance;

pub use self::{
    candidates::Candidates,
    cursor::Cursor,
    snapshot::{Service, Snapshot},
    table::Table,
};

/// An instance and how it is reached.
#[derive(Clone, Debug)]
pub struct Entry<R> {
    /// What is known of the instance.
    pub instance: Instance,
    /// How it is reached.
    pub route: R,
}

/// What happened to an instance, as seen through a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// It began to match the query.
    Added,
    /// It still matches, and something about it changed.
    Updated,
    /// It is gone, or no longer matches the query.
    Removed,
}

/// A change to the instances that a query sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What happened.
    pub kind: ChangeKind,
    /// The instance after the change; for a removal, as it was last seen.
    pub instance: Instance,
    /// The revision of the service table in which the change was seen.
    pub revision: u64,
}
