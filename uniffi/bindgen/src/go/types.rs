//! What UniFFI's types become in Go, and how each crosses the FFI.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use uniffi_bindgen::interface::{FfiType, Type};

use super::{
    names,
    options::{CustomType, Options},
};
use crate::interface::{Argument, Interface};

/// How an argument or a result crosses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Passing {
    /// As a number.
    Scalar,
    /// As an `i8`.
    Bool,
    /// As UTF-8, without a length.
    Text,
    /// Written into a buffer.
    Buffer,
    /// `[ByRef] bytes`, where they lie.
    Borrowed,
    /// As the handle of a struct of Rust's, which is cloned on the C side.
    Object,
    /// As a handle that Go acquires: of a trait, or of another package's object.
    Handle,
}

/// The types of one interface.
#[derive(Debug)]
pub(crate) struct Types<'a> {
    interface: &'a Interface<'a>,
    options: &'a Options,
}

impl<'a> Types<'a> {
    pub(crate) fn new(interface: &'a Interface<'a>, options: &'a Options) -> Self {
        Self { interface, options }
    }

    /// The configuration of a custom type of this crate's, if it has one.
    pub(crate) fn custom(&self, name: &str) -> Option<&'a CustomType> {
        self.options.custom_types.get(name)
    }

    /// The type, as a signature names it.
    pub(crate) fn name(&self, ty: &Type) -> String {
        match ty {
            Type::UInt8 => "uint8".into(),
            Type::Int8 => "int8".into(),
            Type::UInt16 => "uint16".into(),
            Type::Int16 => "int16".into(),
            Type::UInt32 => "uint32".into(),
            Type::Int32 => "int32".into(),
            Type::UInt64 => "uint64".into(),
            Type::Int64 => "int64".into(),
            Type::Float32 => "float32".into(),
            Type::Float64 => "float64".into(),
            Type::Boolean => "bool".into(),
            Type::String => "string".into(),
            Type::Bytes => "[]byte".into(),
            Type::Timestamp => "time.Time".into(),
            Type::Duration => "time.Duration".into(),
            Type::Record { name, .. }
            | Type::Enum { name, .. }
            | Type::CallbackInterface { name, .. }
            | Type::Custom { name, .. } => self.qualified(ty, &names::exported(name)),
            Type::Object { name, imp, .. } => {
                let name = self.qualified(ty, &names::exported(name));
                // Foreign code sees an interface where it may implement one.
                if imp.has_callback_interface() {
                    name
                } else {
                    format!("*{name}")
                }
            }
            Type::Optional { inner_type } => {
                let inner = self.name(inner_type);
                if self.is_nilable(inner_type) {
                    inner
                } else {
                    format!("*{inner}")
                }
            }
            Type::Sequence { inner_type } => format!("[]{}", self.name(inner_type)),
            Type::Set { inner_type } => format!("map[{}]struct{{}}", self.name(inner_type)),
            Type::Map {
                key_type,
                value_type,
            } => format!("map[{}]{}", self.name(key_type), self.name(value_type)),
            Type::Box { inner_type } => self.name(inner_type),
        }
    }

    /// Whether a value of the type is never nil, so that nil may say that there is none.
    pub(crate) fn is_nilable(&self, ty: &Type) -> bool {
        match ty {
            Type::Bytes
            | Type::Object { .. }
            | Type::CallbackInterface { .. }
            | Type::Sequence { .. }
            | Type::Set { .. }
            | Type::Map { .. } => true,
            Type::Enum { name, .. } => self
                .interface
                .enums
                .iter()
                .any(|item| item.name == *name && (item.is_error || !item.is_flat)),
            // What a custom type becomes is the configuration's affair.
            Type::Custom { name, builtin, .. } => {
                !self.interface.ci.is_external(ty)
                    && self.custom(name).is_none()
                    && self.is_nilable(builtin)
            }
            _ => false,
        }
    }

    /// How the type crosses.
    pub(crate) fn passing(&self, ty: &Type) -> Passing {
        match ty {
            Type::UInt8
            | Type::Int8
            | Type::UInt16
            | Type::Int16
            | Type::UInt32
            | Type::Int32
            | Type::UInt64
            | Type::Int64
            | Type::Float32
            | Type::Float64 => Passing::Scalar,
            Type::Boolean => Passing::Bool,
            Type::String => Passing::Text,
            Type::Object { imp, .. } => {
                if imp.has_callback_interface() || self.interface.ci.is_external(ty) {
                    Passing::Handle
                } else {
                    Passing::Object
                }
            }
            Type::CallbackInterface { .. } => Passing::Handle,
            Type::Custom { builtin, .. } => self.passing(builtin),
            Type::Box { inner_type } => self.passing(inner_type),
            _ => Passing::Buffer,
        }
    }

    /// How an argument crosses.
    pub(crate) fn argument(&self, argument: &Argument) -> Passing {
        if argument.is_borrowed_bytes {
            Passing::Borrowed
        } else {
            self.passing(&argument.ty)
        }
    }

    /// The function that writes the type.
    pub(crate) fn writer(&self, ty: &Type) -> String {
        self.codec(ty, "Write")
    }

    /// The function that reads the type.
    pub(crate) fn reader(&self, ty: &Type) -> String {
        self.codec(ty, "Read")
    }

    /// The function that makes a handle or a custom type's builtin of a value.
    pub(crate) fn lowerer(&self, ty: &Type) -> String {
        self.codec(ty, "Lower")
    }

    /// The function that makes a value of a handle or of a custom type's builtin.
    pub(crate) fn lifter(&self, ty: &Type) -> String {
        self.codec(ty, "Lift")
    }

    fn codec(&self, ty: &Type, verb: &str) -> String {
        let name = names::codec(ty);
        match ty {
            Type::Box { inner_type } => self.codec(inner_type, verb),
            _ if ty.name().is_some() => self.qualified(ty, &format!("Uniffi{verb}{name}")),
            _ => format!("uniffi{verb}{name}"),
        }
    }

    /// The expression of the plain value inside custom types, and its type.
    pub(crate) fn unwrapped(&self, ty: &Type, value: &str) -> (Type, String) {
        match ty {
            Type::Custom { builtin, .. } => {
                let inner = format!("{}({value})", self.lowerer(ty));
                self.unwrapped(builtin, &inner)
            }
            plain => (plain.clone(), value.to_owned()),
        }
    }

    /// The expression that takes a value from Rust.
    pub(crate) fn lift(&self, ty: &Type, value: &str) -> String {
        if let Type::Custom { builtin, .. } = ty {
            return format!("{}({})", self.lifter(ty), self.lift(builtin, value));
        }
        match self.passing(ty) {
            Passing::Scalar => format!("{}({value})", self.name(ty)),
            Passing::Bool => format!("{value} != 0"),
            Passing::Text => format!("uniffiLiftString({value})"),
            Passing::Buffer | Passing::Borrowed => {
                format!("uniffiLift({value}, {})", self.reader(ty))
            }
            Passing::Object | Passing::Handle => format!("{}(uint64({value}))", self.lifter(ty)),
        }
    }

    /// The expression that gives Rust the result of a callback.
    pub(crate) fn lower(&self, ty: &Type, value: &str) -> String {
        let (ty, value) = self.unwrapped(ty, value);
        match self.passing(&ty) {
            Passing::Scalar => format!("{}({value})", cgo(&FfiType::from(&ty))),
            Passing::Bool => format!("uniffiLowerBool({value})"),
            Passing::Text => format!("uniffiLowerString({value})"),
            Passing::Buffer | Passing::Borrowed => {
                format!("uniffiLower({value}, {})", self.writer(&ty))
            }
            Passing::Object | Passing::Handle => {
                format!("uniffiLowerHandle({value}, {})", self.lowerer(&ty))
            }
        }
    }

    /// A name with its package, if that is another one.
    fn qualified(&self, ty: &Type, name: &str) -> String {
        if self.interface.ci.is_external(ty)
            && let Ok(namespace) = self.interface.ci.namespace_for_type(ty)
        {
            return format!("{}.{name}", alias(namespace));
        }
        name.to_owned()
    }

    /// The aliases of the packages of other crates, and their import paths.
    pub(crate) fn imports(&self) -> BTreeMap<String, String> {
        let mut imports = BTreeMap::new();
        for ty in self.interface.external_types() {
            let Ok(namespace) = self.interface.ci.namespace_for_type(ty) else {
                continue;
            };
            let given = ty
                .crate_name()
                .and_then(|krate| self.options.import_paths.get(krate));
            let root = self.options.import_root.as_deref().unwrap_or_default();
            let path = match given {
                Some(path) => path.clone(),
                None => format!("{root}/{}", names::package(namespace)),
            };
            imports.insert(alias(namespace), path);
        }
        imports
    }

    /// Refuses packages of other crates whose place nobody told.
    pub(super) fn check_imports(&self) -> Result<()> {
        for ty in self.interface.external_types() {
            let krate = ty.crate_name().unwrap_or_default();
            if self.options.import_root.is_none() && !self.options.import_paths.contains_key(krate)
            {
                bail!(
                    "{} is defined by crate {krate}: set import_root, the import path of the \
                     output folder, or import_paths.{krate} in [bindings.go]",
                    ty.name().unwrap_or_default()
                );
            }
        }
        Ok(())
    }
}

/// How a package of another crate is called: no name of a user's has an underscore.
fn alias(namespace: &str) -> String {
    format!("ext_{}", names::package(namespace))
}

/// The C type of what crosses the FFI.
pub(crate) fn c(ty: &FfiType) -> String {
    match ty {
        FfiType::UInt8 => "uint8_t".into(),
        FfiType::Int8 => "int8_t".into(),
        FfiType::UInt16 => "uint16_t".into(),
        FfiType::Int16 => "int16_t".into(),
        FfiType::UInt32 => "uint32_t".into(),
        FfiType::Int32 => "int32_t".into(),
        FfiType::UInt64 | FfiType::Handle => "uint64_t".into(),
        FfiType::Int64 => "int64_t".into(),
        FfiType::Float32 => "float".into(),
        FfiType::Float64 => "double".into(),
        FfiType::RustBuffer(_) => "RustBuffer".into(),
        FfiType::ForeignBytes => "ForeignBytes".into(),
        FfiType::RustCallStatus => "RustCallStatus".into(),
        FfiType::Callback(name) | FfiType::Struct(name) => name.clone(),
        FfiType::Reference(inner) => format!("const {} *", c(inner)),
        FfiType::MutReference(inner) => format!("{} *", c(inner)),
        FfiType::VoidPointer => "void *".into(),
    }
}

/// The same, as Go names it.
pub(crate) fn cgo(ty: &FfiType) -> String {
    match ty {
        FfiType::VoidPointer => "unsafe.Pointer".into(),
        FfiType::Reference(inner) | FfiType::MutReference(inner) => match &**inner {
            // Results that are none.
            FfiType::VoidPointer => "*unsafe.Pointer".into(),
            inner => format!("*{}", cgo(inner)),
        },
        plain => format!("C.{}", c(plain)),
    }
}
