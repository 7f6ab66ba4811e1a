//! The C++ backend: C++20, header only.
//!
//! Owns what is rendered, and in which files: `<namespace>.hpp`, and the runtime that all
//! namespaces share. Must not know how UniFFI loads an interface.

mod options;
mod types;

use anyhow::Result;
use askama::Template;

use crate::{
    backend::{Backend, Rendered},
    capability::Feature,
    config::Config,
    interface::{Callable, Interface},
    layout::{self, Style},
};
use options::Options;

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

impl Backend for Cpp {
    fn capabilities(&self) -> &'static [Feature] {
        &[]
    }

    fn render(&self, interface: &Interface<'_>, config: &Config) -> Result<Vec<Rendered>> {
        let Options {} = config.options()?;
        Ok(vec![
            Rendered {
                path: format!("{}.hpp", interface.namespace()).into(),
                contents: Header { interface }.render()? + "\n",
            },
            Rendered {
                path: "uniffi_runtime.hpp".into(),
                contents: include_str!("runtime.hpp").to_owned(),
            },
        ])
    }
}

/// One namespace. Templates of its constructs are included, and see its methods as `self`.
#[derive(Template)]
#[template(path = "cpp/templates/header.hpp")]
struct Header<'a> {
    interface: &'a Interface<'a>,
}

impl Header<'_> {
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
                    types::parameter(&argument.ty),
                    types::identifier(&argument.name)
                )
            })
            .collect();
        let returns = function
            .returns
            .as_ref()
            .map_or_else(|| "void".to_owned(), types::name);
        let open = format!("inline {returns} {}(", types::identifier(&function.name));
        layout::list(STYLE, 0, &open, &parameters, ") {")
    }

    /// The call of the exported C function.
    fn call(&self, function: &Callable) -> String {
        let mut arguments: Vec<_> = function
            .arguments
            .iter()
            .map(|argument| types::lower(&argument.ty, &types::identifier(&argument.name)))
            .collect();
        arguments.push("&status".to_owned());
        format!("ffi::{}({})", function.ffi.name(), arguments.join(", "))
    }
}
