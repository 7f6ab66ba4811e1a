//! The public declarations of generated sources, for review: one small reader a language.
//!
//! A reader shows the types and functions that the UDL names, as its language spells them, and
//! leaves out what UniFFI adds for itself. It knows how UniFFI writes the language, and no more of
//! the language than that.

mod blocks;
pub(crate) mod c;
pub(crate) mod cpp;
pub(crate) mod go;
pub(crate) mod kotlin;
pub(crate) mod node;
pub(crate) mod python;
pub(crate) mod ruby;
pub(crate) mod swift;

use std::collections::BTreeSet;

use regex::Regex;

/// What the UDL names.
pub(crate) struct Names {
    types: BTreeSet<String>,
    functions: BTreeSet<String>,
}

impl Names {
    pub(crate) fn of(udl: &str) -> Self {
        let all = |pattern: &str, text: &str| {
            let pattern = Regex::new(pattern).unwrap();
            let found = pattern.captures_iter(text);
            found.map(|found| found[1].to_owned()).collect::<Vec<_>>()
        };
        let namespaces = all(r"(?s)\bnamespace \w+ \{(.*?)\n\};", udl);
        Self {
            types: all(r"(?m)^\s*(?:dictionary|enum|interface)\s+(\w+)\b", udl)
                .into_iter()
                .collect(),
            functions: all(r"(?m)^ [^/\n]*?\b(\w+)\(", &namespaces.join("\n"))
                .into_iter()
                .collect(),
        }
    }

    /// Whether `name` is a type of the UDL, in any spelling: Kotlin calls errors exceptions.
    pub(crate) fn has_type(&self, name: &str) -> bool {
        let error = name
            .strip_suffix("Exception")
            .map(|stem| format!("{stem}Error"));
        self.types.contains(name) || error.is_some_and(|name| self.types.contains(&name))
    }

    /// Whether a head declares, after one of `keywords`, a function of the UDL.
    pub(crate) fn has_function(&self, head: &str, keywords: &[&str]) -> bool {
        let name = declared(head, keywords).map(|name| name.trim_start_matches("self."));
        name.is_some_and(|name| self.functions.contains(&name.to_lowercase()))
    }
}

/// The word after the first of `keywords` in a declaration: what it declares.
fn declared<'a>(head: &'a str, keywords: &[&str]) -> Option<&'a str> {
    let mut words = head
        .split([' ', '(', ':', ')', '{', '<'])
        .filter(|it| !it.is_empty());
    words.find(|word| keywords.contains(word))?;
    words.next()
}

/// Whether UniFFI made a declaration for itself.
fn is_internal(head: &str) -> bool {
    let marks = [
        "ffi",
        "Ffi",
        "noHandle",
        "withHandle",
        "FromHandle",
        "private ",
        "internal ",
    ];
    marks.iter().any(|mark| head.contains(mark))
}
