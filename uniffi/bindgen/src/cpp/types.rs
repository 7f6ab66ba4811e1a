//! What UniFFI's types and names become in C++.

use uniffi_bindgen::interface::{FfiFunction, FfiType, Type};

use super::STYLE;
use crate::{interface::canonical_name, layout};

/// C++20's keywords, and names that the generated code uses itself.
const RESERVED: &[&str] = &[
    "alignas",
    "alignof",
    "and",
    "and_eq",
    "asm",
    "auto",
    "bitand",
    "bitor",
    "bool",
    "break",
    "case",
    "catch",
    "char",
    "char16_t",
    "char32_t",
    "char8_t",
    "class",
    "co_await",
    "co_return",
    "co_yield",
    "compl",
    "concept",
    "const",
    "const_cast",
    "consteval",
    "constexpr",
    "constinit",
    "continue",
    "decltype",
    "default",
    "delete",
    "do",
    "double",
    "dynamic_cast",
    "else",
    "enum",
    "explicit",
    "export",
    "extern",
    "false",
    "float",
    "for",
    "friend",
    "goto",
    "if",
    "inline",
    "int",
    "long",
    "mutable",
    "namespace",
    "new",
    "noexcept",
    "not",
    "not_eq",
    "nullptr",
    "operator",
    "or",
    "or_eq",
    "private",
    "protected",
    "public",
    "register",
    "reinterpret_cast",
    "requires",
    "return",
    "short",
    "signed",
    "sizeof",
    "static",
    "static_assert",
    "static_cast",
    "struct",
    "switch",
    "template",
    "this",
    "thread_local",
    "throw",
    "true",
    "try",
    "typedef",
    "typeid",
    "typename",
    "union",
    "unsigned",
    "using",
    "virtual",
    "void",
    "volatile",
    "wchar_t",
    "while",
    "xor",
    "xor_eq",
    "ffi",
    "result",
    "status",
    "std",
    "uniffi",
];

/// A name as the UDL has it, or with an underscore if C++ has other uses for it.
pub(crate) fn identifier(name: &str) -> String {
    if RESERVED.contains(&name) {
        format!("{name}_")
    } else {
        name.to_owned()
    }
}

/// The type of a value.
pub(crate) fn name(ty: &Type) -> String {
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
        // Refused before rendering: see `capabilities`.
        other => format!("unsupported_{}", canonical_name(other)),
    }
}

/// The type of a parameter.
pub(crate) fn parameter(ty: &Type) -> String {
    match ty {
        Type::String => "std::string_view".into(),
        plain => name(plain),
    }
}

/// The expression that gives Rust a value.
pub(crate) fn lower(ty: &Type, value: &str) -> String {
    match ty {
        Type::Boolean => format!("static_cast<std::int8_t>({value})"),
        Type::String => format!("ffi::buffers().lower({value})"),
        _ => value.to_owned(),
    }
}

/// The expression that takes a value from Rust.
pub(crate) fn lift(ty: &Type, value: &str) -> String {
    match ty {
        Type::Boolean => format!("{value} != 0"),
        Type::String => format!("ffi::buffers().lift_string({value})"),
        _ => value.to_owned(),
    }
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
    let result = function.return_type().map_or_else(|| "void".to_owned(), c);
    format!("{result} {}({});", function.name(), arguments.join(", "))
}

/// Comment lines with the line break after them, or nothing.
pub(crate) fn doc(depth: usize, docstring: Option<&str>) -> String {
    docstring.map_or_else(String::new, |docstring| {
        let indent = STYLE.indent.repeat(depth);
        layout::comment(STYLE, depth, "///", docstring) + "\n" + &indent
    })
}
