//! The defaults of arguments and fields, as expressions.
//!
//! They are only ever lowered, so one collection may serve all calls.

use anyhow::{Result, bail};
use uniffi_bindgen::interface::{DefaultValue, Literal, Type};

use super::{names, types};
use crate::interface::Interface;

/// The expression for a default of a type.
///
/// # Errors
/// A default that TypeScript has no expression for.
pub(crate) fn expression(
    interface: &Interface<'_>,
    default: &DefaultValue,
    ty: &Type,
) -> Result<String> {
    match default {
        DefaultValue::Default => unwritten(interface, ty),
        DefaultValue::Literal(literal) => written(interface, literal, ty),
    }
}

fn written(interface: &Interface<'_>, literal: &Literal, ty: &Type) -> Result<String> {
    let is_big = matches!(plain(ty), Type::UInt64 | Type::Int64);
    let suffix = if is_big { "n" } else { "" };
    Ok(match literal {
        Literal::Boolean(value) => value.to_string(),
        Literal::String(text) => quoted(text),
        Literal::UInt(number, ..) => format!("{number}{suffix}"),
        Literal::Int(number, ..) => format!("{number}{suffix}"),
        Literal::Float(text, _) => match text.as_str() {
            "inf" | "Infinity" => "Infinity".into(),
            "-inf" | "-Infinity" => "-Infinity".into(),
            "NaN" | "nan" => "NaN".into(),
            // Prettier prints numbers without a trailing zero, and so does Rust.
            number => match number.parse::<f64>() {
                Ok(value) => value.to_string(),
                Err(_) => bail!("a default of {number}, which is no number"),
            },
        },
        Literal::Enum(variant, _) => variant_value(interface, plain(ty), variant)?,
        Literal::EmptySequence => "[]".into(),
        Literal::EmptyMap => "new Map()".into(),
        Literal::EmptySet => "new Set()".into(),
        Literal::None => "undefined".into(),
        Literal::Some { inner } => match plain(ty) {
            Type::Optional { inner_type } => expression(interface, inner, inner_type)?,
            other => bail!("an optional default of {}", types::shown(other)),
        },
    })
}

fn unwritten(interface: &Interface<'_>, ty: &Type) -> Result<String> {
    Ok(match ty {
        Type::UInt8
        | Type::Int8
        | Type::UInt16
        | Type::Int16
        | Type::UInt32
        | Type::Int32
        | Type::Float32
        | Type::Float64 => "0".into(),
        Type::UInt64 | Type::Int64 => "0n".into(),
        Type::Boolean => "false".into(),
        Type::String => "\"\"".into(),
        Type::Bytes => "new Uint8Array()".into(),
        Type::Optional { .. } => "undefined".into(),
        Type::Sequence { .. } => "[]".into(),
        Type::Map { .. } => "new Map()".into(),
        Type::Set { .. } => "new Set()".into(),
        Type::Custom { builtin, .. } => unwritten(interface, builtin)?,
        Type::Record { name, .. } => {
            let fields = interface
                .records
                .iter()
                .find(|record| record.name == *name)
                .map(|record| &record.fields);
            match fields {
                Some(fields) if fields.iter().all(|field| field.default.is_some()) => "{}".into(),
                _ => bail!("a default of record {name}, whose fields have none"),
            }
        }
        other => bail!("a default of {} without a value", types::shown(other)),
    })
}

fn variant_value(interface: &Interface<'_>, ty: &Type, variant: &str) -> Result<String> {
    let Type::Enum { name, .. } = ty else {
        bail!("a default of variant {variant} for {}", types::shown(ty));
    };
    let local = interface.enums.iter().find(|item| item.name == *name);
    match local {
        Some(item) if !item.is_flat => Ok(format!("{{ tag: \"{}\" }}", names::tag(variant))),
        Some(item) if item.discriminant_type.is_some() => {
            Ok(format!("{}.{}", names::class(name), names::tag(variant)))
        }
        // Another crate's can only be flat.
        _ => Ok(format!("\"{}\"", names::tag(variant))),
    }
}

fn plain(ty: &Type) -> &Type {
    match ty {
        Type::Custom { builtin, .. } => plain(builtin),
        other => other,
    }
}

/// A string literal.
pub(crate) fn quoted(text: &str) -> String {
    // Prettier prefers the quote that is rarer in the text.
    let quote = if text.matches('"').count() > text.matches('\'').count() {
        '\''
    } else {
        '"'
    };
    let mut literal = String::from(quote);
    for character in text.chars() {
        match character {
            '\\' => literal += "\\\\",
            '\n' => literal += "\\n",
            '\r' => literal += "\\r",
            '\t' => literal += "\\t",
            other if other == quote => {
                literal.push('\\');
                literal.push(other);
            }
            other if other.is_control() || matches!(other, '\u{2028}' | '\u{2029}') => {
                literal += &format!("\\u{:04x}", u32::from(other));
            }
            other => literal.push(other),
        }
    }
    literal.push(quote);
    literal
}
