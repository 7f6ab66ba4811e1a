//! The defaults of arguments and fields, as expressions.

use anyhow::{Result, bail};
use uniffi_bindgen::interface::{DefaultValue, Literal, Type};

use super::{names, types::Types};
use crate::interface::canonical_name;

/// The expression for a default of a type.
///
/// # Errors
/// A default that C++ has no expression for.
pub(crate) fn expression(types: &Types<'_>, default: &DefaultValue, ty: &Type) -> Result<String> {
    if let Type::Custom { name, .. } = ty
        && types.options.custom_types.contains_key(name)
    {
        bail!("a default of custom type {name}, which custom_types configures");
    }
    match default {
        // Numbers, texts, collections and records of defaults all begin as they should.
        DefaultValue::Default => Ok("{}".into()),
        DefaultValue::Literal(literal) => written(types, literal, ty),
    }
}

fn written(types: &Types<'_>, literal: &Literal, ty: &Type) -> Result<String> {
    Ok(match literal {
        Literal::Boolean(value) => value.to_string(),
        Literal::String(text) => quoted(text),
        Literal::UInt(number, ..) if i64::try_from(*number).is_err() => format!("{number}ULL"),
        Literal::UInt(number, ..) => number.to_string(),
        // C++ reads the sign as an operator, and its number would be too large.
        Literal::Int(i64::MIN, ..) => "std::numeric_limits<std::int64_t>::min()".into(),
        Literal::Int(number, ..) => number.to_string(),
        Literal::Float(text, _) => float(text, plain(ty))?,
        Literal::Enum(variant, _) => variant_value(types, plain(ty), variant)?,
        Literal::EmptySequence | Literal::EmptyMap | Literal::EmptySet => "{}".into(),
        Literal::None => "std::nullopt".into(),
        Literal::Some { inner } => match plain(ty) {
            Type::Optional { inner_type } => expression(types, inner, inner_type)?,
            other => bail!("an optional default of {}", canonical_name(other)),
        },
    })
}

fn float(text: &str, ty: &Type) -> Result<String> {
    let (name, suffix) = match ty {
        Type::Float32 => ("float", "F"),
        _ => ("double", ""),
    };
    let limit = |what: &str| format!("std::numeric_limits<{name}>::{what}()");
    match text.parse::<f64>() {
        Ok(value) if value.is_nan() => Ok(limit("quiet_NaN")),
        Ok(value) if value.is_infinite() && value > 0.0 => Ok(limit("infinity")),
        Ok(value) if value.is_infinite() => Ok(format!("-{}", limit("infinity"))),
        Ok(value) => Ok(format!("{value:?}{suffix}")),
        Err(_) => bail!("a default of {text}, which is no number"),
    }
}

fn variant_value(types: &Types<'_>, ty: &Type, variant: &str) -> Result<String> {
    let Type::Enum { name, .. } = ty else {
        bail!("a default of variant {variant} for {}", canonical_name(ty));
    };
    let class = types.name(ty);
    let case = names::case(name, variant);
    // Another crate's can only be flat.
    if types.is_flat(name) || types.interface.ci.is_external(ty) {
        Ok(format!("{class}::{case}"))
    } else {
        Ok(format!("{class}::{case}{{}}"))
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
    let mut literal = String::from('"');
    for character in text.chars() {
        match character {
            '\\' => literal += "\\\\",
            '"' => literal += "\\\"",
            '\n' => literal += "\\n",
            '\r' => literal += "\\r",
            '\t' => literal += "\\t",
            // Three octal digits, because a hexadecimal escape has no end.
            other if other.is_ascii_control() => literal += &format!("\\{:03o}", u32::from(other)),
            other => literal.push(other),
        }
    }
    literal.push('"');
    literal
}
