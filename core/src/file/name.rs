//! The names of files: what is shown, and what a browser or an agent's computer may save under.

use crate::text::clean;

/// Bytes of a name; more than most file systems take.
const MOST_BYTES: usize = 255;
/// Names that Windows keeps for devices.
const DEVICES: [&str; 22] = [
    "con", "prn", "aux", "nul", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8", "com9", "lpt1", "lpt2",
    "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9",
];

/// A harmless name: no path, no invisible characters, nothing a file system refuses; cut before its extension.
pub(super) fn harmless(given: &str) -> String {
    let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let kept: String = clean(last)
        .chars()
        .map(|c| if matches!(c, '<' | '>' | ':' | '"' | '|' | '?' | '*') { '_' } else { c })
        .collect();
    let kept = kept.trim_matches(|c: char| c == '.' || c.is_whitespace());
    let (stem, extension) = split(kept);
    let stem = if stem.is_empty() { "file" } else { stem };
    let stem = if DEVICES.contains(&stem.to_lowercase().as_str()) { format!("_{stem}") } else { stem.to_owned() };
    if extension.is_empty() {
        return cut(&stem, MOST_BYTES).to_owned();
    }
    format!("{}.{extension}", cut(&stem, MOST_BYTES - 1 - extension.len()))
}

/// The extension in small letters; empty for none.
pub(super) fn extension(name: &str) -> String {
    split(name).1.to_lowercase()
}

/// Stem and extension; an overlong extension is none.
fn split(name: &str) -> (&str, &str) {
    match name.rsplit_once('.') {
        Some((stem, extension)) if extension.len() <= 16 => (stem, extension),
        _ => (name, ""),
    }
}

/// The longest beginning of at most `most` bytes that ends between two characters.
fn cut(text: &str, most: usize) -> &str {
    let end = (0..=most.min(text.len())).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0);
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::{extension, harmless};

    #[test]
    fn names_are_harmless() {
        for (given, wanted) in [
            ("报表.xlsx", "报表.xlsx"),
            ("../../etc/passwd", "passwd"),
            ("C:\\temp\\截图.png", "截图.png"),
            ("..", "file"),
            (".htaccess", "htaccess"),
            ("a\u{202e}gpj.exe", "agpj.exe"),
            ("a.jp\u{200b}g", "a.jpg"),
            ("a.jpg. . ", "a.jpg"),
            ("a\r\nSet-Cookie: x.txt", "aSet-Cookie_ x.txt"),
            ("con.txt", "_con.txt"),
            ("NUL", "_NUL"),
            ("\"><script>.png", "___script_.png"),
            ("\u{feff}", "file"),
        ] {
            assert_eq!(harmless(given), wanted, "{given:?}");
        }
    }

    #[test]
    fn a_long_name_keeps_its_extension() {
        let name = harmless(&format!("{}.pdf", "长".repeat(200)));
        assert!(name.len() <= 255 && name.ends_with("长.pdf"));
        assert_eq!(harmless(&"x".repeat(300)).len(), 255);
    }

    #[test]
    fn the_last_extension_counts() {
        assert_eq!(extension("a.php.JPG"), "jpg");
        assert_eq!(extension("README"), "");
    }
}
