//! Text as people type it, made safe to store and to show.

/// Cleans a single line: no control, zero-width or direction-changing characters, no space around it. What is left
/// is what a reader sees, so that two names that look alike are alike.
pub(crate) fn clean(text: &str) -> String {
    let visible: String = text.chars().filter(|c| !c.is_control() && !is_invisible(*c)).collect();
    visible.trim().to_owned()
}

/// As [`clean`], for text of several lines.
pub(crate) fn clean_lines(text: &str) -> String {
    let visible: String =
        text.chars().filter(|c| matches!(c, '\n' | '\t') || !c.is_control() && !is_invisible(*c)).collect();
    visible.trim().to_owned()
}

/// The first `most` characters.
pub(crate) fn shorten(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}

/// Characters that take no room, or that turn the direction of what follows.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use super::{clean, clean_lines, shorten};

    #[test]
    fn what_is_left_is_what_one_sees() {
        for (dirty, wanted) in [
            ("  李华\u{3000}", "李华"),
            ("李\u{200b}华", "李华"),
            ("a\u{202e}gpj.exe", "agpj.exe"),
            ("line\r\nbreak\0", "linebreak"),
            ("\u{feff}\u{200d}", ""),
            ("王 小明 😀", "王 小明 😀"),
        ] {
            assert_eq!(clean(dirty), wanted, "{dirty:?}");
        }
        assert_eq!(clean_lines(" 第一行\r\n第二\u{7}行\n"), "第一行\n第二行");
    }

    #[test]
    fn shortening_counts_characters() {
        assert_eq!(shorten("疫苗接种", 4), "疫苗接种");
        assert_eq!(shorten("疫苗接种记录", 4), "疫苗接…");
    }
}
