//! The public declarations of generated Ruby.

use super::{Names, declared, is_internal};

pub(crate) fn read(source: &str, names: &Names) -> String {
    let mut out = String::new();
    // Whether the class that we are in is shown.
    let mut shown = false;
    for line in source.lines() {
        let text = line.trim();
        let depth = line.len() - line.trim_start().len();
        let class = declared(text, &["class"]).filter(|_| text.starts_with("class "));
        if let Some(name) = class.filter(|name| *name != "<<") {
            // The variants of an enumeration are subclasses of it, the errors classes inside one.
            let parent = text.split(" < ").nth(1).unwrap_or_default();
            let error = shown && depth > 0 && parent == "StandardError";
            shown = names.has_type(name) || names.has_type(parent) || error;
            if shown {
                out.push_str(&format!("\n{text}\n"));
            }
        } else if text.starts_with("module ") {
            shown = names.has_type(text.trim_start_matches("module "));
            if shown {
                out.push_str(&format!("\n{text}\n"));
            }
        } else if text.starts_with("def self.") {
            if names.has_function(text, &["def"]) {
                out.push_str(&format!("\n{text}\n"));
            }
        } else if shown && is_member(text) {
            // A constructor's arguments may go on below; the attributes above it name them.
            let rest = if text.ends_with(':') { " …)" } else { "" };
            out.push_str(&format!("  {text}{rest}\n"));
        }
    }
    out
}

fn is_member(text: &str) -> bool {
    let method = text.starts_with("def ") && !text.contains("def ==") && !is_internal(text);
    let constant = text
        .split_once(" = ")
        .filter(|(_, value)| !value.ends_with('{'))
        .is_some_and(|(name, _)| name.chars().all(|it| it.is_ascii_uppercase() || it == '_'));
    method || constant || text.starts_with("attr_reader ")
}
