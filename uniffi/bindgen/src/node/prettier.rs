//! The shapes of code that prettier would leave as they are, with its defaults.
//!
//! Owns line breaks. Must not know what the code means.

use crate::layout::{self, Style};

/// Prettier's defaults.
pub(crate) const STYLE: Style = Style {
    indent: "  ",
    indent_width: 2,
    width: 80,
    trailing_comma: true,
};

/// A list such as the arguments of a call, in one line if it fits.
pub(crate) fn list(depth: usize, open: &str, items: &[String], close: &str) -> String {
    layout::list(STYLE, depth, open, items, close)
}

/// A call whose last argument is an object, or whatever else keeps its first and last line
/// with the call's: they stay together if the first line fits.
pub(crate) fn hugged(
    depth: usize,
    open: &str,
    items: &[String],
    last: &str,
    close: &str,
) -> String {
    let open = &broken_types(depth, open);
    let mut head = open.clone();
    for item in items {
        head += item;
        head += ", ";
    }
    let first = last.split('\n').next().unwrap_or_default();
    let line = head.rsplit('\n').next().unwrap_or_default();
    if !last.contains('\n') || width(depth, line) + first.chars().count() <= STYLE.width {
        return head + last + close;
    }
    let items: Vec<_> = items
        .iter()
        .cloned()
        .chain([layout::indent(STYLE, 1, last)])
        .collect();
    list(depth, open, &items, close)
}

/// The beginning of a call, whose types have a line each if all of them do not fit one.
fn broken_types(depth: usize, open: &str) -> String {
    match open.split_once('<') {
        Some((callee, types)) if width(depth, open) > STYLE.width && types.contains(", ") => {
            let outer = STYLE.indent.repeat(depth);
            let types = types.trim_end_matches(">(").replace(", ", ",\n  ");
            let types = layout::indent(STYLE, depth, &types);
            format!("{callee}<\n{outer}  {types}\n{outer}>(")
        }
        _ => open.to_owned(),
    }
}

/// A statement that names the result of a call.
pub(crate) fn assignment(depth: usize, left: &str, callee: &str, arguments: &[String]) -> String {
    let line = format!("{left} = {callee}({});", arguments.join(", "));
    let is_flat = !arguments.iter().any(|argument| argument.contains('\n'));
    if is_flat && width(depth, &line) <= STYLE.width {
        return line;
    }
    // A call with next to nothing in its parentheses is moved before it is broken.
    let is_poor = match arguments {
        [] => true,
        [one] => is_flat && one.chars().count() <= STYLE.width / 4,
        _ => false,
    };
    let open = format!("{left} = {callee}(");
    if !is_poor && width(depth, &open) <= STYLE.width {
        return list(depth, &open, arguments, ");");
    }
    let inner = STYLE.indent.repeat(depth + 1);
    let arguments: Vec<_> = arguments
        .iter()
        .map(|argument| layout::indent(STYLE, 1, argument))
        .collect();
    let call = list(depth + 1, &format!("{callee}("), &arguments, ");");
    format!("{left} =\n{inner}{call}")
}

/// A call whose last argument is a list: they stay together if the first line fits.
pub(crate) fn hugged_list(
    open: &str,
    items: &[String],
    (before, list_items, after): (&str, &[String], &str),
    close: &str,
) -> String {
    let flat = format!("{before}{}{after}", list_items.join(", "));
    let line = format!("{open}{}, {flat}{close}", items.join(", "));
    if width(0, &line) <= STYLE.width {
        return line;
    }
    let head = format!("{open}{}, {before}", items.join(", "));
    if !list_items.is_empty() && width(0, &head) <= STYLE.width {
        let lines: String = list_items
            .iter()
            .map(|item| format!("\n  {item},"))
            .collect();
        return format!("{head}{lines}\n{after}{close}");
    }
    let last = list(1, before, list_items, &format!("{after},"));
    let items: Vec<_> = items
        .iter()
        .cloned()
        .chain([last.trim_end_matches(',').to_owned()])
        .collect();
    let items: String = items.iter().map(|item| format!("\n  {item},")).collect();
    format!("{open}{items}\n{close}")
}

/// An object with one property a line, as prettier keeps it if it was written so.
pub(crate) fn object(depth: usize, properties: &[String]) -> String {
    if properties.is_empty() {
        return "{}".into();
    }
    let inner = STYLE.indent.repeat(depth + 1);
    let mut text = "{\n".to_owned();
    for property in properties {
        text += &format!("{inner}{property},\n");
    }
    text + &STYLE.indent.repeat(depth) + "}"
}

/// A property, whose text goes to the next line if it is a long one.
pub(crate) fn property(depth: usize, name: &str, value: &str) -> String {
    let line = format!("{name}: {value}");
    // The comma counts.
    if width(depth, &line) < STYLE.width || !value.starts_with('"') {
        return line;
    }
    format!("{name}:\n{}{value}", STYLE.indent.repeat(depth + 1))
}

/// The declaration of a type that is one of several.
pub(crate) fn union(name: &str, members: &[String]) -> String {
    let line = format!("export type {name} = {};", members.join(" | "));
    if members.len() < 2 || width(0, &line) <= STYLE.width {
        return line;
    }
    let members: String = members
        .iter()
        .map(|member| format!("\n  | {member}"))
        .collect();
    format!("export type {name} ={members};")
}

/// A member of an interface: its type goes to lines of its own if it is too long.
pub(crate) fn member(depth: usize, name: &str, ty: &str) -> String {
    let line = format!("{name}: {ty};");
    if width(depth, &line) <= STYLE.width {
        return line;
    }
    let inner = STYLE.indent.repeat(depth + 1);
    if ty.contains(" | ") && !ty.contains('<') {
        let parts: String = ty
            .split(" | ")
            .map(|part| format!("\n{inner}| {part}"))
            .collect();
        return format!("{name}:{parts};");
    }
    match (ty.find('<'), ty.strip_suffix('>')) {
        (Some(open), Some(_)) => {
            let arguments = &ty[open + 1..ty.len() - 1];
            let outer = STYLE.indent.repeat(depth);
            let (key, value) = arguments.split_once(", ").unwrap_or((arguments, ""));
            let lines = if value.is_empty() {
                format!("{inner}{key}")
            } else {
                format!("{inner}{key},\n{inner}{value}")
            };
            format!("{name}: {}\n{lines}\n{outer}>;", &ty[..=open])
        }
        _ => line,
    }
}

/// How many columns a line takes.
pub(crate) fn width(depth: usize, line: &str) -> usize {
    depth * STYLE.indent_width + line.chars().count()
}

/// A JSDoc block with the line break after it, or nothing.
pub(crate) fn doc(depth: usize, docstring: Option<&str>) -> String {
    let Some(docstring) = docstring.map(|text| text.replace("*/", "*\\/")) else {
        return String::new();
    };
    let indent = STYLE.indent.repeat(depth);
    if !docstring.trim().contains('\n') {
        return format!("/** {} */\n{indent}", docstring.trim());
    }
    let lines = layout::comment(STYLE, depth, " *", &docstring);
    format!("/**\n{indent}{lines}\n{indent} */\n{indent}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_stays_with_its_call_while_the_first_line_fits() {
        let last = object(0, &["a: 1".to_owned()]);
        let short = hugged(0, "const x = f(", &["one".to_owned()], &last, ");");
        assert_eq!(short, "const x = f(one, {\n  a: 1,\n});");
        let open = format!("const {} = f(", "x".repeat(70));
        let long = hugged(0, &open, &["one".to_owned()], &last, ");");
        assert_eq!(long, format!("{open}\n  one,\n  {{\n    a: 1,\n  }},\n);"));
    }

    #[test]
    fn types_that_do_not_fit_have_a_line_each() {
        let name = "X".repeat(70);
        let open = format!("const x = f<{name}, {name}Init>(");
        let last = object(0, &["a: 1".to_owned()]);
        let text = hugged(0, &open, &["one".to_owned()], &last, ");");
        let expected = format!("const x = f<\n  {name},\n  {name}Init\n>(one, {{\n  a: 1,\n}});");
        assert_eq!(text, expected);
    }

    #[test]
    fn a_long_union_has_one_member_a_line() {
        let members = vec!["A".repeat(40), "B".repeat(40)];
        assert_eq!(
            union("X", &members),
            format!("export type X =\n  | {}\n  | {};", members[0], members[1])
        );
    }
}
