//! The defaults of arguments and fields, as expressions.

use anyhow::{Result, bail};
use uniffi_bindgen::interface::{DefaultValue, Literal, Type};

use super::{names, types::Types};
use crate::interface::{Interface, canonical_name};

/// The expression for a default of a type.
///
/// # Errors
/// A default that Go has no expression for.
pub(crate) fn expression(
    interface: &Interface<'_>,
    types: &Types<'_>,
    default: &DefaultValue,
    ty: &Type,
) -> Result<String> {
    if let Type::Custom { name, builtin, .. } = ty {
        let inner = expression(interface, types, default, builtin)?;
        let is_plain = !interface.ci.is_external(ty) && types.custom(name).is_none();
        return Ok(if is_plain {
            inner
        } else {
            format!("{}({inner})", types.lifter(ty))
        });
    }
    match default {
        DefaultValue::Default => unwritten(interface, types, ty),
        DefaultValue::Literal(literal) => written(interface, types, literal, ty),
    }
}

fn written(
    interface: &Interface<'_>,
    types: &Types<'_>,
    literal: &Literal,
    ty: &Type,
) -> Result<String> {
    Ok(match literal {
        Literal::Boolean(value) => value.to_string(),
        Literal::String(text) => quoted(text),
        Literal::UInt(number, ..) => number.to_string(),
        Literal::Int(number, ..) => number.to_string(),
        Literal::Float(text, _) => float(text, &types.name(ty))?,
        Literal::Enum(variant, _) => variant_value(interface, types, ty, variant)?,
        // Nil has no elements either, but a nil map takes none.
        Literal::EmptySequence => "nil".into(),
        Literal::EmptyMap | Literal::EmptySet => format!("{}{{}}", types.name(ty)),
        Literal::None => "nil".into(),
        Literal::Some { inner } => match ty {
            Type::Optional { inner_type } => {
                let value = expression(interface, types, inner, inner_type)?;
                let name = types.name(inner_type);
                match (types.is_nilable(inner_type), value.as_str()) {
                    (true, "nil") => format!("{name}{{}}"),
                    (true, _) => value,
                    (false, _) => format!("uniffiPointer[{name}]({value})"),
                }
            }
            other => bail!("an optional default of {}", canonical_name(other)),
        },
    })
}

fn unwritten(interface: &Interface<'_>, types: &Types<'_>, ty: &Type) -> Result<String> {
    Ok(match ty {
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
        | Type::Duration => "0".into(),
        Type::Boolean => "false".into(),
        Type::String => "\"\"".into(),
        Type::Bytes | Type::Optional { .. } | Type::Sequence { .. } => "nil".into(),
        Type::Map { .. } | Type::Set { .. } => format!("{}{{}}", types.name(ty)),
        Type::Record { name, .. } => {
            let mut records = interface.records.iter();
            match records.find(|record| record.name == *name) {
                Some(record)
                    if !record.fields.is_empty()
                        && record.fields.iter().all(|field| field.default.is_some()) =>
                {
                    format!("New{}()", names::exported(name))
                }
                _ => bail!("a default of record {name}, whose fields have none"),
            }
        }
        other => bail!("a default of {} without a value", canonical_name(other)),
    })
}

fn float(text: &str, ty: &str) -> Result<String> {
    let Ok(value) = text.replace("Infinity", "inf").parse::<f64>() else {
        bail!("a default of {text}, which is no number");
    };
    if value.is_nan() {
        return Ok(format!("{ty}(uniffiNaN)"));
    }
    if value.is_infinite() {
        let sign = if value > 0.0 { "" } else { "-" };
        return Ok(format!("{ty}({sign}uniffiInfinity)"));
    }
    Ok(value.to_string())
}

fn variant_value(
    interface: &Interface<'_>,
    types: &Types<'_>,
    ty: &Type,
    variant: &str,
) -> Result<String> {
    let Type::Enum { name, .. } = ty else {
        bail!("a default of variant {variant} for {}", canonical_name(ty));
    };
    // Another crate's can only be flat.
    let qualified = types.name(ty) + &names::exported(variant);
    let mut enums = interface.enums.iter();
    Ok(match enums.find(|item| item.name == *name) {
        Some(item) if !item.is_flat => format!("{qualified}{{}}"),
        _ => qualified,
    })
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
            other if other.is_control() => literal += &format!("\\u{:04x}", u32::from(other)),
            other => literal.push(other),
        }
    }
    literal.push('"');
    literal
}
