//! Comments of the contract as doc comments.

use crate::prose;

/// Longest line of a comment.
const WIDTH: usize = 116;

/// A doc comment, with its line break; nothing where there is nothing to say.
pub(super) fn doc(text: &str, indent: &str) -> String {
    let text = markdown(&prose(text));
    if text.is_empty() {
        return String::new();
    }
    let lines = wrap(&text, WIDTH - indent.len());
    if let [line] = lines.as_slice() {
        return format!("{indent}/** {line} */\n");
    }
    let lines: String = lines.iter().map(|line| format!("{indent} * {line}\n")).collect();
    format!("{indent}/**\n{lines}{indent} */\n")
}

/// Text that neither ends the comment nor means anything to Markdown or TSDoc; code stays as it is.
fn markdown(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut in_code = false;
    let mut before = ' ';
    for c in text.chars() {
        match c {
            '`' => in_code = !in_code,
            '/' if before == '*' => escaped.push('\\'),
            '<' | '>' | '{' | '}' | '@' | '*' | '[' | ']' if !in_code => escaped.push('\\'),
            _ => {}
        }
        escaped.push(c);
        before = c;
    }
    escaped
}

fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_the_comment_or_is_taken_for_markup() {
        assert_eq!(doc("", "  "), "");
        assert_eq!(doc("Both `a_b` and\nc_d.", "  "), "  /** Both `a_b` and c_d. */\n");
        assert_eq!(doc("<x> */ @y `*/`", ""), "/** \\<x\\> \\*\\/ \\@y `*\\/` */\n");
    }

    #[test]
    fn long_comments_are_wrapped() {
        let text = "word ".repeat(40);
        let doc = doc(&text, "  ");
        assert!(doc.lines().count() == 4 && doc.lines().all(|line| line.len() <= WIDTH + 4), "{doc}");
    }
}
