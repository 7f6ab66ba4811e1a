//! Which commy this is.

/// The version of this library, by semantic versioning.
#[must_use]
pub fn version() -> String {
    commy::VERSION.into()
}
