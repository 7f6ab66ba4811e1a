//! commy is a service mesh that you import.
//!
//! A program creates a mesh, registers services, discovers them, calls them and exchanges events
//! with them. The same few verbs work whether the other side is in the same process, on the same
//! host or in another region, and in every language that commy speaks. There is no broker to
//! install and no sidecar to run.
//!
//! ```
//! use commy::{Mesh, Query, Service};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Serialize, Deserialize)]
//! struct Order { item: String, count: u32 }
//!
//! #[derive(Serialize, Deserialize)]
//! struct Receipt { total_cents: u64 }
//!
//! # // Any executor does; commy brings its own threads.
//! #[tokio::main(flavor = "current_thread")]
//! async fn main() -> commy::Result<()> {
//!     let mesh = Mesh::builder("shop").build()?;
//!     mesh.start().await?;
//!
//!     let orders = Service::new("orders").method("create", |order: Order, _| async move {
//!         Ok(Receipt { total_cents: u64::from(order.count) * 250 })
//!     });
//!     mesh.serve(orders).await?;
//!
//!     let order = Order { item: "tea".into(), count: 2 };
//!     let receipt: Receipt = mesh.call("orders", "create").json(&order).await?.json()?;
//!     assert_eq!(receipt.total_cents, 500);
//!
//!     mesh.stop().await
//! }
//! ```
//!
//! # The words
//! - A [`Mesh`] is this process's membership in a mesh, whose name is the scope of discovery.
//! - A [`Service`] is what answers under a name; each time it is served there is one
//!   [`Instance`] more, with a version, tags, metadata and a weight to select it by.
//! - A call goes to one healthy instance and has a deadline; see [`Call`].
//! - An event goes to every subscriber whose filter matches its topic; see [`Publish`] and
//!   [`Subscription`].
//! - An advertised instance is a server outside of the mesh, made known by [`Mesh::advertise`]:
//!   discovered and probed like any other, and dialled by its users.
//!
//! # What is guaranteed
//! - A call is executed at most once, unless its caller says that it is [idempotent](Call::idempotent);
//!   otherwise only requests that were provably not accepted are tried again.
//! - No call outlives its deadline on the caller's side. The handler sees what is left of it, and
//!   is dropped when nobody waits any more.
//! - Events of one publisher on one topic arrive in order. A slow subscriber loses events only by
//!   its own [`Overflow`] policy, and is told how many.
//! - A handler that panics fails that call with `INTERNAL`, and nothing else.
//! - [`Mesh::discover`] answers from local knowledge and never waits.
//!
//! # Errors
//! Everything that fails gives an [`Error`]: a [`Status`] by gRPC's names, a reason that names the
//! value that was wrong, and an [`ErrorContext`] that says which service, method and instance it
//! concerns. A handler tells its callers of a [`Failure`], to which any error converts by `?`.
//!
//! # Executors
//! Every future and stream of this crate may be polled on any thread, by any executor. Handlers run
//! on a thread of the mesh, inside a tokio runtime, beside one another: they must not block.

mod builder;
mod call;
mod json;
mod mesh;
mod publish;
mod service;
mod subscription;

pub use commy_core::{
    Balance, Bytes, CallOptions, Endpoint, Error, ErrorContext, Failure, FailureKind, Health,
    HealthCheck, IncomingRequest, Instance, InstanceId, InstanceSpec, Locality, MeshName,
    MeshOptions, Message, MethodName, NodeId, Overflow, Probe, Query, Reach, Request, Result,
    ServiceName, ServiceSpec, Status, SubscribeOptions, Tag, Topic,
    options::{CircuitBreaker, FabricMode, FabricOptions, TlsOptions},
    registry::{Change, ChangeKind},
};
#[doc(hidden)]
pub use commy_mesh::Roaming;
pub use commy_mesh::{BoxFuture, Closer, Handler, MeshStats, Registration, Watch};

pub use self::{
    builder::MeshBuilder,
    call::{Call, Reply},
    mesh::Mesh,
    publish::Publish,
    service::{Context, Service},
    subscription::{Event, Subscribe, Subscription},
};

/// The version of this library, by semantic versioning.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Runs the Rust of the README as a test.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
