//! The vocabulary and the decisions of commy: which values are valid, which instance answers a
//! call, what is healthy, who receives an event. There is no I/O here, no clock and no actor: time
//! and randomness are parameters, so that every decision can be tested and replayed.
//!
//! Read in this order: names and identities, what is registered and asked for, what travels, the
//! service table, and the decisions on the call path.

pub mod balance;
pub mod deadline;
pub mod endpoint;
mod error;
pub mod identity;
pub mod instance;
pub mod message;
pub mod name;
pub mod options;
pub mod outlier;
pub mod breaker;
pub mod probing;
pub mod query;
pub mod registry;
pub mod retry;
pub mod spec;
pub mod time;
pub mod topic;

pub use bytes::Bytes;
pub use error::{Error, ErrorContext, InvalidValue, Result, Status};
pub use query::Query;
pub use spec::ServiceSpec;
