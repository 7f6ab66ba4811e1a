//! The Node backend: TypeScript over koffi.
//!
//! Owns what is rendered, and in which files: `<namespace>.ts`, and the runtime that all
//! namespaces share. Must not know how UniFFI loads an interface.

mod call;
mod class;
mod defaults;
mod module;
mod names;
mod options;
mod prettier;
mod types;

use anyhow::Result;
use askama::Template;

use crate::{
    backend::{Backend, Rendered},
    capability::Feature,
    config::Config,
    interface::Interface,
};
use call::Calls;
use module::Module;
use options::Options;
use types::Types;

/// The only place that names the version of koffi: packages and the suite read it.
pub const KOFFI_VERSION: &str = "3.3.4";

/// The backend in the table.
#[derive(Debug)]
pub struct Node;

/// All but [`Feature::StructuredKey`], because a `Map` or a `Set` of JavaScript's compares
/// objects by identity and would find none, and what UniFFI itself cannot do.
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
    ("uniffi-runtime.ts", include_str!("runtime/index.ts")),
    (
        "uniffi-runtime/buffer.ts",
        include_str!("runtime/buffer.ts"),
    ),
    (
        "uniffi-runtime/compound.ts",
        include_str!("runtime/compound.ts"),
    ),
    (
        "uniffi-runtime/converter.ts",
        include_str!("runtime/converter.ts"),
    ),
    ("uniffi-runtime/error.ts", include_str!("runtime/error.ts")),
    ("uniffi-runtime/ffi.ts", include_str!("runtime/ffi.ts")),
    (
        "uniffi-runtime/foreign.ts",
        include_str!("runtime/foreign.ts"),
    ),
    (
        "uniffi-runtime/foreign_future.ts",
        include_str!("runtime/foreign_future.ts"),
    ),
    (
        "uniffi-runtime/future.ts",
        include_str!("runtime/future.ts"),
    ),
    (
        "uniffi-runtime/layout.ts",
        include_str!("runtime/layout.ts"),
    ),
    (
        "uniffi-runtime/library.ts",
        include_str!("runtime/library.ts"),
    ),
    (
        "uniffi-runtime/locate.ts",
        include_str!("runtime/locate.ts"),
    ),
    (
        "uniffi-runtime/lowering.ts",
        include_str!("runtime/lowering.ts"),
    ),
    (
        "uniffi-runtime/moment.ts",
        include_str!("runtime/moment.ts"),
    ),
    (
        "uniffi-runtime/object.ts",
        include_str!("runtime/object.ts"),
    ),
    (
        "uniffi-runtime/thread.ts",
        include_str!("runtime/thread.ts"),
    ),
    ("uniffi-runtime/value.ts", include_str!("runtime/value.ts")),
];

impl Backend for Node {
    fn capabilities(&self) -> &'static [Feature] {
        CAPABILITIES
    }

    fn render(&self, interface: &Interface<'_>, config: &Config) -> Result<Vec<Rendered>> {
        let options: Options = config.options()?;
        options.check(interface)?;
        names::check(interface)?;
        let types = Types::new(interface);
        let module = Module {
            interface,
            config,
            options: &options,
            types: &types,
            calls: Calls {
                interface,
                types: &types,
                off_thread: &options.off_thread,
            },
        };
        let runtime = RUNTIME.iter().map(|(path, contents)| Rendered {
            path: (*path).into(),
            contents: (*contents).to_owned(),
        });
        let namespace = Rendered {
            path: format!("{}.ts", interface.namespace()).into(),
            contents: module.render()?.trim_end().to_owned() + "\n",
        };
        Ok(std::iter::once(namespace).chain(runtime).collect())
    }
}
