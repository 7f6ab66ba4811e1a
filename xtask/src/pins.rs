//! The one place that names the versions of tools that no manifest of ours pins.
//!
//! Rust is pinned in `rust-toolchain.toml`, crates in `Cargo.lock`. A version here is part of the
//! key of what is cached, so that changing it is all there is to do.

/// The oldest Python that the SDK is written for.
pub(crate) const PYTHON_MINIMUM: &str = "3.9";
/// The build backend of the wheel; also named in `sdks/python/pyproject.toml`.
/// The last release that runs on the oldest Python; so are the others.
pub(crate) const HATCHLING: &str = "1.27.0";
pub(crate) const MYPY: &str = "1.19.1";
pub(crate) const PYTEST: &str = "8.4.2";
pub(crate) const RUFF: &str = "0.17.6";

/// The oldest Swift that the SDK is written for.
pub(crate) const SWIFT_MINIMUM: &str = "6.0";
/// The release of Debian whose Swift is set up where there is none, and the root that holds it.
pub(crate) const SWIFT_SUITE: &str = "trixie";
pub(crate) const SWIFT_ROOT: &str = "debian-13-swift-6.0";

/// The channel of `rust-toolchain.toml`; a test keeps the two alike.
pub(crate) const RUST: &str = "1.95.0";
/// Optional tools of a Rust developer: the lowest versions that read our settings.
pub(crate) const CARGO_DENY: &str = "0.18";
pub(crate) const CARGO_MAKE: &str = "0.37";

#[cfg(test)]
mod tests {
    #[test]
    fn the_pin_of_rust_is_the_toolchain_of_the_checkout() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../rust-toolchain.toml");
        let file: toml::Table = toml::from_str(&fs_err::read_to_string(file).unwrap()).unwrap();
        assert_eq!(file["toolchain"]["channel"].as_str(), Some(super::RUST));
    }
}
