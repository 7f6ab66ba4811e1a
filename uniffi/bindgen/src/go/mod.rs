//! The Go backend: a package a namespace, over cgo.
//!
//! Owns what is rendered, and in which files: `<namespace>/<namespace>.go`, its C header,
//! and its own copy of the runtime, because cgo's types do not cross packages.
//! Must not know how UniFFI loads an interface.

mod options;
mod types;

use anyhow::Result;
use askama::Template;
use camino::Utf8PathBuf;

use crate::{
    backend::{Backend, Rendered},
    capability::Feature,
    config::Config,
    interface::{Callable, Interface},
    layout::{self, Style},
};
use options::Options;

/// What gofmt leaves alone: it breaks no lines.
pub(crate) const STYLE: Style = Style {
    indent: "\t",
    indent_width: 8,
    width: usize::MAX,
    trailing_comma: true,
};

/// The backend in the table.
#[derive(Debug)]
pub struct Go;

impl Backend for Go {
    fn capabilities(&self) -> &'static [Feature] {
        &[]
    }

    fn render(&self, interface: &Interface<'_>, config: &Config) -> Result<Vec<Rendered>> {
        let Options {} = config.options()?;
        let package = types::package(interface.namespace());
        let folder = Utf8PathBuf::from(&package);
        Ok(vec![
            Rendered {
                path: folder.join(format!("{package}.go")),
                contents: Package {
                    interface,
                    package: &package,
                }
                .render()?
                    + "\n",
            },
            Rendered {
                path: folder.join("uniffi.h"),
                contents: Header { interface }.render()? + "\n",
            },
            Rendered {
                path: folder.join("uniffi_runtime.go"),
                contents: Runtime {
                    interface,
                    config,
                    package: &package,
                }
                .render()?
                    + "\n",
            },
        ])
    }
}

/// One namespace. Templates of its constructs are included, and see its methods as `self`.
#[derive(Template)]
#[template(path = "go/templates/package.go")]
struct Package<'a> {
    interface: &'a Interface<'a>,
    package: &'a str,
}

/// The C declarations that the package uses.
#[derive(Template)]
#[template(path = "go/templates/uniffi.h")]
struct Header<'a> {
    interface: &'a Interface<'a>,
}

/// What every package has alike, but for its name and its crate's symbols.
#[derive(Template)]
#[template(path = "go/runtime.go")]
struct Runtime<'a> {
    interface: &'a Interface<'a>,
    config: &'a Config,
    package: &'a str,
}

impl Package<'_> {
    /// Comment lines with the line break after them, or nothing.
    fn doc(&self, depth: usize, docstring: Option<&str>) -> String {
        types::doc(depth, docstring)
    }

    /// The head of a function, up to its brace.
    fn signature(&self, function: &Callable) -> String {
        let parameters: Vec<_> = function
            .arguments
            .iter()
            .map(|argument| {
                format!(
                    "{} {}",
                    types::variable(&argument.name),
                    types::name(&argument.ty)
                )
            })
            .collect();
        let returns = function
            .returns
            .as_ref()
            .map_or_else(String::new, |ty| types::name(ty) + " ");
        let open = format!("func {}(", types::exported(&function.name));
        layout::list(STYLE, 0, &open, &parameters, &format!(") {returns}{{"))
    }

    /// The call of the exported C function.
    fn call(&self, function: &Callable) -> String {
        let mut arguments: Vec<_> = function
            .arguments
            .iter()
            .map(|argument| types::lower(&argument.ty, &types::variable(&argument.name)))
            .collect();
        arguments.push("&status".to_owned());
        format!("C.{}({})", function.ffi.name(), arguments.join(", "))
    }
}
