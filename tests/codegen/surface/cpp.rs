//! The public declarations of a generated C++ header: of types all that users see of them, of
//! functions the heads.
//!
//! The generator formats as clang-format does, so an item begins at the margin and ends there.

use super::{Names, declared};

pub(crate) fn read(source: &str, names: &Names) -> String {
    let mut out = String::new();
    let mut lines = source
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    while let Some(line) = lines.next() {
        if let Some(function) = line.strip_prefix("inline ") {
            // Members show where their class declares them.
            if names.has_function(&name_first(function), &["inline"]) {
                out.push_str(&format!("\n{}\n", without_body(function)));
            }
            continue;
        }
        let is_type = ["class ", "struct ", "enum class "]
            .iter()
            .any(|keyword| line.starts_with(keyword));
        if !is_type || line.ends_with(';') {
            continue;
        }
        let is_named = declared(line, &["class", "struct"])
            .is_some_and(|name| names.has_type(name.trim_end_matches("Impl")));
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "};").collect();
        if !is_named {
            continue;
        }
        out.push_str(&format!("\n{}\n", without_body(line)));
        // What is private comes last.
        let mut members = block.iter().take_while(|line| **line != "private:");
        while let Some(member) = members.next() {
            if member.starts_with("  struct ") && member.ends_with('{') {
                let fields = members.by_ref().take_while(|line| **line != "  };");
                let fields = fields.filter(|line| is_member(line));
                let fields: Vec<_> = fields.map(|field| without_body(field.trim())).collect();
                let fields = fields.join("; ");
                out.push_str(&format!("{} {{ {fields} }}\n", without_body(member)));
            } else if is_member(member) {
                out.push_str(&without_body(member));
                out.push('\n');
            }
        }
    }
    out
}

/// A declaration, and not what the generator adds to every class.
fn is_member(line: &str) -> bool {
    line.contains(char::is_alphanumeric)
        && *line != *"public:"
        && !line.contains("uniffi::Handle<")
        && !line.contains("operator==")
        && !line.contains("template <")
        && !line.contains("T *get_if()")
        && !line.contains("bool is()")
        && !line.contains("value() const noexcept")
}

/// A function with its name where [`Names::has_function`] looks for it.
fn name_first(function: &str) -> String {
    let name = function
        .split('(')
        .next()
        .and_then(|head| head.split(' ').next_back())
        .unwrap_or_default();
    format!("inline {name}(")
}

fn without_body(line: &str) -> String {
    let head = line.split(" : value_(").next().unwrap_or(line);
    let head = head
        .split(" : uniffi::DeclaredError(")
        .next()
        .unwrap_or(head);
    head.trim_end_matches(['{', ';', ' ', ',']).to_owned()
}
