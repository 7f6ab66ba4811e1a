//! One namespace as one header: what its templates say about each construct.
//!
//! Owns the pieces that a template alone would not format. Must not know how a call works.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use askama::Template;
use uniffi_bindgen::interface::{FfiDefinition, Literal, Type};

use super::{
    STYLE,
    call::Calls,
    defaults, names,
    options::{CustomType, Options},
    types::{self, Types},
};
use crate::{
    interface::{
        Callable, Custom, DerivedTraits, Enum, Field, Interface, Object, Record, Variant, Vtable,
        VtableMethod,
    },
    layout,
};

/// One namespace. Templates of its constructs are included, and see its methods as `self`.
#[derive(Template)]
#[template(path = "cpp/templates/header.hpp")]
pub(crate) struct Header<'a> {
    pub(crate) interface: &'a Interface<'a>,
    pub(crate) options: &'a Options,
    pub(crate) types: &'a Types<'a>,
    pub(crate) calls: Calls<'a>,
}

/// A value that is declared in the order in which values contain each other.
enum Value<'a> {
    Record(&'a Record),
    Enum(&'a Enum),
}

/// One symbol set that drives the futures of a C type.
struct Driver {
    name: String,
    ffi: String,
    functions: String,
}

impl Header<'_> {
    /// The namespace of the bindings.
    fn space(&self) -> String {
        match &self.options.namespace {
            Some(namespace) => namespace.clone(),
            None => self.udl_space(),
        }
    }

    /// The name by which other crates' bindings find it, whatever it is called.
    fn udl_space(&self) -> String {
        names::identifier(self.interface.namespace())
    }

    /// The namespace's comment.
    fn space_doc(&self) -> String {
        self.doc(0, self.interface.docstring())
    }

    /// The codec of what Rust implements of a trait.
    fn rust_codec(&self, object: &Object) -> String {
        names::codec(&names::rust_class(&object.name))
    }

    /// Comment lines with the line break after them, or nothing.
    fn doc(&self, depth: usize, docstring: Option<&str>) -> String {
        docstring.map_or_else(String::new, |docstring| {
            let indent = STYLE.indent.repeat(depth);
            layout::comment(STYLE, depth, "///", docstring) + "\n" + &indent
        })
    }

    /// The headers of other crates' types, and of what custom types need.
    fn includes(&self) -> Result<BTreeSet<String>> {
        let mut includes = BTreeSet::new();
        for ty in self.interface.external_types() {
            let namespace = self.interface.ci.namespace_for_type(ty)?;
            includes.insert(format!("\"{namespace}.hpp\""));
        }
        let configured = self.options.custom_types.values();
        includes.extend(configured.flat_map(|custom| custom.includes.iter().cloned()));
        Ok(includes)
    }

    /// The namespaces whose types this one uses.
    fn external_spaces(&self) -> Result<BTreeSet<String>> {
        let mut spaces = BTreeSet::new();
        for ty in self.interface.external_types() {
            let namespace = self.interface.ci.namespace_for_type(ty)?;
            spaces.insert(names::identifier(namespace));
        }
        Ok(spaces)
    }

    /// What must be known before it is complete.
    fn forward_declarations(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for object in &self.interface.objects {
            lines.push(format!("class {};", names::identifier(&object.name)));
            if object.vtable.is_some() {
                lines.push(format!("class {};", names::rust_class(&object.name)));
            }
        }
        for item in &self.interface.callback_interfaces {
            lines.push(format!("class {};", names::identifier(&item.name)));
        }
        for record in &self.interface.records {
            lines.push(format!("struct {};", names::identifier(&record.name)));
        }
        for item in &self.interface.enums {
            if item.is_error || !item.is_flat {
                lines.push(format!("class {};", names::identifier(&item.name)));
            }
        }
        lines
    }

    fn definitions(&self) -> Vec<Vec<String>> {
        let mut blocks = Vec::new();
        for definition in &self.interface.ffi.definitions {
            blocks.push(match definition {
                FfiDefinition::CallbackFunction(function) => vec![types::callback(function)],
                FfiDefinition::Struct(item) => {
                    let mut lines = vec![format!("struct {} {{", item.name())];
                    let members = types::members(item).into_iter();
                    lines.extend(members.map(|member| format!("  {member}")));
                    lines.push("};".to_owned());
                    lines
                }
                FfiDefinition::Function(_) => continue,
            });
        }
        blocks
    }

    fn drivers(&self) -> Vec<Driver> {
        let mut drivers = BTreeMap::new();
        for callable in self.interface.callables() {
            let (Some(future), false) = (&callable.future, is_foreign_only(callable)) else {
                continue;
            };
            let name = types::driver(callable.returns.as_ref());
            drivers.entry(name.clone()).or_insert_with(|| Driver {
                name,
                ffi: types::c_result(callable.ffi_result().as_ref()),
                functions: [&future.poll, &future.cancel, &future.complete, &future.free]
                    .map(|function| function.name())
                    .join(", "),
            });
        }
        drivers.into_values().collect()
    }

    fn flat_enums(&self) -> impl Iterator<Item = &Enum> {
        let enums = self.interface.enums.iter();
        enums.filter(|item| item.is_flat && !item.is_error)
    }

    /// Records, rich enums and errors, each after those that it contains.
    fn values(&self) -> Vec<Value<'_>> {
        let local = |ty: &&Type| !self.interface.ci.is_external(ty);
        let types = self.interface.types.iter().filter(local);
        types
            .filter_map(|ty| match ty {
                Type::Record { name, .. } => {
                    let mut records = self.interface.records.iter();
                    let record = records.find(|record| record.name == *name)?;
                    Some(Value::Record(record))
                }
                Type::Enum { name, .. } => {
                    let mut enums = self.interface.enums.iter();
                    let item = enums.find(|item| item.name == *name)?;
                    (!item.is_flat || item.is_error).then_some(Value::Enum(item))
                }
                _ => None,
            })
            .collect()
    }

    /// A field as a struct declares it. What can be left uninitialised has a value.
    fn field(&self, owner: &str, name: &str, field: &Field) -> Result<String> {
        let (ty, _) = self.types.field(owner, &field.ty);
        Ok(match &field.default {
            Some(default) => {
                let value = defaults::expression(self.types, default, &field.ty)?;
                if value == "{}" {
                    format!("{ty} {name}{{}};")
                } else {
                    format!("{ty} {name} = {value};")
                }
            }
            None if self.is_uninitialised(&field.ty) => format!("{ty} {name}{{}};"),
            None => format!("{ty} {name};"),
        })
    }

    fn is_uninitialised(&self, ty: &Type) -> bool {
        match ty {
            Type::Timestamp | Type::Duration => true,
            Type::Enum { name, .. } => {
                self.types.is_flat(name) || self.interface.ci.is_external(ty)
            }
            Type::Custom { name, builtin, .. } => {
                !self.options.custom_types.contains_key(name) && self.is_uninitialised(builtin)
            }
            plain => types::is_primitive(plain),
        }
    }

    fn record_field(&self, record: &Record, field: &Field) -> Result<String> {
        self.field(&record.name, &names::identifier(&field.name), field)
    }

    fn case_field(&self, item: &Enum, field: &Field, position: &usize) -> Result<String> {
        let name = names::variant_field(&field.name, *position);
        let declaration = self.field(&item.name, &name, field)?;
        // Inside of a case, the name of another case hides a type of the same name.
        Ok(match field.ty.name() {
            Some(name) if item.variants.iter().any(|variant| variant.name == *name) => {
                declaration.replacen(name, &format!("::{}::{name}", self.space()), 1)
            }
            _ => declaration,
        })
    }

    fn field_codec(&self, owner: &str, field: &Field) -> String {
        self.types.field(owner, &field.ty).1
    }

    /// The name of a field of a case.
    fn case_member(&self, field: &Field, position: &usize) -> String {
        names::variant_field(&field.name, *position)
    }

    /// Whether `==` can be left to the compiler.
    fn is_comparable<'f>(&self, mut fields: impl Iterator<Item = &'f Field>) -> bool {
        fields.all(|field| self.types.is_comparable(&field.ty))
    }

    fn compares_record(&self, record: &Record) -> bool {
        record.traits.eq.is_none() && self.is_comparable(record.fields.iter())
    }

    fn compares_case(&self, variant: &Variant) -> bool {
        self.is_comparable(variant.fields.iter())
    }

    fn compares_enum(&self, item: &Enum) -> bool {
        item.traits.eq.is_none()
            && item
                .variants
                .iter()
                .all(|variant| self.compares_case(variant))
    }

    fn cases(&self, item: &Enum) -> String {
        let cases = item.variants.iter();
        cases
            .map(|variant| names::case(&item.name, &variant.name))
            .collect::<Vec<_>>()
            .join(", ")
    }

    /// The value of a variant of a flat enum, if Rust gives it one.
    fn discriminant(&self, item: &Enum, variant: &Variant) -> String {
        match (&item.discriminant_type, &variant.discriminant) {
            (Some(_), Some(Literal::UInt(number, ..))) => format!(" = {number}"),
            (Some(_), Some(Literal::Int(number, ..))) => format!(" = {number}"),
            _ => String::new(),
        }
    }

    fn underlying(&self, item: &Enum) -> String {
        match &item.discriminant_type {
            Some(ty) => format!(" : {}", self.types.name(ty)),
            None => String::new(),
        }
    }

    fn custom(&self, custom: &Custom) -> Option<&CustomType> {
        self.options.custom_types.get(&custom.name)
    }

    /// What a custom type is an alias of, unless the configuration gives it its own name.
    fn custom_alias(&self, custom: &Custom) -> Option<String> {
        let ty = match self.custom(custom) {
            Some(configured) => configured.type_name.clone(),
            None => self.types.name(&custom.builtin),
        };
        (ty != names::identifier(&custom.name)).then_some(ty)
    }

    fn converted(&self, expression: &str, value: &str) -> String {
        expression.replace("{}", value)
    }

    /// The symbols that an object's handles are cloned and freed by.
    fn handle_functions(&self, object: &Object) -> String {
        format!(
            "{{\"{}\", {}, {}}}",
            object.name,
            object.clone.name(),
            object.free.name()
        )
    }

    fn object_codec(&self, object: &Object) -> String {
        let class = names::identifier(&object.name);
        let handles = names::handles(&object.name);
        match &object.vtable {
            Some(_) => {
                let rust = names::rust_class(&object.name);
                format!("uniffi::Trait<{class}, {rust}, {handles}>")
            }
            None => format!("uniffi::Object<{class}, {handles}>"),
        }
    }

    /// The functions of a vtable, in order.
    fn slots(&self, vtable: &Vtable) -> Vec<String> {
        let class = names::identifier(&vtable.name);
        let mut slots = vec![
            format!("uniffi::free_foreign<{class}>"),
            format!("uniffi::clone_foreign<{class}>"),
        ];
        slots.extend(vtable.methods.iter().map(|slot| self.slot(&class, slot)));
        slots
    }

    fn slot(&self, class: &str, slot: &VtableMethod) -> String {
        let method = &slot.method;
        let mut arguments = vec![
            "library".to_owned(),
            format!("&{class}::{}", self.member_name(method)),
            match &method.returns {
                Some(ty) => self.types.codec(ty),
                None => "uniffi::Nothing".into(),
            },
            self.calls.throws(method),
        ];
        let mut kind = "Slot";
        if let Some(result) = &slot.future_result {
            kind = "AsyncSlot";
            arguments.push(result.name().to_owned());
            arguments.push("ForeignFutureDroppedCallbackStruct".to_owned());
        }
        let inputs = method.arguments.iter();
        arguments.extend(inputs.map(|argument| self.types.codec(&argument.ty)));
        format!("uniffi::{kind}<{}>::call", arguments.join(", "))
    }

    /// The method, if there is only one, so that a callable can stand for the object.
    fn only_method<'v>(&self, vtable: &'v Vtable) -> Option<&'v Callable> {
        match vtable.methods.as_slice() {
            [slot] => Some(&slot.method),
            _ => None,
        }
    }

    /// The arguments of a method, passed on.
    fn moved_arguments(&self, callable: &Callable) -> String {
        let mut arguments: Vec<_> = callable
            .arguments
            .iter()
            .map(|argument| {
                let name = names::parameter(&argument.name);
                if types::is_primitive(&argument.ty) {
                    name
                } else {
                    format!("std::move({name})")
                }
            })
            .collect();
        if callable.is_async {
            arguments.push("std::move(stop)".to_owned());
        }
        arguments.join(", ")
    }

    /// The members of a value with members: what a record or a rich enum has besides fields.
    fn members<'v>(
        &self,
        constructors: &'v [Callable],
        methods: &'v [Callable],
        traits: &'v DerivedTraits,
    ) -> Vec<(String, &'v Callable)> {
        let named = constructors.iter().chain(methods);
        let derived = names::derived(traits).into_iter();
        named
            .map(|callable| (self.member_name(callable), callable))
            .chain(derived.map(|(name, callable)| (name.to_owned(), callable)))
            .collect()
    }

    fn object_members<'o>(&self, object: &'o Object) -> Vec<(String, &'o Callable)> {
        self.members(&object.constructors, &object.methods, &object.traits)
            .into_iter()
            .filter(|(_, callable)| !self.calls.is_class_constructor(callable))
            .collect()
    }

    fn record_members<'r>(&self, record: &'r Record) -> Vec<(String, &'r Callable)> {
        self.members(&record.constructors, &record.methods, &record.traits)
    }

    fn enum_members<'e>(&self, item: &'e Enum) -> Vec<(String, &'e Callable)> {
        self.members(&item.constructors, &item.methods, &item.traits)
    }

    /// The definition of a member function, its comparison given as C++ wants it.
    fn member_body(&self, name: &str, callable: &Callable) -> String {
        let call = self.calls.member_call(callable);
        if name == "operator<=>" {
            format!("return {call} <=> 0;")
        } else {
            format!("return {call};")
        }
    }

    fn member_declaration(&self, name: &str, callable: &Callable) -> Result<String> {
        Ok(ordering(name, self.calls.declaration(callable, name)?))
    }

    fn member_definition(&self, class: &str, name: &str, callable: &Callable) -> Result<String> {
        if matches!(&callable.owner, Some(Type::Object { imp, .. }) if imp.has_callback_interface())
        {
            let returns = self.calls.returns(callable);
            let parameters = self.calls.owned_parameters(callable, false);
            return Ok(format!("inline {returns} {class}::{name}({parameters}) {{"));
        }
        let head = self.calls.definition(callable, class, name)?;
        Ok(ordering(name, head))
    }

    /// The callables of enums without fields, which have no members.
    fn value_functions(&self) -> Vec<(String, &Callable)> {
        self.flat_enums()
            .flat_map(|item| item.constructors.iter().chain(&item.methods))
            .map(|callable| (names::value_function(self.interface, callable), callable))
            .collect()
    }

    fn member_name(&self, callable: &Callable) -> String {
        names::member(self.interface, callable)
    }

    fn class(&self, object: &Object) -> String {
        if object.vtable.is_some() {
            names::rust_class(&object.name)
        } else {
            names::identifier(&object.name)
        }
    }

    fn rich_enums(&self) -> impl Iterator<Item = &Enum> {
        let enums = self.interface.enums.iter();
        enums.filter(|item| !item.is_flat || item.is_error)
    }

    /// The types that `std::hash` is specialised for.
    fn hashed(&self) -> Vec<String> {
        let objects = self.interface.objects.iter();
        let records = self.interface.records.iter();
        let enums = self.interface.enums.iter();
        objects
            .map(|item| (&item.name, &item.traits))
            .chain(records.map(|item| (&item.name, &item.traits)))
            .chain(enums.map(|item| (&item.name, &item.traits)))
            .filter(|(_, traits)| traits.hash.is_some())
            .map(|(name, _)| format!("{}::{}", self.space(), names::identifier(name)))
            .collect()
    }
}

/// An ordering is a number to Rust.
fn ordering(name: &str, text: String) -> String {
    if name == "operator<=>" {
        text.replacen("std::int8_t", "std::strong_ordering", 1)
    } else {
        text
    }
}

fn is_foreign_only(callable: &Callable) -> bool {
    matches!(callable.owner, Some(Type::CallbackInterface { .. }))
}
