//! Facts about what a node knows of the others, whatever order news arrive in.

mod history;
mod laws;
mod trust;
