//! The Node backend: TypeScript over koffi.
//!
//! Owns what is rendered, and in which files: `<namespace>.ts`, and the runtime that all
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

/// The only place that names the version of koffi: packages and the suite read it.
pub const KOFFI_VERSION: &str = "3.3.4";

/// Prettier's defaults.
pub(crate) const STYLE: Style = Style {
    indent: "  ",
    indent_width: 2,
    width: 80,
    trailing_comma: true,
};

/// The backend in the table.
#[derive(Debug)]
pub struct Node;

impl Backend for Node {
    fn capabilities(&self) -> &'static [Feature] {
        &[]
    }

    fn render(&self, interface: &Interface<'_>, config: &Config) -> Result<Vec<Rendered>> {
        let Options {} = config.options()?;
        Ok(vec![
            Rendered {
                path: format!("{}.ts", interface.namespace()).into(),
                contents: Module { interface, config }.render()? + "\n",
            },
            Rendered {
                path: "uniffi-runtime.ts".into(),
                contents: include_str!("runtime.ts").to_owned(),
            },
        ])
    }
}

/// One namespace. Templates of its constructs are included, and see its methods as `self`.
#[derive(Template)]
#[template(path = "node/templates/module.ts")]
struct Module<'a> {
    interface: &'a Interface<'a>,
    config: &'a Config,
}

impl Module<'_> {
    /// A JSDoc block, or nothing; with the line break after it.
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
                    "{}: {}",
                    types::variable(&argument.name),
                    types::name(&argument.ty)
                )
            })
            .collect();
        let returns = function
            .returns
            .as_ref()
            .map_or_else(|| "void".to_owned(), types::name);
        let open = format!("export function {}(", types::function(&function.name));
        layout::list(STYLE, 0, &open, &parameters, &format!("): {returns} {{"))
    }

    /// The declaration of the exported C function.
    fn declaration(&self, function: &Callable) -> String {
        let arguments: Vec<_> = function
            .ffi
            .arguments()
            .iter()
            .map(|argument| types::ffi(&argument.type_()))
            .collect();
        let result = function
            .ffi
            .return_type()
            .map_or_else(|| "rt.ffi.void".to_owned(), types::ffi);
        let arguments = layout::list(STYLE, 1, "[", &arguments, "]");
        let items = [format!("\"{}\"", function.ffi.name()), result, arguments];
        let open = format!("const {} = library.func(", types::ffi_function(function));
        // A call of three is never so short that it fits beside a symbol's name.
        layout::list(Style { width: 0, ..STYLE }, 0, &open, &items, ");")
    }

    /// The call of the exported C function, as a statement.
    fn call(&self, function: &Callable) -> String {
        let mut arguments: Vec<_> = (1..=function.arguments.len())
            .map(|index| format!("lowered{index}"))
            .collect();
        arguments.push("rt.status".to_owned());
        let result = match function.returns {
            Some(_) => "const result = ",
            None => "",
        };
        let open = format!("{result}{}(", types::ffi_function(function));
        layout::list(STYLE, 1, &open, &arguments, ");")
    }
}
