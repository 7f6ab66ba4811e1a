//! What the UDL's names become in Go, and that no two become the same.
//!
//! Own names of the generated package begin with `uniffi` or `Uniffi`, which no name of a
//! user's may.

use anyhow::{Result, bail};
use heck::ToSnakeCase;
use uniffi_bindgen::interface::Type;

use super::types::Types;
use crate::interface::{Callable, CallableKind, DerivedTraits, Enum, Interface, canonical_name};

/// Words that cannot name a parameter, and names that the body of a function uses itself.
const RESERVED: &[&str] = &[
    "break",
    "case",
    "chan",
    "const",
    "continue",
    "default",
    "defer",
    "else",
    "fallthrough",
    "for",
    "func",
    "go",
    "goto",
    "if",
    "import",
    "interface",
    "map",
    "package",
    "range",
    "return",
    "select",
    "struct",
    "switch",
    "type",
    "var",
    // Predeclared names that generated code needs.
    "any",
    "append",
    "bool",
    "byte",
    "error",
    "float32",
    "float64",
    "int",
    "int16",
    "int32",
    "int64",
    "int8",
    "len",
    "nil",
    "panic",
    "string",
    "uint16",
    "uint32",
    "uint64",
    "uint8",
    // Packages, and what a body declares.
    "context",
    "ctx",
    "e",
    "err",
    "future",
    "o",
    "object",
    "options",
    "out",
    "result",
    "time",
    "to",
    "v",
];

/// Types that every generated package has.
const RESERVED_TYPES: &[&str] = &["C", "InternalError", "InvalidValueError"];

/// Methods that every error has.
const ERROR_METHODS: &[&str] = &["Error", "Is"];

/// Words that Go writes in capitals.
const INITIALISMS: &[&str] = &[
    "API", "ASCII", "CPU", "CSS", "DNS", "EOF", "GUID", "HTML", "HTTP", "HTTPS", "ID", "IP",
    "JSON", "QPS", "RAM", "RPC", "SLA", "SMTP", "SQL", "SSH", "TCP", "TLS", "TTL", "UDP", "UI",
    "UID", "UUID", "URI", "URL", "UTF8", "VM", "XML", "XMPP",
];

/// The package of a namespace: Go likes no capitals and no underscores there.
pub(crate) fn package(namespace: &str) -> String {
    namespace.to_snake_case().replace('_', "")
}

/// The name of what users see.
pub(crate) fn exported(name: &str) -> String {
    name.to_snake_case().split('_').map(capitalised).collect()
}

fn capitalised(word: &str) -> String {
    let upper = word.to_ascii_uppercase();
    if INITIALISMS.contains(&upper.as_str()) {
        return upper;
    }
    let mut letters = word.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}

/// The name of a parameter.
pub(crate) fn variable(name: &str) -> String {
    let snake = name.to_snake_case();
    let mut words = snake.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    let name = words.fold(first, |name, word| name + &capitalised(word));
    let is_numbered = ["end", "handle", "object", "value"].iter().any(|own| {
        name.strip_prefix(own).is_some_and(|rest| {
            !rest.is_empty() && rest.chars().all(|letter| letter.is_ascii_digit())
        })
    });
    if is_numbered || RESERVED.contains(&name.as_str()) {
        name + "_"
    } else {
        name
    }
}

/// The name of a field of a struct; `position` is for those without a name.
pub(crate) fn field(name: &str, position: usize) -> String {
    if name.is_empty() {
        return format!("V{}", position + 1);
    }
    exported(name)
}

/// The name of a field of an error, which has methods already.
pub(crate) fn error_field(name: &str, position: usize) -> String {
    let name = field(name, position);
    if ERROR_METHODS.contains(&name.as_str()) {
        name + "_"
    } else {
        name
    }
}

/// The type or the constant of a variant.
pub(crate) fn variant(owner: &str, name: &str) -> String {
    exported(owner) + &exported(name)
}

/// The struct behind a trait that foreign code may implement as well.
pub(crate) fn rust_struct(name: &str) -> String {
    exported(name) + "Impl"
}

/// The function that a callable without a receiver becomes.
pub(crate) fn function(callable: &Callable) -> String {
    let owner = callable.owner.as_ref().and_then(Type::name);
    match (callable.kind, owner) {
        (CallableKind::PrimaryConstructor, Some(owner)) => format!("New{}", exported(owner)),
        (CallableKind::NamedConstructor, Some(owner)) => {
            format!("New{}{}", exported(owner), exported(&callable.name))
        }
        _ => exported(&callable.name),
    }
}

/// The struct of the arguments that have defaults.
pub(crate) fn options(callable: &Callable) -> String {
    let owner = callable.owner.as_ref().and_then(Type::name);
    let owner = owner.map(exported).unwrap_or_default();
    match callable.kind {
        CallableKind::PrimaryConstructor => owner + "Options",
        _ => owner + &exported(&callable.name) + "Options",
    }
}

/// What the readers and writers of a type are called after.
pub(crate) fn codec(ty: &Type) -> String {
    match ty.name() {
        Some(name) => exported(name),
        None => canonical_name(ty),
    }
}

/// The handles of what foreign code implements.
pub(crate) fn handles(name: &str) -> String {
    format!("uniffi{}Handles", exported(name))
}

/// The variable that holds a table of C's.
pub(crate) fn future_table(table: &str) -> String {
    let words = table.split('_').skip(1).map(capitalised);
    format!("uniffi{}", words.collect::<String>())
}

/// Refuses an interface of which two items would get the same name.
///
/// # Errors
/// The two, and what to do.
pub(crate) fn check(interface: &Interface<'_>, types: &Types<'_>) -> Result<()> {
    let mut package = Scope::new("the package");
    for name in RESERVED_TYPES {
        package.add((*name).to_owned(), "what every package has")?;
    }
    for callable in interface.callables() {
        let mut variables = Scope::new(&callable.item());
        for argument in &callable.arguments {
            variables.add(variable(&argument.name), &argument.name)?;
        }
        if callable.arguments.iter().any(|one| one.default.is_some()) {
            package.add(options(callable), &callable.item())?;
            package.add(format!("New{}", options(callable)), &callable.item())?;
        }
    }
    for callable in &interface.functions {
        package.add(function(callable), &callable.name)?;
    }
    for object in &interface.objects {
        package.add(exported(&object.name), &object.name)?;
        if object.vtable.is_some() {
            package.add(rust_struct(&object.name), &object.name)?;
        }
        let mut members = Scope::new(&object.name);
        members.add("Destroy".to_owned(), "what frees it")?;
        if object.is_error {
            members.add("Error".to_owned(), "what an error has")?;
        }
        derived(&mut members, &object.traits)?;
        for callable in &object.constructors {
            package.add(function(callable), &callable.item())?;
        }
        for callable in &object.methods {
            members.add(exported(&callable.name), &callable.name)?;
        }
    }
    for item in &interface.callback_interfaces {
        package.add(exported(&item.name), &item.name)?;
        let mut members = Scope::new(&item.name);
        for slot in &item.vtable.methods {
            members.add(exported(&slot.method.name), &slot.method.name)?;
        }
    }
    for record in &interface.records {
        package.add(exported(&record.name), &record.name)?;
        if record.fields.iter().any(|field| field.default.is_some()) {
            package.add(format!("New{}", exported(&record.name)), &record.name)?;
        }
        for callable in &record.constructors {
            package.add(function(callable), &callable.item())?;
        }
        let mut members = Scope::new(&record.name);
        derived(&mut members, &record.traits)?;
        for callable in &record.methods {
            members.add(exported(&callable.name), &callable.name)?;
        }
        for (position, item) in record.fields.iter().enumerate() {
            members.add(field(&item.name, position), &item.name)?;
        }
    }
    for item in &interface.enums {
        enumeration(&mut package, item)?;
    }
    for custom in &interface.customs {
        package.add(exported(&custom.name), &custom.name)?;
    }
    for (name, item) in &package.taken {
        if name.starts_with("Uniffi") {
            bail!("{item} is called {name}, and such names are the generated code's own");
        }
    }
    types.check_imports()
}

fn enumeration(package: &mut Scope, item: &Enum) -> Result<()> {
    package.add(exported(&item.name), &item.name)?;
    for callable in &item.constructors {
        package.add(function(callable), &callable.item())?;
    }
    let mut methods = Scope::new(&item.name);
    let shows_itself = item.traits.display.is_some() || item.traits.debug.is_some();
    if item.is_flat && !item.is_error && !shows_itself {
        methods.add("String".to_owned(), "what every enum has")?;
    }
    derived(&mut methods, &item.traits)?;
    for callable in &item.methods {
        methods.add(exported(&callable.name), &callable.name)?;
    }
    for case in &item.variants {
        package.add(variant(&item.name, &case.name), &case.name)?;
        let mut fields = Scope {
            owner: format!("{}.{}", item.name, case.name),
            taken: methods.taken.clone(),
        };
        for (position, part) in case.fields.iter().enumerate() {
            let name = if item.is_error {
                error_field(&part.name, position)
            } else {
                field(&part.name, position)
            };
            fields.add(name, &part.name)?;
        }
    }
    Ok(())
}

fn derived(members: &mut Scope, traits: &DerivedTraits) -> Result<()> {
    let names = [
        (traits.display.is_some() || traits.debug.is_some(), "String"),
        (traits.debug.is_some(), "GoString"),
        (traits.eq.is_some(), "Equal"),
        (traits.hash.is_some(), "Hash"),
        (traits.cmp.is_some(), "Compare"),
    ];
    for (is_there, name) in names {
        if is_there {
            members.add(name.to_owned(), "[Traits]")?;
        }
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
                 with [bindings.go.rename]",
                self.owner
            );
        }
        self.taken.push((name, item.to_owned()));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use uniffi_bindgen::ComponentInterface;

    use super::*;
    use crate::go::options::Options;

    fn refused(udl: &str) -> String {
        let mut ci = ComponentInterface::from_webidl(udl, "shop").unwrap();
        ci.derive_ffi_funcs().unwrap();
        let interface = Interface::new(&ci);
        let options = Options::default();
        check(&interface, &Types::new(&interface, &options))
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn two_items_of_one_name_are_refused() {
        let both = "would both be called";
        for (udl, item) in [
            (
                "namespace shop { void pair(); }; dictionary Pair { u8 x; };",
                "pair",
            ),
            ("namespace shop { void f(u8 a_b, u8 aB); };", "aB"),
            (
                "namespace shop {}; interface O { void destroy(); };",
                "destroy",
            ),
            ("namespace shop {}; interface C {};", "C"),
            (
                "namespace shop {}; enum A { \"BC\" }; dictionary ABc { u8 x; };",
                "BC",
            ),
        ] {
            let error = refused(udl);
            assert!(
                error.contains(both) && error.contains(item),
                "{udl}: {error}"
            );
        }
    }

    #[test]
    fn the_names_of_generated_code_are_refused() {
        let error = refused("namespace shop {}; interface UniffiThing {};");
        assert!(error.contains("the generated code's own"), "{error}");
    }

    #[test]
    fn initialisms_are_capitals() {
        assert_eq!(exported("node_id"), "NodeID");
        assert_eq!(exported("Url"), "URL");
        assert_eq!(exported("echo_u8"), "EchoU8");
        assert_eq!(exported("DarkBlue"), "DarkBlue");
        assert_eq!(variable("url_path"), "urlPath");
        assert_eq!(variable("details_json"), "detailsJSON");
    }

    #[test]
    fn a_parameter_hides_nothing_that_a_body_needs() {
        assert_eq!(variable("range"), "range_");
        assert_eq!(variable("end1"), "end1_");
        assert_eq!(variable("endless"), "endless");
        assert_eq!(variable("value"), "value");
    }
}
