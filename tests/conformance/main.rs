//! The conformance topics in Rust, one module a topic: the same topics as in every SDK.

mod lifecycle;
mod register;
mod discover;
mod watch;
mod call;
mod payload;
mod errors;
mod cancel;
mod pubsub;
mod concurrency;
mod memory;
