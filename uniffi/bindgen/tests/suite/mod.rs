//! What the suites of all languages share: the topics, their library, and how a language's
//! tools are run.
//!
//! Must not know a language: `node.rs`, `go.rs` and `cpp.rs` beside this folder do.

mod command;

use std::{
    env, fs,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use camino::Utf8PathBuf;
use commy_bindgen::{Error, Language, Options, generate};

pub(crate) use command::run;

/// From what a topic is generated.
enum Source {
    /// Its UDL, and those of the crates whose types it uses.
    Udl(&'static [&'static str]),
    /// The built library: what proc-macros say is written nowhere else.
    Library,
}

/// Every topic, each a crate under `topics/`.
const TOPICS: &[(&str, Source)] = &[
    ("primitives", Source::Udl(&[])),
    ("strings", Source::Udl(&[])),
    ("records", Source::Udl(&[])),
    ("enums", Source::Udl(&[])),
    ("errors", Source::Udl(&[])),
    ("objects", Source::Udl(&[])),
    ("compounds", Source::Udl(&[])),
    ("binary", Source::Udl(&[])),
    ("moments", Source::Udl(&[])),
    ("customs", Source::Udl(&[])),
    (
        "externals",
        Source::Udl(&["records", "enums", "objects", "errors"]),
    ),
    ("traits", Source::Udl(&[])),
    ("callbacks", Source::Udl(&[])),
    ("listeners", Source::Udl(&[])),
    ("futures", Source::Udl(&[])),
    ("docs", Source::Udl(&[])),
    ("derived", Source::Udl(&[])),
    ("macros", Source::Library),
];

/// One test per topic: `topics!(run: primitives, strings)` calls `run("primitives")` and so
/// on, and fails for each topic that is not listed although its interface is not refused.
macro_rules! topics {
    ($language:expr, $run:path: $($topic:ident),+ $(,)?) => {
        $(
            #[test]
            fn $topic() {
                $run(stringify!($topic));
            }
        )+

        #[test]
        fn every_topic_is_tested_or_refused() {
            suite::check_coverage($language, &[$(stringify!($topic)),+]);
        }
    };
}

/// Fails for a topic that has no test and is not refused either.
pub(crate) fn check_coverage(language: Language, tested: &[&str]) {
    for topic in tested {
        assert!(
            TOPICS.iter().any(|(name, _)| name == topic),
            "{topic} is no topic"
        );
    }
    for (topic, _) in TOPICS {
        if tested.contains(topic) {
            continue;
        }
        match commy_bindgen::render(&options(language, topic, Path::new(""))) {
            Err(Error::Unsupported(_)) => {}
            Ok(_) => panic!("{language} generates topic {topic}, but no test runs it"),
            Err(error) => panic!("{language}, topic {topic}: {error}"),
        }
    }
}

/// Generates a topic's bindings into a folder.
pub(crate) fn generate_into(language: Language, topic: &str, folder: &Path) {
    if let Err(error) = generate(&options(language, topic, folder)) {
        panic!("{language}, topic {topic}: {error}");
    }
}

fn options(language: Language, topic: &str, folder: &Path) -> Options {
    let (_, source) = TOPICS
        .iter()
        .find(|(name, _)| *name == topic)
        .unwrap_or_else(|| panic!("{topic} is no topic"));
    let (sources, crate_name) = match source {
        Source::Udl(others) => {
            let all = std::iter::once(&topic).chain(*others);
            (all.map(|name| udl(name)).collect(), None)
        }
        Source::Library => (vec![library().into()], Some(format!("topic_{topic}"))),
    };
    Options {
        language,
        sources: sources.into_iter().map(utf8).collect(),
        out_dir: utf8(folder.to_owned()),
        config: Some(utf8(package().join("tests/topics/uniffi.toml"))),
        crate_name,
    }
}

fn udl(topic: &str) -> PathBuf {
    package().join(format!("tests/topics/{topic}/src/{topic}.udl"))
}

/// The folder of this package.
pub(crate) fn package() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The test of a topic in a language, such as `node/primitives.test.ts`.
pub(crate) fn test_file(path: &str) -> PathBuf {
    let path = package().join("tests").join(path);
    assert!(path.exists(), "there is no test {}", path.display());
    path
}

/// The library that exports every topic, built once a process.
pub(crate) fn library() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let target = target();
        run(
            &target,
            env::var_os("CARGO").unwrap_or_else(|| "cargo".into()),
            &[
                "build".as_ref(),
                "--package=topics".as_ref(),
                "--manifest-path".as_ref(),
                package().join("Cargo.toml").as_os_str(),
                "--target-dir".as_ref(),
                target.as_os_str(),
            ],
            &[],
        );
        let file = format!(
            "{}topics{}",
            env::consts::DLL_PREFIX,
            env::consts::DLL_SUFFIX
        );
        target.join("debug").join(file)
    })
}

/// A folder for one topic, emptied.
pub(crate) fn scratch(language: &str, topic: &str) -> PathBuf {
    let folder = tools(language).join(topic);
    if folder.exists() {
        fs::remove_dir_all(&folder).unwrap();
    }
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// A folder that a language's topics share, kept between runs.
pub(crate) fn tools(language: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("bindgen-suite")
        .join(language);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn target() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
        .parent()
        .unwrap()
        .to_owned()
}

fn utf8(path: PathBuf) -> Utf8PathBuf {
    Utf8PathBuf::from_path_buf(path).unwrap()
}

pub(crate) use topics;
