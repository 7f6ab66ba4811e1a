//! Facts about commy-core, each a property of its public interface.

#![expect(
    clippy::expect_used,
    reason = "what a test cannot do without is expected"
)]

mod balancing;
mod breaking;
mod consistency;
mod ejecting;
mod endpoints;
mod latency;
mod messages;
mod names;
mod pool;
mod retrying;
mod timing;
mod topics;
