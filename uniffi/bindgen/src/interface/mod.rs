//! The shared model: one crate's interface, resolved for rendering.
//!
//! Owns what every backend needs and UniFFI's `ComponentInterface` does not give:
//! callables of all kinds in one shape, types in dependency order, the part of the FFI
//! that this interface really uses, and the checks at load with the item that each guards.
//! Must not know: any language, its names, or its templates. Names are the UDL's, after
//! the renames of `uniffi.toml`.

mod callable;
mod ffi;
mod object;
mod type_order;
mod value;

use uniffi_bindgen::{ComponentInterface, interface::Type};

pub use callable::{Argument, Callable, CallableKind, Checksum, FutureSymbols};
pub use ffi::Ffi;
pub use object::{CallbackInterface, Object, Vtable, VtableMethod};
pub use type_order::{canonical_name, dependency_order, unboxed};
pub use value::{Custom, DerivedTraits, Enum, Field, Record, Variant};

/// One namespace, ready to render. Every list has a stable order.
#[derive(Debug)]
pub struct Interface<'ci> {
    /// UniFFI's own view, for what this model does not repeat (such as
    /// [`ComponentInterface::namespace_for_type`] of an external type).
    pub ci: &'ci ComponentInterface,
    /// The version of the ABI that the library must report.
    pub contract: Contract,
    /// Every checksum that must be compared at load.
    pub checksums: Vec<Checksum>,
    /// The functions of the namespace.
    pub functions: Vec<Callable>,
    /// Objects and traits, local ones only.
    pub objects: Vec<Object>,
    /// Callback interfaces: traits that only foreign code implements.
    pub callback_interfaces: Vec<CallbackInterface>,
    /// Records, each after the values that it contains (cycles excepted).
    pub records: Vec<Record>,
    /// Enums and errors, each after the values that it contains (cycles excepted).
    pub enums: Vec<Enum>,
    /// Custom types, local ones only.
    pub customs: Vec<Custom>,
    /// Every type in use, local or external, compound or not, once, each after those that
    /// it is made of. What is built from a cycle comes in the order of its declaration.
    pub types: Vec<Type>,
    /// The C declarations that this interface uses.
    pub ffi: Ffi,
}

/// The contract version: that of UniFFI's ABI, not of the interface.
#[derive(Clone, Debug)]
pub struct Contract {
    /// The function that reports the library's version.
    pub symbol: String,
    /// The version that the generated code speaks.
    pub version: u32,
}

impl<'ci> Interface<'ci> {
    /// Resolves an interface whose FFI functions are derived.
    #[must_use]
    pub fn new(ci: &'ci ComponentInterface) -> Self {
        let types = dependency_order(ci);
        let functions: Vec<_> = ci
            .function_definitions()
            .iter()
            .map(|function| Callable::function(ci, function))
            .collect();
        let objects: Vec<_> = ci
            .object_definitions()
            .iter()
            .map(|object| Object::new(ci, object))
            .collect();
        let callback_interfaces: Vec<_> = ci
            .callback_interface_definitions()
            .iter()
            .map(|interface| CallbackInterface::new(ci, interface))
            .collect();
        let local = |ty: &&Type| !ci.is_external(ty);
        let records = types
            .iter()
            .filter(local)
            .filter_map(|ty| match ty {
                Type::Record { name, .. } => ci.get_record_definition(name),
                _ => None,
            })
            .map(|record| Record::new(ci, record))
            .collect();
        let enums = types
            .iter()
            .filter(local)
            .filter_map(|ty| match ty {
                Type::Enum { name, .. } => ci.get_enum_definition(name),
                _ => None,
            })
            .map(|definition| Enum::new(ci, definition))
            .collect();
        let customs = types
            .iter()
            .filter(local)
            .filter_map(|ty| Custom::new(ci, ty))
            .collect();
        let mut interface = Self {
            ci,
            contract: Contract {
                symbol: ci.ffi_uniffi_contract_version().name().to_owned(),
                version: ci.uniffi_contract_version(),
            },
            checksums: Vec::new(),
            functions,
            objects,
            callback_interfaces,
            records,
            enums,
            customs,
            types,
            ffi: Ffi::default(),
        };
        interface.checksums = interface
            .callables()
            .filter_map(|callable| callable.checksum.clone())
            .collect();
        interface.ffi = Ffi::new(&interface);
        interface
    }

    /// The namespace, as the UDL names it.
    #[must_use]
    pub fn namespace(&self) -> &str {
        self.ci.namespace()
    }

    /// The namespace's docstring.
    #[must_use]
    pub fn docstring(&self) -> Option<&str> {
        self.ci.namespace_docstring()
    }

    /// Types that other crates define, in dependency order.
    pub fn external_types(&self) -> impl Iterator<Item = &Type> {
        self.types.iter().filter(|ty| self.ci.is_external(ty))
    }

    /// Whether this is the name of a type that some callable throws.
    #[must_use]
    pub fn is_error(&self, name: &str) -> bool {
        self.ci.is_name_used_as_error(name)
    }

    /// Every callable that Rust implements or dispatches: functions, constructors, methods
    /// (of objects, traits, records and enums), and the methods of callback interfaces.
    pub fn callables(&self) -> impl Iterator<Item = &Callable> {
        let objects = self
            .objects
            .iter()
            .flat_map(|object| object.constructors.iter().chain(&object.methods));
        let records = self
            .records
            .iter()
            .flat_map(|record| record.constructors.iter().chain(&record.methods));
        let enums = self
            .enums
            .iter()
            .flat_map(|item| item.constructors.iter().chain(&item.methods));
        let callbacks = self
            .callback_interfaces
            .iter()
            .flat_map(|interface| interface.vtable.methods.iter().map(|slot| &slot.method));
        self.functions
            .iter()
            .chain(objects)
            .chain(records)
            .chain(enums)
            .chain(callbacks)
    }

    /// The methods that foreign code implements: those behind a vtable.
    pub fn vtables(&self) -> impl Iterator<Item = &Vtable> {
        self.objects
            .iter()
            .filter_map(|object| object.vtable.as_ref())
            .chain(self.callback_interfaces.iter().map(|item| &item.vtable))
    }

    /// Whether a callable of Rust's is async.
    #[must_use]
    pub fn has_async_calls(&self) -> bool {
        self.callables().any(|callable| callable.future.is_some())
    }

    /// Whether a method that foreign code implements is async.
    #[must_use]
    pub fn has_async_callbacks(&self) -> bool {
        self.vtables()
            .flat_map(|vtable| &vtable.methods)
            .any(|slot| slot.method.is_async)
    }
}
