//! The conformance topics in Rust, one module a topic: the same topics as in every SDK.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on fails"
)]

mod call;
mod cancel;
mod concurrency;
mod discover;
mod errors;
mod failure;
mod lifecycle;
mod memory;
mod payload;
mod peer;
mod pubsub;
mod register;
mod remote;
mod watch;
