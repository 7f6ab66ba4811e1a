//! How a callable is declared and called: its signature, and the statements of its body.
//!
//! Owns the order in which arguments are lowered: what has to be given back if one of them is
//! refused is written last. Must not know what surrounds a body.

use anyhow::Result;
use uniffi_bindgen::interface::{FfiType, Type};

use super::{
    defaults, header, names,
    types::{Passing, Types, cgo},
};
use crate::interface::{Argument, Callable, Interface};

/// What surrounds calls.
#[derive(Debug)]
pub(crate) struct Calls<'a> {
    pub(crate) interface: &'a Interface<'a>,
    pub(crate) types: &'a Types<'a>,
}

/// What a derived method gives instead of what its callable does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gives {
    /// The callable's own result.
    Own,
    /// An `int`, as Go compares.
    Int,
}

impl Calls<'_> {
    /// The head of a function or a method with a body, up to its brace.
    pub(crate) fn head(&self, callable: &Callable, receiver: &str, name: &str) -> String {
        self.head_of(callable, receiver, name, Gives::Own)
    }

    pub(crate) fn head_of(
        &self,
        callable: &Callable,
        receiver: &str,
        name: &str,
        gives: Gives,
    ) -> String {
        let receiver = if receiver.is_empty() {
            String::new()
        } else {
            format!("({receiver}) ")
        };
        let parameters = self.parameters(callable);
        let results = self.results(callable, gives);
        format!("func {receiver}{name}({parameters}){results} {{")
    }

    /// A method as an interface declares it: what foreign code implements.
    pub(crate) fn declaration(&self, callable: &Callable) -> String {
        let name = names::exported(&callable.name);
        let parameters = self.parameters(callable);
        let fails = fails(callable);
        let returns = callable.returns.as_ref().map(|ty| self.types.name(ty));
        let results = match (returns, fails) {
            (None, false) => String::new(),
            (None, true) => " error".into(),
            (Some(ty), false) => format!(" {ty}"),
            (Some(ty), true) => format!(" ({ty}, error)"),
        };
        format!("{name}({parameters}){results}")
    }

    fn parameters(&self, callable: &Callable) -> String {
        let mut parameters = Vec::new();
        if callable.is_async {
            parameters.push("ctx context.Context".to_owned());
        }
        for argument in required(callable) {
            let ty = self.types.name(&argument.ty);
            parameters.push(format!("{} {ty}", names::variable(&argument.name)));
        }
        if has_options(callable) {
            parameters.push(format!("options *{}", names::options(callable)));
        }
        parameters.join(", ")
    }

    fn results(&self, callable: &Callable, gives: Gives) -> String {
        let returns = match gives {
            Gives::Int => Some("int".to_owned()),
            Gives::Own => callable.returns.as_ref().map(|ty| self.types.name(ty)),
        };
        match (returns, fails(callable)) {
            (None, false) => String::new(),
            (None, true) => " (err error)".into(),
            (Some(ty), false) => format!(" {ty}"),
            (Some(ty), true) => format!(" (result {ty}, err error)"),
        }
    }

    /// The default of an argument, as an expression.
    pub(crate) fn default(&self, argument: &Argument) -> Result<String> {
        match &argument.default {
            Some(default) => {
                defaults::expression(self.interface, self.types, default, &argument.ty)
            }
            None => Ok(String::new()),
        }
    }

    /// The statements of a call, each line indented by a tab. `receiver` is the expression of
    /// what the method is called on.
    pub(crate) fn body(&self, callable: &Callable, receiver: &str) -> String {
        self.body_of(callable, receiver, Gives::Own)
    }

    pub(crate) fn body_of(&self, callable: &Callable, receiver: &str, gives: Gives) -> String {
        let mut lines = Vec::new();
        if fails(callable) {
            lines.push("defer uniffiCaught(&err)".to_owned());
        }
        let failed = match callable.returns {
            Some(_) => "return result, ",
            None => "return ",
        };
        if callable.is_async {
            lines.push("if err = ctx.Err(); err != nil {".into());
            lines.push(format!("\t{failed}err"));
            lines.push("}".into());
        }
        if has_options(callable) {
            lines.push("if options == nil {".into());
            lines.push(format!("\toptions = New{}()", names::options(callable)));
            lines.push("}".into());
        }
        let writes = self.lower(callable, receiver, &mut lines);
        let call = format!("C.call_{}({})", callable.ffi.name(), writes.arguments);
        if callable.is_async {
            self.drive(callable, &call, writes.has_writer, failed, &mut lines);
        } else {
            let is_named = callable.returns.is_some() || fails(callable);
            if is_named {
                lines.push(format!("out := {call}"));
            }
            if fails(callable) {
                let read = self.error_reader(callable);
                lines.push("if out.status.code != 0 {".into());
                lines.push(format!("\t{failed}uniffiFailed(out.status, {read})"));
                lines.push("}".into());
            } else if is_named {
                lines.push("uniffiCheck(out.status)".into());
            } else {
                lines.push(format!("uniffiCheck({call}.status)"));
            }
            lines.extend(self.give(callable, gives));
        }
        let lines: Vec<_> = lines.iter().map(|line| format!("\t{line}")).collect();
        lines.join("\n")
    }

    fn drive(
        &self,
        callable: &Callable,
        call: &str,
        has_writer: bool,
        failed: &str,
        lines: &mut Vec<String>,
    ) {
        let table = names::future_table(&header::future_table(callable.ffi_result().as_ref()));
        lines.push(format!("start := {call}"));
        if has_writer {
            // Nothing is kept while the call waits.
            lines.push("uniffiGiveBack(&to)".into());
        }
        lines.push("uniffiCheck(start.status)".into());
        lines.push("future := start.value".into());
        lines.push(format!("defer C.uniffi_finish({table}, future)"));
        lines.push(format!("uniffiAwait(ctx, {table}, future)"));
        if let Some(symbols) = &callable.future {
            lines.push(format!("out := C.call_{}(future)", symbols.complete.name()));
        }
        let read = self.error_reader(callable);
        lines.push("if out.status.code != 0 {".into());
        lines.push(format!(
            "\t{failed}uniffiUnfinished(ctx, out.status, {read})"
        ));
        lines.push("}".into());
        lines.extend(self.give(callable, Gives::Own));
    }

    fn give(&self, callable: &Callable, gives: Gives) -> Option<String> {
        match (&callable.returns, fails(callable)) {
            (None, false) => None,
            (None, true) => Some("return nil".into()),
            (Some(ty), fails) => {
                let mut value = self.types.lift(ty, "out.value");
                if gives == Gives::Int {
                    value = "int(out.value)".into();
                }
                let suffix = if fails { ", nil" } else { "" };
                Some(format!("return {value}{suffix}"))
            }
        }
    }

    fn error_reader(&self, callable: &Callable) -> String {
        match &callable.throws {
            Some(ty) => self.types.reader(ty),
            None => "uniffiNoError".into(),
        }
    }

    /// Lowers the receiver and the arguments, and gives what is passed for them.
    fn lower(&self, callable: &Callable, receiver: &str, lines: &mut Vec<String>) -> Lowered {
        let mut values = Vec::new();
        if callable.has_receiver()
            && let Some(owner) = &callable.owner
        {
            let passing = match owner {
                Type::Object { .. } => Passing::Object,
                value => self.types.passing(value),
            };
            values.push((owner.clone(), receiver.to_owned(), passing));
        }
        for argument in &callable.arguments {
            let value = if argument.default.is_some() {
                format!("options.{}", names::exported(&argument.name))
            } else {
                names::variable(&argument.name)
            };
            let passing = self.types.argument(argument);
            let (ty, value) = self.types.unwrapped(&argument.ty, &value);
            values.push((ty, value, passing));
        }
        let has_writer = values
            .iter()
            .any(|(_, _, passing)| matches!(passing, Passing::Buffer | Passing::Handle));
        if has_writer {
            lines.push("to := uniffiBorrow()".into());
            lines.push("defer uniffiGiveBack(&to)".into());
        }
        let buffers = values
            .iter()
            .filter(|(_, _, passing)| *passing == Passing::Buffer)
            .count();
        let mut arguments = Vec::new();
        let mut buffer = 0;
        for (position, (ty, value, passing)) in values.iter().enumerate() {
            let mut value = value.clone();
            if value.ends_with(')') && matches!(passing, Passing::Text | Passing::Borrowed) {
                // What a custom type is made of is made once.
                let name = format!("value{position}");
                lines.push(format!("{name} := {value}"));
                value = name;
            }
            match passing {
                Passing::Scalar => {
                    let ty = cgo(&FfiType::from(ty));
                    arguments.push(format!("{ty}({value})"));
                }
                Passing::Bool => arguments.push(format!("uniffiLowerBool({value})")),
                Passing::Text => {
                    lines.push(format!("uniffiCheckText({value})"));
                    arguments.push(format!("uniffiTextData({value})"));
                    arguments.push(format!("C.int32_t(len({value}))"));
                }
                Passing::Borrowed => {
                    lines.push(format!("uniffiCheckLength(len({value}))"));
                    arguments.push(format!("uniffiData({value})"));
                    arguments.push(format!("C.int32_t(len({value}))"));
                }
                Passing::Buffer => {
                    buffer += 1;
                    lines.push(format!("{}(to, {value})", self.types.writer(ty)));
                    // Several values lie in one buffer, one after another.
                    let start = match buffer {
                        1 => None,
                        later => Some(format!("end{}", later - 1)),
                    };
                    let end = if buffer == buffers {
                        "len(to.Bytes)".to_owned()
                    } else {
                        lines.push(format!("end{buffer} := len(to.Bytes)"));
                        format!("end{buffer}")
                    };
                    match start {
                        None => {
                            arguments.push("uniffiData(to.Bytes)".into());
                            arguments.push(format!("C.int32_t({end})"));
                        }
                        Some(start) => {
                            arguments.push(format!("uniffiData(to.Bytes[{start}:])"));
                            arguments.push(format!("C.int32_t({end}-{start})"));
                        }
                    }
                }
                Passing::Object => {
                    let name = format!("object{position}");
                    lines.push(format!("{name} := {value}.uniffiAcquire()"));
                    lines.push(format!("defer {name}.release()"));
                    arguments.push(format!("{name}.handle"));
                }
                Passing::Handle => {
                    let name = format!("handle{position}");
                    lines.push(format!("{name} := {}(to, {value})", self.types.lowerer(ty)));
                    arguments.push(format!("C.uint64_t({name})"));
                }
            }
        }
        if has_writer {
            lines.push("uniffiSent(to)".into());
        }
        Lowered {
            arguments: arguments.join(", "),
            has_writer,
        }
    }
}

struct Lowered {
    arguments: String,
    has_writer: bool,
}

/// Whether the call gives an error too.
pub(crate) fn fails(callable: &Callable) -> bool {
    callable.throws.is_some() || callable.is_async
}

/// Whether some of the arguments have defaults.
pub(crate) fn has_options(callable: &Callable) -> bool {
    optional(callable).next().is_some()
}

/// The arguments that have defaults.
pub(crate) fn optional(callable: &Callable) -> impl Iterator<Item = &Argument> {
    callable
        .arguments
        .iter()
        .filter(|argument| argument.default.is_some())
}

fn required(callable: &Callable) -> impl Iterator<Item = &Argument> {
    callable
        .arguments
        .iter()
        .filter(|argument| argument.default.is_none())
}
