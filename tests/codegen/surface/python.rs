//! The public declarations of generated Python.

use super::{Names, declared};

pub(crate) fn read(source: &str, names: &Names) -> String {
    let mut out = String::new();
    // Whether the class that we are in is shown.
    let mut shown = false;
    let mut docstring = false;
    for line in source.lines() {
        if line.trim() == "\"\"\"" {
            docstring = !docstring;
            continue;
        }
        let text = line.trim();
        if docstring || text.is_empty() {
            continue;
        }
        let depth = line.len() - line.trim_start().len();
        if depth == 0 {
            let class = declared(text, &["class"]);
            shown = text.starts_with("class ") && class.is_some_and(|name| names.has_type(name));
            if shown || names.has_function(text, &["def"]) {
                out.push('\n');
                out.push_str(&head(text));
            }
        } else if shown && depth <= 8 && is_member(text, depth) {
            out.push_str(&" ".repeat(depth));
            out.push_str(&head(text));
        }
    }
    out
}

fn is_function(text: &str) -> bool {
    declared(text, &["def"]).is_some_and(|name| !name.starts_with('_'))
        && (text.starts_with("def ") || text.starts_with("async def "))
}

/// A method or constructor, a nested class, or a value of an enumeration.
fn is_member(text: &str, depth: usize) -> bool {
    let value = text.split_once(" = ").is_some_and(|(name, value)| {
        depth == 4 && name.chars().all(|it| it.is_uppercase() || it == '_') && !value.contains('(')
    });
    let constructor = text.starts_with("def __init__(") && !text.contains("*args");
    let class = depth == 4 && text.starts_with("class ");
    class || constructor || is_function(text) || value
}

fn head(text: &str) -> String {
    let text = text.split_once(":  # ").map_or(text, |(text, _)| text);
    format!(
        "{}\n",
        text.trim_end_matches(':').replace("self, )", "self)")
    )
}
