//! Classes: what the template of an object says about its members.
//!
//! Owns which members a class has, and their names. Must not know how a call works.

use super::{module::Module, names};
use crate::interface::{Callable, DerivedTraits, Object};

impl Module<'_> {
    pub(super) fn derived_methods<'o>(
        &self,
        object: &'o Object,
    ) -> Vec<(&'static str, &'o Callable)> {
        derived_names(&object.traits)
    }

    /// What `new` calls.
    pub(super) fn constructor<'o>(&self, object: &'o Object) -> Option<&'o Callable> {
        object
            .primary_constructor()
            .filter(|constructor| !constructor.is_async)
    }

    /// What stands before a derived method.
    pub(super) fn derived_prefix(&self, object: &Object, name: &str) -> &'static str {
        if object.is_error && name == "toString" {
            "override "
        } else {
            ""
        }
    }

    pub(super) fn static_name(&self, callable: &Callable) -> String {
        names::method(&callable.name)
    }

    /// What declares a class's place in the hierarchy.
    pub(super) fn heritage(&self, object: &Object) -> String {
        match (object.is_error, object.vtable.is_some()) {
            (true, _) => " extends Error".into(),
            (_, true) => format!(" implements {}", names::class(&object.name)),
            _ => String::new(),
        }
    }

    pub(super) fn class_name(&self, object: &Object) -> String {
        if object.vtable.is_some() {
            names::rust_class(&object.name)
        } else {
            names::class(&object.name)
        }
    }

    /// Every C function that a class calls.
    pub(super) fn class_functions<'o>(&self, object: &'o Object) -> Vec<&'o Callable> {
        object
            .constructors
            .iter()
            .chain(&object.methods)
            .chain(derived_names(&object.traits).into_iter().map(|(_, c)| c))
            .collect()
    }
}

/// The derived methods under the names that they have in TypeScript. `!=` is left out: it is
/// the opposite of `==`.
pub(super) fn derived_names(traits: &DerivedTraits) -> Vec<(&'static str, &Callable)> {
    let text = traits.display.as_ref().or(traits.debug.as_ref());
    [
        ("toString", text),
        ("toDebugString", traits.debug.as_ref()),
        ("equals", traits.eq.as_ref()),
        ("compareTo", traits.cmp.as_ref()),
        ("hashCode", traits.hash.as_ref()),
    ]
    .into_iter()
    .filter_map(|(name, callable)| Some((name, callable?)))
    .collect()
}
