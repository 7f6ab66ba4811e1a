//! What crosses by value: records, enums, errors and custom types.
//!
//! Owns their fields and what is derived for them. Must not know how a language
//! writes a default or lays a value out.

use uniffi_bindgen::{
    ComponentInterface,
    interface::{self, AsType, DefaultValue, Literal, Type, UniffiTraitMethods},
};

use super::{Callable, unboxed};

/// A `dictionary` of the UDL.
#[derive(Clone, Debug)]
pub struct Record {
    /// Its name in the UDL, after renames.
    pub name: String,
    /// Its type, as signatures name it.
    pub ty: Type,
    /// Its docstring.
    pub docstring: Option<String>,
    /// In the order of the wire.
    pub fields: Vec<Field>,
    /// Only proc-macros can declare these.
    pub constructors: Vec<Callable>,
    /// Only proc-macros can declare these. The receiver crosses as the record itself.
    pub methods: Vec<Callable>,
    /// `[Traits=(…)]`.
    pub traits: DerivedTraits,
    /// Whether it contains itself, through whatever compound.
    pub is_recursive: bool,
}

/// A field of a record or of a variant.
#[derive(Clone, Debug)]
pub struct Field {
    /// Its name; empty for the nameless fields that proc-macros can declare.
    pub name: String,
    /// Its type, boxes removed.
    pub ty: Type,
    /// The value to use when none is given.
    pub default: Option<DefaultValue>,
    /// Its docstring.
    pub docstring: Option<String>,
}

/// An `enum`, an `[Enum] interface`, or an `[Error]` of either form.
#[derive(Clone, Debug)]
pub struct Enum {
    /// Its name in the UDL, after renames.
    pub name: String,
    /// Its type, as signatures name it.
    pub ty: Type,
    /// Its docstring.
    pub docstring: Option<String>,
    /// In the order of the wire, which counts from 1.
    pub variants: Vec<Variant>,
    /// No variant has fields. A flat error carries its message as a string after the
    /// variant's number.
    pub is_flat: bool,
    /// Whether some callable throws it.
    pub is_error: bool,
    /// A flat error that foreign code may also pass to Rust (it throws it from a callback).
    pub is_error_readable: bool,
    /// Rust may add variants without a break.
    pub is_non_exhaustive: bool,
    /// The type of the discriminants, if Rust declares one.
    pub discriminant_type: Option<Type>,
    /// Only proc-macros can declare these.
    pub constructors: Vec<Callable>,
    /// Only proc-macros can declare these. The receiver crosses as the enum itself.
    pub methods: Vec<Callable>,
    /// `[Traits=(…)]`.
    pub traits: DerivedTraits,
    /// Whether it contains itself, through whatever compound.
    pub is_recursive: bool,
}

/// One variant of an enum.
#[derive(Clone, Debug)]
pub struct Variant {
    /// Its name in the UDL, after renames.
    pub name: String,
    /// Its docstring.
    pub docstring: Option<String>,
    /// Its place on the wire, from 1.
    pub index: i32,
    /// The value that Rust gives it, written or counted.
    pub discriminant: Option<Literal>,
    /// In the order of the wire.
    pub fields: Vec<Field>,
}

/// A `[Custom] typedef`.
#[derive(Clone, Debug)]
pub struct Custom {
    /// Its name in the UDL, after renames.
    pub name: String,
    /// Its type, as signatures name it.
    pub ty: Type,
    /// Its docstring.
    pub docstring: Option<String>,
    /// What crosses the FFI for it.
    pub builtin: Type,
}

/// The methods behind `[Traits=(…)]`.
#[derive(Clone, Debug, Default)]
pub struct DerivedTraits {
    /// `Debug`: a string.
    pub debug: Option<Callable>,
    /// `Display`: a string.
    pub display: Option<Callable>,
    /// `Eq`: equal to another?
    pub eq: Option<Callable>,
    /// `Eq`: different from another?
    pub ne: Option<Callable>,
    /// `Hash`: a `u64`.
    pub hash: Option<Callable>,
    /// `Ord`: -1, 0 or 1 as an `i8`.
    pub cmp: Option<Callable>,
}

impl Record {
    pub(crate) fn new(ci: &ComponentInterface, record: &interface::Record) -> Self {
        let ty = record.as_type();
        Self {
            name: record.name().to_owned(),
            docstring: record.docstring().map(str::to_owned),
            fields: record.fields().iter().map(Field::new).collect(),
            constructors: constructors(ci, &ty, record.constructors()),
            methods: methods(ci, record.methods()),
            traits: DerivedTraits::new(ci, &record.uniffi_trait_methods()),
            is_recursive: ci.is_recursive(record.name()),
            ty,
        }
    }
}

impl Field {
    fn new(field: &interface::Field) -> Self {
        Self {
            name: field.name().to_owned(),
            ty: unboxed(&field.as_type()),
            default: field.default_value().cloned(),
            docstring: field.docstring().map(str::to_owned),
        }
    }
}

impl Enum {
    pub(crate) fn new(ci: &ComponentInterface, item: &interface::Enum) -> Self {
        let ty = item.as_type();
        Self {
            name: item.name().to_owned(),
            docstring: item.docstring().map(str::to_owned),
            variants: item
                .variants()
                .iter()
                .zip(1..)
                .enumerate()
                .map(|(position, (variant, index))| Variant {
                    name: variant.name().to_owned(),
                    docstring: variant.docstring().map(str::to_owned),
                    index,
                    discriminant: item.variant_discr(position).ok(),
                    fields: variant.fields().iter().map(Field::new).collect(),
                })
                .collect(),
            is_flat: item.is_flat(),
            is_error: ci.is_name_used_as_error(item.name()),
            is_error_readable: ci.should_generate_error_read(item),
            is_non_exhaustive: item.is_non_exhaustive(),
            discriminant_type: item.variant_discr_type().clone(),
            constructors: constructors(ci, &ty, item.constructors()),
            methods: methods(ci, item.methods()),
            traits: DerivedTraits::new(ci, &item.uniffi_trait_methods()),
            is_recursive: ci.is_recursive(item.name()),
            ty,
        }
    }
}

impl Custom {
    pub(crate) fn new(ci: &ComponentInterface, ty: &Type) -> Option<Self> {
        let Type::Custom { name, builtin, .. } = ty else {
            return None;
        };
        Some(Self {
            name: name.clone(),
            ty: ty.clone(),
            docstring: ci
                .get_custom_type_definition(name)
                .and_then(|definition| definition.docstring())
                .map(str::to_owned),
            builtin: unboxed(builtin),
        })
    }
}

impl DerivedTraits {
    pub(crate) fn new(ci: &ComponentInterface, methods: &UniffiTraitMethods) -> Self {
        let callable = |method: &Option<interface::Method>| {
            method.as_ref().map(|method| {
                let mut callable = Callable::method(ci, method);
                // They are part of the type, whose own checksums stand for them.
                callable.checksum = None;
                callable
            })
        };
        Self {
            debug: callable(&methods.debug_fmt),
            display: callable(&methods.display_fmt),
            eq: callable(&methods.eq_eq),
            ne: callable(&methods.eq_ne),
            hash: callable(&methods.hash_hash),
            cmp: callable(&methods.ord_cmp),
        }
    }

    /// The derived methods, in a fixed order.
    pub fn methods(&self) -> impl Iterator<Item = &Callable> {
        [
            &self.debug,
            &self.display,
            &self.eq,
            &self.ne,
            &self.hash,
            &self.cmp,
        ]
        .into_iter()
        .flatten()
    }
}

fn constructors(
    ci: &ComponentInterface,
    owner: &Type,
    items: &[interface::Constructor],
) -> Vec<Callable> {
    items
        .iter()
        .map(|item| Callable::constructor(ci, owner, item))
        .collect()
}

fn methods(ci: &ComponentInterface, items: &[interface::Method]) -> Vec<Callable> {
    items
        .iter()
        .map(|item| Callable::method(ci, item))
        .collect()
}
