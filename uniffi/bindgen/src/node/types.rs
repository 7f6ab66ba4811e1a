//! What UniFFI's types become in TypeScript.

use std::collections::BTreeSet;

use anyhow::{Result, bail};
use uniffi_bindgen::interface::{FfiType, Type};

use super::names;
use crate::interface::{Interface, canonical_name};

/// Whether a type is named where users are given a value, or where one of theirs is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Position {
    /// Every field is there, and collections are the user's.
    Given,
    /// Fields with a default may be absent, and collections are only read.
    Taken,
}

/// The names of one interface's types.
#[derive(Debug)]
pub(crate) struct Types<'a> {
    interface: &'a Interface<'a>,
    /// Values with a field that has a default, however deep.
    inits: BTreeSet<String>,
}

impl<'a> Types<'a> {
    pub(crate) fn new(interface: &'a Interface<'a>) -> Self {
        let mut types = Self {
            interface,
            inits: BTreeSet::new(),
        };
        // Values contain each other, so until nothing is added any more.
        loop {
            let found: BTreeSet<_> = types.values_with_defaults().collect();
            if found.len() == types.inits.len() {
                return types;
            }
            types.inits = found;
        }
    }

    fn values_with_defaults(&self) -> impl Iterator<Item = String> {
        let records = self.interface.records.iter().map(|record| {
            let has_default = record.fields.iter().any(|field| field.default.is_some());
            let fields: Vec<_> = record.fields.iter().map(|field| &field.ty).collect();
            (&record.name, has_default, fields)
        });
        let enums = self
            .interface
            .enums
            .iter()
            .filter(|item| !item.is_error)
            .map(|item| {
                let fields = || item.variants.iter().flat_map(|variant| &variant.fields);
                let has_default = fields().any(|field| field.default.is_some());
                (
                    &item.name,
                    has_default,
                    fields().map(|field| &field.ty).collect(),
                )
            });
        records
            .chain(enums)
            .filter(|(_, has_default, fields)| {
                *has_default || fields.iter().any(|ty| self.has_init(ty))
            })
            .map(|(name, ..)| name.clone())
    }

    /// Whether users may leave something out of such a value.
    pub(crate) fn has_init(&self, ty: &Type) -> bool {
        ty.iter_types().any(|part| {
            matches!(part, Type::Record { .. } | Type::Enum { .. })
                && !self.interface.ci.is_external(part)
                && part.name().is_some_and(|name| self.inits.contains(name))
        })
    }

    /// The type, as a signature names it.
    pub(crate) fn name(&self, ty: &Type, position: Position) -> String {
        match ty {
            Type::UInt8
            | Type::Int8
            | Type::UInt16
            | Type::Int16
            | Type::UInt32
            | Type::Int32
            | Type::Float32
            | Type::Float64 => "number".into(),
            Type::UInt64 | Type::Int64 => "bigint".into(),
            Type::Boolean => "boolean".into(),
            Type::String => "string".into(),
            Type::Bytes => "Uint8Array".into(),
            Type::Timestamp => "rt.Timestamp".into(),
            Type::Duration => "rt.Duration".into(),
            Type::Record { name, .. } | Type::Enum { name, .. } => {
                if position == Position::Taken && self.has_init(ty) {
                    names::init(name)
                } else {
                    names::class(name)
                }
            }
            Type::Object { name, .. }
            | Type::CallbackInterface { name, .. }
            | Type::Custom { name, .. } => names::class(name),
            Type::Optional { inner_type } => {
                format!("{} | undefined", self.name(inner_type, position))
            }
            Type::Sequence { inner_type } => {
                let inner = self.name(inner_type, position);
                let inner = if inner.contains(' ') {
                    format!("({inner})")
                } else {
                    inner
                };
                match position {
                    Position::Given => format!("{inner}[]"),
                    Position::Taken => format!("readonly {inner}[]"),
                }
            }
            Type::Set { inner_type } => {
                let inner = self.name(inner_type, position);
                match position {
                    Position::Given => format!("Set<{inner}>"),
                    Position::Taken => format!("ReadonlySet<{inner}>"),
                }
            }
            Type::Map {
                key_type,
                value_type,
            } => {
                let key = self.name(key_type, position);
                let value = self.name(value_type, position);
                match position {
                    Position::Given => format!("Map<{key}, {value}>"),
                    Position::Taken => format!("ReadonlyMap<{key}, {value}>"),
                }
            }
            Type::Box { inner_type } => self.name(inner_type, position),
        }
    }

    /// Whether lowering such a value gets something of Rust's that has to be given back if
    /// the call does not come about.
    pub(crate) fn acquires(ty: &Type) -> bool {
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
            | Type::Float64
            | Type::Boolean => false,
            Type::Custom { builtin, .. } => Self::acquires(builtin),
            _ => true,
        }
    }

    /// Whether such a value may contain an object, so that several things are got for it.
    pub(crate) fn may_contain_objects(&self, ty: &Type) -> bool {
        let mut seen = BTreeSet::new();
        match ty {
            Type::Object { .. } | Type::CallbackInterface { .. } => false,
            compound => self.contains_objects(compound, &mut seen),
        }
    }

    fn contains_objects(&self, ty: &Type, seen: &mut BTreeSet<String>) -> bool {
        ty.iter_types().any(|part| match part {
            Type::Object { .. } | Type::CallbackInterface { .. } => true,
            Type::Record { name, .. } | Type::Enum { name, .. } => {
                if self.interface.ci.is_external(part) {
                    return true;
                }
                if !seen.insert(name.clone()) {
                    return false;
                }
                let records = self.interface.records.iter();
                let enums = self.interface.enums.iter();
                records
                    .filter(|record| record.name == *name)
                    .flat_map(|record| &record.fields)
                    .chain(
                        enums
                            .filter(|item| item.name == *name)
                            .flat_map(|item| &item.variants)
                            .flat_map(|variant| &variant.fields),
                    )
                    .any(|field| self.contains_objects(&field.ty, seen))
            }
            _ => false,
        })
    }
}

/// The expression that converts a type to and from what crosses the FFI.
pub(crate) fn converter(ty: &Type) -> String {
    match ty {
        Type::UInt8 => "rt.uInt8".into(),
        Type::Int8 => "rt.int8".into(),
        Type::UInt16 => "rt.uInt16".into(),
        Type::Int16 => "rt.int16".into(),
        Type::UInt32 => "rt.uInt32".into(),
        Type::Int32 => "rt.int32".into(),
        Type::UInt64 => "rt.uInt64".into(),
        Type::Int64 => "rt.int64".into(),
        Type::Float32 => "rt.float32".into(),
        Type::Float64 => "rt.float64".into(),
        Type::Boolean => "rt.boolean".into(),
        Type::String => "library.string".into(),
        Type::Bytes => "library.bytes".into(),
        other => names::converter(other),
    }
}

/// The expression that converts an error.
pub(crate) fn error_converter(ty: &Type) -> String {
    match ty {
        Type::Object { .. } => names::converter(ty).replacen("type_", "error_", 1),
        other => converter(other),
    }
}

/// The koffi type of what crosses the FFI.
///
/// # Errors
/// A type that no exported function takes or gives.
pub(crate) fn ffi(ty: &FfiType) -> Result<String> {
    Ok(match ty {
        FfiType::UInt8 => "rt.ffi.uint8".into(),
        FfiType::Int8 => "rt.ffi.int8".into(),
        FfiType::UInt16 => "rt.ffi.uint16".into(),
        FfiType::Int16 => "rt.ffi.int16".into(),
        FfiType::UInt32 => "rt.ffi.uint32".into(),
        FfiType::Int32 => "rt.ffi.int32".into(),
        FfiType::UInt64 => "rt.ffi.uint64".into(),
        FfiType::Int64 => "rt.ffi.int64".into(),
        FfiType::Float32 => "rt.ffi.float32".into(),
        FfiType::Float64 => "rt.ffi.float64".into(),
        FfiType::RustBuffer(_) => "rt.ffi.rustBuffer".into(),
        FfiType::ForeignBytes => "rt.ffi.borrowedBytes".into(),
        FfiType::Handle => "rt.ffi.handle".into(),
        other => bail!("an exported function with {other:?}"),
    })
}

/// The constant of a compound, and the expression that makes it; named types have their own.
pub(crate) fn compound(ty: &Type) -> Option<(String, String, Vec<String>)> {
    let (maker, parts) = match ty {
        Type::Timestamp => ("timestamp", vec![]),
        Type::Duration => ("duration", vec![]),
        Type::Optional { inner_type } => ("optional", vec![converter(inner_type)]),
        Type::Sequence { inner_type } => ("sequence", vec![converter(inner_type)]),
        Type::Set { inner_type } => ("set", vec![converter(inner_type)]),
        Type::Map {
            key_type,
            value_type,
        } => ("map", vec![converter(key_type), converter(value_type)]),
        _ => return None,
    };
    let items = std::iter::once("library".to_owned()).chain(parts).collect();
    Some((names::converter(ty), format!("rt.{maker}"), items))
}

/// The name of what drives the futures of a result.
pub(crate) fn driver(ty: Option<&Type>) -> String {
    let result = ty.map(FfiType::from);
    format!(
        "future_{}",
        FfiType::return_type_name(result.as_ref()).replace("rust_buffer", "buffer")
    )
}

/// A name for the message of an internal error.
pub(crate) fn shown(ty: &Type) -> String {
    canonical_name(ty)
}
