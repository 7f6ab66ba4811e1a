//! The actors. Each is the sole writer of what its file says, lives on one of the two threads of a
//! node, and is spoken to through [`Recipient`]s only.
//!
//! | actor | sole writer of | thread |
//! | --- | --- | --- |
//! | [`mesh`] | the registrations of one started mesh | control |
//! | [`registry`] | the service table, and the snapshot that it publishes | control |
//! | [`prober`] | the schedule of probes | control |
//! | [`broker`] | the subscriptions of this process | control |
//! | [`uplink`] | the link to other nodes, and what is known of them | control |
//! | [`instance`] | one handler's in-flight calls and drain state | instances |

use actix::{Message, Recipient};
use commy_core::{Error, Result, Status};

pub(crate) mod broker;
pub(crate) mod instance;
pub(crate) mod mesh;
pub(crate) mod prober;
pub(crate) mod registry;
pub(crate) mod uplink;

/// How many messages may wait at an actor of the control thread. Senders of control messages wait
/// while it is full, so the bound costs latency, never a message; a burst of registrations fits.
pub(crate) const CONTROL_MAILBOX_CAPACITY: usize = 1024;

/// Asks an actor of the control thread, and waits for its answer.
pub(crate) async fn ask<M, T>(recipient: &Recipient<M>, message: M) -> Result<T>
where
    M: Message<Result = Result<T>> + Send + 'static,
    T: Send + 'static,
{
    match recipient.send(message).await {
        Ok(answer) => answer,
        Err(_) => Err(stopped()),
    }
}

/// What an operation fails with when its mesh was stopped meanwhile.
pub(crate) fn stopped() -> Error {
    Error::new(
        Status::FailedPrecondition,
        "the mesh was stopped while the operation was under way",
    )
}
