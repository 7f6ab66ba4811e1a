//! The conformance topics in Rust, one module a topic: the same topics as in every SDK.
