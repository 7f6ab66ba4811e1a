//! Tests of commy across crates and languages; each target in `Cargo.toml` is a column of
//! `cargo xtask test`. This library is what Rust's own tests begin with: meshes that no other test
//! is in, services to call, and ways to say what an error must be.
#![expect(
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    clippy::panic,
    reason = "these are assertions of tests"
)]

mod alone;
mod outcome;
mod services;
mod signal;

use std::sync::atomic::{AtomicU64, Ordering};

use commy::{Mesh, MeshBuilder};

pub use self::{
    alone::{alone, live_bytes},
    outcome::{Outcome, invalid},
    services::{Gate, echo, gate},
    signal::{Signal, soon},
};

/// A mesh whose name no other test has, of this process or another: meshes of one name see each
/// other.
pub fn builder() -> MeshBuilder {
    static NUMBER: AtomicU64 = AtomicU64::new(1);
    let (process, number) = (std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
    Mesh::builder(format!("test-{process}-{number}"))
}

/// A started mesh that no other test is in.
pub async fn mesh() -> Mesh {
    started(builder()).await
}

/// The mesh of a builder, started.
pub async fn started(builder: MeshBuilder) -> Mesh {
    let mesh = builder.build().unwrap();
    mesh.start().await.unwrap();
    mesh
}
