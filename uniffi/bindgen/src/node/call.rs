//! How a callable is declared and called: its signature, and the statements of its body.
//!
//! Owns the order in which arguments are lowered, so that nothing of Rust's is lost when one
//! of them is refused. Must not know what surrounds a body.

use anyhow::Result;

use super::{
    defaults, names,
    prettier::{assignment, hugged_list, list},
    types::{self, Position, Types},
};
use crate::interface::{Argument, Callable, CallableKind, Interface};

/// What surrounds calls.
#[derive(Debug)]
pub(crate) struct Calls<'a> {
    pub(crate) interface: &'a Interface<'a>,
    pub(crate) types: &'a Types<'a>,
    pub(crate) off_thread: &'a [String],
}

impl Calls<'_> {
    /// Whether the call gives a promise.
    pub(crate) fn gives_promise(&self, callable: &Callable) -> bool {
        callable.is_async || self.is_off_thread(callable)
    }

    fn is_off_thread(&self, callable: &Callable) -> bool {
        self.off_thread.contains(&callable.item())
    }

    /// The head of a function or a method with a body, up to its brace.
    pub(crate) fn head(
        &self,
        depth: usize,
        callable: &Callable,
        prefix: &str,
        name: &str,
    ) -> Result<String> {
        let is_async = if self.gives_promise(callable) {
            "async "
        } else {
            ""
        };
        // `static` comes before `async`, `export` and `function` around it.
        let open = match prefix.rsplit_once("function ") {
            Some((before, _)) => format!("{before}{is_async}function {name}("),
            None => format!("{prefix}{is_async}{name}("),
        };
        let mut parameters = Vec::new();
        if let Some(owner) = self.value_receiver(callable) {
            parameters.push(format!(
                "self: {}",
                self.types.name(&owner, Position::Taken)
            ));
        }
        for argument in &callable.arguments {
            parameters.push(self.parameter(argument)?);
        }
        if callable.is_async {
            parameters.push("asyncOptions?: rt.AsyncOptions".into());
        }
        let close = if callable.kind == CallableKind::PrimaryConstructor && !callable.is_async {
            ") {".to_owned()
        } else {
            format!("): {} {{", self.result(callable))
        };
        Ok(list(depth, &open, &parameters, &close))
    }

    /// A method as an interface declares it: what foreign code implements.
    pub(crate) fn declaration(&self, depth: usize, callable: &Callable) -> String {
        let mut parameters: Vec<_> = callable
            .arguments
            .iter()
            .map(|argument| {
                let ty = self.types.name(&argument.ty, Position::Given);
                format!("{}: {ty}", names::variable(&argument.name))
            })
            .collect();
        if callable.is_async {
            parameters.push("asyncOptions?: rt.AsyncOptions".into());
        }
        let open = format!("{}(", names::method(&callable.name));
        let close = format!("): {};", self.result(callable));
        list(depth, &open, &parameters, &close)
    }

    fn parameter(&self, argument: &Argument) -> Result<String> {
        let name = names::variable(&argument.name);
        let ty = self.types.name(&argument.ty, Position::Taken);
        Ok(match &argument.default {
            None => format!("{name}: {ty}"),
            Some(default) => {
                let value = defaults::expression(self.interface, default, &argument.ty)?;
                if value == "undefined" {
                    let ty = ty.trim_end_matches(" | undefined");
                    format!("{name}?: {ty}")
                } else {
                    format!("{name}: {ty} = {value}")
                }
            }
        })
    }

    fn result(&self, callable: &Callable) -> String {
        let plain = match &callable.returns {
            Some(ty) => self.types.name(ty, Position::Given),
            None => "void".into(),
        };
        if self.gives_promise(callable) {
            format!("Promise<{plain}>")
        } else {
            plain
        }
    }

    /// The receiver of a method of a record or an enum: it crosses as the value itself.
    fn value_receiver(&self, callable: &Callable) -> Option<uniffi_bindgen::interface::Type> {
        use uniffi_bindgen::interface::Type;
        callable
            .owner
            .clone()
            .filter(|owner| callable.has_receiver() && !matches!(owner, Type::Object { .. }))
    }

    /// The declaration of the exported C function.
    pub(crate) fn ffi_declaration(callable: &Callable) -> Result<String> {
        let mut arguments = Vec::new();
        for argument in callable.ffi.arguments() {
            arguments.push(types::ffi(&argument.type_())?);
        }
        let result = match callable.ffi.return_type() {
            Some(ty) => types::ffi(ty)?,
            None => "rt.ffi.void".to_owned(),
        };
        let kind = if callable.ffi.has_rust_call_status_arg() {
            "func"
        } else {
            "plain"
        };
        let symbol = callable.ffi.name();
        let open = format!("const {} = library.{kind}(", names::ffi_function(callable));
        let items = [format!("\"{symbol}\""), result];
        Ok(hugged_list(&open, &items, ("[", &arguments, "]"), ");"))
    }

    /// The statements of a call, each line indented by `depth` but the first.
    pub(crate) fn body(&self, depth: usize, callable: &Callable) -> String {
        let mut lines = Vec::new();
        if callable.is_async {
            lines.push("asyncOptions?.signal?.throwIfAborted();".to_owned());
        }
        let lowered = self.lower(depth, callable, &mut lines);
        if callable.is_async {
            lines.push(drive(depth, callable, &lowered));
        } else if self.is_off_thread(callable) {
            lines.push(off_thread(depth, callable, &lowered));
        } else {
            call(depth, callable, lowered, &mut lines);
        }
        lines.join(&format!("\n{}", "  ".repeat(depth)))
    }

    /// Lowers the receiver and the arguments, and gives what is passed for them.
    fn lower(&self, depth: usize, callable: &Callable, lines: &mut Vec<String>) -> Vec<String> {
        let mut lowerings = Vec::new();
        if callable.has_receiver()
            && let Some(owner) = &callable.owner
        {
            let name = match self.value_receiver(callable) {
                Some(_) => "self",
                None => "this",
            };
            lowerings.push(Lowering {
                converter: receiver_converter(self, owner),
                name: name.to_owned(),
                acquires: true,
                may_contain_objects: self.types.may_contain_objects(owner),
            });
        }
        for argument in &callable.arguments {
            let converter = if argument.is_borrowed_bytes {
                "rt.borrowedBytes".to_owned()
            } else {
                types::converter(&argument.ty)
            };
            lowerings.push(Lowering {
                converter,
                name: names::variable(&argument.name),
                acquires: !argument.is_borrowed_bytes && Types::acquires(&argument.ty),
                may_contain_objects: self.types.may_contain_objects(&argument.ty),
            });
        }
        let acquiring = lowerings.iter().filter(|one| one.acquires).count();
        let needs_care = acquiring > 1 || lowerings.iter().any(|one| one.may_contain_objects);
        if needs_care {
            let items: Vec<_> = lowerings
                .into_iter()
                .map(|one| {
                    let open = format!("{}.lower(", one.converter);
                    list(depth + 1, &open, &[one.name], ")")
                })
                .collect();
            let open = "const lowered_args = rt.lowerAll(() => [";
            lines.push(list(depth, open, &items, "]);"));
            return vec!["...lowered_args".into()];
        }
        // What is got is got last, when nothing can be refused any more.
        let mut order: Vec<_> = (0..lowerings.len()).collect();
        order.sort_by_key(|index| lowerings[*index].acquires);
        for index in order {
            let Lowering {
                converter, name, ..
            } = &lowerings[index];
            lines.push(assignment(
                depth,
                &format!("const lowered_{}", index + 1),
                &format!("{converter}.lower"),
                std::slice::from_ref(name),
            ));
        }
        (1..=lowerings.len())
            .map(|index| format!("lowered_{index}"))
            .collect()
    }
}

struct Lowering {
    converter: String,
    name: String,
    acquires: bool,
    may_contain_objects: bool,
}

fn receiver_converter(calls: &Calls<'_>, owner: &uniffi_bindgen::interface::Type) -> String {
    let is_trait = calls
        .interface
        .objects
        .iter()
        .any(|object| object.ty == *owner && object.vtable.is_some());
    let converter = types::converter(owner);
    // A trait's methods are called on what Rust implements.
    if is_trait {
        converter + ".rust"
    } else {
        converter
    }
}

fn call(depth: usize, callable: &Callable, mut lowered: Vec<String>, lines: &mut Vec<String>) {
    lowered.push("rt.status".into());
    let function = names::ffi_function(callable);
    lines.push(match callable.returns {
        Some(_) => assignment(depth, "const ffi_result", &function, &lowered),
        None => list(depth, &format!("{function}("), &lowered, ");"),
    });
    let throws: Vec<_> = callable.throws.iter().map(types::error_converter).collect();
    lines.push(list(depth, "library.check(", &throws, ");"));
    if let Some(returns) = &callable.returns {
        if callable.kind == CallableKind::PrimaryConstructor
            && matches!(returns, uniffi_bindgen::interface::Type::Object { .. })
        {
            let open = format!("{}.attach(", types::converter(returns));
            lines.push(list(
                depth,
                &open,
                &["this".to_owned(), "ffi_result".to_owned()],
                ");",
            ));
        } else {
            let open = format!("return {}.lift(", types::converter(returns));
            lines.push(list(depth, &open, &["ffi_result".to_owned()], ");"));
        }
    }
}

fn outcome(callable: &Callable) -> [String; 2] {
    let or_undefined = |found: Option<String>| found.unwrap_or_else(|| "undefined".into());
    [
        or_undefined(callable.returns.as_ref().map(types::converter)),
        or_undefined(callable.throws.as_ref().map(types::error_converter)),
    ]
}

fn drive(depth: usize, callable: &Callable, lowered: &[String]) -> String {
    let function = names::ffi_function(callable);
    let start = assignment(depth, "const ffi_future", &function, lowered);
    let [returns, throws] = outcome(callable);
    let items = [
        types::driver(callable.returns.as_ref()),
        "ffi_future".into(),
        returns,
        throws,
        "asyncOptions".into(),
    ];
    let end = list(depth, "return rt.drive(", &items, ");");
    format!("{start}\n{}{end}", "  ".repeat(depth))
}

fn off_thread(depth: usize, callable: &Callable, lowered: &[String]) -> String {
    let [returns, throws] = outcome(callable);
    let items = [
        "library".into(),
        names::ffi_function(callable),
        list(depth + 1, "[", lowered, "]"),
        returns,
        throws,
    ];
    list(depth, "return rt.offThread(", &items, ");")
}
