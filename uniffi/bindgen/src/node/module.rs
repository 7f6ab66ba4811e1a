//! One namespace as one module: what its templates say about each construct.
//!
//! Owns the pieces that a template alone would not format. Must not know how a call works.

use std::collections::BTreeMap;

use anyhow::Result;
use askama::Template;
use uniffi_bindgen::interface::{Literal, Type};

use super::{
    call::Calls,
    class::derived_names,
    defaults, names,
    options::{CustomType, Options},
    prettier,
    types::{self, Position, Types},
};
use crate::{
    config::Config,
    interface::{
        Callable, CallableKind, CallbackInterface, Custom, Enum, Field, Interface, Object, Record,
        Variant, Vtable,
    },
};

/// One namespace. Templates of its constructs are included, and see its methods as `self`.
#[derive(Template)]
#[template(path = "node/templates/module.ts")]
pub(crate) struct Module<'a> {
    pub(crate) interface: &'a Interface<'a>,
    pub(crate) config: &'a Config,
    pub(crate) options: &'a Options,
    pub(crate) types: &'a Types<'a>,
    pub(crate) calls: Calls<'a>,
}

impl Module<'_> {
    fn doc(&self, depth: usize, docstring: Option<&str>) -> String {
        prettier::doc(depth, docstring)
    }

    /// The imports of other crates' types, and of what custom types need.
    fn imports(&self) -> Result<Vec<String>> {
        let mut modules: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for ty in self.interface.external_types() {
            let namespace = self.interface.ci.namespace_for_type(ty)?;
            let items = modules.entry(namespace).or_default();
            items.push(format!(
                "type {}",
                names::class(ty.name().unwrap_or_default())
            ));
            items.push(names::converter(ty));
        }
        let custom = self
            .options
            .custom_types
            .values()
            .flat_map(|custom| custom.imports.iter().cloned());
        let external = modules.iter().map(|(namespace, items)| {
            let line = format!(
                "import {{ {} }} from \"./{namespace}.js\";",
                items.join(", ")
            );
            if line.chars().count() <= prettier::STYLE.width {
                return line;
            }
            let close = format!("}} from \"./{namespace}.js\";");
            let items: String = items.iter().map(|item| format!("\n  {item},")).collect();
            format!("import {{{items}\n{close}")
        });
        Ok(custom.chain(external).collect())
    }

    /// What opens the library and is checked at load.
    fn checksums(&self) -> String {
        let items: Vec<_> = self
            .interface
            .checksums
            .iter()
            .map(|checksum| {
                prettier::object(
                    2,
                    &[
                        format!("item: \"{}\"", checksum.item),
                        format!("symbol: \"{}\"", checksum.symbol),
                        format!("expected: {}", checksum.expected),
                    ],
                )
            })
            .collect();
        prettier::list(1, "[", &items, "]")
    }

    /// `PointInit`, where fields may be left out.
    fn init(&self, ty: &Type) -> Option<String> {
        self.types
            .has_init(ty)
            .then(|| names::init(ty.name().unwrap_or_default()))
    }

    fn type_arguments(&self, ty: &Type) -> String {
        let name = names::class(ty.name().unwrap_or_default());
        match self.init(ty) {
            Some(init) => format!("<{name}, {init}>"),
            None => format!("<{name}>"),
        }
    }

    /// A field as an interface declares it.
    fn field(&self, field: &Field, name: &str, position: Position) -> String {
        let ty = self.types.name(&field.ty, position);
        if position == Position::Taken && field.default.is_some() {
            let ty = ty.trim_end_matches(" | undefined");
            prettier::member(1, &format!("{name}?"), &format!("{ty} | undefined"))
        } else {
            prettier::member(1, name, &ty)
        }
    }

    fn record_field(&self, field: &Field, position: Position) -> String {
        self.field(field, &names::field(&field.name), position)
    }

    fn variant_field(&self, field: &Field, index: &usize, position: Position) -> String {
        let name = names::variant_field(&field.name, *index);
        self.field(field, &name, position)
    }

    /// The fields as their converter needs them, as an object.
    fn parts<'f>(
        &self,
        depth: usize,
        fields: impl Iterator<Item = (String, &'f Field)>,
    ) -> Result<String> {
        let mut parts = Vec::new();
        for (name, field) in fields {
            let converter = types::converter(&field.ty);
            parts.push(match &field.default {
                None => format!("{name}: {converter}"),
                Some(default) => {
                    let value = defaults::expression(self.interface, default, &field.ty)?;
                    let inner = [
                        format!("type: {converter}"),
                        prettier::property(depth + 2, "default", &value),
                    ];
                    format!("{name}: {}", prettier::object(depth + 1, &inner))
                }
            });
        }
        Ok(prettier::object(depth, &parts))
    }

    fn record_converter(&self, record: &Record) -> Result<String> {
        let fields = record
            .fields
            .iter()
            .map(|field| (names::field(&field.name), field));
        let parts = self.parts(0, fields)?;
        let of = recursive(record.is_recursive, ": rt.Fields");
        Ok(self.lazy_converter("record", &record.ty, of, &parts))
    }

    fn rich_enum_converter(&self, item: &Enum) -> Result<String> {
        let mut variants = Vec::new();
        for variant in &item.variants {
            let parts = self.parts(1, variant_fields(variant))?;
            variants.push(format!("{}: {parts}", names::tag(&variant.name)));
        }
        let parts = prettier::object(0, &variants);
        let of = recursive(item.is_recursive, ": Record<string, rt.Fields>");
        Ok(self.lazy_converter("richEnum", &item.ty, of, &parts))
    }

    fn flat_enum_converter(&self, item: &Enum) -> String {
        let name = names::class(&item.name);
        let values: Vec<_> = item
            .variants
            .iter()
            .map(|variant| format!("{name}.{}", names::tag(&variant.name)))
            .collect();
        let open = format!(
            "export const {} = rt.flatEnum<{name}>(",
            names::converter(&item.ty)
        );
        let items = ["library".to_owned(), format!("\"{}\"", item.name)];
        prettier::hugged_list(&open, &items, ("[", &values, "]"), ");")
    }

    fn error_converter(&self, item: &Enum) -> Result<String> {
        let mut variants = Vec::new();
        for variant in &item.variants {
            let class = names::variant(&item.name, &variant.name);
            if item.is_flat {
                variants.push(class);
                continue;
            }
            let inner = [
                format!("class: {class}"),
                format!("fields: {}", self.parts(2, variant_fields(variant))?),
            ];
            let tag = names::tag(&variant.name);
            variants.push(format!("{tag}: {}", prettier::object(1, &inner)));
        }
        if !item.is_flat {
            let parts = prettier::object(0, &variants);
            return Ok(self.lazy_converter("richError", &item.ty, "", &parts));
        }
        let open = format!(
            "export const {} = rt.flatError{}(",
            names::converter(&item.ty),
            self.type_arguments(&item.ty)
        );
        let items = ["library".to_owned(), format!("\"{}\"", item.name)];
        Ok(prettier::hugged_list(
            &open,
            &items,
            ("() => [", &variants, "]"),
            ");",
        ))
    }

    fn lazy_converter(&self, maker: &str, ty: &Type, of: &str, parts: &str) -> String {
        let name = ty.name().unwrap_or_default();
        let open = format!(
            "export const {} = rt.{maker}{}(",
            names::converter(ty),
            self.type_arguments(ty)
        );
        let items = ["library".to_owned(), format!("\"{name}\"")];
        if parts == "{}" {
            let items = [items[0].clone(), items[1].clone(), "() => ({})".into()];
            return prettier::list(0, &open, &items, ");");
        }
        let last = format!("(){of} => ({parts})");
        prettier::hugged(0, &open, &items, &last, ");")
    }

    /// A flat enum's value of a variant.
    fn variant_value(&self, item: &Enum, variant: &Variant) -> String {
        let is_big = matches!(item.discriminant_type, Some(Type::UInt64 | Type::Int64));
        let suffix = if is_big { "n" } else { "" };
        match (&item.discriminant_type, &variant.discriminant) {
            (Some(_), Some(Literal::UInt(number, ..))) => format!("{number}{suffix}"),
            (Some(_), Some(Literal::Int(number, ..))) => format!("{number}{suffix}"),
            _ => format!("\"{}\"", names::tag(&variant.name)),
        }
    }

    fn rich_enum_union(&self, item: &Enum, position: Position) -> String {
        let members: Vec<_> = item
            .variants
            .iter()
            .map(|variant| self.variant_type(item, variant, position))
            .collect();
        let name = match position {
            Position::Given => names::class(&item.name),
            Position::Taken => names::init(&item.name),
        };
        prettier::union(&name, &members)
    }

    fn variant_type(&self, item: &Enum, variant: &Variant, position: Position) -> String {
        let name = names::variant(&item.name, &variant.name);
        let has_init = variant
            .fields
            .iter()
            .any(|field| field.default.is_some() || self.types.has_init(&field.ty));
        if position == Position::Taken && has_init {
            name + "Init"
        } else {
            name
        }
    }

    /// The tags of an error's variants, as a type.
    fn tags(&self, item: &Enum) -> String {
        let tags: Vec<_> = item
            .variants
            .iter()
            .map(|variant| format!("\"{}\"", names::tag(&variant.name)))
            .collect();
        prettier::member(1, "abstract readonly tag", &tags.join(" | "))
    }

    /// The constructor of an error with fields.
    fn error_constructor(&self, item: &Enum, variant: &Variant) -> String {
        let class = names::variant(&item.name, &variant.name);
        let tag = names::tag(&variant.name);
        let items = [
            format!("\"{class}\""),
            format!("\"{tag}\""),
            "fields".to_owned(),
        ];
        prettier::list(2, "super(", &items, ");")
    }

    /// The parameter of the constructor of an error with fields.
    fn error_fields(&self, variant: &Variant) -> String {
        let fields: Vec<_> = variant_fields(variant)
            .map(|(name, field)| format!("{name}: {}", self.types.name(&field.ty, Position::Given)))
            .collect();
        let line = format!("constructor(fields: {{ {} }}) {{", fields.join("; "));
        if prettier::width(1, &line) <= prettier::STYLE.width {
            return line;
        }
        let lines: String = fields
            .iter()
            .map(|field| format!("\n    {field};"))
            .collect();
        format!("constructor(fields: {{{lines}\n  }}) {{")
    }

    fn object_converter(&self, object: &Object) -> String {
        let class = if object.vtable.is_some() {
            names::rust_class(&object.name)
        } else {
            names::class(&object.name)
        };
        let mut properties = vec![
            format!("name: \"{}\"", object.name),
            prettier::property(1, "clone", &format!("\"{}\"", object.clone.name())),
            prettier::property(1, "free", &format!("\"{}\"", object.free.name())),
            format!("class: () => {class}"),
        ];
        if object.is_error {
            let text = match (&object.traits.display, &object.traits.debug) {
                (None, None) => format!("\"{}\"", object.name),
                _ => "error.toString()".into(),
            };
            let parameter = if text.starts_with('"') {
                "()".to_owned()
            } else {
                format!("(error: {})", names::class(&object.name))
            };
            properties.push(format!("message: {parameter} => {text}"));
        }
        let maker = if object.vtable.is_some() {
            "trait_"
        } else {
            "object"
        };
        let open = format!(
            "export const {} = rt.{maker}<{}>(",
            names::converter(&object.ty),
            names::class(&object.name)
        );
        prettier::hugged(
            0,
            &open,
            &["library".to_owned()],
            &prettier::object(0, &properties),
            ");",
        )
    }

    fn callback_converter(&self, item: &CallbackInterface) -> String {
        let open = format!(
            "export const {} = rt.callback<{}>(",
            names::converter(&item.ty),
            names::class(&item.name)
        );
        prettier::list(0, &open, &[format!("\"{}\"", item.name)], ");")
    }

    /// The registration of the functions by which Rust calls foreign objects.
    fn implementation(&self, vtable: &Vtable, ty: &Type) -> String {
        let methods: Vec<_> = vtable
            .methods
            .iter()
            .map(|slot| {
                let method = &slot.method;
                let args: Vec<_> = method
                    .arguments
                    .iter()
                    .map(|argument| types::converter(&argument.ty))
                    .collect();
                // After `args: `, which takes columns too.
                let args = prettier::list(3, "args: [", &args, "]");
                let mut properties = vec![args];
                if let Some(returns) = &method.returns {
                    properties.push(format!("returns: {}", types::converter(returns)));
                }
                if let Some(throws) = &method.throws {
                    properties.push(format!("throws: {}", types::error_converter(throws)));
                }
                if method.is_async {
                    properties.push("isAsync: true".into());
                }
                let name = names::method(&method.name);
                format!("{name}: {}", prettier::object(2, &properties))
            })
            .collect();
        let properties = [
            prettier::property(1, "init", &format!("\"{}\"", vtable.init.name())),
            format!("methods: {}", prettier::object(1, &methods)),
        ];
        prettier::hugged(
            0,
            "rt.implement(",
            &["library".to_owned(), names::converter(ty)],
            &prettier::object(0, &properties),
            ");",
        )
    }

    fn custom_converter(&self, custom: &Custom) -> String {
        let constant = names::converter(&custom.ty);
        let inner = types::converter(&custom.builtin);
        match self.options.custom_types.get(&custom.name) {
            None => format!("/** @internal */\nexport const {constant} = {inner};"),
            Some(CustomType { lift, lower, .. }) => {
                let name = names::class(&custom.name);
                let given = self.types.name(&custom.builtin, Position::Given);
                let last = format!(
                    "{{\n  lower(value: {name}) {{\n    return {};\n  }},\n  \
                     lift(value: {given}) {{\n    return {};\n  }},\n}}",
                    lower.replace("{}", "value"),
                    lift.replace("{}", "value"),
                );
                let open = format!("export const {constant} = rt.custom(");
                let call = prettier::hugged(0, &open, &[inner], &last, ");");
                format!("/** @internal */\n{call}")
            }
        }
    }

    /// The type that a custom type stands for.
    fn custom_alias(&self, custom: &Custom) -> Option<String> {
        let class = names::class(&custom.name);
        let config = self.options.custom_types.get(&custom.name);
        let name = config.map_or_else(
            || self.types.name(&custom.builtin, Position::Given),
            |config| config.type_name.clone().unwrap_or_else(|| class.clone()),
        );
        (name != class).then(|| format!("export type {class} = {name};"))
    }

    fn has_custom_alias(&self, custom: &Custom) -> bool {
        self.custom_alias(custom).is_some()
    }

    /// What is made of other types, in an order in which all parts are there: compounds, and
    /// custom types.
    fn compounds(&self) -> Vec<String> {
        self.interface
            .types
            .iter()
            .filter(|ty| !self.interface.ci.is_external(ty))
            .filter_map(|ty| match ty {
                Type::Custom { name, .. } => self
                    .interface
                    .customs
                    .iter()
                    .find(|custom| custom.name == *name)
                    .map(|custom| self.custom_converter(custom)),
                other => types::compound(other).map(|(constant, maker, items)| {
                    prettier::assignment(0, &format!("const {constant}"), &maker, &items)
                }),
            })
            .collect()
    }

    /// What objects that are thrown cross in.
    fn object_errors(&self) -> Vec<String> {
        let mut errors: Vec<&Type> = Vec::new();
        for callable in self.interface.callables() {
            if let Some(ty @ Type::Object { .. }) = &callable.throws
                && !errors.contains(&ty)
            {
                errors.push(ty);
            }
        }
        errors
            .into_iter()
            .map(|ty| {
                let left = format!("const {}", types::error_converter(ty));
                let items = ["library".to_owned(), types::converter(ty)];
                prettier::assignment(0, &left, "rt.objectError", &items)
            })
            .collect()
    }

    /// The functions that drive futures, one set a C type.
    fn drivers(&self) -> Result<Vec<String>> {
        let mut drivers: Vec<(String, String)> = Vec::new();
        for callable in self.interface.callables() {
            let (Some(future), false) = (&callable.future, is_foreign_only(callable)) else {
                continue;
            };
            let name = types::driver(callable.returns.as_ref());
            if drivers.iter().any(|(other, _)| *other == name) {
                continue;
            }
            let result = match callable.ffi_result() {
                Some(ty) => types::ffi(&ty)?,
                None => "rt.ffi.void".into(),
            };
            let symbol = |name, value: &str| prettier::property(1, name, &format!("\"{value}\""));
            let symbols = [
                symbol("poll", future.poll.name()),
                symbol("cancel", future.cancel.name()),
                symbol("complete", future.complete.name()),
                symbol("free", future.free.name()),
            ];
            let text = prettier::hugged(
                0,
                &format!("const {name} = rt.driver("),
                &["library".to_owned(), result],
                &prettier::object(0, &symbols),
                ");",
            );
            drivers.push((name, text));
        }
        Ok(drivers.into_iter().map(|(_, text)| text).collect())
    }

    /// The callables of records and enums, as functions.
    fn value_functions(&self) -> Vec<(String, &Callable)> {
        let records = self.interface.records.iter().flat_map(|record| {
            let members = record.constructors.iter().chain(&record.methods);
            members.map(move |callable| (&record.name, callable))
        });
        let enums = self.interface.enums.iter().flat_map(|item| {
            let members = item.constructors.iter().chain(&item.methods);
            members.map(move |callable| (&item.name, callable))
        });
        let derived = self
            .interface
            .records
            .iter()
            .map(|record| (&record.name, &record.traits))
            .chain(
                self.interface
                    .enums
                    .iter()
                    .map(|item| (&item.name, &item.traits)),
            )
            .flat_map(|(owner, traits)| {
                derived_names(traits)
                    .into_iter()
                    .map(move |(name, callable)| (names::value_function(owner, name), callable))
            });
        records
            .chain(enums)
            .map(|(owner, callable)| (names::value_function(owner, &callable.name), callable))
            .chain(derived)
            .collect()
    }
}

/// TypeScript infers no type that depends on itself.
fn recursive(is_recursive: bool, annotation: &str) -> &str {
    if is_recursive { annotation } else { "" }
}

fn is_foreign_only(callable: &Callable) -> bool {
    matches!(callable.owner, Some(Type::CallbackInterface { .. }))
}

fn variant_fields(variant: &Variant) -> impl Iterator<Item = (String, &Field)> {
    variant
        .fields
        .iter()
        .enumerate()
        .map(|(index, field)| (names::variant_field(&field.name, index), field))
}
