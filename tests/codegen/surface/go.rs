//! The public declarations of generated Go: of types and constants all that they hold, of
//! functions the heads.
//!
//! The generator formats as gofmt does, so an item begins at the margin and ends there.

use super::Names;

pub(crate) fn read(source: &str, _names: &Names) -> String {
    let mut out = String::new();
    let mut lines = source
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    while let Some(line) = lines.next() {
        let is_group = line == "const (";
        let is_item = ["type ", "func "].iter().any(|word| line.starts_with(word));
        if !(is_group || is_item && is_public(line)) {
            continue;
        }
        if line.starts_with("func ") {
            out.push_str(line.trim_end_matches(" {"));
            out.push('\n');
            continue;
        }
        if !out.ends_with("\n\n") {
            out.push('\n');
        }
        out.push_str(line.trim_end_matches([' ', '{', '(']));
        out.push('\n');
        if line.ends_with(['{', '(']) {
            for member in lines
                .by_ref()
                .take_while(|line| !line.starts_with(['}', ')']))
            {
                if !member.trim().is_empty() && !member.contains("uniffi") {
                    let words: Vec<_> = member.split_whitespace().collect();
                    out.push_str(&format!("  {}\n", words.join(" ")));
                }
            }
        }
        out.push('\n');
    }
    out
}

/// What users of the package see: its names, and its receivers', begin with a capital.
fn is_public(line: &str) -> bool {
    let declared = line.get(5..).unwrap_or_default();
    let (receiver, name) = match declared.strip_prefix('(') {
        Some(method) => method.split_once(") ").unwrap_or_default(),
        None => ("", declared),
    };
    let receiver = receiver.rsplit([' ', '*']).next().unwrap_or_default();
    let is_exported = |name: &str| name.starts_with(|letter: char| letter.is_uppercase());
    is_exported(name)
        && !name.starts_with("Uniffi")
        && (receiver.is_empty() || is_exported(receiver))
}
