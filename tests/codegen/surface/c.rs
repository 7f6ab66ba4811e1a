//! The declarations of the header of C, without what it says about them.

pub(crate) fn read(source: &str) -> String {
    let mut out = String::new();
    for line in without_comments(source).lines() {
        let line = line.trim_end();
        let is_shown = match line.strip_prefix("#define ") {
            Some(constant) => constant.contains(' '),
            None => !line.starts_with('#') && !line.contains("extern \"C\"") && line != "}",
        };
        // Blank lines part declarations, and comments leave some behind.
        let is_blank = line.is_empty() && (out.is_empty() || out.ends_with("\n\n"));
        if is_shown && !is_blank {
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

/// The text without comments, and without the lines that held nothing else.
fn without_comments(source: &str) -> String {
    let mut out = String::new();
    let mut rest = source;
    while let Some((before, comment)) = rest.split_once("/*") {
        out.push_str(before.trim_end_matches(' '));
        let after = comment.split_once("*/").map_or("", |(_, after)| after);
        rest = if out.ends_with('\n') {
            after.strip_prefix('\n').unwrap_or(after)
        } else {
            after
        };
    }
    out + rest
}

#[test]
fn what_is_said_about_a_declaration_is_left_out() {
    let header = "/* of C */\n#ifndef H\n#define H\n\n/**\n * Waits.\n */\n#define FOREVER 7\n\n\
                  /**\n * One.\n */\ntypedef struct One {\n  /**\n   * Its id.\n   */\n  int id;\n} One;\n\n\
                  #ifdef __cplusplus\nextern \"C\" {\n#endif // __cplusplus\n\nint one(One of,\n        int more);\n\n\
                  #ifdef __cplusplus\n}  // extern \"C\"\n#endif\n";
    let surface = "#define FOREVER 7\n\ntypedef struct One {\n  int id;\n} One;\n\nint one(One of,\n        int more);\n\n";
    assert_eq!(read(header), surface);
}
