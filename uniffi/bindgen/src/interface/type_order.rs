//! Every type of an interface, once, after those that it is made of.
//!
//! Owns the order and the canonical names. Must not know what a type becomes in a language.

use uniffi_bindgen::{
    ComponentInterface,
    interface::{AsType, Callable, Type},
};

/// The type without its boxes, which matter to Rust alone.
#[must_use]
pub fn unboxed(ty: &Type) -> Type {
    let inner = |ty: &Type| Box::new(unboxed(ty));
    match ty {
        Type::Box { inner_type } => unboxed(inner_type),
        Type::Optional { inner_type } => Type::Optional {
            inner_type: inner(inner_type),
        },
        Type::Sequence { inner_type } => Type::Sequence {
            inner_type: inner(inner_type),
        },
        Type::Set { inner_type } => Type::Set {
            inner_type: inner(inner_type),
        },
        Type::Map {
            key_type,
            value_type,
        } => Type::Map {
            key_type: inner(key_type),
            value_type: inner(value_type),
        },
        Type::Custom {
            module_path,
            name,
            builtin,
        } => Type::Custom {
            module_path: module_path.clone(),
            name: name.clone(),
            builtin: inner(builtin),
        },
        plain => plain.clone(),
    }
}

/// A name that is unique in one interface and a valid identifier everywhere:
/// `UInt32`, `String`, `TypePoint`, `OptionalString`, `SequenceTypePoint`,
/// `MapStringSequenceUInt8`. Named types carry `Type`, so that a record `String` clashes
/// with nothing.
#[must_use]
pub fn canonical_name(ty: &Type) -> String {
    match ty {
        Type::UInt8 => "UInt8".into(),
        Type::Int8 => "Int8".into(),
        Type::UInt16 => "UInt16".into(),
        Type::Int16 => "Int16".into(),
        Type::UInt32 => "UInt32".into(),
        Type::Int32 => "Int32".into(),
        Type::UInt64 => "UInt64".into(),
        Type::Int64 => "Int64".into(),
        Type::Float32 => "Float32".into(),
        Type::Float64 => "Float64".into(),
        Type::Boolean => "Boolean".into(),
        Type::String => "String".into(),
        Type::Bytes => "Bytes".into(),
        Type::Timestamp => "Timestamp".into(),
        Type::Duration => "Duration".into(),
        Type::Object { name, .. }
        | Type::Record { name, .. }
        | Type::Enum { name, .. }
        | Type::CallbackInterface { name, .. }
        | Type::Custom { name, .. } => format!("Type{name}"),
        Type::Optional { inner_type } => format!("Optional{}", canonical_name(inner_type)),
        Type::Sequence { inner_type } => format!("Sequence{}", canonical_name(inner_type)),
        Type::Set { inner_type } => format!("Set{}", canonical_name(inner_type)),
        Type::Map {
            key_type,
            value_type,
        } => format!(
            "Map{}{}",
            canonical_name(key_type),
            canonical_name(value_type)
        ),
        Type::Box { inner_type } => canonical_name(inner_type),
    }
}

/// Every type that the interface uses, once, each after those that it is made of.
///
/// A record or an enum comes after its fields' types; where values contain each other in a
/// cycle, the one that was reached first comes last. Objects, traits and callback
/// interfaces are references: they come before the types of their methods.
#[must_use]
pub fn dependency_order(ci: &ComponentInterface) -> Vec<Type> {
    let mut walk = Walk {
        ci,
        entered: Vec::new(),
        order: Vec::new(),
    };
    for function in ci.function_definitions() {
        walk.callable(function);
    }
    for record in ci.record_definitions() {
        walk.visit(&record.as_type());
    }
    for item in ci.enum_definitions() {
        walk.visit(&item.as_type());
    }
    for object in ci.object_definitions() {
        walk.visit(&object.as_type());
    }
    for interface in ci.callback_interface_definitions() {
        walk.visit(&interface.as_type());
    }
    // A custom type that no signature uses is still part of the interface.
    for ty in ci.iter_local_types() {
        walk.visit(ty);
    }
    walk.order
}

struct Walk<'ci> {
    ci: &'ci ComponentInterface,
    // A list, because `Type` has no `Hash`; interfaces have hundreds of types at most.
    entered: Vec<Type>,
    order: Vec<Type>,
}

impl Walk<'_> {
    fn visit(&mut self, ty: &Type) {
        let ty = unboxed(ty);
        if self.entered.contains(&ty) {
            return;
        }
        self.entered.push(ty.clone());
        if self.ci.is_external(&ty) {
            // What it is made of is the other crate's affair.
            self.order.push(ty);
            return;
        }
        match &ty {
            Type::Object { .. } | Type::CallbackInterface { .. } => {
                self.order.push(ty.clone());
                self.members(&ty);
            }
            _ => {
                for inner in ty.iter_nested_types() {
                    self.visit(inner);
                }
                self.fields(&ty);
                self.order.push(ty.clone());
                self.members(&ty);
            }
        }
    }

    fn fields(&mut self, ty: &Type) {
        let ci = self.ci;
        match ty {
            Type::Record { name, .. } => {
                let record = ci.get_record_definition(name);
                for field in record.into_iter().flat_map(|record| record.fields()) {
                    self.visit(&field.as_type());
                }
            }
            Type::Enum { name, .. } => {
                let item = ci.get_enum_definition(name);
                for variant in item.into_iter().flat_map(|item| item.variants()) {
                    for field in variant.fields() {
                        self.visit(&field.as_type());
                    }
                }
            }
            _ => {}
        }
    }

    fn members(&mut self, ty: &Type) {
        let ci = self.ci;
        match ty {
            Type::Object { name, .. } => {
                if let Some(object) = ci.get_object_definition(name) {
                    self.callables(object.constructors());
                    self.callables(object.methods());
                }
            }
            Type::CallbackInterface { name, .. } => {
                if let Some(interface) = ci.get_callback_interface_definition(name) {
                    self.callables(interface.methods());
                }
            }
            Type::Record { name, .. } => {
                if let Some(record) = ci.get_record_definition(name) {
                    self.callables(record.constructors());
                    self.callables(record.methods());
                }
            }
            Type::Enum { name, .. } => {
                if let Some(item) = ci.get_enum_definition(name) {
                    self.callables(item.constructors());
                    self.callables(item.methods());
                }
            }
            _ => {}
        }
    }

    fn callables<C: Callable>(&mut self, callables: impl IntoIterator<Item = C>) {
        for callable in callables {
            self.callable(&callable);
        }
    }

    fn callable(&mut self, callable: &dyn Callable) {
        for argument in callable.arguments() {
            self.visit(&argument.as_type());
        }
        for ty in callable
            .return_type()
            .into_iter()
            .chain(callable.throws_type())
        {
            self.visit(ty);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order_of(udl: &str) -> Vec<String> {
        let ci = ComponentInterface::from_webidl(udl, "shop").unwrap();
        dependency_order(&ci).iter().map(canonical_name).collect()
    }

    fn position(order: &[String], name: &str) -> usize {
        order
            .iter()
            .position(|other| other == name)
            .unwrap_or_else(|| panic!("{name} is not in {order:?}"))
    }

    #[test]
    fn a_record_comes_after_what_it_contains() {
        let order = order_of(
            "namespace shop { Order? latest(); };
             dictionary Order { sequence<Line> lines; record<string, u32> counts; };
             dictionary Line { string name; };",
        );
        assert!(position(&order, "TypeLine") < position(&order, "SequenceTypeLine"));
        assert!(position(&order, "SequenceTypeLine") < position(&order, "TypeOrder"));
        assert!(position(&order, "MapStringUInt32") < position(&order, "TypeOrder"));
        assert!(position(&order, "TypeOrder") < position(&order, "OptionalTypeOrder"));
    }

    #[test]
    fn every_type_appears_once() {
        let order = order_of(
            "namespace shop { sequence<string> a(sequence<string> x); sequence<string> b(); };",
        );
        let mut unique = order.clone();
        unique.sort();
        unique.dedup();
        assert_eq!(order.len(), unique.len(), "{order:?}");
    }

    #[test]
    fn an_object_comes_before_the_types_of_its_methods() {
        let order = order_of(
            "namespace shop { };
             interface Till { Receipt pay(); };
             dictionary Receipt { Till till; };",
        );
        assert!(position(&order, "TypeTill") < position(&order, "TypeReceipt"));
    }

    #[test]
    fn a_record_named_like_a_primitive_has_its_own_canonical_name() {
        let order = order_of("namespace shop { }; dictionary String { u8 x; };");
        assert!(order.contains(&"TypeString".to_owned()));
    }
}
