//! How each system is used, as its documentation shows.

pub(crate) mod commy;
pub(crate) mod grpc;
pub(crate) mod nats;
pub(crate) mod zenoh;
