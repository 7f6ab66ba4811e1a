//! The C declarations that one interface uses, and no others.
//!
//! Owns the gate: UniFFI lists futures and callbacks of every shape for every interface;
//! a backend should declare those that are reached. Must not know C, or any language.

use std::collections::{BTreeMap, BTreeSet};

use uniffi_bindgen::interface::{FfiDefinition, FfiFunction, FfiType};

use super::{Callable, Interface};

/// The C declarations, in an order in which each is declared before it is used.
#[derive(Clone, Debug, Default)]
pub struct Ffi {
    /// Structs and callback types that a function or a vtable reaches. `RustBuffer`,
    /// `ForeignBytes` and `RustCallStatus` are not among them: they belong to the runtime.
    pub definitions: Vec<FfiDefinition>,
    /// Every exported function that the bindings may call: the interface's own, those of
    /// `RustBuffer`, those of the futures in use, and the checks at load.
    pub functions: Vec<FfiFunction>,
}

impl Ffi {
    pub(crate) fn new(interface: &Interface<'_>) -> Self {
        let ci = interface.ci;
        let mut functions: BTreeMap<String, FfiFunction> = BTreeMap::new();
        let own = ci.iter_user_ffi_function_definitions().cloned();
        let buffers = ci.iter_rust_buffer_ffi_function_definitions();
        let futures = interface
            .callables()
            // Rust awaits a foreign future by other means than it lends its own.
            .filter(|callable| !is_foreign_only(callable))
            .filter_map(|callable| callable.future.clone())
            .flat_map(|future| [future.poll, future.cancel, future.complete, future.free]);
        let checks = ci.iter_ffi_function_integrity_checks();
        for function in own.chain(buffers).chain(futures).chain(checks) {
            functions.insert(function.name().to_owned(), function);
        }
        let functions: Vec<_> = functions.into_values().collect();
        Self {
            definitions: reached(ci.ffi_definitions(), &functions),
            functions,
        }
    }
}

fn is_foreign_only(callable: &Callable) -> bool {
    matches!(
        callable.owner,
        Some(uniffi_bindgen::interface::Type::CallbackInterface { .. })
    )
}

fn reached(
    definitions: impl Iterator<Item = FfiDefinition>,
    functions: &[FfiFunction],
) -> Vec<FfiDefinition> {
    let definitions: Vec<_> = definitions
        .filter(|definition| !matches!(definition, FfiDefinition::Function(_)))
        .collect();
    let by_name: BTreeMap<&str, &FfiDefinition> = definitions
        .iter()
        .map(|definition| (definition.name(), definition))
        .collect();
    let mut pending: Vec<String> = functions
        .iter()
        .flat_map(|function| function.arguments())
        .filter_map(|argument| named(&argument.type_()))
        .collect();
    let mut seen = BTreeSet::new();
    while let Some(name) = pending.pop() {
        let Some(definition) = by_name.get(name.as_str()) else {
            continue;
        };
        if !seen.insert(name) {
            continue;
        }
        match definition {
            FfiDefinition::Struct(item) => {
                pending.extend(item.fields().iter().filter_map(|f| named(&f.type_())));
            }
            FfiDefinition::CallbackFunction(item) => {
                pending.extend(item.arguments().iter().filter_map(|a| named(&a.type_())));
            }
            FfiDefinition::Function(_) => {}
        }
    }
    definitions
        .into_iter()
        .filter(|definition| seen.contains(definition.name()))
        .collect()
}

fn named(ty: &FfiType) -> Option<String> {
    match ty {
        FfiType::Callback(name) | FfiType::Struct(name) => Some(name.clone()),
        FfiType::Reference(inner) | FfiType::MutReference(inner) => named(inner),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use uniffi_bindgen::ComponentInterface;

    use super::*;

    fn names(udl: &str) -> (Vec<String>, Vec<String>) {
        let mut ci = ComponentInterface::from_webidl(udl, "shop").unwrap();
        ci.derive_ffi_funcs().unwrap();
        let ffi = Interface::new(&ci).ffi;
        (
            ffi.definitions
                .iter()
                .map(|d| d.name().to_owned())
                .collect(),
            ffi.functions.iter().map(|f| f.name().to_owned()).collect(),
        )
    }

    #[test]
    fn a_synchronous_interface_declares_no_future() {
        let (definitions, functions) = names("namespace shop { u32 price(); };");
        assert!(definitions.is_empty(), "{definitions:?}");
        assert!(functions.iter().all(|name| !name.contains("future")));
        assert!(functions.contains(&"uniffi_shop_fn_func_price".to_owned()));
        assert!(functions.contains(&"ffi_shop_uniffi_contract_version".to_owned()));
    }

    #[test]
    fn only_the_futures_in_use_are_declared() {
        let (definitions, functions) = names("namespace shop { [Async] u32 price(); };");
        assert_eq!(definitions, ["RustFutureContinuationCallback"]);
        assert!(functions.contains(&"ffi_shop_rust_future_poll_u32".to_owned()));
        assert!(!functions.contains(&"ffi_shop_rust_future_poll_u64".to_owned()));
    }

    #[test]
    fn a_vtable_reaches_its_slots_in_order() {
        let (definitions, _) = names(
            "namespace shop { };
             [Trait, WithForeign] interface Clerk { [Async] u32 serve(); string name(); };",
        );
        let position = |name: &str| {
            definitions
                .iter()
                .position(|other| other == name)
                .unwrap_or_else(|| panic!("{name} is not in {definitions:?}"))
        };
        assert!(position("ForeignFutureResultU32") < position("ForeignFutureCompleteU32"));
        assert!(position("ForeignFutureCompleteU32") < position("CallbackInterfaceClerkMethod0"));
        assert!(
            position("CallbackInterfaceClerkMethod1") < position("VTableCallbackInterfaceClerk")
        );
    }
}
