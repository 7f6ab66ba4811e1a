//! The declarations of a language with braces: heads, and which of them hold further declarations.
//!
//! Reads Kotlin and Swift alike. Bodies of functions are skipped; what is public is decided by the
//! language's reader.

/// What to make of the head of a block.
pub(crate) enum Block {
    /// A declaration that holds declarations.
    Container,
    /// A declaration with a body, such as a function.
    Body,
    /// Nothing that the surface shows, with all that is inside.
    Hidden,
}

/// Lists the declarations in `source`, indented by depth. `block` judges the head of each pair of
/// braces and `statement` each line without them, both told the head that they stand in; the text
/// shown is what they make of the head.
pub(crate) fn declarations(
    source: &str,
    block: impl Fn(&str, &str) -> (Block, String),
    statement: impl Fn(&str, &str) -> Option<String>,
) -> String {
    let source = without_comments(source);
    let mut out = String::new();
    // Heads of the open containers.
    let mut open: Vec<String> = Vec::new();
    // Braces open inside a skipped body; 0 outside of one.
    let mut skipped = 0_usize;
    let mut parentheses = 0_usize;
    let mut head = String::new();
    let mut complete = false;

    let mut letters = source.chars().peekable();
    while let Some(letter) = letters.next() {
        if skipped > 0 {
            match letter {
                '{' => skipped += 1,
                '}' => skipped -= 1,
                _ => {}
            }
            continue;
        }
        // A line that ended may still turn out to be the head of a block that opens below it.
        if complete && !letter.is_whitespace() {
            complete = false;
            if letter != '{' {
                let around = open.last().map_or("", String::as_str);
                let text = statement(&tidy(&head), around);
                show(&mut out, open.len(), text);
                head.clear();
            }
        }
        match letter {
            '(' => parentheses += 1,
            ')' => parentheses = parentheses.saturating_sub(1),
            '{' if parentheses == 0 => {
                let around = open.last().map_or("", String::as_str);
                let (kind, text) = block(&tidy(&head), around);
                match kind {
                    Block::Container => {
                        show(&mut out, open.len(), Some(text));
                        open.push(tidy(&head));
                    }
                    Block::Body => {
                        show(&mut out, open.len(), Some(text));
                        skipped = 1;
                    }
                    Block::Hidden => skipped = 1,
                }
                head.clear();
                continue;
            }
            '}' if parentheses == 0 => {
                open.pop();
                head.clear();
                continue;
            }
            '\n' if parentheses == 0 => {
                let end = head.trim_end();
                complete = !end.is_empty() && !end.ends_with([':', '=']);
            }
            _ => {}
        }
        head.push(letter);
    }
    out
}

fn show(out: &mut String, depth: usize, text: Option<String>) {
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return;
    };
    if depth == 0 {
        out.push('\n');
    }
    out.push_str(&"    ".repeat(depth));
    out.push_str(&text);
    out.push('\n');
}

/// One line, with single spaces and none beside parentheses and commas.
fn tidy(head: &str) -> String {
    let words: Vec<&str> = head.split_whitespace().collect();
    words
        .join(" ")
        .replace('`', "")
        .replace("( ", "(")
        .replace(" )", ")")
        .replace(" ,", ",")
}

fn without_comments(source: &str) -> String {
    let mut text = String::new();
    let mut rest = source;
    while let Some(start) = rest.find("/*") {
        text.push_str(&rest[..start]);
        rest = rest[start..]
            .find("*/")
            .map_or("", |end| &rest[start + end + 2..]);
    }
    text.push_str(rest);
    text.lines().fold(String::new(), |mut all, line| {
        all.push_str(line.split("//").next().unwrap_or(line));
        all.push('\n');
        all
    })
}
