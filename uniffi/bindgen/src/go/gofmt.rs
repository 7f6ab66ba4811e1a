//! Text that gofmt would leave alone: aligned fields, and doc comments as Go writes them.

/// Lines of a struct or a group of constants, each of columns, under its doc comment.
#[derive(Debug, Default)]
pub(crate) struct Row {
    /// Comment lines with their marks, or none.
    pub(crate) doc: String,
    /// What the line is made of.
    pub(crate) columns: Vec<String>,
}

/// The rows with their columns aligned: anew after each line of comment.
pub(crate) fn aligned(depth: usize, rows: &[Row]) -> String {
    let indent = "\t".repeat(depth);
    let mut text = String::new();
    let mut start = 0;
    while start < rows.len() {
        let more = rows[start + 1..]
            .iter()
            .take_while(|row| row.doc.is_empty());
        let end = start + 1 + more.count();
        let section = &rows[start..end];
        for row in section {
            text += &format!("\n{indent}{}", row.doc);
            for (position, column) in row.columns.iter().enumerate() {
                text += column;
                if position + 1 < row.columns.len() {
                    let widest = section
                        .iter()
                        .filter_map(|row| row.columns.get(position))
                        .map(|column| column.chars().count())
                        .max()
                        .unwrap_or_default();
                    text += &" ".repeat(widest - column.chars().count() + 1);
                }
            }
        }
        start = end;
    }
    text
}

/// A doc comment with the line break after it, or nothing: fenced code becomes indented code,
/// and other lines begin where the comment does, because gofmt takes indented ones for code.
pub(crate) fn doc(depth: usize, docstring: Option<&str>) -> String {
    let Some(docstring) = docstring else {
        return String::new();
    };
    let indent = "\t".repeat(depth);
    let mut lines: Vec<String> = Vec::new();
    let mut is_code = false;
    for line in docstring.trim().lines() {
        let line = line.trim_end();
        if line.trim_start().starts_with("```") {
            is_code = !is_code;
            blank(&mut lines);
        } else if line.is_empty() {
            blank(&mut lines);
        } else if is_code {
            lines.push(format!("//\t{line}"));
        } else {
            lines.push(format!("// {}", line.trim_start()));
        }
    }
    while lines.last().is_some_and(|line| line == "//") {
        lines.pop();
    }
    lines
        .iter()
        .map(|line| format!("{line}\n{indent}"))
        .collect()
}

fn blank(lines: &mut Vec<String>) {
    if lines.last().is_some_and(|line| line != "//") {
        lines.push("//".into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(doc: &str, columns: &[&str]) -> Row {
        Row {
            doc: doc.into(),
            columns: columns.iter().map(|column| (*column).into()).collect(),
        }
    }

    #[test]
    fn columns_are_aligned_until_the_next_comment() {
        let rows = [
            row("// Doc.\n\t", &["A", "int"]),
            row("", &["Longer", "string"]),
            row("// More.\n\t", &["B", "int"]),
        ];
        assert_eq!(
            aligned(1, &rows),
            "\n\t// Doc.\n\tA      int\n\tLonger string\n\t// More.\n\tB int"
        );
    }

    #[test]
    fn fenced_code_is_indented_code() {
        assert_eq!(
            doc(0, Some("One.\n```rust\nlet x = 1;\n```\n\nTwo.\n")),
            "// One.\n//\n//\tlet x = 1;\n//\n// Two.\n"
        );
    }
}
