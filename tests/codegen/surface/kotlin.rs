//! The public declarations of generated Kotlin.

use super::blocks::{Block, declarations};
use super::{Names, declared, is_internal};

pub(crate) fn read(source: &str, names: &Names) -> String {
    declarations(
        source,
        |head, around| match declared(head, &["class", "interface"]) {
            _ if is_internal(own(head)) => (Block::Hidden, String::new()),
            Some(name) if !around.is_empty() || names.has_type(name) => {
                (Block::Container, shown(head))
            }
            None if is_member(head, around, names) => (Block::Body, shown(head)),
            _ => (Block::Hidden, String::new()),
        },
        |head, around| {
            let nested = declared(head, &["class", "object"]).is_some() && !around.is_empty();
            let entry = declared(around, &["enum"]).is_some();
            let companion = head == "companion object";
            (!companion && (is_member(head, around, names) || nested || entry)).then(|| shown(head))
        },
    )
}

/// A function at the top, or anything that users see of a class.
fn is_member(head: &str, around: &str, names: &Names) -> bool {
    let head = own(head);
    if is_internal(head) || head.contains("destroy()") || head.contains("val message") {
        return false;
    }
    if around.is_empty() {
        return names.has_function(head, &["fun"]);
    }
    let first = head.split(['(', ' ']).next().unwrap_or(head);
    matches!(first, "fun" | "suspend" | "val" | "var" | "constructor")
}

/// A declaration without what it inherits, throws, or delegates to.
fn own(head: &str) -> &str {
    let head = head.split_once(" : this(").map_or(head, |(own, _)| own);
    let head = head
        .strip_prefix("@Throws(CommyException::class)")
        .unwrap_or(head);
    let head = head.trim_start().trim_start_matches("public ");
    head.trim_start_matches("override ")
}

fn shown(head: &str) -> String {
    own(head)
        .trim_end_matches([',', ';'])
        .replace("kotlin.", "")
        .replace(") :", "):")
        .replace(": Disposable, AutoCloseable, ", ": AutoCloseable, ")
}
