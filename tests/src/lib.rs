//! Tests of commy across crates and languages; each target in `Cargo.toml` is a column of
//! `cargo xtask test`. This library is empty: a package must have one.
