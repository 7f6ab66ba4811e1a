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
/// What pytest builds on: checked as of the oldest Python, later releases cannot be read.
pub(crate) const PACKAGING: &str = "25.0";
pub(crate) const RUFF: &str = "0.17.6";

/// The oldest JDK and Maven by which the Kotlin SDK is built; libraries and plugins are pinned in
/// `sdks/kotlin/pom.xml`.
pub(crate) const JDK_MINIMUM: &str = "17";
pub(crate) const MAVEN_MINIMUM: &str = "3.8";
/// What installs the jar outside of any project.
pub(crate) const MAVEN_INSTALL_PLUGIN: &str = "3.1.4";
/// What gathers the libraries of a program that is run without Maven.
pub(crate) const MAVEN_DEPENDENCY_PLUGIN: &str = "3.8.1";

/// The oldest Swift that the SDK is written for.
pub(crate) const SWIFT_MINIMUM: &str = "6.0";
/// The release of Debian whose Swift is set up where there is none, and the root that holds it.
pub(crate) const SWIFT_SUITE: &str = "trixie";
pub(crate) const SWIFT_ROOT: &str = "debian-13-swift-6.0";

/// The oldest Node whose test runner writes the reports that we read; the SDK itself runs on 18.
/// What Node's SDK is built with is pinned in `sdks/node/package.json`.
pub(crate) const NODE_MINIMUM: &str = "20.11";
/// The linter of Go, a release that the oldest Go that compiles it reads.
pub(crate) const STATICCHECK: &str = "v0.8.2";
/// The oldest tools of C++ that the SDK is written for.
pub(crate) const CMAKE_MINIMUM: &str = "3.21";
pub(crate) const GXX_MINIMUM: &str = "12";
pub(crate) const JSON_MINIMUM: &str = "3.10";

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
