//! The C++ backend: C++20, header only.
//!
//! Owns what is rendered, and in which files: `<namespace>.hpp`, and the runtime that all
//! namespaces share. Must not know how UniFFI loads an interface.

mod call;
mod defaults;
mod header;
mod names;
mod options;
mod types;

use anyhow::Result;
use askama::Template;

use crate::{
    backend::{Backend, Rendered},
    capability::Feature,
    config::Config,
    interface::Interface,
    layout::Style,
};
use call::Calls;
use header::Header;
use options::Options;
use types::Types;

/// The style on which clang-format leaves the output alone: the text decides where a line
/// breaks, clang-format decides everything else.
pub const CLANG_FORMAT: &str = "{BasedOnStyle: LLVM, ColumnLimit: 0}";

/// What clang-format leaves alone under [`CLANG_FORMAT`].
pub(crate) const STYLE: Style = Style {
    indent: "  ",
    indent_width: 2,
    width: usize::MAX,
    trailing_comma: false,
};

/// The backend in the table.
#[derive(Debug)]
pub struct Cpp;

/// All but [`Feature::StructuredKey`], because C++ hashes neither structs nor vectors, and
/// what UniFFI itself cannot do.
const CAPABILITIES: &[Feature] = &[
    Feature::Bytes,
    Feature::BorrowedBytes,
    Feature::Timestamp,
    Feature::Duration,
    Feature::Optional,
    Feature::Sequence,
    Feature::Map,
    Feature::Set,
    Feature::Record,
    Feature::FieldDefault,
    Feature::ArgumentDefault,
    Feature::ValueMethod,
    Feature::FlatEnum,
    Feature::RichEnum,
    Feature::NamelessField,
    Feature::RecursiveValue,
    Feature::FlatError,
    Feature::RichError,
    Feature::ObjectError,
    Feature::Object,
    Feature::NamedConstructor,
    Feature::AsyncConstructor,
    Feature::AsyncPrimaryConstructor,
    Feature::Trait,
    Feature::ForeignTrait,
    Feature::AsyncForeignMethod,
    Feature::CallbackInterface,
    Feature::ObjectTraits,
    Feature::ValueTraits,
    Feature::Custom,
    Feature::External,
    Feature::Async,
];

/// The runtime, a file a subject.
const RUNTIME: &[(&str, &str)] = &[
    ("uniffi_runtime.hpp", include_str!("runtime/index.hpp")),
    ("uniffi_runtime/abi.hpp", include_str!("runtime/abi.hpp")),
    (
        "uniffi_runtime/buffer.hpp",
        include_str!("runtime/buffer.hpp"),
    ),
    ("uniffi_runtime/call.hpp", include_str!("runtime/call.hpp")),
    (
        "uniffi_runtime/codec.hpp",
        include_str!("runtime/codec.hpp"),
    ),
    (
        "uniffi_runtime/compound.hpp",
        include_str!("runtime/compound.hpp"),
    ),
    (
        "uniffi_runtime/error.hpp",
        include_str!("runtime/error.hpp"),
    ),
    (
        "uniffi_runtime/executor.hpp",
        include_str!("runtime/executor.hpp"),
    ),
    (
        "uniffi_runtime/foreign.hpp",
        include_str!("runtime/foreign.hpp"),
    ),
    (
        "uniffi_runtime/foreign_future.hpp",
        include_str!("runtime/foreign_future.hpp"),
    ),
    (
        "uniffi_runtime/future.hpp",
        include_str!("runtime/future.hpp"),
    ),
    (
        "uniffi_runtime/library.hpp",
        include_str!("runtime/library.hpp"),
    ),
    (
        "uniffi_runtime/moment.hpp",
        include_str!("runtime/moment.hpp"),
    ),
    (
        "uniffi_runtime/object.hpp",
        include_str!("runtime/object.hpp"),
    ),
    (
        "uniffi_runtime/result.hpp",
        include_str!("runtime/result.hpp"),
    ),
    (
        "uniffi_runtime/rust_future.hpp",
        include_str!("runtime/rust_future.hpp"),
    ),
    ("uniffi_runtime/utf8.hpp", include_str!("runtime/utf8.hpp")),
];

impl Backend for Cpp {
    fn capabilities(&self) -> &'static [Feature] {
        CAPABILITIES
    }

    fn render(&self, interface: &Interface<'_>, config: &Config) -> Result<Vec<Rendered>> {
        let options: Options = config.options()?;
        options.check(interface)?;
        names::check(interface)?;
        let types = Types {
            interface,
            options: &options,
        };
        let header = Header {
            interface,
            options: &options,
            types: &types,
            calls: Calls { types: &types },
        };
        let runtime = RUNTIME.iter().map(|(path, contents)| Rendered {
            path: (*path).into(),
            contents: (*contents).to_owned(),
        });
        let namespace = Rendered {
            path: format!("{}.hpp", interface.namespace()).into(),
            contents: without_gaps(&header.render()?),
        };
        Ok(std::iter::once(namespace).chain(runtime).collect())
    }
}

/// The text with one empty line at most between others: constructs that an interface lacks
/// leave none behind.
fn without_gaps(text: &str) -> String {
    let mut lines: Vec<&str> = Vec::new();
    for line in text.trim_end().lines() {
        if !line.is_empty() || lines.last().is_some_and(|last| !last.is_empty()) {
            lines.push(line);
        }
    }
    lines.join("\n") + "\n"
}
