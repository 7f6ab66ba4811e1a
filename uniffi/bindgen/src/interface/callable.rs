//! Functions, constructors and methods in one shape.
//!
//! Owns what a call needs: arguments, result, error, and the symbols to reach Rust.
//! Must not know how a language spells any of them.

use uniffi_bindgen::{
    ComponentInterface,
    interface::{
        self, AsType, Constructor, DefaultValue, FfiFunction, FfiType, Function, Method, Type,
    },
};

use super::unboxed;

/// Something that can be called.
#[derive(Clone, Debug)]
pub struct Callable {
    /// What it is, which decides how a language declares it.
    pub kind: CallableKind,
    /// Its name in the UDL, after renames.
    pub name: String,
    /// The type that it belongs to, if any.
    pub owner: Option<Type>,
    /// Its docstring, without comment marks.
    pub docstring: Option<String>,
    /// The arguments that the user passes: never the receiver.
    pub arguments: Vec<Argument>,
    /// What it gives; a constructor gives its owner.
    pub returns: Option<Type>,
    /// The error that it declares: an enum or an object.
    pub throws: Option<Type>,
    /// Whether the UDL says `[Async]`.
    pub is_async: bool,
    /// The exported function, its receiver included. A method of a callback interface has
    /// none that may be called: see [`super::VtableMethod`].
    pub ffi: FfiFunction,
    /// What drives the call if it is async and Rust implements it.
    pub future: Option<FutureSymbols>,
    /// What to compare at load, where UniFFI exports one.
    pub checksum: Option<Checksum>,
}

/// The kinds of callables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallableKind {
    /// In the namespace.
    Function,
    /// The constructor without a name.
    PrimaryConstructor,
    /// A constructor that `[Name=…]` names.
    NamedConstructor,
    /// On an object, a trait, a record, an enum or a callback interface.
    Method,
}

/// A parameter.
#[derive(Clone, Debug)]
pub struct Argument {
    /// Its name in the UDL.
    pub name: String,
    /// Its type, boxes removed.
    pub ty: Type,
    /// The value to use when the caller gives none.
    pub default: Option<DefaultValue>,
    /// `[ByRef] bytes`: crosses as `ForeignBytes`, without a copy, for the time of the call.
    pub is_borrowed_bytes: bool,
}

/// The symbols that drive a Rust future. All four take the future's handle first.
#[derive(Clone, Debug)]
pub struct FutureSymbols {
    /// Polls, and calls its continuation exactly once, on any thread.
    pub poll: FfiFunction,
    /// Cancels: the next poll is ready, and completing gives status 3.
    pub cancel: FfiFunction,
    /// Takes the result, once the poll was ready.
    pub complete: FfiFunction,
    /// Frees the future, always, exactly once, after everything else.
    pub free: FfiFunction,
}

/// A number that stands for one item's signature.
#[derive(Clone, Debug)]
pub struct Checksum {
    /// The function that gives the library's number.
    pub symbol: String,
    /// The number that the generated code was made from.
    pub expected: u16,
    /// The item, as the UDL writes it.
    pub item: String,
}

impl Callable {
    /// A function of the namespace.
    pub(crate) fn function(ci: &ComponentInterface, function: &Function) -> Self {
        let mut callable = Self::base(ci, CallableKind::Function, function.name(), function);
        callable.checksum = callable.checked(function.checksum_fn_name(), function.checksum());
        callable
    }

    /// A constructor. UniFFI calls the primary one `new`.
    pub(crate) fn constructor(ci: &ComponentInterface, owner: &Type, item: &Constructor) -> Self {
        let kind = if item.is_primary_constructor() {
            CallableKind::PrimaryConstructor
        } else {
            CallableKind::NamedConstructor
        };
        let mut callable = Self::base(ci, kind, item.name(), item);
        // UniFFI says `Object` here even for the constructors of records and enums.
        callable.owner = Some(owner.clone());
        callable.returns = Some(owner.clone());
        callable.checksum = callable.checked(item.checksum_fn_name(), item.checksum());
        callable
    }

    /// A method that Rust implements or dispatches.
    pub(crate) fn method(ci: &ComponentInterface, method: &Method) -> Self {
        let mut callable = Self::base(ci, CallableKind::Method, method.name(), method);
        callable.checksum = callable.checked(method.checksum_fn_name(), method.checksum());
        callable
    }

    fn base(
        ci: &ComponentInterface,
        kind: CallableKind,
        name: &str,
        item: &dyn interface::Callable,
    ) -> Self {
        let returns = item.return_type().map(unboxed);
        Self {
            kind,
            name: name.to_owned(),
            owner: item.self_type(),
            docstring: item.docstring().map(str::to_owned),
            arguments: item.arguments().into_iter().map(Argument::new).collect(),
            future: item
                .is_async()
                .then(|| FutureSymbols::new(ci, returns.as_ref())),
            returns,
            throws: item.throws_type().cloned(),
            is_async: item.is_async(),
            ffi: item.ffi_func().clone(),
            checksum: None,
        }
    }

    fn checked(&self, symbol: &str, expected: u16) -> Option<Checksum> {
        // UniFFI exports none for the methods of a callback interface that a UDL declares,
        // and none that it compares for the methods of records and enums.
        let is_value = matches!(
            self.owner,
            Some(Type::Record { .. } | Type::Enum { .. } | Type::Custom { .. })
        );
        (!symbol.is_empty() && !is_value).then(|| Checksum {
            symbol: symbol.to_owned(),
            expected,
            item: self.item(),
        })
    }

    /// Its name with its owner's, as a message to a user names it: `Counter.increment`.
    #[must_use]
    pub fn item(&self) -> String {
        match self.owner.as_ref().and_then(Type::name) {
            Some(owner) => format!("{owner}.{}", self.name),
            None => self.name.clone(),
        }
    }

    /// Whether the first FFI argument is the receiver.
    #[must_use]
    pub fn has_receiver(&self) -> bool {
        self.kind == CallableKind::Method
    }

    /// Whether it makes an object, a record or an enum.
    #[must_use]
    pub fn is_constructor(&self) -> bool {
        matches!(
            self.kind,
            CallableKind::PrimaryConstructor | CallableKind::NamedConstructor
        )
    }

    /// What crosses the FFI for the result: of the call, or, if async, of `complete`.
    #[must_use]
    pub fn ffi_result(&self) -> Option<FfiType> {
        self.returns.as_ref().map(FfiType::from)
    }
}

impl Argument {
    fn new(argument: &interface::Argument) -> Self {
        Self {
            name: argument.name().to_owned(),
            ty: unboxed(&argument.as_type()),
            default: argument.default_value().cloned(),
            is_borrowed_bytes: argument.is_borrowed_bytes(),
        }
    }
}

impl FutureSymbols {
    fn new(ci: &ComponentInterface, returns: Option<&Type>) -> Self {
        let result = returns.map(FfiType::from);
        Self {
            poll: ci.ffi_rust_future_poll(result.clone()),
            cancel: ci.ffi_rust_future_cancel(result.clone()),
            complete: ci.ffi_rust_future_complete(result.clone()),
            free: ci.ffi_rust_future_free(result),
        }
    }
}
