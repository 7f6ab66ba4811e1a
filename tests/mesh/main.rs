//! How the actors behave, seen from outside: what drains, what is contained, what is probed, and
//! what is tried again.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod breaking;
mod containment;
mod draining;
mod membership;
mod probing;
mod retrying;
