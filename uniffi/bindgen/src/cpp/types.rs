//! What UniFFI's types become in C++: their names, and their codecs.

use std::collections::BTreeSet;

use uniffi_bindgen::interface::{FfiCallbackFunction, FfiFunction, FfiStruct, FfiType, Type};

use super::{names, options::Options};
use crate::interface::{Field, Interface};

/// The names of one interface's types.
#[derive(Debug)]
pub(crate) struct Types<'a> {
    pub(crate) interface: &'a Interface<'a>,
    pub(crate) options: &'a Options,
}

impl Types<'_> {
    /// The type of a value.
    pub(crate) fn name(&self, ty: &Type) -> String {
        match ty {
            Type::UInt8 => "std::uint8_t".into(),
            Type::Int8 => "std::int8_t".into(),
            Type::UInt16 => "std::uint16_t".into(),
            Type::Int16 => "std::int16_t".into(),
            Type::UInt32 => "std::uint32_t".into(),
            Type::Int32 => "std::int32_t".into(),
            Type::UInt64 => "std::uint64_t".into(),
            Type::Int64 => "std::int64_t".into(),
            Type::Float32 => "float".into(),
            Type::Float64 => "double".into(),
            Type::Boolean => "bool".into(),
            Type::String => "std::string".into(),
            Type::Bytes => "std::vector<std::uint8_t>".into(),
            Type::Timestamp => "uniffi::Timestamp".into(),
            Type::Duration => "uniffi::Duration".into(),
            Type::Record { name, .. } | Type::Enum { name, .. } | Type::Custom { name, .. } => {
                self.space(ty) + &names::identifier(name)
            }
            Type::Object { name, imp, .. } => {
                let class = self.space(ty) + &names::identifier(name);
                if imp.has_callback_interface() {
                    format!("std::shared_ptr<{class}>")
                } else {
                    class
                }
            }
            Type::CallbackInterface { name, .. } => {
                let class = self.space(ty) + &names::identifier(name);
                format!("std::shared_ptr<{class}>")
            }
            Type::Optional { inner_type } => format!("std::optional<{}>", self.name(inner_type)),
            Type::Sequence { inner_type } => format!("std::vector<{}>", self.name(inner_type)),
            Type::Set { inner_type } => format!("std::unordered_set<{}>", self.name(inner_type)),
            Type::Map {
                key_type,
                value_type,
            } => format!(
                "std::unordered_map<{}, {}>",
                self.name(key_type),
                self.name(value_type)
            ),
            Type::Box { inner_type } => self.name(inner_type),
        }
    }

    /// The type of a parameter.
    pub(crate) fn parameter(&self, ty: &Type) -> String {
        match ty {
            Type::String => "std::string_view".into(),
            Type::Bytes => "std::span<const std::uint8_t>".into(),
            Type::Timestamp | Type::Duration => self.name(ty),
            Type::Enum { name, .. } if self.is_flat(name) => self.name(ty),
            plain if is_primitive(plain) => self.name(plain),
            other => format!("const {} &", self.name(other)),
        }
    }

    /// The codec of a type.
    pub(crate) fn codec(&self, ty: &Type) -> String {
        match ty {
            Type::UInt8 => "uniffi::UInt8".into(),
            Type::Int8 => "uniffi::Int8".into(),
            Type::UInt16 => "uniffi::UInt16".into(),
            Type::Int16 => "uniffi::Int16".into(),
            Type::UInt32 => "uniffi::UInt32".into(),
            Type::Int32 => "uniffi::Int32".into(),
            Type::UInt64 => "uniffi::UInt64".into(),
            Type::Int64 => "uniffi::Int64".into(),
            Type::Float32 => "uniffi::Float32".into(),
            Type::Float64 => "uniffi::Float64".into(),
            Type::Boolean => "uniffi::Boolean".into(),
            Type::String => "uniffi::String".into(),
            Type::Bytes => "uniffi::Bytes".into(),
            Type::Timestamp => "uniffi::Moment".into(),
            Type::Duration => "uniffi::Span".into(),
            Type::Optional { inner_type } => {
                format!("uniffi::Optional<{}>", self.codec(inner_type))
            }
            Type::Sequence { inner_type } => {
                format!("uniffi::Sequence<{}>", self.codec(inner_type))
            }
            Type::Set { inner_type } => format!("uniffi::Set<{}>", self.codec(inner_type)),
            Type::Map {
                key_type,
                value_type,
            } => format!(
                "uniffi::Map<{}, {}>",
                self.codec(key_type),
                self.codec(value_type)
            ),
            Type::Box { inner_type } => self.codec(inner_type),
            named => {
                let name = named.name().unwrap_or_default();
                format!("{}ffi::{}", self.space(named), names::codec(name))
            }
        }
    }

    /// The codec of what a call throws.
    pub(crate) fn error_codec(&self, ty: &Type) -> String {
        match ty {
            Type::Object { .. } => format!("uniffi::ObjectError<{}>", self.codec(ty)),
            other => self.codec(other),
        }
    }

    /// The namespace of another crate's type, with the colons after it.
    fn space(&self, ty: &Type) -> String {
        let ci = self.interface.ci;
        match ci.namespace_for_type(ty) {
            Ok(namespace) if ci.is_external(ty) => {
                format!("uniffi::space::{}::", names::identifier(namespace))
            }
            _ => String::new(),
        }
    }

    /// Whether this is an enum of this interface that is an `enum class`.
    pub(crate) fn is_flat(&self, name: &str) -> bool {
        let mut enums = self.interface.enums.iter();
        enums.any(|item| item.name == name && item.is_flat && !item.is_error)
    }

    /// The type and the codec of a field: what leads back to its owner is boxed, unless it is in
    /// a sequence, which may have elements that are not complete.
    pub(crate) fn field(&self, owner: &str, ty: &Type) -> (String, String) {
        match ty {
            Type::Optional { inner_type } => {
                let (name, codec) = self.field(owner, inner_type);
                (
                    format!("std::optional<{name}>"),
                    format!("uniffi::Optional<{codec}>"),
                )
            }
            Type::Map {
                key_type,
                value_type,
            } => {
                let (name, codec) = self.field(owner, value_type);
                (
                    format!("std::unordered_map<{}, {name}>", self.name(key_type)),
                    format!("uniffi::Map<{}, {codec}>", self.codec(key_type)),
                )
            }
            Type::Record { .. } | Type::Enum { .. } | Type::Custom { .. }
                if self.reaches(ty, owner, &mut BTreeSet::new()) =>
            {
                (
                    format!("uniffi::Box<{}>", self.name(ty)),
                    format!("uniffi::Boxed<{}>", self.codec(ty)),
                )
            }
            plain => (self.name(plain), self.codec(plain)),
        }
    }

    fn reaches(&self, ty: &Type, owner: &str, seen: &mut BTreeSet<String>) -> bool {
        ty.iter_types().any(|part| match part {
            Type::Record { name, .. } | Type::Enum { name, .. } => {
                if self.interface.ci.is_external(part) {
                    return false;
                }
                name == owner
                    || (seen.insert(name.clone())
                        && self
                            .fields(name)
                            .iter()
                            .any(|field| self.reaches(&field.ty, owner, seen)))
            }
            _ => false,
        })
    }

    /// The fields of a value of this interface, of whatever variant.
    fn fields(&self, name: &str) -> Vec<&Field> {
        let records = self.interface.records.iter();
        let enums = self.interface.enums.iter();
        records
            .filter(|record| record.name == name)
            .flat_map(|record| &record.fields)
            .chain(
                enums
                    .filter(|item| item.name == name)
                    .flat_map(|item| &item.variants)
                    .flat_map(|variant| &variant.fields),
            )
            .collect()
    }

    /// Whether two such values can be compared by `==`.
    pub(crate) fn is_comparable(&self, ty: &Type) -> bool {
        self.compares(ty, &mut BTreeSet::new())
    }

    fn compares(&self, ty: &Type, seen: &mut BTreeSet<String>) -> bool {
        ty.iter_types().all(|part| match part {
            // What another crate's type can do is not known here.
            named if self.interface.ci.is_external(named) => false,
            Type::Object { name, imp, .. } => {
                imp.has_callback_interface()
                    || self
                        .interface
                        .objects
                        .iter()
                        .any(|object| object.name == *name && object.traits.eq.is_some())
            }
            Type::Record { name, .. } | Type::Enum { name, .. } => {
                let is_error = self.interface.is_error(name);
                !is_error
                    && (!seen.insert(name.clone())
                        || self
                            .fields(name)
                            .iter()
                            .all(|field| self.compares(&field.ty, seen)))
            }
            // What a configured one can do is not known here.
            Type::Custom { name, .. } => !self.options.custom_types.contains_key(name),
            _ => true,
        })
    }

    /// Whether a type contains a class that is not complete before all classes of objects are.
    pub(crate) fn is_late(&self, ty: &Type) -> bool {
        ty.iter_types().any(|part| match part {
            Type::Record { .. } | Type::Custom { .. } => true,
            Type::Enum { name, .. } => !self.is_flat(name) && !self.interface.ci.is_external(part),
            _ => false,
        })
    }
}

/// Whether a value is passed as it is.
pub(crate) fn is_primitive(ty: &Type) -> bool {
    matches!(
        ty,
        Type::UInt8
            | Type::Int8
            | Type::UInt16
            | Type::Int16
            | Type::UInt32
            | Type::Int32
            | Type::UInt64
            | Type::Int64
            | Type::Float32
            | Type::Float64
            | Type::Boolean
    )
}

/// The name of what drives the futures of a result.
pub(crate) fn driver(ty: Option<&Type>) -> String {
    let result = ty.map(FfiType::from);
    format!("futures_{}", FfiType::return_type_name(result.as_ref()))
}

/// The C type of what crosses the FFI.
pub(crate) fn c(ty: &FfiType) -> String {
    match ty {
        FfiType::UInt8 => "std::uint8_t".into(),
        FfiType::Int8 => "std::int8_t".into(),
        FfiType::UInt16 => "std::uint16_t".into(),
        FfiType::Int16 => "std::int16_t".into(),
        FfiType::UInt32 => "std::uint32_t".into(),
        FfiType::Int32 => "std::int32_t".into(),
        FfiType::UInt64 | FfiType::Handle => "std::uint64_t".into(),
        FfiType::Int64 => "std::int64_t".into(),
        FfiType::Float32 => "float".into(),
        FfiType::Float64 => "double".into(),
        FfiType::RustBuffer(_) => "uniffi::RustBuffer".into(),
        FfiType::ForeignBytes => "uniffi::ForeignBytes".into(),
        FfiType::RustCallStatus => "uniffi::RustCallStatus".into(),
        FfiType::Callback(name) | FfiType::Struct(name) => name.clone(),
        FfiType::Reference(inner) => format!("const {} *", c(inner)),
        FfiType::MutReference(inner) => format!("{} *", c(inner)),
        FfiType::VoidPointer => "void *".into(),
    }
}

/// The C type of a result.
pub(crate) fn c_result(ty: Option<&FfiType>) -> String {
    ty.map_or_else(|| "void".to_owned(), c)
}

/// The C prototype of an exported function.
pub(crate) fn prototype(function: &FfiFunction) -> String {
    let mut arguments: Vec<_> = function
        .arguments()
        .iter()
        .map(|argument| c(&argument.type_()))
        .collect();
    if function.has_rust_call_status_arg() {
        arguments.push("uniffi::RustCallStatus *".to_owned());
    }
    let result = c_result(function.return_type());
    format!("{result} {}({});", function.name(), arguments.join(", "))
}

/// The C type of a function that C++ passes to Rust.
pub(crate) fn callback(function: &FfiCallbackFunction) -> String {
    let mut arguments: Vec<_> = function
        .arguments()
        .iter()
        .map(|argument| c(&argument.type_()))
        .collect();
    if function.has_rust_call_status_arg() {
        arguments.push("uniffi::RustCallStatus *".to_owned());
    }
    let result = c_result(function.return_type());
    format!(
        "using {} = {result} (*)({});",
        function.name(),
        arguments.join(", ")
    )
}

/// The fields of a C struct, as declarations.
pub(crate) fn members(item: &FfiStruct) -> Vec<String> {
    item.fields()
        .iter()
        .map(|field| {
            let ty = c(&field.type_());
            let space = if ty.ends_with('*') { "" } else { " " };
            format!("{ty}{space}{};", field.name())
        })
        .collect()
}
