//! How a language takes part in the interop matrix: the one program that it has to offer.
//!
//! What the program must do is in docs/interop.md. This file must not know who drives it.

use crate::step::Step;

/// A language's peer.
pub(crate) struct Peer {
    /// What builds it on top of the SDK's package, in this order.
    pub(crate) build: Vec<Step>,
    /// What starts it, but for the name of the mesh, which is its last argument.
    pub(crate) start: Step,
}
