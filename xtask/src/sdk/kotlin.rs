//! Kotlin: a jar with the façade, the generated bindings and the native library inside.

use anyhow::{Context as _, Result};
use camino::Utf8PathBuf;
use xtask::bindings;

use super::{Language, Sdk};
use crate::check::{Check, Column, Evidence};
use crate::native::Native;
use crate::peer::Peer;
use crate::pins;
use crate::site::Site;
use crate::step::Step;
use crate::tool::{Get, Need, Tool};

const NAME: &str = "kotlin";
/// What Maven calls the artifact.
const ARTIFACT: &str = "commy";
const MAVEN: &str = if cfg!(windows) { "mvn.cmd" } else { "mvn" };
/// The version is in the POM of the SDK.
const KTLINT: &str = "com.github.gantsign.maven:ktlint-maven-plugin:check";

pub(crate) struct Kotlin;

impl Language for Kotlin {
    fn name(&self) -> &'static str {
        NAME
    }

    fn tools(&self) -> Vec<Tool> {
        vec![
            Tool {
                name: "javac",
                probe: &["javac", "-version"],
                minimum: pins::JDK_MINIMUM,
                get: Get::Apt(&["default-jdk-headless"]),
                need: Need::Required,
            },
            Tool {
                name: "maven",
                probe: &[MAVEN, "--version"],
                minimum: pins::MAVEN_MINIMUM,
                get: Get::Apt(&["maven"]),
                need: Need::Required,
            },
        ]
    }

    fn columns(&self) -> &'static [&'static str] {
        &["package", "lint", "java", "tour", "shop"]
    }

    fn sdk(&self) -> Option<&dyn Sdk> {
        Some(self)
    }

    fn checks(&self, site: &Site, only: Option<&[&str]>) -> Result<Vec<Check>> {
        let sources = site.sdk(NAME);
        let samples = sources.join("samples");
        let sample = |title: &str, class: &str| {
            maven(title)
                .args(["compile", "exec:exec"])
                .arg(format!("-Dsample={class}"))
                .dir(&samples)
        };
        let mut test = maven("test").arg("test").dir(&sources);
        if let Some(topics) = only {
            let classes: Vec<String> = topics.iter().map(class_of).collect();
            test = test.arg(format!("-Dtest={}", classes.join(",")));
        }
        Ok(vec![
            Check {
                evidence: Evidence::Prints("Receipt(order=1, state=created)"),
                ..Check::exit("package", [install(site)?, consumer(site)?])
            },
            Check::exit("lint", [maven("ktlint").arg(KTLINT).dir(&sources)]),
            Check {
                evidence: Evidence::Prints("9/9"),
                ..Check::exit("tour", [sample("tour", "Tour")])
            },
            Check::exit("shop", [sample("shop", "Shop")]),
            Check {
                column: Column::ByTopic,
                steps: vec![test],
                evidence: Evidence::JUnit(sources.join("target/surefire-reports")),
            },
        ])
    }

    fn peer(&self, site: &Site) -> Result<Peer> {
        let samples = site.sdk(NAME).join("samples");
        let libraries = site.scratch(NAME).join("peer");
        // A library of the same version is not copied again.
        if libraries.exists() {
            fs_err::remove_dir_all(&libraries)?;
        }
        let compile = maven("build the peer")
            .arg("compile")
            .arg(format!(
                "org.apache.maven.plugins:maven-dependency-plugin:{}:copy-dependencies",
                pins::MAVEN_DEPENDENCY_PLUGIN
            ))
            .arg(format!("-DoutputDirectory={libraries}"))
            .arg("-DincludeScope=runtime")
            .dir(&samples);
        let classes = samples.join("target/classes");
        let path = std::env::join_paths([classes, libraries.join("*")])?;
        // It lives for seconds: what makes a virtual machine fast in hours is left out.
        let start = Step::new("kotlin: peer", "java")
            .args([
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-Xshare:auto",
            ])
            .arg("-classpath")
            .arg(path)
            .arg("PeerKt");
        Ok(Peer {
            build: vec![install(site)?, compile],
            start,
        })
    }

    fn benches(&self, _site: &Site, _filter: Option<&str>) -> Result<Vec<Step>> {
        Ok(Vec::new())
    }
}

impl Sdk for Kotlin {
    fn generate(&self, site: &Site, native: &Native) -> Result<()> {
        let folder = site.sdk(NAME).join("generated");
        let files = bindings::generate(bindings::Language::Kotlin, &site.udl())?;
        bindings::write(&files, &folder.join("kotlin"))?;

        // Other platforms' libraries, which stand beside it, are left as they are.
        let library = &native.cdylib;
        let resources = folder.join("resources").join(platform());
        fs_err::create_dir_all(&resources)?;
        let name = library.file_name().context("the library has no name")?;
        fs_err::copy(library, resources.join(name))?;
        Ok(())
    }

    fn package(&self, site: &Site) -> Result<Vec<Utf8PathBuf>> {
        let sources = site.sdk(NAME);
        maven("package")
            .args(["clean", "package", "-Dmaven.test.skip=true"])
            .dir(&sources)
            .run(site)?
            .require(site)?;
        let built = sources.join("target");
        let files = Files::of(site)?;
        let name = |file: &Utf8PathBuf| file.file_name().unwrap_or_default().to_owned();
        fs_err::copy(built.join(name(&files.jar)), &files.jar)?;
        fs_err::copy(built.join(name(&files.sources)), &files.sources)?;
        fs_err::copy(sources.join("pom.xml"), &files.pom)?;
        Ok(vec![files.jar, files.pom, files.sources])
    }
}

/// What is packaged, under the names by which Maven knows them.
struct Files {
    jar: Utf8PathBuf,
    pom: Utf8PathBuf,
    sources: Utf8PathBuf,
}

impl Files {
    fn of(site: &Site) -> Result<Self> {
        let package = site.metadata.packages.iter().find(|it| it.name == ARTIFACT);
        let version = &package.context("the workspace has no crate commy")?.version;
        let file = |suffix: &str| {
            site.package(NAME)
                .join(format!("{ARTIFACT}-{version}{suffix}"))
        };
        Ok(Self {
            jar: file(".jar"),
            pom: file(".pom"),
            sources: file("-sources.jar"),
        })
    }
}

/// Maven, as it is to be run where nobody looks.
fn maven(title: &str) -> Step {
    Step::new(format!("kotlin: {title}"), MAVEN).args([
        "--batch-mode",
        "--no-transfer-progress",
        "--quiet",
        "-Dstyle.color=never",
    ])
}

/// Puts the package into the local repository, as the README tells its users to.
fn install(site: &Site) -> Result<Step> {
    let files = Files::of(site)?;
    Ok(maven("install the jar")
        .arg(format!(
            "org.apache.maven.plugins:maven-install-plugin:{}:install-file",
            pins::MAVEN_INSTALL_PLUGIN
        ))
        .arg(format!("-Dfile={}", files.jar))
        .arg(format!("-DpomFile={}", files.pom))
        .arg(format!("-Dsources={}", files.sources))
        // Outside of any project.
        .dir(&site.package(NAME)))
}

/// A throw-away project that depends on the installed artifact, and runs the README's ten lines.
fn consumer(site: &Site) -> Result<Step> {
    let sources = site.sdk(NAME);
    let folder = site.scratch(NAME).join("consumer");
    if folder.exists() {
        fs_err::remove_dir_all(&folder)?;
    }
    fs_err::create_dir_all(folder.join("src"))?;
    fs_err::copy(sources.join("samples/pom.xml"), folder.join("pom.xml"))?;
    let readme = fs_err::read_to_string(sources.join("README.md"))?;
    let example = readme
        .split("```")
        .find_map(|block| block.strip_prefix("kotlin\n"))
        .context("the README has no example in Kotlin")?;
    fs_err::write(folder.join("src/Main.kt"), example)?;
    Ok(maven("a project that depends on ours")
        .args(["compile", "exec:exec", "-Dsample=Main"])
        .dir(&folder))
}

/// The class that tests a topic.
fn class_of(topic: &&str) -> String {
    let mut letters = topic.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    let first: String = first.into_iter().collect();
    format!("{first}{}Test", letters.as_str())
}

/// The folder in which JNA looks for this platform's library.
fn platform() -> String {
    let system = match std::env::consts::OS {
        "macos" => "darwin",
        "windows" => "win32",
        other => other,
    };
    let machine = match std::env::consts::ARCH {
        "x86_64" => "x86-64",
        other => other,
    };
    format!("{system}-{machine}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_is_tested_by_a_class_of_its_name() {
        assert_eq!(class_of(&"call"), "CallTest");
    }

    #[test]
    fn the_platform_is_one_of_jnas() {
        let known = [
            "linux-x86-64",
            "linux-aarch64",
            "darwin-x86-64",
            "darwin-aarch64",
            "win32-x86-64",
            "win32-aarch64",
        ];
        assert!(known.contains(&platform().as_str()), "{}", platform());
    }
}
