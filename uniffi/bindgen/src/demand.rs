//! What one interface demands, item by item.
//!
//! Owns the inspection of an interface. Must not know any backend.

use uniffi_bindgen::interface::{DefaultValue, ObjectImpl, TraitKind, Type};

use crate::{
    capability::Feature,
    interface::{Argument, Callable, CallableKind, DerivedTraits, Enum, Field, Interface},
};

/// One use of a feature.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Demand {
    /// What is needed.
    pub feature: Feature,
    /// Where, as the UDL names it: `Counter.increment(by)`, `Point.x`, `Shape`.
    pub item: String,
}

/// Everything that an interface demands, in a stable order, each item once a feature.
#[must_use]
pub fn demands(interface: &Interface<'_>) -> Vec<Demand> {
    let mut found = Found::default();
    for function in &interface.functions {
        found.callable(interface, function);
    }
    for object in &interface.objects {
        let feature = match object.imp {
            ObjectImpl::Struct => Feature::Object,
            ObjectImpl::Trait(TraitKind::RustOnly) => Feature::Trait,
            ObjectImpl::Trait(TraitKind::Both | TraitKind::ForeignOnly) => Feature::ForeignTrait,
        };
        found.add(feature, &object.name);
        for item in object.constructors.iter().chain(&object.methods) {
            found.callable(interface, item);
        }
        found.traits(&object.name, &object.traits, Feature::ObjectTraits);
        for slot in object.vtable.iter().flat_map(|vtable| &vtable.methods) {
            if slot.method.is_async {
                found.add(Feature::AsyncForeignMethod, &slot.method.item());
            }
        }
    }
    for item in &interface.callback_interfaces {
        found.add(Feature::CallbackInterface, &item.name);
        for slot in &item.vtable.methods {
            found.signature(interface, &slot.method);
            if slot.method.is_async {
                found.add(Feature::AsyncCallbackInterface, &slot.method.item());
            }
        }
    }
    for record in &interface.records {
        found.add(Feature::Record, &record.name);
        if record.is_recursive {
            found.add(Feature::RecursiveValue, &record.name);
        }
        found.fields(interface, &record.name, &record.fields);
        found.members(interface, record.constructors.iter().chain(&record.methods));
        found.traits(&record.name, &record.traits, Feature::ValueTraits);
    }
    for item in &interface.enums {
        found.enumeration(interface, item);
    }
    for custom in &interface.customs {
        found.add(Feature::Custom, &custom.name);
        found.ty(interface, &custom.name, &custom.builtin);
    }
    for ty in interface.external_types() {
        found.add(Feature::External, ty.name().unwrap_or_default());
    }
    found.demands.sort();
    found.demands.dedup();
    found.demands
}

#[derive(Default)]
struct Found {
    demands: Vec<Demand>,
}

impl Found {
    fn add(&mut self, feature: Feature, item: &str) {
        self.demands.push(Demand {
            feature,
            item: item.to_owned(),
        });
    }

    fn callable(&mut self, interface: &Interface<'_>, callable: &Callable) {
        self.signature(interface, callable);
        let feature = match (callable.kind, callable.is_async) {
            (CallableKind::PrimaryConstructor, true) => Some(Feature::AsyncPrimaryConstructor),
            (CallableKind::NamedConstructor, true) => Some(Feature::AsyncConstructor),
            (CallableKind::NamedConstructor, false) => Some(Feature::NamedConstructor),
            (_, true) => Some(Feature::Async),
            (_, false) => None,
        };
        if let Some(feature) = feature {
            self.add(feature, &callable.item());
        }
    }

    fn signature(&mut self, interface: &Interface<'_>, callable: &Callable) {
        let item = callable.item();
        for argument in &callable.arguments {
            self.argument(interface, callable, argument);
        }
        if let Some(returns) = &callable.returns {
            self.ty(interface, &item, returns);
        }
        match &callable.throws {
            Some(Type::Object { .. }) => self.add(Feature::ObjectError, &item),
            Some(Type::Enum { name, .. }) => {
                // An external error's shape is its own crate's affair.
                if let Some(error) = interface.enums.iter().find(|error| error.name == *name) {
                    let feature = if error.is_flat {
                        Feature::FlatError
                    } else {
                        Feature::RichError
                    };
                    self.add(feature, &item);
                }
            }
            _ => {}
        }
    }

    fn argument(&mut self, interface: &Interface<'_>, callable: &Callable, argument: &Argument) {
        let item = format!("{}({})", callable.item(), argument.name);
        match (argument.is_borrowed_bytes, callable.is_async) {
            (true, true) => self.add(Feature::AsyncBorrowedBytes, &item),
            (true, false) => self.add(Feature::BorrowedBytes, &item),
            (false, _) => self.ty(interface, &item, &argument.ty),
        }
        self.defaulted(&item, argument.default.as_ref(), Feature::ArgumentDefault);
    }

    fn defaulted(&mut self, item: &str, default: Option<&DefaultValue>, feature: Feature) {
        if default.is_some() {
            self.add(feature, item);
        }
    }

    fn fields(&mut self, interface: &Interface<'_>, owner: &str, fields: &[Field]) {
        for field in fields {
            if field.name.is_empty() {
                self.add(Feature::NamelessField, owner);
            }
            let item = format!("{owner}.{}", field.name);
            self.ty(interface, &item, &field.ty);
            self.defaulted(&item, field.default.as_ref(), Feature::FieldDefault);
        }
    }

    fn members<'a>(
        &mut self,
        interface: &Interface<'_>,
        members: impl Iterator<Item = &'a Callable>,
    ) {
        for member in members {
            self.add(Feature::ValueMethod, &member.item());
            self.callable(interface, member);
        }
    }

    fn enumeration(&mut self, interface: &Interface<'_>, item: &Enum) {
        if !item.is_error {
            let feature = if item.is_flat {
                Feature::FlatEnum
            } else {
                Feature::RichEnum
            };
            self.add(feature, &item.name);
        }
        if item.is_recursive {
            self.add(Feature::RecursiveValue, &item.name);
        }
        for variant in &item.variants {
            let owner = format!("{}.{}", item.name, variant.name);
            self.fields(interface, &owner, &variant.fields);
        }
        self.members(interface, item.constructors.iter().chain(&item.methods));
        if item.is_error {
            self.traits(&item.name, &item.traits, Feature::ErrorTraits);
        } else {
            self.traits(&item.name, &item.traits, Feature::ValueTraits);
            if item.traits.display.is_some() && item.traits.debug.is_none() {
                self.add(Feature::DisplayWithoutDebug, &item.name);
            }
        }
    }

    fn traits(&mut self, owner: &str, traits: &DerivedTraits, feature: Feature) {
        if traits.methods().next().is_some() {
            self.add(feature, owner);
        }
    }

    fn ty(&mut self, interface: &Interface<'_>, item: &str, ty: &Type) {
        for part in ty.iter_types() {
            match part {
                Type::Bytes => self.add(Feature::Bytes, item),
                Type::Timestamp => self.add(Feature::Timestamp, item),
                Type::Duration => self.add(Feature::Duration, item),
                Type::Optional { .. } => self.add(Feature::Optional, item),
                Type::Sequence { .. } => self.add(Feature::Sequence, item),
                Type::Set { inner_type } => {
                    self.add(Feature::Set, item);
                    self.key(interface, item, inner_type);
                }
                Type::Map { key_type, .. } => {
                    self.add(Feature::Map, item);
                    self.key(interface, item, key_type);
                }
                _ => {}
            }
        }
    }

    fn key(&mut self, interface: &Interface<'_>, item: &str, key: &Type) {
        let is_structured = match key {
            Type::Custom { builtin, .. } => return self.key(interface, item, builtin),
            Type::Enum { name, .. } => !interface
                .enums
                .iter()
                .any(|item| item.name == *name && item.is_flat),
            Type::Bytes
            | Type::Timestamp
            | Type::Duration
            | Type::Object { .. }
            | Type::Record { .. }
            | Type::CallbackInterface { .. }
            | Type::Box { .. }
            | Type::Optional { .. }
            | Type::Sequence { .. }
            | Type::Map { .. }
            | Type::Set { .. } => true,
            _ => false,
        };
        if is_structured {
            self.add(Feature::StructuredKey, item);
        }
    }
}
