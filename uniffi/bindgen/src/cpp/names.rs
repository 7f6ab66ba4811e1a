//! What the UDL's names become in C++, and that no two become the same.
//!
//! Names stay as the UDL has them: `snake_case` for what is called, `UpperCamelCase` for types.

use anyhow::{Result, bail};
use heck::ToSnakeCase;
use uniffi_bindgen::interface::Type;

use crate::interface::{Callable, CallableKind, DerivedTraits, Interface};

/// C++20's keywords, what compilers define as macros, and names that generated code uses.
const RESERVED: &[&str] = &[
    "alignas",
    "alignof",
    "and",
    "and_eq",
    "asm",
    "auto",
    "bitand",
    "bitor",
    "bool",
    "break",
    "case",
    "catch",
    "char",
    "char16_t",
    "char32_t",
    "char8_t",
    "class",
    "co_await",
    "co_return",
    "co_yield",
    "compl",
    "concept",
    "const",
    "const_cast",
    "consteval",
    "constexpr",
    "constinit",
    "continue",
    "decltype",
    "default",
    "delete",
    "do",
    "double",
    "dynamic_cast",
    "else",
    "enum",
    "explicit",
    "export",
    "extern",
    "false",
    "float",
    "for",
    "friend",
    "goto",
    "if",
    "inline",
    "int",
    "long",
    "mutable",
    "namespace",
    "new",
    "noexcept",
    "not",
    "not_eq",
    "nullptr",
    "operator",
    "or",
    "or_eq",
    "private",
    "protected",
    "public",
    "register",
    "reinterpret_cast",
    "requires",
    "return",
    "short",
    "signed",
    "sizeof",
    "static",
    "static_assert",
    "static_cast",
    "struct",
    "switch",
    "template",
    "this",
    "thread_local",
    "throw",
    "true",
    "try",
    "typedef",
    "typeid",
    "typename",
    "union",
    "unsigned",
    "using",
    "virtual",
    "void",
    "volatile",
    "wchar_t",
    "while",
    "xor",
    "xor_eq",
    "errno",
    "linux",
    "unix",
    "stdin",
    "stdout",
    "stderr",
    "assert",
    "ffi",
    "std",
    "uniffi",
];

/// Parameters that generated code adds, or names that its bodies use.
const RESERVED_PARAMETERS: &[&str] = &["self", "stop"];

/// Members that the case of a rich enum or of an error would hide.
const RESERVED_CASES: &[&str] = &["Case"];

/// Members that errors have already.
const RESERVED_ERROR_MEMBERS: &[&str] = &["what"];

fn unless(reserved: &[&str], name: &str) -> String {
    if reserved.contains(&name) {
        format!("{name}_")
    } else {
        name.to_owned()
    }
}

/// The name of a type, a function, a method or a field.
pub(crate) fn identifier(name: &str) -> String {
    unless(RESERVED, name)
}

/// The name of a parameter.
pub(crate) fn parameter(name: &str) -> String {
    unless(RESERVED_PARAMETERS, &identifier(name))
}

/// The name of a field of a variant; `position` is for those without a name.
pub(crate) fn variant_field(name: &str, position: usize) -> String {
    if name.is_empty() {
        format!("v{}", position + 1)
    } else {
        identifier(name)
    }
}

/// The struct of one variant, inside of its enum's or error's class.
pub(crate) fn case(owner: &str, name: &str) -> String {
    if name == owner {
        return format!("{name}_");
    }
    unless(RESERVED_CASES, &identifier(name))
}

/// The class behind a trait that C++ may implement as well.
pub(crate) fn rust_class(name: &str) -> String {
    identifier(name) + "Impl"
}

/// The codec of a type.
pub(crate) fn codec(name: &str) -> String {
    format!("{name}Codec")
}

/// What clones and frees the handles of an object.
pub(crate) fn handles(name: &str) -> String {
    format!("{name}Handles")
}

/// The name of a member function, or of a constructor that is a static one.
pub(crate) fn member(interface: &Interface<'_>, callable: &Callable) -> String {
    let owner = callable.owner.as_ref().and_then(Type::name);
    if callable.kind == CallableKind::PrimaryConstructor {
        "create".into()
    } else if owner.is_some_and(|name| interface.is_error(name)) {
        unless(RESERVED_ERROR_MEMBERS, &identifier(&callable.name))
    } else {
        identifier(&callable.name)
    }
}

/// The function that stands for a method of an enum without fields, which has no members.
pub(crate) fn value_function(interface: &Interface<'_>, callable: &Callable) -> String {
    let owner = callable.owner.as_ref().and_then(Type::name);
    let name = member(interface, callable);
    format!("{}_{name}", owner.unwrap_or_default().to_snake_case())
}

/// The derived methods under the names that they have in C++. `!=` is left out: it follows
/// from `==`.
pub(crate) fn derived(traits: &DerivedTraits) -> Vec<(&'static str, &Callable)> {
    let text = traits.display.as_ref().or(traits.debug.as_ref());
    [
        ("to_string", text),
        ("to_debug_string", traits.debug.as_ref()),
        ("operator==", traits.eq.as_ref()),
        ("operator<=>", traits.cmp.as_ref()),
        ("hash", traits.hash.as_ref()),
    ]
    .into_iter()
    .filter_map(|(name, callable)| Some((name, callable?)))
    .collect()
}

/// Refuses an interface of which two items would get the same name.
///
/// # Errors
/// The two, and what to do.
pub(crate) fn check(interface: &Interface<'_>) -> Result<()> {
    let mut namespace = Scope::new(interface.namespace());
    for callable in &interface.functions {
        namespace.add(identifier(&callable.name), &callable.name)?;
    }
    for object in &interface.objects {
        namespace.add(identifier(&object.name), &object.name)?;
        let mut members = Scope::new(&object.name);
        if object.vtable.is_some() {
            namespace.add(rust_class(&object.name), &object.name)?;
            members.add("of".into(), "the static function")?;
        }
        members.derived(&object.traits)?;
        members.members(
            interface,
            &object.name,
            object.constructors.iter().chain(&object.methods),
        )?;
    }
    for item in &interface.callback_interfaces {
        namespace.add(identifier(&item.name), &item.name)?;
        let mut members = Scope::new(&item.name);
        members.add("of".into(), "the static function")?;
        members.members(
            interface,
            &item.name,
            item.vtable.methods.iter().map(|slot| &slot.method),
        )?;
    }
    for record in &interface.records {
        namespace.add(identifier(&record.name), &record.name)?;
        let mut members = Scope::new(&record.name);
        for item in &record.fields {
            members.add(identifier(&item.name), &item.name)?;
        }
        members.derived(&record.traits)?;
        members.members(
            interface,
            &record.name,
            record.constructors.iter().chain(&record.methods),
        )?;
    }
    for item in &interface.enums {
        namespace.add(identifier(&item.name), &item.name)?;
        let mut members = Scope::new(&item.name);
        for variant in &item.variants {
            members.add(case(&item.name, &variant.name), &variant.name)?;
        }
        let callables = item.constructors.iter().chain(&item.methods);
        if item.is_flat && !item.is_error {
            for callable in callables {
                namespace.add(value_function(interface, callable), &callable.item())?;
            }
            continue;
        }
        members.derived(&item.traits)?;
        for own in ["value", "is", "get_if"] {
            members.add(own.to_owned(), "the member function")?;
        }
        members.members(interface, &item.name, callables)?;
    }
    for custom in &interface.customs {
        namespace.add(identifier(&custom.name), &custom.name)?;
    }
    Ok(())
}

struct Scope {
    owner: String,
    taken: Vec<(String, String)>,
}

impl Scope {
    fn new(owner: &str) -> Self {
        Self {
            owner: owner.to_owned(),
            taken: Vec::new(),
        }
    }

    fn derived(&mut self, traits: &DerivedTraits) -> Result<()> {
        for (name, _) in derived(traits) {
            self.add(name.to_owned(), "[Traits]")?;
        }
        Ok(())
    }

    fn members<'a>(
        &mut self,
        interface: &Interface<'_>,
        class: &str,
        callables: impl Iterator<Item = &'a Callable>,
    ) -> Result<()> {
        for callable in callables {
            if callable.name == class {
                bail!(
                    "{} has the name of its class: rename it with [bindings.cpp.rename]",
                    callable.item()
                );
            }
            self.add(member(interface, callable), &callable.name)?;
        }
        Ok(())
    }

    fn add(&mut self, name: String, item: &str) -> Result<()> {
        if let Some((_, other)) = self.taken.iter().find(|(taken, _)| *taken == name) {
            bail!(
                "{other} and {item} of {} would both be called {name}: rename one of them \
                 with [bindings.cpp.rename]",
                self.owner
            );
        }
        self.taken.push((name, item.to_owned()));
        Ok(())
    }
}
