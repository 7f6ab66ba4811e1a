//! What commy costs, beside what lies below it: `cargo xtask bench`, or `cargo bench -p commy-bench`.
//!
//! All benchmarks call from the same kind of thread: a caller's own, with an executor of its own.

use std::sync::LazyLock;

use tokio::runtime::{Builder, Runtime};

/// The caller's side: one thread, for all benchmarks alike.
#[expect(clippy::unwrap_used, reason = "a benchmark that cannot go on ends")]
pub static CALLER: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_current_thread().enable_all().build().unwrap());
