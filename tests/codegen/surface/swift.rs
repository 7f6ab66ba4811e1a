//! The public declarations of generated Swift.

use super::blocks::{Block, declarations};
use super::{Names, declared, is_internal};

pub(crate) fn read(source: &str, names: &Names) -> String {
    declarations(
        source,
        |head, around| match declared(head, &["class", "struct", "enum", "protocol"]) {
            Some(name) if around.is_empty() && names.has_type(name) => {
                (Block::Container, head.into())
            }
            None if is_member(head, around, names) => (Block::Body, shown(head)),
            _ => (Block::Hidden, String::new()),
        },
        |head, around| is_member(head, around, names).then(|| shown(head)),
    )
}

/// A function at the top, or anything that users see of a type.
fn is_member(head: &str, around: &str, names: &Names) -> bool {
    if is_internal(head) {
        return false;
    }
    if around.is_empty() {
        return names.has_function(head, &["func"]);
    }
    let case = head.starts_with("case ") && around.contains("enum ");
    let requirement = head.starts_with("func ") && around.contains("protocol ");
    let public = head.starts_with("public ") || head.starts_with("open ");
    let member = declared(head, &["func", "var"]).is_some() || head.contains("init(");
    case || requirement || (public && member)
}

fn shown(head: &str) -> String {
    head.replace(")throws", ") throws")
        .replace(")async", ") async")
        .trim_start_matches("public ")
        .trim_start_matches("open ")
        .to_owned()
}
