//! What UniFFI's types and names become in Go, and in the C that cgo reads.

use heck::{ToLowerCamelCase, ToSnakeCase, ToUpperCamelCase};
use uniffi_bindgen::interface::{FfiFunction, FfiType, Type};

use super::STYLE;
use crate::{interface::canonical_name, layout};

/// Words that cannot name a parameter, and names that the generated code uses itself.
const RESERVED: &[&str] = &[
    "break",
    "case",
    "chan",
    "const",
    "continue",
    "default",
    "defer",
    "else",
    "fallthrough",
    "for",
    "func",
    "go",
    "goto",
    "if",
    "import",
    "interface",
    "map",
    "package",
    "range",
    "return",
    "select",
    "struct",
    "switch",
    "type",
    "var",
    // Predeclared names that generated code needs.
    "bool",
    "byte",
    "error",
    "float32",
    "float64",
    "int16",
    "int32",
    "int64",
    "int8",
    "len",
    "nil",
    "panic",
    "string",
    "uint16",
    "uint32",
    "uint64",
    "uint8",
    "result",
    "status",
];

fn unreserved(name: String) -> String {
    if RESERVED.contains(&name.as_str()) {
        name + "_"
    } else {
        name
    }
}

/// The package of a namespace: Go likes no capitals and no underscores there.
pub(crate) fn package(namespace: &str) -> String {
    namespace.to_snake_case().replace('_', "")
}

/// The name of what users see.
pub(crate) fn exported(name: &str) -> String {
    name.to_upper_camel_case()
}

/// The name of a parameter.
pub(crate) fn variable(name: &str) -> String {
    unreserved(name.to_lower_camel_case())
}

/// The type, as a signature names it.
pub(crate) fn name(ty: &Type) -> String {
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
        // Refused before rendering: see `capabilities`.
        other => format!("unsupported{}", canonical_name(other)),
    }
}

/// The expression that gives Rust a value.
pub(crate) fn lower(ty: &Type, value: &str) -> String {
    match ty {
        Type::Boolean => format!("lowerBool({value})"),
        Type::String => format!("lowerString({value})"),
        plain => format!("C.{}({value})", c(&FfiType::from(plain))),
    }
}

/// The expression that takes a value from Rust.
pub(crate) fn lift(ty: &Type, value: &str) -> String {
    match ty {
        Type::Boolean => format!("{value} != 0"),
        Type::String => format!("liftString({value})"),
        plain => format!("{}({value})", name(plain)),
    }
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

/// The C prototype of an exported function.
pub(crate) fn prototype(function: &FfiFunction) -> String {
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

/// Comment lines with the line break after them, or nothing.
pub(crate) fn doc(depth: usize, docstring: Option<&str>) -> String {
    docstring.map_or_else(String::new, |docstring| {
        let indent = STYLE.indent.repeat(depth);
        layout::comment(STYLE, depth, "//", docstring) + "\n" + &indent
    })
}
