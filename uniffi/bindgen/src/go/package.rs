//! The files of one namespace: what its templates see as `self`.

use std::collections::BTreeMap;

use anyhow::Result;
use askama::Template;
use uniffi_bindgen::interface::{Literal, Type};

use super::{
    call::{self, Calls, Gives},
    gofmt::{self, Row},
    header, names,
    types::{Types, cgo},
};
use crate::{
    backend::Rendered,
    interface::{
        Callable, CallableKind, Custom, DerivedTraits, Enum, Field, Interface, Object, Record,
        Variant, Vtable, VtableMethod,
    },
};

/// What users see.
#[derive(Template)]
#[template(path = "go/templates/package.go")]
pub(crate) struct Package<'a> {
    pub(crate) interface: &'a Interface<'a>,
    pub(crate) package: &'a str,
    pub(crate) types: &'a Types<'a>,
    pub(crate) calls: Calls<'a>,
}

/// How compounds are written and read.
#[derive(Template)]
#[template(path = "go/templates/compounds.go")]
pub(crate) struct Compounds<'a> {
    pub(crate) interface: &'a Interface<'a>,
    pub(crate) package: &'a str,
    pub(crate) types: &'a Types<'a>,
}

/// What Rust calls.
#[derive(Template)]
#[template(path = "go/templates/callbacks.go")]
pub(crate) struct Callbacks<'a> {
    pub(crate) interface: &'a Interface<'a>,
    pub(crate) package: &'a str,
    pub(crate) types: &'a Types<'a>,
}

/// A derived method: its name, its callable, and what it gives.
type Derived<'a> = (&'static str, &'a Callable, Gives);

impl Package<'_> {
    /// The file, with the imports that it needs.
    ///
    /// # Errors
    /// A default that has no expression.
    pub(crate) fn file(&self) -> Result<String> {
        let text = self.render()?;
        let mut own = Vec::new();
        let vtables = self.interface.vtables().flat_map(|vtable| &vtable.methods);
        let is_async = self.interface.callables().any(|callable| callable.is_async)
            || vtables
                .map(|slot| &slot.method)
                .any(|method| method.is_async);
        if is_async {
            own.push("context".to_owned());
        }
        if has_moments(self.interface) {
            own.push("time".to_owned());
        }
        for custom in &self.interface.customs {
            if let Some(config) = self.types.custom(&custom.name) {
                own.extend(config.imports.iter().cloned());
            }
        }
        Ok(with_imports(&text, &own, &self.types.imports()))
    }

    fn doc(&self, depth: usize, docstring: Option<&str>) -> String {
        gofmt::doc(depth, docstring)
    }

    fn field_name(&self, field: &Field, position: usize) -> String {
        names::field(&field.name, position)
    }

    fn error_field_name(&self, field: &Field, position: usize) -> String {
        names::error_field(&field.name, position)
    }

    fn fields(&self, fields: &[Field]) -> String {
        self.aligned_fields(fields, names::field)
    }

    fn error_fields(&self, fields: &[Field]) -> String {
        self.aligned_fields(fields, names::error_field)
    }

    fn aligned_fields(&self, fields: &[Field], name: fn(&str, usize) -> String) -> String {
        let rows: Vec<_> = fields
            .iter()
            .enumerate()
            .map(|(position, field)| Row {
                doc: gofmt::doc(1, field.docstring.as_deref()),
                columns: vec![name(&field.name, position), self.types.name(&field.ty)],
            })
            .collect();
        gofmt::aligned(1, &rows)
    }

    fn has_defaults(&self, record: &Record) -> bool {
        record.fields.iter().any(|field| field.default.is_some())
    }

    /// The function that makes a record whose fields have their defaults.
    fn record_maker(&self, record: &Record) -> Result<String> {
        let name = names::exported(&record.name);
        let parameters: Vec<_> = record
            .fields
            .iter()
            .filter(|field| field.default.is_none())
            .map(|field| {
                let ty = self.types.name(&field.ty);
                format!("{} {ty}", names::variable(&field.name))
            })
            .collect();
        let mut lines = vec![format!(
            "func New{name}({}) {name} {{",
            parameters.join(", ")
        )];
        lines.push(format!("\tvar v {name}"));
        for (position, field) in record.fields.iter().enumerate() {
            let value = match &field.default {
                None => names::variable(&field.name),
                Some(default) => {
                    super::defaults::expression(self.interface, self.types, default, &field.ty)?
                }
            };
            lines.push(format!(
                "\tv.{} = {value}",
                names::field(&field.name, position)
            ));
        }
        lines.push("\treturn v".into());
        lines.push("}".into());
        Ok(lines.join("\n"))
    }

    /// Callables whose arguments have defaults.
    fn with_options(&self) -> Vec<&Callable> {
        let callables = self.interface.callables();
        callables.filter(|one| call::has_options(one)).collect()
    }

    fn option_fields(&self, callable: &Callable) -> String {
        let rows: Vec<_> = call::optional(callable)
            .map(|argument| Row {
                doc: String::new(),
                columns: vec![
                    names::exported(&argument.name),
                    self.types.name(&argument.ty),
                ],
            })
            .collect();
        gofmt::aligned(1, &rows)
    }

    /// How users call it, for a comment.
    fn shown(&self, callable: &Callable) -> String {
        match (callable.kind, callable.owner.as_ref().and_then(Type::name)) {
            (CallableKind::Method, Some(owner)) => {
                format!(
                    "{}.{}",
                    names::exported(owner),
                    names::exported(&callable.name)
                )
            }
            _ => names::function(callable),
        }
    }

    /// The type of a flat enum's values.
    fn enum_base(&self, item: &Enum) -> String {
        match &item.discriminant_type {
            Some(ty) => self.types.name(ty),
            None => "int".into(),
        }
    }

    fn enum_constants(&self, item: &Enum) -> String {
        let name = names::exported(&item.name);
        let rows: Vec<_> = item
            .variants
            .iter()
            .map(|variant| Row {
                doc: gofmt::doc(1, variant.docstring.as_deref()),
                columns: vec![
                    names::variant(&item.name, &variant.name),
                    name.clone(),
                    format!("= {}", self.enum_value(item, variant)),
                ],
            })
            .collect();
        gofmt::aligned(1, &rows)
    }

    fn enum_value(&self, item: &Enum, variant: &Variant) -> String {
        match (&item.discriminant_type, &variant.discriminant) {
            (Some(_), Some(Literal::UInt(number, ..))) => number.to_string(),
            (Some(_), Some(Literal::Int(number, ..))) => number.to_string(),
            // So that a value that nobody set is none of them.
            _ => variant.index.to_string(),
        }
    }

    /// The derived methods of a type, by the names that Go gives them.
    fn derived<'b>(&self, traits: &'b DerivedTraits) -> Vec<Derived<'b>> {
        let shown = traits.display.as_ref().or(traits.debug.as_ref());
        [
            ("String", shown, Gives::Own),
            ("GoString", traits.debug.as_ref(), Gives::Own),
            ("Equal", traits.eq.as_ref(), Gives::Own),
            ("Hash", traits.hash.as_ref(), Gives::Own),
            ("Compare", traits.cmp.as_ref(), Gives::Int),
        ]
        .into_iter()
        .filter_map(|(name, callable, gives)| callable.map(|callable| (name, callable, gives)))
        .collect()
    }

    /// Own and derived methods of a record or an enum.
    fn value_methods<'b>(
        &self,
        methods: &'b [Callable],
        traits: &'b DerivedTraits,
    ) -> Vec<(String, &'b Callable, Gives)> {
        let own = methods
            .iter()
            .map(|method| (names::exported(&method.name), method, Gives::Own));
        let derived = self
            .derived(traits)
            .into_iter()
            .map(|(name, method, gives)| (name.to_owned(), method, gives));
        own.chain(derived).collect()
    }

    /// A method of a rich enum, as its interface declares it, and the call that forwards it.
    fn forwarded(&self, callable: &Callable, name: &str, gives: Gives) -> (String, String) {
        let head = self.calls.head_of(callable, "", name, gives);
        let declaration = head
            .trim_start_matches("func ")
            .trim_end_matches(" {")
            .to_owned();
        let mut arguments = Vec::new();
        if callable.is_async {
            arguments.push("ctx".to_owned());
        }
        for argument in &callable.arguments {
            if argument.default.is_none() {
                arguments.push(names::variable(&argument.name));
            }
        }
        if call::has_options(callable) {
            arguments.push("options".into());
        }
        (declaration, arguments.join(", "))
    }

    /// The function behind a method of a rich enum, up to its brace.
    fn value_function(
        &self,
        item: &Enum,
        callable: &Callable,
        method: &str,
        gives: Gives,
    ) -> String {
        let owner = names::exported(&item.name);
        let head = self
            .calls
            .head_of(callable, "", &format!("uniffi{owner}{method}"), gives);
        let separator = if head.contains("()") { "" } else { ", " };
        head.replacen('(', &format!("(v {owner}{separator}"), 1)
    }

    /// The tables of the functions that drive futures, in Go and in C.
    fn future_tables(&self) -> Vec<(String, String)> {
        header::futures(self.interface)
            .into_iter()
            .map(|future| (names::future_table(&future.name), future.name))
            .collect()
    }

    fn has_fields(&self, item: &Enum) -> bool {
        item.variants
            .iter()
            .any(|variant| !variant.fields.is_empty())
    }

    /// What a rich error says: Rust does not tell.
    fn error_message(&self, item: &Enum, variant: &Variant) -> String {
        let name = format!("{}.{}", item.name, variant.name);
        let mut items = vec![format!("\"{name}\"")];
        for (position, field) in variant.fields.iter().enumerate() {
            items.push(format!("\"{}\"", names::field(&field.name, position)));
            items.push(format!("e.{}", names::error_field(&field.name, position)));
        }
        match variant.fields.is_empty() {
            true => items.concat(),
            false => format!("uniffiMessage({})", items.join(", ")),
        }
    }

    fn custom_type(&self, custom: &Custom) -> String {
        match self.types.custom(&custom.name) {
            Some(config) => config.type_name.clone(),
            None => self.types.name(&custom.builtin),
        }
    }

    fn custom_lifted(&self, custom: &Custom) -> String {
        match self.types.custom(&custom.name) {
            Some(config) => config.lift.replace("{}", "value"),
            None => "value".into(),
        }
    }

    fn custom_lowered(&self, custom: &Custom) -> String {
        match self.types.custom(&custom.name) {
            Some(config) => config.lower.replace("{}", "value"),
            None => "value".into(),
        }
    }

    fn object_struct(&self, object: &Object) -> String {
        match object.vtable {
            Some(_) => names::rust_struct(&object.name),
            None => names::exported(&object.name),
        }
    }

    /// The error's text: what Rust shows.
    fn error_text(&self, object: &Object) -> String {
        if object.traits.display.is_some() || object.traits.debug.is_some() {
            return "o.String()".into();
        }
        format!("\"{}\"", object.name)
    }
}

impl Compounds<'_> {
    /// The file, with the imports that it needs; nothing if there is no compound.
    ///
    /// # Errors
    /// A template that failed.
    pub(crate) fn file(&self) -> Result<Option<String>> {
        if self.compounds().is_empty() {
            return Ok(None);
        }
        let text = self.render()?;
        let is_moment = |ty: &Type| ty.iter_types().any(is_moment);
        let mut own = Vec::new();
        if self.compounds().iter().any(|ty| is_moment(ty)) {
            own.push("time".to_owned());
        }
        Ok(Some(with_imports(&text, &own, &self.types.imports())))
    }

    fn compounds(&self) -> Vec<&Type> {
        self.interface
            .types
            .iter()
            .filter(|ty| {
                matches!(
                    ty,
                    Type::Optional { .. }
                        | Type::Sequence { .. }
                        | Type::Set { .. }
                        | Type::Map { .. }
                )
            })
            .collect()
    }

    fn write(&self, ty: &Type) -> String {
        match ty {
            Type::Optional { inner_type } => {
                let write = self.types.writer(inner_type);
                if self.types.is_nilable(inner_type) {
                    format!("uniffiWriteNilable(to, value, value == nil, {write})")
                } else {
                    format!("uniffiWriteOptional(to, value, {write})")
                }
            }
            Type::Sequence { inner_type } if **inner_type == Type::UInt8 => {
                "uniffiWriteBytes(to, value)".into()
            }
            Type::Sequence { inner_type } => {
                format!(
                    "uniffiWriteSequence(to, value, {})",
                    self.types.writer(inner_type)
                )
            }
            Type::Set { inner_type } => {
                format!(
                    "uniffiWriteSet(to, value, {})",
                    self.types.writer(inner_type)
                )
            }
            Type::Map {
                key_type,
                value_type,
            } => format!(
                "uniffiWriteMap(to, value, {}, {})",
                self.types.writer(key_type),
                self.types.writer(value_type)
            ),
            _ => String::new(),
        }
    }

    fn read(&self, ty: &Type) -> String {
        match ty {
            Type::Optional { inner_type } => {
                let read = self.types.reader(inner_type);
                if self.types.is_nilable(inner_type) {
                    format!("uniffiReadNilable(from, {read})")
                } else {
                    format!("uniffiReadOptional(from, {read})")
                }
            }
            Type::Sequence { inner_type } if **inner_type == Type::UInt8 => {
                "uniffiReadBytes(from)".into()
            }
            Type::Sequence { inner_type } => {
                format!(
                    "uniffiReadSequence(from, {})",
                    self.types.reader(inner_type)
                )
            }
            Type::Set { inner_type } => {
                format!("uniffiReadSet(from, {})", self.types.reader(inner_type))
            }
            Type::Map {
                key_type,
                value_type,
            } => format!(
                "uniffiReadMap(from, {}, {})",
                self.types.reader(key_type),
                self.types.reader(value_type)
            ),
            _ => String::new(),
        }
    }
}

impl Callbacks<'_> {
    /// The file, with the imports that it needs; nothing if Rust calls nothing.
    ///
    /// # Errors
    /// A template that failed.
    pub(crate) fn file(&self) -> Result<Option<String>> {
        if self.interface.vtables().next().is_none() {
            return Ok(None);
        }
        let text = self.render()?;
        let has_nothing_to_give = self
            .interface
            .vtables()
            .flat_map(|vtable| &vtable.methods)
            .any(|slot| !slot.method.is_async && slot.method.returns.is_none());
        let mut own = Vec::new();
        if has_nothing_to_give {
            own.push("unsafe".to_owned());
        }
        Ok(Some(with_imports(&text, &own, &self.types.imports())))
    }

    fn export(&self, vtable: &Vtable, slot: &str) -> String {
        header::export(self.interface, vtable, slot)
    }

    /// The parameters of what Go exports for a slot.
    fn parameters(&self, slot: &VtableMethod) -> String {
        let parameters: Vec<_> = header::slot_parameters(slot)
            .iter()
            .map(|(name, ty)| format!("{name} {}", cgo(ty)))
            .collect();
        parameters.join(", ")
    }

    /// The arguments with which the user's method is called.
    fn arguments(&self, slot: &VtableMethod) -> String {
        let method = &slot.method;
        let mut arguments = Vec::new();
        if method.is_async {
            arguments.push("ctx".to_owned());
        }
        for (number, argument) in (1..).zip(&method.arguments) {
            if argument.default.is_none() {
                arguments.push(self.types.lift(&argument.ty, &format!("arg{number}")));
            }
        }
        if call::has_options(method) {
            let fields: Vec<_> = (1..)
                .zip(&method.arguments)
                .filter(|(_, argument)| argument.default.is_some())
                .map(|(number, argument)| {
                    let value = self.types.lift(&argument.ty, &format!("arg{number}"));
                    format!("{}: {value}", names::exported(&argument.name))
                })
                .collect();
            let options = names::options(method);
            arguments.push(format!("&{options}{{{}}}", fields.join(", ")));
        }
        arguments.join(", ")
    }

    /// Where the results of the user's method go.
    fn results(&self, slot: &VtableMethod) -> &'static str {
        match (&slot.method.returns, call::fails(&slot.method)) {
            (None, false) => "",
            (None, true) => "err := ",
            (Some(_), false) => "result := ",
            (Some(_), true) => "result, err := ",
        }
    }

    fn error_writer(&self, slot: &VtableMethod) -> String {
        match &slot.method.throws {
            Some(ty) => self.types.writer(ty),
            None => "uniffiUndeclared".into(),
        }
    }

    fn future_result(&self, slot: &VtableMethod) -> String {
        slot.future_result
            .as_ref()
            .map(|result| format!("C.{}", result.name()))
            .unwrap_or_default()
    }

    fn completion(&self, slot: &VtableMethod) -> String {
        slot.completion().unwrap_or_default()
    }
}

/// Whether the interface has timestamps or durations.
pub(crate) fn has_moments(interface: &Interface<'_>) -> bool {
    interface.types.iter().any(is_moment)
}

/// Whether what users see has them too: signatures, fields and custom types.
fn is_moment(ty: &Type) -> bool {
    matches!(ty, Type::Timestamp | Type::Duration)
}

/// Puts the imports where the template says.
fn with_imports(text: &str, own: &[String], external: &BTreeMap<String, String>) -> String {
    let mut own = own.to_vec();
    own.sort();
    own.dedup();
    let code: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect();
    let external: Vec<_> = external
        .iter()
        .filter(|(alias, _)| code.iter().any(|line| line.contains(&format!("{alias}."))))
        .map(|(alias, path)| format!("\t{alias} \"{path}\"\n"))
        .collect();
    let mut block = String::new();
    if !own.is_empty() || !external.is_empty() {
        block += "\nimport (\n";
        for path in &own {
            block += &format!("\t\"{path}\"\n");
        }
        if !own.is_empty() && !external.is_empty() {
            block.push('\n');
        }
        block += &external.concat();
        block += ")\n";
    }
    text.replacen("\n// uniffi:imports\n", &block, 1)
}

/// A file of the package.
pub(crate) fn rendered(folder: &str, name: &str, contents: &str) -> Rendered {
    Rendered {
        path: format!("{folder}/{name}").into(),
        contents: contents.trim_end().to_owned() + "\n",
    }
}
