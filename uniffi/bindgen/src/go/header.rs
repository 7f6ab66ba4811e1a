//! The C that cgo reads: what the library exports, what Go exports, and one small function
//! around each call.
//!
//! Such a function gives the result and the status as one value, so that Go passes no pointer
//! and allocates nothing; and it makes the buffers and clones the receiver, so that a call
//! crosses from Go to C once.

use askama::Template;
use uniffi_bindgen::interface::{FfiDefinition, FfiFunction, FfiType, Type};

use super::types::{Passing, Types, c};
use crate::interface::{Callable, Interface, Vtable, VtableMethod};

/// `uniffi.h`.
#[derive(Template)]
#[template(path = "go/templates/uniffi.h")]
pub(crate) struct Header<'a> {
    pub(crate) interface: &'a Interface<'a>,
    pub(crate) types: &'a Types<'a>,
}

impl Header<'_> {
    /// The prefix of what Go exports: C has one namespace for all packages of a program.
    fn prefix(&self) -> String {
        prefix(self.interface)
    }

    fn definition(&self, item: &FfiDefinition) -> String {
        definition(item)
    }

    fn prototype(&self, function: &FfiFunction) -> String {
        prototype(function)
    }

    /// Everything that is called and Rust implements.
    fn callables(&self) -> Vec<&Callable> {
        callables(self.interface)
    }

    /// The functions around calls.
    fn calls(&self) -> Vec<String> {
        let calls = self.callables().into_iter().map(|one| self.call(one));
        let objects = self.interface.objects.iter().flat_map(|object| {
            [&object.clone, &object.free].map(|function| plain_call(function, "object"))
        });
        calls.chain(objects).collect()
    }

    fn call(&self, callable: &Callable) -> String {
        let ffi = &callable.ffi;
        let result = ffi.return_type().cloned();
        let mut parameters = Vec::new();
        let mut prepare = Vec::new();
        let mut arguments = Vec::new();
        let mut passings = Vec::new();
        if callable.has_receiver()
            && let Some(owner) = &callable.owner
        {
            // What Rust implements has a handle of Rust's, also behind a trait.
            passings.push(match owner {
                Type::Object { .. } => (Passing::Object, Some(owner)),
                value => (self.types.passing(value), None),
            });
        }
        for argument in &callable.arguments {
            passings.push((self.types.argument(argument), Some(&argument.ty)));
        }
        for (position, (passing, ty)) in passings.into_iter().enumerate() {
            let name = format!("arg{position}");
            match passing {
                Passing::Text | Passing::Buffer => {
                    parameters.push(format!("const uint8_t *{name}"));
                    parameters.push(format!("int32_t {name}_len"));
                    prepare.push(format!(
                        "RustBuffer {name}_buffer = uniffi_buffer({name}, {name}_len, \
                         &out.status);"
                    ));
                    arguments.push(format!("{name}_buffer"));
                }
                Passing::Borrowed => {
                    parameters.push(format!("const uint8_t *{name}"));
                    parameters.push(format!("int32_t {name}_len"));
                    prepare.push(format!(
                        "ForeignBytes {name}_bytes = {{{name}_len, {name}}};"
                    ));
                    arguments.push(format!("{name}_bytes"));
                }
                Passing::Object => {
                    parameters.push(format!("uint64_t {name}"));
                    if let Some(clone) = ty.and_then(|ty| self.clone_symbol(ty)) {
                        prepare.push(format!("{name} = {clone}({name}, &out.status);"));
                    }
                    arguments.push(name);
                }
                Passing::Scalar | Passing::Bool | Passing::Handle => {
                    let ty = ffi.arguments()[position].type_();
                    parameters.push(format!("{} {name}", c(&ty)));
                    arguments.push(name);
                }
            }
        }
        let has_status = ffi.has_rust_call_status_arg();
        if has_status {
            arguments.push("&out.status".into());
        }
        function(
            ffi.name(),
            result.as_ref(),
            &parameters,
            &prepare,
            &arguments,
        )
    }

    fn clone_symbol(&self, ty: &Type) -> Option<&str> {
        let object = |inner: &Type| {
            let mut objects = self.interface.objects.iter();
            objects.find(|object| object.ty == *inner)
        };
        match ty {
            Type::Custom { builtin, .. } => self.clone_symbol(builtin),
            plain => object(plain).map(|object| object.clone.name()),
        }
    }

    /// The functions that take the results of futures, one a type of result.
    fn futures(&self) -> Vec<Future> {
        futures(self.interface)
    }

    /// The functions that tell Rust the results of foreign futures.
    fn completions(&self) -> Vec<(String, String)> {
        let mut names: Vec<(String, String)> = Vec::new();
        for slot in self.interface.vtables().flat_map(|vtable| &vtable.methods) {
            let (Some(completion), Some(result)) = (slot.completion(), &slot.future_result) else {
                continue;
            };
            let names_of = (completion, result.name().to_owned());
            if !names.contains(&names_of) {
                names.push(names_of);
            }
        }
        names
    }

    /// What Go exports for a vtable, in order: the functions and their prototypes.
    fn slots(&self, vtable: &Vtable) -> Vec<(String, String)> {
        let mut slots: Vec<(String, String)> = [
            ("uniffi_free", "void", "uint64_t handle"),
            ("uniffi_clone", "uint64_t", "uint64_t handle"),
        ]
        .into_iter()
        .map(|(field, result, parameters)| {
            let name = export(self.interface, vtable, field);
            let prototype = format!("{result} {name}({parameters});");
            (name, prototype)
        })
        .collect();
        for slot in &vtable.methods {
            let name = export(self.interface, vtable, &slot.method.name);
            let parameters: Vec<_> = slot_parameters(slot)
                .iter()
                .map(|(name, ty)| format!("{} {name}", c(ty)))
                .collect();
            let prototype = format!("void {name}({});", parameters.join(", "));
            slots.push((name, prototype));
        }
        slots
    }
}

/// The functions that drive the futures of one type of result.
pub(crate) struct Future {
    pub(crate) name: String,
    pub(crate) poll: String,
    pub(crate) cancel: String,
    pub(crate) free: String,
    pub(crate) complete: String,
}

/// The functions that drive futures, one table a type of result.
pub(crate) fn futures(interface: &Interface<'_>) -> Vec<Future> {
    let mut futures: Vec<Future> = Vec::new();
    for callable in callables(interface) {
        let Some(symbols) = &callable.future else {
            continue;
        };
        let name = future_table(callable.ffi_result().as_ref());
        if futures.iter().any(|future| future.name == name) {
            continue;
        }
        futures.push(Future {
            name,
            poll: symbols.poll.name().to_owned(),
            cancel: symbols.cancel.name().to_owned(),
            free: symbols.free.name().to_owned(),
            complete: plain_call(&symbols.complete, "future"),
        });
    }
    futures
}

/// Everything that is called and Rust implements: also what `[Traits]` derives.
pub(crate) fn callables<'a>(interface: &'a Interface<'_>) -> Vec<&'a Callable> {
    let is_rust =
        |callable: &&Callable| !matches!(callable.owner, Some(Type::CallbackInterface { .. }));
    let objects = interface.objects.iter().map(|object| &object.traits);
    let records = interface.records.iter().map(|record| &record.traits);
    let enums = interface.enums.iter().map(|item| &item.traits);
    let derived = objects
        .chain(records)
        .chain(enums)
        .flat_map(|traits| traits.methods());
    interface
        .callables()
        .filter(is_rust)
        .chain(derived)
        .collect()
}

/// The table of the functions that drive futures of a result.
pub(crate) fn future_table(result: Option<&FfiType>) -> String {
    format!("uniffi_futures_{}", FfiType::return_type_name(result))
}

/// What Go exports for a slot of a vtable.
pub(crate) fn export(interface: &Interface<'_>, vtable: &Vtable, slot: &str) -> String {
    format!("{}_{}_{slot}", prefix(interface), vtable.name)
}

/// The prefix of what Go exports.
pub(crate) fn prefix(interface: &Interface<'_>) -> String {
    format!("uniffi_go_{}", interface.namespace())
}

/// The parameters of a slot, by the names that the exported function gives them.
pub(crate) fn slot_parameters(slot: &VtableMethod) -> Vec<(String, FfiType)> {
    let arguments = slot.callback.arguments();
    let mut own = 0;
    let mut parameters: Vec<_> = arguments
        .iter()
        .map(|argument| {
            let name = match argument.name() {
                "uniffi_handle" => "handle".to_owned(),
                "uniffi_out_return" => "out".to_owned(),
                "uniffi_future_callback" | "uniffi_completion_callback" => "complete".to_owned(),
                "uniffi_callback_data" | "uniffi_completion_data" => "data".to_owned(),
                "uniffi_out_dropped_callback" => "dropped".to_owned(),
                _ => {
                    own += 1;
                    format!("arg{own}")
                }
            };
            (name, argument.type_())
        })
        .collect();
    if slot.callback.has_rust_call_status_arg() {
        let status = FfiType::MutReference(Box::new(FfiType::RustCallStatus));
        parameters.push(("status".to_owned(), status));
    }
    parameters
}

/// A function whose arguments are passed as they are.
fn plain_call(ffi: &FfiFunction, argument: &str) -> String {
    let parameters = [format!("uint64_t {argument}")];
    let arguments = [argument.to_owned(), "&out.status".to_owned()];
    function(ffi.name(), ffi.return_type(), &parameters, &[], &arguments)
}

fn function(
    symbol: &str,
    result: Option<&FfiType>,
    parameters: &[String],
    prepare: &[String],
    arguments: &[String],
) -> String {
    let outcome = outcome(result);
    let parameters = if parameters.is_empty() {
        "void".to_owned()
    } else {
        parameters.join(", ")
    };
    let mut text = format!("static inline {outcome} call_{symbol}({parameters}) {{\n");
    text += &format!("  {outcome} out = {{0}};\n");
    for line in prepare {
        text += &format!("  {line}\n");
    }
    let assign = if result.is_some() { "out.value = " } else { "" };
    text += &format!("  {assign}{symbol}({});\n", arguments.join(", "));
    text + "  return out;\n}"
}

/// The struct of a result and a status.
fn outcome(result: Option<&FfiType>) -> String {
    let name = match result {
        None => "void",
        Some(FfiType::RustBuffer(_)) => "buffer",
        Some(ty) => return format!("uniffi_out_{}", c(ty).trim_end_matches("_t")),
    };
    format!("uniffi_out_{name}")
}

/// The C prototype of an exported function.
fn prototype(function: &FfiFunction) -> String {
    let mut arguments: Vec<_> = function
        .arguments()
        .iter()
        .map(|argument| c(&argument.type_()))
        .collect();
    if function.has_rust_call_status_arg() {
        arguments.push("RustCallStatus *".to_owned());
    }
    if arguments.is_empty() {
        arguments.push("void".to_owned());
    }
    let result = function.return_type().map_or_else(|| "void".to_owned(), c);
    format!("{result} {}({});", function.name(), arguments.join(", "))
}

/// A struct or the type of a callback.
fn definition(definition: &FfiDefinition) -> String {
    match definition {
        FfiDefinition::Struct(item) => {
            // A method may be called like a word of C's.
            let is_vtable = item.name().starts_with("VTable");
            let name = |position: usize, name: &str| match is_vtable {
                true => format!("slot{position}"),
                false => name.to_owned(),
            };
            let fields: String = (0..)
                .zip(item.fields())
                .map(|(position, field)| {
                    format!(
                        "  {} {};\n",
                        c(&field.type_()),
                        name(position, field.name())
                    )
                })
                .collect();
            format!("typedef struct {0} {{\n{fields}}} {0};", item.name())
        }
        FfiDefinition::CallbackFunction(item) => {
            let mut arguments: Vec<_> = item
                .arguments()
                .iter()
                .map(|argument| c(&argument.type_()))
                .collect();
            if item.has_rust_call_status_arg() {
                arguments.push("RustCallStatus *".to_owned());
            }
            let result = item.return_type().map_or_else(|| "void".to_owned(), c);
            format!(
                "typedef {result} (*{})({});",
                item.name(),
                arguments.join(", ")
            )
        }
        FfiDefinition::Function(function) => prototype(function),
    }
}
