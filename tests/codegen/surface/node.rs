//! The public declarations of generated TypeScript: of interfaces and types all that they hold, of
//! classes and functions the heads.
//!
//! The generator formats as prettier does, so an item begins at the margin and ends there.

use super::{Names, declared};

pub(crate) fn read(source: &str, names: &Names) -> String {
    let mut out = String::new();
    let mut lines = without_docs(source).into_iter();
    while let Some(line) = lines.next() {
        let Some(item) = line.strip_prefix("export ") else {
            continue;
        };
        let kinds = ["class", "interface", "type", "const", "function"];
        if !declared(item, &kinds).is_some_and(|name| is_named(name, item, names)) {
            continue;
        }
        let mut block = vec![item.to_owned()];
        if !is_complete(item) {
            block.extend(lines.by_ref().take_while(|line| {
                // What closes an item stands at the margin, and nothing else does.
                !line.starts_with(['}', ')', ']']) || line.starts_with("): ")
            }));
        }
        out.push('\n');
        for shown in shown(&block) {
            out.push_str(&shown);
            out.push('\n');
        }
    }
    out
}

/// A type of the UDL, what makes one, one of its variants, or a function.
fn is_named(name: &str, head: &str, names: &Names) -> bool {
    let stem = name.strip_suffix("Init").unwrap_or(name);
    let is_variant = |of: &str| names.has_type(of) && of != stem;
    names.has_type(stem)
        || (1..stem.len())
            .filter(|end| stem.is_char_boundary(*end))
            .any(|end| is_variant(&stem[..end]))
        || names.has_function(head, &["function"])
}

fn is_complete(item: &str) -> bool {
    item.ends_with(';') || item.ends_with("{}")
}

/// The heads of a class's members; of anything else every line.
fn shown(block: &[String]) -> Vec<String> {
    let head = block.first().map_or("", String::as_str);
    let is_class = declared(head, &["class"]).is_some();
    if head.starts_with("function ") {
        return vec![without_body(&joined(block, 0))];
    }
    if !is_class {
        return block
            .iter()
            .filter(|line| line.contains(char::is_alphanumeric))
            .map(|line| line.trim_end_matches([' ', '{', ';']).to_owned())
            .collect();
    }
    let mut shown = vec![without_body(head)];
    let mut rest = block.get(1..).unwrap_or_default();
    while let Some(first) = rest.first() {
        let end = rest
            .iter()
            .position(|line| depth(line) == 2 && line.ends_with(['}', ';']))
            .map_or(rest.len(), |at| at + 1);
        let end = if depth(first) == 2 { end } else { 1 };
        let member = without_body(&joined(&rest[..end], 2));
        let is_plain = !member.contains("private ") && !member.contains("Symbol.");
        if depth(first) == 2 && is_plain && !first.trim().is_empty() {
            shown.push(format!("  {member}"));
        }
        rest = &rest[end..];
    }
    shown
}

fn depth(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// A head that is broken over lines, as one: up to the line that opens the body.
fn joined(lines: &[String], depth_of_head: usize) -> String {
    let mut head = String::new();
    for line in lines {
        head.push_str(line.trim());
        if depth(line) == depth_of_head && line.ends_with(['{', ';']) {
            break;
        }
        if !head.ends_with('(') {
            head.push(' ');
        }
    }
    head.replace(", )", ")").trim().to_owned()
}

fn without_body(head: &str) -> String {
    head.trim_end_matches(['{', ';', ' ']).to_owned()
}

fn without_docs(source: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut is_doc = false;
    for line in source.lines() {
        let text = line.trim_start();
        is_doc |= text.starts_with("/**");
        if !is_doc && !text.starts_with("//") {
            lines.push(line.to_owned());
        }
        if is_doc && text.ends_with("*/") {
            is_doc = false;
        }
    }
    lines
}
