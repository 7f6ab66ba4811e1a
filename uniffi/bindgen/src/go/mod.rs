//! The Go backend: a package a namespace, over cgo.
//!
//! Owns what is rendered, and in which files: `<namespace>/<namespace>.go`, its C header,
//! and its own copy of the runtime, because cgo's types do not cross packages.
//! Must not know how UniFFI loads an interface.

mod call;
mod defaults;
mod gofmt;
mod header;
mod names;
mod options;
mod package;
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
use header::Header;
use options::Options;
use package::{Callbacks, Compounds, Package, has_moments, rendered};
use types::Types;

/// The oldest Go that compiles the packages: it has `runtime.AddCleanup`.
pub const GO_MINIMUM: &str = "1.24";

/// The backend in the table.
#[derive(Debug)]
pub struct Go;

/// All but [`Feature::StructuredKey`], because slices and pointers are no keys of Go's maps,
/// and what UniFFI itself cannot do.
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

impl Backend for Go {
    fn capabilities(&self) -> &'static [Feature] {
        CAPABILITIES
    }

    fn render(&self, interface: &Interface<'_>, config: &Config) -> Result<Vec<Rendered>> {
        let options: Options = config.options()?;
        options.check(interface)?;
        let types = Types::new(interface, &options);
        names::check(interface, &types)?;
        let package = options
            .package
            .clone()
            .unwrap_or_else(|| names::package(interface.namespace()));
        let runtime = Runtime {
            interface,
            config,
            options: &options,
            package: &package,
        };
        let main = Package {
            interface,
            package: &package,
            types: &types,
            calls: Calls {
                interface,
                types: &types,
            },
        };
        let compounds = Compounds {
            interface,
            package: &package,
            types: &types,
        };
        let callbacks = Callbacks {
            interface,
            package: &package,
            types: &types,
        };
        let header = Header {
            interface,
            types: &types,
        };
        let mut files = vec![
            (format!("{package}.go"), main.file()?),
            ("uniffi.h".to_owned(), header.render()?),
        ];
        files.extend(
            compounds
                .file()?
                .map(|text| ("uniffi_compounds.go".to_owned(), text)),
        );
        files.extend(
            callbacks
                .file()?
                .map(|text| ("uniffi_callbacks.go".to_owned(), text)),
        );
        for (name, text) in runtime.files()? {
            files.push((format!("uniffi_{name}.go"), text));
        }
        Ok(files
            .iter()
            .map(|(name, text)| rendered(&package, name, text))
            .collect())
    }
}

/// What every package has alike, but for its name and its crate's symbols.
#[derive(Clone, Copy)]
struct Runtime<'a> {
    interface: &'a Interface<'a>,
    config: &'a Config,
    options: &'a Options,
    package: &'a str,
}

/// A file of the runtime: one a subject, each only where the interface has the subject.
macro_rules! runtime {
    ($($template:ident: $path:literal),+ $(,)?) => {
        $(
            #[derive(Template)]
            #[template(path = $path)]
            struct $template<'a> {
                runtime: Runtime<'a>,
            }

            impl<'a> $template<'a> {
                fn file(runtime: Runtime<'a>) -> Result<String> {
                    Ok(Self { runtime }.render()?)
                }
            }
        )+
    };
}

runtime! {
    BufferFile: "go/runtime/buffer.go",
    CallFile: "go/runtime/call.go",
    CompoundFile: "go/runtime/compound.go",
    ForeignFile: "go/runtime/foreign.go",
    ForeignFutureFile: "go/runtime/foreign_future.go",
    FutureFile: "go/runtime/future.go",
    LibraryFile: "go/runtime/library.go",
    MomentFile: "go/runtime/moment.go",
    ObjectFile: "go/runtime/object.go",
}

impl Runtime<'_> {
    fn files(self) -> Result<Vec<(&'static str, String)>> {
        let interface = self.interface;
        let mut files = vec![
            ("buffer", BufferFile::file(self)?),
            ("call", CallFile::file(self)?),
            ("compound", CompoundFile::file(self)?),
            ("library", LibraryFile::file(self)?),
        ];
        if has_moments(interface) {
            files.push(("moment", MomentFile::file(self)?));
        }
        if !interface.objects.is_empty() {
            files.push(("object", ObjectFile::file(self)?));
        }
        let callables = header::callables(interface);
        if callables.iter().any(|callable| callable.future.is_some()) {
            files.push(("future", FutureFile::file(self)?));
        }
        if interface.vtables().next().is_some() {
            files.push(("foreign", ForeignFile::file(self)?));
        }
        if interface.has_async_callbacks() {
            files.push(("foreign_future", ForeignFutureFile::file(self)?));
        }
        Ok(files)
    }

    /// What cgo is told.
    fn cgo(&self) -> Vec<String> {
        match &self.options.cgo {
            Some(lines) => lines.clone(),
            None => vec![format!("LDFLAGS: -l{}", self.config.library)],
        }
    }

    fn prefix(&self) -> String {
        header::prefix(self.interface)
    }
}
