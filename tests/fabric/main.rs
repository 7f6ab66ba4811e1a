//! The fabric over Zenoh, without the mesh above it: links in one process and links in processes of
//! their own, on loopback. What is stated here is what `commy_mesh`'s trait promises.
#![cfg(unix)]
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

mod addresses;
mod calls;
mod closing;
mod directory;
mod events;
mod loss;
mod meeting;
mod neighbours;
mod network;
mod node;
mod partition;
mod payloads;
mod process;
mod records;
mod replicas;
mod scale;
