//! How each system is used, as its documentation shows.

#[cfg(feature = "mesh")]
pub(crate) mod commy;
#[cfg(feature = "served")]
pub(crate) mod grpc;
#[cfg(feature = "served")]
pub(crate) mod nats;
#[cfg(feature = "mesh")]
pub(crate) mod zenoh;
