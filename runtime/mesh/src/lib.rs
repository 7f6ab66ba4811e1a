//! The actors of commy, and the handle through which programs use them.
//!
//! Core decides, actors carry. Control (registering, health, subscriptions, starting and stopping)
//! goes through the mailboxes of `actors`; data does not queue behind it: a call reads the latest
//! routing snapshot and goes straight to the mailbox of the instance that core picked, and an
//! event goes straight into the queues of its subscribers.
//!
//! Read in this order: [`Mesh`], the node that it joins, the actors, and the two data paths `call`
//! and `publish`.

mod actors;
mod call;
mod fabric;
mod handler;
mod inbound;
mod membership;
mod mesh;
mod node;
mod placement;
mod process;
mod publish;
mod registration;
mod roaming;
mod route;
mod session;
mod stats;
mod subscription;
mod watch;

pub use futures_util::future::BoxFuture;

pub use self::{
    fabric::{Fabric, Link, Listener, LocalAnswer, OutgoingCall, RemoteAnswer, Traffic},
    handler::Handler,
    mesh::Mesh,
    placement::Placement,
    process::Origin,
    registration::Registration,
    roaming::Roaming,
    stats::MeshStats,
    subscription::{Delivery, Subscription},
    watch::{Closer, Watch},
};
