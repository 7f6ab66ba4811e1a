//! commy: a service mesh that you import.
mod builder;
mod call;
mod json;
mod mesh;
mod publish;
mod service;
mod subscription;

pub use commy_core::{
    Bytes, Error, ErrorContext, Query, Result, ServiceSpec, Status,
    balance::Balance,
    endpoint::{Endpoint, HealthCheck, Probe},
    identity::{InstanceId, NodeId},
    instance::{Health, Instance, Reach},
    message::{Failure, FailureKind, IncomingRequest, Message, Request},
    name::{Locality, MeshName, MethodName, ServiceName, Tag},
    options::{CallOptions, CircuitBreaker, MeshOptions, Overflow, SubscribeOptions},
    registry::{Change, ChangeKind},
    spec::InstanceSpec,
    topic::Topic,
};
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
