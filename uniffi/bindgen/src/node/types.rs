//! What UniFFI's types and names become in TypeScript.

use heck::ToLowerCamelCase;
use uniffi_bindgen::interface::{FfiType, Type};

use super::STYLE;
use crate::{
    interface::{Callable, canonical_name},
    layout,
};

/// Words that cannot name a function or a parameter of a module, which is strict code.
const RESERVED: &[&str] = &[
    "arguments",
    "await",
    "break",
    "case",
    "catch",
    "class",
    "const",
    "continue",
    "debugger",
    "default",
    "delete",
    "do",
    "else",
    "enum",
    "eval",
    "export",
    "extends",
    "false",
    "finally",
    "for",
    "function",
    "if",
    "implements",
    "import",
    "in",
    "instanceof",
    "interface",
    "let",
    "new",
    "null",
    "package",
    "private",
    "protected",
    "public",
    "return",
    "static",
    "super",
    "switch",
    "this",
    "throw",
    "true",
    "try",
    "typeof",
    "var",
    "void",
    "while",
    "with",
    "yield",
    // Names that the generated module uses itself.
    "library",
    "result",
    "rt",
];

fn unreserved(name: String) -> String {
    if RESERVED.contains(&name.as_str()) {
        name + "_"
    } else {
        name
    }
}

/// The name of an exported function.
pub(crate) fn function(name: &str) -> String {
    unreserved(name.to_lower_camel_case())
}

/// The name of a parameter.
pub(crate) fn variable(name: &str) -> String {
    unreserved(name.to_lower_camel_case())
}

/// The name of the constant that holds a C function.
pub(crate) fn ffi_function(callable: &Callable) -> String {
    format!("ffi_{}", callable.ffi.name())
}

/// The type, as a signature names it.
pub(crate) fn name(ty: &Type) -> String {
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
        // Refused before rendering: see `capabilities`.
        other => unreachable_type(other),
    }
}

/// The expression that converts a type to and from what crosses the FFI.
pub(crate) fn converter(ty: &Type) -> String {
    match ty {
        Type::String => "library.string".into(),
        plain => format!("rt.{}", canonical_name(plain).to_lower_camel_case()),
    }
}

/// The koffi type of what crosses the FFI.
pub(crate) fn ffi(ty: &FfiType) -> String {
    match ty {
        FfiType::UInt8 => "rt.ffi.uint8".into(),
        FfiType::Int8 => "rt.ffi.int8".into(),
        FfiType::UInt16 => "rt.ffi.uint16".into(),
        FfiType::Int16 => "rt.ffi.int16".into(),
        FfiType::UInt32 => "rt.ffi.uint32".into(),
        FfiType::Int32 => "rt.ffi.int32".into(),
        FfiType::UInt64 | FfiType::Handle => "rt.ffi.uint64".into(),
        FfiType::Int64 => "rt.ffi.int64".into(),
        FfiType::Float32 => "rt.ffi.float32".into(),
        FfiType::Float64 => "rt.ffi.float64".into(),
        FfiType::RustBuffer(_) => "rt.ffi.rustBuffer".into(),
        FfiType::ForeignBytes => "rt.ffi.foreignBytes".into(),
        other => format!("rt.ffi.{other:?}"),
    }
}

/// A JSDoc block with the line break after it, or nothing.
pub(crate) fn doc(depth: usize, docstring: Option<&str>) -> String {
    let Some(docstring) = docstring.map(|text| text.replace("*/", "*\\/")) else {
        return String::new();
    };
    let indent = STYLE.indent.repeat(depth);
    if !docstring.trim().contains('\n') {
        return format!("/** {} */\n{indent}", docstring.trim());
    }
    let lines = layout::comment(STYLE, depth, " *", &docstring);
    format!("/**\n{indent}{lines}\n{indent} */\n{indent}")
}

fn unreachable_type(ty: &Type) -> String {
    format!("never /* {} */", canonical_name(ty))
}
