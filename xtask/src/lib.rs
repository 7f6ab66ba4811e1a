//! What the tests of commy share with its developer commands: generating raw bindings and the
//! header of C, and making certificates.
//!
//! The commands themselves are private to the binary.

pub mod bindings;
pub mod certs;
pub mod header;
