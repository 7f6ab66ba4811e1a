//! What C and C++ share: one CMake package, which each builds with its own half in it, and C++ with
//! both. Owns the header of C, the library's place, and how a package is configured and installed.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use camino::{Utf8Path, Utf8PathBuf};
use xtask::{bindings, header};

use crate::native::Native;
use crate::site::Site;
use crate::step::Step;

/// The folder of the package: a prefix that `find_package` and pkg-config are told of.
const PACKAGE: &str = "commy";
/// Where the header of C lies, whichever language's package it goes into.
const HEADER: &str = "commy.h";

/// Makes the header of C, and puts the native library where the CMake project of `language` looks
/// for it.
pub(super) fn generate(site: &Site, language: &str, native: &Native) -> Result<()> {
    let text = header::generate(&site.root)?;
    let files = BTreeMap::from([(Utf8PathBuf::from(HEADER), text)]);
    bindings::write(&files, &site.sdk("c").join("include"))?;
    let folder = site.sdk(language).join("native").join(platform());
    fs_err::create_dir_all(&folder)?;
    let library = &native.cdylib;
    let name = library.file_name().context("the library has no name")?;
    // Renamed into place: a process may have the one loaded that is there.
    let copied = folder.with_extension("copied");
    fs_err::copy(library, &copied)?;
    fs_err::rename(&copied, folder.join(name))?;
    Ok(())
}

/// The package of `language`, as it is built.
pub(super) fn package(site: &Site, language: &str) -> Utf8PathBuf {
    site.package(language).join(PACKAGE)
}

/// Installs the CMake project of `language` as its package.
pub(super) fn install(site: &Site, language: &str) -> Result<Utf8PathBuf> {
    let build = site.scratch(language).join("package");
    let package = package(site, language);
    configure(language, "package", &site.sdk(language), &build)
        .run(site)?
        .require(site)?;
    Step::new(format!("{language}: install"), "cmake")
        .arg("--install")
        .arg(&build)
        .arg("--prefix")
        .arg(&package)
        .run(site)?
        .require(site)?;
    Ok(package)
}

/// Configures a CMake project for one way to build it.
pub(super) fn configure(
    language: &str,
    title: &str,
    sources: &Utf8Path,
    folder: &Utf8Path,
) -> Step {
    Step::new(format!("{language}: configure, {title}"), "cmake")
        .args(["-G", "Ninja", "-DCMAKE_INSTALL_LIBDIR=lib", "-S"])
        .arg(sources)
        .arg("-B")
        .arg(folder)
}

/// A throw-away project of one file, with the first examples of a language's README: it finds the
/// package in `prefix`, and its program is run.
pub(super) fn consumer(
    site: &Site,
    readme: &str,
    file: &str,
    prefix: &Utf8Path,
    folder: &Utf8Path,
) -> Result<Vec<Step>> {
    if folder.exists() {
        fs_err::remove_dir_all(folder)?;
    }
    fs_err::create_dir_all(folder)?;
    let text = fs_err::read_to_string(site.sdk(readme).join("README.md"))?;
    for (code, begins, file) in [
        ("cmake", "cmake_minimum_required", "CMakeLists.txt"),
        (readme, "#include <commy", file),
    ] {
        let block = text
            .split("```")
            .filter_map(|block| block.strip_prefix(&format!("{code}\n")))
            .find(|block| block.starts_with(begins))
            .with_context(|| format!("the README has no example that begins with {begins}"))?;
        fs_err::write(folder.join(file), block)?;
    }
    let build = folder.join("build");
    Ok(vec![
        configure(readme, "consumer", folder, &build).arg(format!("-DCMAKE_PREFIX_PATH={prefix}")),
        Step::new(
            format!("{readme}: build a project that finds the package"),
            "cmake",
        )
        .arg("--build")
        .arg(&build),
        Step::new(
            format!("{readme}: a project that finds the package"),
            build.join("shop"),
        ),
    ])
}

/// CMake's name for this platform, under which packages look for the library.
fn platform() -> String {
    let system = match std::env::consts::OS {
        "linux" => "Linux",
        "macos" => "Darwin",
        "windows" => "Windows",
        other => other,
    };
    let processor = match (system, std::env::consts::ARCH) {
        ("Windows", "x86_64") => "AMD64",
        ("Windows", "aarch64") => "ARM64",
        ("Darwin", "aarch64") => "arm64",
        (_, other) => other,
    };
    format!("{system}-{processor}")
}
