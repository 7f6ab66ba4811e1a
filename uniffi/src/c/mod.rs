//! The C ABI: what `commy.h` declares, each item beside its implementation. Every doc comment here
//! is one of the header's, so it speaks to programmers of C.
//!
//! Functions check what they are given, convert it to the types of `commy.udl` and wait for the
//! answer; there is no other behaviour here. Whatever a program does with handles, texts, numbers
//! and lengths that are wrong is an error code. What cannot be checked is a pointer to memory that
//! is not the program's, or a length beyond it.

#![expect(
    clippy::missing_safety_doc,
    reason = "the header says once, at its top, what pointers must be"
)]

pub mod call;
pub mod discovery;
pub mod error;
pub mod events;
pub mod handler;
pub mod handles;
mod input;
pub mod instance;
pub mod mesh;
pub mod message;
mod output;
pub mod service;
pub mod stats;
pub mod status;
pub mod wait;
pub mod watch;
