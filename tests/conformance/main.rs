//! The conformance topics in Rust, one module a topic: the same topics as in every SDK.

mod call;
mod cancel;
mod concurrency;
mod discover;
mod errors;
mod lifecycle;
mod memory;
mod payload;
mod pubsub;
mod register;
mod watch;
