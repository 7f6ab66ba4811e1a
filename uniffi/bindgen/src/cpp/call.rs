//! How a callable is declared, defined and called.
//!
//! Must not know what surrounds it.

use anyhow::{Result, bail};
use uniffi_bindgen::interface::Type;

use super::{
    defaults, names,
    options::Errors,
    types::{self, Types},
};
use crate::interface::{Argument, Callable, CallableKind, Object};

/// What surrounds calls.
#[derive(Debug)]
pub(crate) struct Calls<'a> {
    pub(crate) types: &'a Types<'a>,
}

impl Calls<'_> {
    /// Whether a constructor becomes one of the class, and not a static function.
    pub(crate) fn is_class_constructor(&self, callable: &Callable) -> bool {
        callable.kind == CallableKind::PrimaryConstructor
            && matches!(callable.owner, Some(Type::Object { .. }))
            && !callable.is_async
            && !self.gives_result(callable)
    }

    /// Whether a declared error is given, not thrown.
    fn gives_result(&self, callable: &Callable) -> bool {
        self.types.options.errors == Errors::Results && callable.throws.is_some()
    }

    /// What a call gives.
    pub(crate) fn returns(&self, callable: &Callable) -> String {
        let plain = match &callable.returns {
            Some(ty) => self.types.name(ty),
            None => "void".into(),
        };
        let plain = match &callable.throws {
            Some(error) if self.gives_result(callable) => {
                format!("uniffi::Result<{plain}, {}>", self.types.name(error))
            }
            _ => plain,
        };
        if callable.is_async {
            format!("uniffi::Future<{plain}>")
        } else {
            plain
        }
    }

    /// Whether its defaults stand where it is defined, because where it is declared their types
    /// are not complete yet.
    fn has_late_defaults(&self, callable: &Callable) -> bool {
        callable
            .arguments
            .iter()
            .any(|argument| argument.default.is_some() && self.types.is_late(&argument.ty))
    }

    fn parameters(&self, callable: &Callable, with_defaults: bool) -> Result<String> {
        let mut parameters = Vec::new();
        for argument in &callable.arguments {
            parameters.push(self.parameter(argument, with_defaults)?);
        }
        if callable.is_async {
            let default = if with_defaults { " = {}" } else { "" };
            parameters.push(format!("const std::stop_token &stop{default}"));
        }
        Ok(parameters.join(", "))
    }

    fn parameter(&self, argument: &Argument, with_default: bool) -> Result<String> {
        let name = names::parameter(&argument.name);
        let ty = if argument.is_borrowed_bytes {
            "std::span<const std::uint8_t>".to_owned()
        } else {
            self.types.parameter(&argument.ty)
        };
        let space = if ty.ends_with('&') { "" } else { " " };
        Ok(match &argument.default {
            Some(default) if with_default => {
                let value = defaults::expression(self.types, default, &argument.ty)?;
                format!("{ty}{space}{name} = {value}")
            }
            _ => format!("{ty}{space}{name}"),
        })
    }

    /// The parameters of what C++ implements: owned, because a coroutine outlives its caller.
    pub(crate) fn owned_parameters(&self, callable: &Callable, with_defaults: bool) -> String {
        let mut parameters: Vec<_> = callable
            .arguments
            .iter()
            .map(|argument| {
                let ty = self.types.name(&argument.ty);
                format!("{ty} {}", names::parameter(&argument.name))
            })
            .collect();
        if callable.is_async {
            let default = if with_defaults { " = {}" } else { "" };
            parameters.push(format!("std::stop_token stop{default}"));
        }
        parameters.join(", ")
    }

    /// A member function as its class declares it.
    pub(crate) fn declaration(&self, callable: &Callable, name: &str) -> Result<String> {
        let with_defaults = !self.has_late_defaults(callable);
        if callable.is_constructor() && !with_defaults {
            bail!(
                "{}: a default of a type that is declared after its class",
                callable.item()
            );
        }
        let parameters = self.parameters(callable, with_defaults)?;
        if self.is_class_constructor(callable) {
            let explicit = if callable.arguments.len() == 1 {
                "explicit "
            } else {
                ""
            };
            return Ok(format!("{explicit}{name}({parameters});"));
        }
        let returns = self.returns(callable);
        if callable.is_constructor() {
            return Ok(format!("static {returns} {name}({parameters});"));
        }
        Ok(format!("{returns} {name}({parameters}) const;"))
    }

    /// The head of a member function's definition, up to its brace.
    pub(crate) fn definition(
        &self,
        callable: &Callable,
        class: &str,
        name: &str,
    ) -> Result<String> {
        let with_defaults = self.has_late_defaults(callable);
        let parameters = self.parameters(callable, with_defaults)?;
        let returns = self.returns(callable);
        let constness = if callable.is_constructor() {
            ""
        } else {
            " const"
        };
        Ok(format!(
            "inline {returns} {class}::{name}({parameters}){constness} {{"
        ))
    }

    /// The definition of a constructor of a class.
    pub(crate) fn constructor(&self, object: &Object, callable: &Callable) -> Result<String> {
        let class = names::identifier(&object.name);
        let parameters = self.parameters(callable, false)?;
        let base = if object.is_error {
            format!("uniffi::DeclaredError(\"{}\"), ", object.name)
        } else {
            String::new()
        };
        let returns = format!("uniffi::Constructed<ffi::{}>", names::handles(&object.name));
        let call = self.expression(callable, &returns, &self.lowered(callable));
        Ok(format!(
            "inline {class}::{class}({parameters}) : {base}handle_({call}) {{}}"
        ))
    }

    /// The head of a function, up to its brace; a method's receiver comes first.
    pub(crate) fn function(&self, callable: &Callable, name: &str) -> Result<String> {
        let mut parameters = self.parameters(callable, true)?;
        if let Some(owner) = &callable.owner
            && callable.has_receiver()
        {
            let receiver = format!("{} self", self.types.parameter(owner));
            parameters = if parameters.is_empty() {
                receiver
            } else {
                format!("{receiver}, {parameters}")
            };
        }
        Ok(format!(
            "inline {} {name}({parameters}) {{",
            self.returns(callable)
        ))
    }

    /// The call of a function of the namespace.
    pub(crate) fn call(&self, callable: &Callable) -> String {
        self.call_on(callable, "self")
    }

    /// The call of a member function.
    pub(crate) fn member_call(&self, callable: &Callable) -> String {
        self.call_on(callable, "*this")
    }

    fn call_on(&self, callable: &Callable, receiver: &str) -> String {
        let mut lowered = Vec::new();
        if let Some(owner) = &callable.owner
            && callable.has_receiver()
        {
            lowered.push(format!(
                "{}::lower(ffi::library(), {receiver})",
                self.receiver_codec(owner)
            ));
        }
        lowered.extend(self.lowered(callable));
        let returns = match &callable.returns {
            Some(ty) => self.types.codec(ty),
            None => "uniffi::Nothing".into(),
        };
        self.expression(callable, &returns, &lowered)
    }

    /// A trait's methods are called on what Rust implements.
    fn receiver_codec(&self, owner: &Type) -> String {
        match owner {
            Type::Object { name, imp, .. } if imp.has_callback_interface() => {
                format!("ffi::{}", names::codec(&names::rust_class(name)))
            }
            other => self.types.codec(other),
        }
    }

    fn lowered(&self, callable: &Callable) -> Vec<String> {
        callable
            .arguments
            .iter()
            .map(|argument| {
                let codec = if argument.is_borrowed_bytes {
                    "uniffi::BorrowedBytes".to_owned()
                } else {
                    self.types.codec(&argument.ty)
                };
                let name = names::parameter(&argument.name);
                format!("{codec}::lower(ffi::library(), {name})")
            })
            .collect()
    }

    fn expression(&self, callable: &Callable, returns: &str, lowered: &[String]) -> String {
        let throws = self.throws(callable);
        let verb = match (callable.is_async, self.gives_result(callable)) {
            (false, false) => "call",
            (false, true) => "try_call",
            (true, false) => "start",
            (true, true) => "try_start",
        };
        let mut arguments = vec!["ffi::library()".to_owned()];
        if callable.is_async {
            let driver = types::driver(callable.returns.as_ref());
            arguments.push(format!("ffi::{driver}"));
            arguments.push("stop".to_owned());
        }
        arguments.push(format!("ffi::{}", callable.ffi.name()));
        arguments.extend_from_slice(lowered);
        format!(
            "uniffi::{verb}<{returns}, {throws}>({})",
            arguments.join(", ")
        )
    }

    /// The codec of what it throws.
    pub(crate) fn throws(&self, callable: &Callable) -> String {
        match &callable.throws {
            Some(error) => self.types.error_codec(error),
            None => "uniffi::NoError".into(),
        }
    }
}
