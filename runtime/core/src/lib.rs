//! The vocabulary and the decisions of commy: which values are valid, which instance answers a
//! call, what is healthy, who receives an event. There is no I/O here, no clock and no actor: time
//! and randomness are parameters, so that every decision can be tested and replayed.
//!
//! Read in this order: what things are called and when they happen, what is registered and asked
//! for, what travels, and the decisions on the call path.

mod error;
pub mod identity;
pub mod name;
pub mod time;

pub mod endpoint;
pub mod instance;
pub mod options;
pub mod query;
pub mod record;
pub mod registry;
pub mod spec;

pub mod message;
pub mod topic;

pub mod balance;
pub mod breaker;
pub mod deadline;
pub mod evidence;
pub mod outlier;
pub mod peers;
pub mod probing;
pub mod retry;

pub use balance::Balance;
pub use bytes::Bytes;
pub use deadline::Deadline;
pub use endpoint::{Endpoint, HealthCheck, Probe};
pub use error::{Error, ErrorContext, InvalidValue, Result, Status};
pub use identity::{InstanceId, NodeId};
pub use instance::{Health, Instance, Reach};
pub use message::{Event, Failure, FailureKind, IncomingRequest, Message, Reply, Request};
pub use name::{Locality, MeshName, MethodName, ServiceName, Tag};
pub use options::{
    CallOptions, CircuitBreaker, MeshOptions, MeshSettings, Overflow, SubscribeOptions,
};
pub use query::{Query, Selector};
pub use spec::{InstanceSpec, ServiceSpec};
pub use time::Moment;
pub use topic::{Topic, TopicFilter};
