//! Text that a formatter would leave alone.
//!
//! Owns indentation, lists that break when a line is full, and comment blocks, so that the
//! templates of all backends stay short. Must not know any language's syntax.

/// How a language's formatter lays out lists.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// One step of indentation.
    pub indent: &'static str,
    /// The columns that an indent is counted as.
    pub indent_width: usize,
    /// The longest line, in columns. A list that fits stays on one line.
    pub width: usize,
    /// Whether the last item of a broken list is followed by a comma.
    pub trailing_comma: bool,
}

/// A list such as the parameters of a function: on one line if `open`, the items and
/// `close` fit from `depth` on, else with one item a line.
///
/// `open` is the text before the first item and `close` the text after the last, the
/// parentheses included.
#[must_use]
pub fn list(style: Style, depth: usize, open: &str, items: &[String], close: &str) -> String {
    let line = format!("{open}{}{close}", items.join(", "));
    let columns = depth * style.indent_width + line.chars().count();
    let is_flat = !items.iter().any(|item| item.contains('\n'));
    if items.is_empty() || (is_flat && columns <= style.width) {
        return line;
    }
    let outer = style.indent.repeat(depth);
    let inner = style.indent.repeat(depth + 1);
    let mut text = format!("{open}\n");
    for (position, item) in items.iter().enumerate() {
        text += &inner;
        text += item;
        if style.trailing_comma || position + 1 < items.len() {
            text.push(',');
        }
        text.push('\n');
    }
    text + &outer + close
}

/// The text with every line but the first indented by `depth`, and empty lines left empty.
#[must_use]
pub fn indent(style: Style, depth: usize, text: &str) -> String {
    let prefix = style.indent.repeat(depth);
    text.split('\n')
        .enumerate()
        .map(|(position, line)| {
            if position == 0 || line.is_empty() {
                line.to_owned()
            } else {
                format!("{prefix}{line}")
            }
        })
        .collect::<Vec<_>>()
        .join("\n")
}

/// A docstring as comment lines, each with `mark` (`//`, `///`, ` *`), and no blanks at the
/// end of a line. The lines keep their breaks: a formatter moves code, not prose.
#[must_use]
pub fn comment(style: Style, depth: usize, mark: &str, docstring: &str) -> String {
    let prefix = style.indent.repeat(depth);
    docstring
        .trim()
        .lines()
        .map(|line| format!("{mark} {}", line.trim_end()).trim_end().to_owned())
        .collect::<Vec<_>>()
        .join(&format!("\n{prefix}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const STYLE: Style = Style {
        indent: "  ",
        indent_width: 2,
        width: 20,
        trailing_comma: true,
    };

    fn items(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_list_that_fits_stays_on_its_line() {
        let text = list(STYLE, 1, "call(", &items(&["one", "two"]), ");");
        assert_eq!(text, "call(one, two);");
    }

    #[test]
    fn a_list_that_does_not_fit_has_one_item_a_line() {
        let text = list(STYLE, 1, "call(", &items(&["first", "second"]), ");");
        assert_eq!(text, "call(\n    first,\n    second,\n  );");
    }

    #[test]
    fn a_comment_keeps_its_lines_and_trims_their_ends() {
        let text = comment(STYLE, 1, "//", "one  \n\ntwo\n");
        assert_eq!(text, "// one\n  //\n  // two");
    }

    #[test]
    fn an_indent_leaves_empty_lines_empty() {
        assert_eq!(indent(STYLE, 1, "a\n\nb"), "a\n\n  b");
    }
}
