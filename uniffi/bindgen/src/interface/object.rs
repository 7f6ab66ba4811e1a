//! What lives behind a handle: objects, traits and callback interfaces.
//!
//! Owns their members and the vtables through which Rust calls foreign code.
//! Must not know how a language tells an object that Rust made from one of its own.

use uniffi_bindgen::{
    ComponentInterface,
    interface::{
        self, AsType, FfiCallbackFunction, FfiFunction, FfiStruct, FfiType, Method, ObjectImpl,
        Type,
    },
};

use super::{Callable, DerivedTraits};

/// An `interface` of the UDL: a struct of Rust's, or a trait.
#[derive(Clone, Debug)]
pub struct Object {
    /// Its name in the UDL, after renames.
    pub name: String,
    /// Its type, as signatures name it.
    pub ty: Type,
    /// Struct or trait, and who may implement the trait.
    pub imp: ObjectImpl,
    /// Its docstring.
    pub docstring: Option<String>,
    /// Primary and named; a trait has none.
    pub constructors: Vec<Callable>,
    /// In UniFFI's order (by name, for a UDL), which is also the vtable's.
    pub methods: Vec<Callable>,
    /// `[Traits=(…)]`: a trait has none.
    pub traits: DerivedTraits,
    /// Clones a handle; call it before each pass of the object to Rust.
    pub clone: FfiFunction,
    /// Frees a handle; call it exactly once for each that was got.
    pub free: FfiFunction,
    /// What foreign code registers if it may implement the trait.
    pub vtable: Option<Vtable>,
    /// Whether some callable throws it.
    pub is_error: bool,
}

/// A `callback interface` of the UDL: a trait that only foreign code implements.
#[derive(Clone, Debug)]
pub struct CallbackInterface {
    /// Its name in the UDL, after renames.
    pub name: String,
    /// Its type, as signatures name it.
    pub ty: Type,
    /// Its docstring.
    pub docstring: Option<String>,
    /// What foreign code registers.
    pub vtable: Vtable,
}

/// The C struct of function pointers through which Rust calls foreign code: first
/// `uniffi_free(handle)`, then `uniffi_clone(handle) -> handle`, then the methods in order.
#[derive(Clone, Debug)]
pub struct Vtable {
    /// The trait's name.
    pub name: String,
    /// Its layout.
    pub layout: FfiStruct,
    /// Registers it: once, at load; the struct must outlive the library.
    pub init: FfiFunction,
    /// One slot a method.
    pub methods: Vec<VtableMethod>,
}

/// A method that Rust calls and foreign code implements.
#[derive(Clone, Debug)]
pub struct VtableMethod {
    /// The method.
    pub method: Callable,
    /// The C signature of the slot.
    pub callback: FfiCallbackFunction,
    /// What an async method passes to its completion function, exactly once.
    pub future_result: Option<FfiStruct>,
}

impl Object {
    pub(crate) fn new(ci: &ComponentInterface, object: &interface::Object) -> Self {
        let ty = object.as_type();
        Self {
            name: object.name().to_owned(),
            imp: *object.imp(),
            docstring: object.docstring().map(str::to_owned),
            constructors: object
                .constructors()
                .into_iter()
                .map(|item| Callable::constructor(ci, &ty, item))
                .collect(),
            methods: object
                .methods()
                .into_iter()
                .map(|item| Callable::method(ci, item))
                .collect(),
            traits: DerivedTraits::new(ci, &object.uniffi_trait_methods()),
            clone: object.ffi_object_clone().clone(),
            free: object.ffi_object_free().clone(),
            vtable: object.has_callback_interface().then(|| Vtable {
                name: object.name().to_owned(),
                // A trait always has a definition; the default has no use.
                layout: object.vtable_definition().unwrap_or_default(),
                init: object.ffi_init_callback().clone(),
                methods: slots(ci, object.vtable_methods()),
            }),
            is_error: ci.is_name_used_as_error(object.name()),
            ty,
        }
    }

    /// Whether it is a trait, whoever implements it.
    #[must_use]
    pub fn is_trait(&self) -> bool {
        self.imp.is_trait_interface()
    }

    /// The constructor without a name.
    #[must_use]
    pub fn primary_constructor(&self) -> Option<&Callable> {
        self.constructors
            .iter()
            .find(|item| item.kind == super::CallableKind::PrimaryConstructor)
    }

    /// The constructors that have a name.
    pub fn named_constructors(&self) -> impl Iterator<Item = &Callable> {
        self.constructors
            .iter()
            .filter(|item| item.kind == super::CallableKind::NamedConstructor)
    }
}

impl CallbackInterface {
    pub(crate) fn new(ci: &ComponentInterface, item: &interface::CallbackInterface) -> Self {
        Self {
            name: item.name().to_owned(),
            ty: item.as_type(),
            docstring: item.docstring().map(str::to_owned),
            vtable: Vtable {
                name: item.name().to_owned(),
                layout: item.vtable_definition(),
                init: item.ffi_init_callback().clone(),
                methods: slots(ci, item.vtable_methods()),
            },
        }
    }
}

fn slots(
    ci: &ComponentInterface,
    methods: Vec<(FfiCallbackFunction, Method)>,
) -> Vec<VtableMethod> {
    methods
        .into_iter()
        .map(|(callback, method)| VtableMethod {
            method: Callable::method(ci, &method),
            callback,
            future_result: method
                .is_async()
                .then(|| method.foreign_future_ffi_result_struct()),
        })
        .collect()
}

impl VtableMethod {
    /// The completion function that an async method gets: takes the callback data and the
    /// result struct by value.
    #[must_use]
    pub fn completion(&self) -> Option<String> {
        self.callback
            .arguments()
            .into_iter()
            .find_map(|argument| match argument.type_() {
                FfiType::Callback(name) => Some(name),
                _ => None,
            })
    }
}
