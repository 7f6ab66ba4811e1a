//! What the UDL's names become in TypeScript, and that no two become the same.
//!
//! Own names of the generated module contain an underscore, which no name of a user's does.

use anyhow::{Result, bail};
use heck::{ToLowerCamelCase, ToUpperCamelCase};
use uniffi_bindgen::interface::Type;

use crate::interface::{Callable, CallableKind, Interface, canonical_name};

/// Words that cannot name a function or a parameter of a module, which is strict code.
const RESERVED: &[&str] = &[
    "arguments",
    "await",
    "break",
    "case",
    "catch",
    "class",
    "const",
    "continue",
    "debugger",
    "default",
    "delete",
    "do",
    "else",
    "enum",
    "eval",
    "export",
    "extends",
    "false",
    "finally",
    "for",
    "function",
    "if",
    "implements",
    "import",
    "in",
    "instanceof",
    "interface",
    "let",
    "new",
    "null",
    "package",
    "private",
    "protected",
    "public",
    "return",
    "static",
    "super",
    "switch",
    "this",
    "throw",
    "true",
    "try",
    "typeof",
    "undefined",
    "var",
    "void",
    "while",
    "with",
    "yield",
    // Names that the generated module uses itself.
    "asyncOptions",
    "library",
    "rt",
    "self",
];

/// Types that the generated module uses itself.
const RESERVED_TYPES: &[&str] = &[
    "Error",
    "Map",
    "Promise",
    "ReadonlyMap",
    "ReadonlySet",
    "Set",
    "Symbol",
    "TypeError",
    "Uint8Array",
];

/// Members that every class has.
const RESERVED_MEMBERS: &[&str] = &["constructor"];

/// Members that errors have already.
const RESERVED_FIELDS: &[&str] = &["cause", "name", "stack", "tag"];

fn unless(reserved: &[&str], name: String) -> String {
    if reserved.contains(&name.as_str()) {
        name + "_"
    } else {
        name
    }
}

/// The name of an exported function.
pub(crate) fn function(name: &str) -> String {
    unless(RESERVED, name.to_lower_camel_case())
}

/// The name of a parameter.
pub(crate) fn variable(name: &str) -> String {
    unless(RESERVED, name.to_lower_camel_case())
}

/// The name of a method.
pub(crate) fn method(name: &str) -> String {
    unless(RESERVED_MEMBERS, name.to_lower_camel_case())
}

/// The name of a field of a record.
pub(crate) fn field(name: &str) -> String {
    name.to_lower_camel_case()
}

/// The name of a field of a variant, which has a tag and may be an error; `position` is for
/// those without a name.
pub(crate) fn variant_field(name: &str, position: usize) -> String {
    if name.is_empty() {
        return format!("v{}", position + 1);
    }
    unless(RESERVED_FIELDS, name.to_lower_camel_case())
}

/// The name of a class, an interface or a type.
pub(crate) fn class(name: &str) -> String {
    unless(RESERVED_TYPES, name.to_upper_camel_case())
}

/// The class behind a trait that foreign code may implement as well.
pub(crate) fn rust_class(name: &str) -> String {
    class(name) + "Impl"
}

/// The type that is taken for a value whose fields have defaults.
pub(crate) fn init(name: &str) -> String {
    class(name) + "Init"
}

/// The name of a variant, as a tag.
pub(crate) fn tag(name: &str) -> String {
    name.to_upper_camel_case()
}

/// The class or the interface of a variant.
pub(crate) fn variant(owner: &str, name: &str) -> String {
    class(owner) + &tag(name)
}

/// The function that stands for a method of a record or an enum.
pub(crate) fn value_function(owner: &str, name: &str) -> String {
    function(&format!("{owner}_{name}"))
}

/// The constant that converts a type.
pub(crate) fn converter(ty: &Type) -> String {
    match ty.name() {
        Some(name) => format!("type_{}", name.to_upper_camel_case()),
        None => format!("compound_{}", canonical_name(ty)),
    }
}

/// The constant that holds a C function. Members have two underscores, so that none is
/// called like a function.
pub(crate) fn ffi_function(callable: &Callable) -> String {
    match callable.owner.as_ref().and_then(Type::name) {
        Some(owner) => format!("ffi_{owner}__{}", callable.name),
        None => format!("ffi_{}", callable.name),
    }
}

/// Refuses an interface of which two items would get the same name.
///
/// # Errors
/// The two, and what to do.
pub(crate) fn check(interface: &Interface<'_>) -> Result<()> {
    let mut module = Scope::new("the module");
    for callable in &interface.functions {
        module.add(function(&callable.name), &callable.name)?;
    }
    for object in &interface.objects {
        module.add(class(&object.name), &object.name)?;
        if object.vtable.is_some() {
            module.add(rust_class(&object.name), &object.name)?;
        }
        let mut members = Scope::new(&object.name);
        let derived = [
            (object.traits.debug.is_some(), "toDebugString"),
            (
                object.traits.debug.is_some() || object.traits.display.is_some(),
                "toString",
            ),
            (object.traits.eq.is_some(), "equals"),
            (object.traits.hash.is_some(), "hashCode"),
            (object.traits.cmp.is_some(), "compareTo"),
        ];
        for (is_there, name) in derived {
            if is_there {
                members.add(name.to_owned(), "[Traits]")?;
            }
        }
        let mut statics = Scope::new(&object.name);
        for callable in object.constructors.iter().chain(&object.methods) {
            match callable.kind {
                CallableKind::Method => members.add(method(&callable.name), &callable.name)?,
                _ => statics.add(method(&callable.name), &callable.name)?,
            }
        }
    }
    for item in &interface.callback_interfaces {
        module.add(class(&item.name), &item.name)?;
    }
    for record in &interface.records {
        module.add(class(&record.name), &record.name)?;
        values(&mut module, &record.name, &record.constructors)?;
        values(&mut module, &record.name, &record.methods)?;
        let mut fields = Scope::new(&record.name);
        for item in &record.fields {
            fields.add(field(&item.name), &item.name)?;
        }
    }
    for item in &interface.enums {
        module.add(class(&item.name), &item.name)?;
        values(&mut module, &item.name, &item.constructors)?;
        values(&mut module, &item.name, &item.methods)?;
        let mut tags = Scope::new(&item.name);
        for variant in &item.variants {
            tags.add(tag(&variant.name), &variant.name)?;
            if !item.is_flat || item.is_error {
                module.add(self::variant(&item.name, &variant.name), &variant.name)?;
            }
        }
    }
    for custom in &interface.customs {
        module.add(class(&custom.name), &custom.name)?;
    }
    Ok(())
}

fn values(module: &mut Scope, owner: &str, callables: &[Callable]) -> Result<()> {
    for callable in callables {
        module.add(value_function(owner, &callable.name), &callable.item())?;
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

    fn add(&mut self, name: String, item: &str) -> Result<()> {
        if let Some((_, other)) = self.taken.iter().find(|(taken, _)| *taken == name) {
            bail!(
                "{other} and {item} of {} would both be called {name}: rename one of them \
                 with [bindings.node.rename]",
                self.owner
            );
        }
        self.taken.push((name, item.to_owned()));
        Ok(())
    }
}
