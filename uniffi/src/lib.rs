//! The interface of every SDK: the types of `commy.udl`, each beside its conversion to and from the
//! crate `commy`, and the C ABI that UniFFI puts over them. There is no behaviour here. For people
//! who write C, [`c`] puts an ABI of its own over the same types.
//!
//! Whatever comes from the other side is hostile until `commy` has checked it, and nothing that
//! happens on this side may panic on the other.

#![expect(
    clippy::result_large_err,
    reason = "UniFFI has no boxes, and every error is written into a buffer at once"
)]

pub mod c;
mod desk;
mod error;
mod handler;
mod instance;
mod invocation;
mod mesh;
mod message;
mod options;
mod payload;
mod query;
mod registration;
mod spec;
mod stats;
mod subscription;
mod text;
mod turns;
mod version;
mod watch;

pub use self::{
    error::{CommyError, ErrorInfo},
    handler::Handler,
    instance::{Change, ChangeKind, Health, Reach, ServiceInstance},
    invocation::{Failure, FailureKind, IncomingRequest, Invocation},
    mesh::Mesh,
    message::{Event, Message, Reply, Request},
    options::{
        Balance, CallOptions, CircuitBreaker, FabricMode, MeshOptions, Overflow, SubscribeOptions,
        TlsOptions,
    },
    payload::Payload,
    query::Query,
    registration::Registration,
    spec::{HealthCheck, Probe, ServiceSpec},
    stats::MeshStats,
    subscription::Subscription,
    version::version,
    watch::Watch,
};

uniffi::include_scaffolding!("commy");
