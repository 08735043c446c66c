//! Text from outside, made safe to store and to show: control characters, cuts, previews.

use unicode_segmentation::UnicodeSegmentation;

/// Replaces NUL, which PostgreSQL cannot store, by U+FFFD.
pub fn clean(text: &mut String) {
    if text.contains('\0') {
        *text = text.replace('\0', "\u{FFFD}");
    }
}

/// Cuts to at most `limit` bytes at a character border and marks the cut with `…`.
pub fn cut_bytes(text: &mut String, limit: usize) {
    if text.len() <= limit {
        return;
    }
    let mut end = limit.saturating_sub('…'.len_utf8());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    text.push('…');
}

/// At most `limit` (1 or more) grapheme clusters, the last one `…` if something was left out.
pub fn cut_graphemes(text: &str, limit: usize) -> String {
    // No cluster is shorter than a byte.
    if text.len() <= limit {
        return text.to_owned();
    }
    let mut starts = text.grapheme_indices(true).map(|(at, _)| at);
    let end = starts.nth(limit.max(1) - 1).unwrap_or(0);
    match starts.next() {
        None => text.to_owned(),
        Some(_) => format!("{}…", text[..end].trim_end()),
    }
}

/// One line for lists, logs and terminals: white space folded, control and bidirectional
/// formatting characters removed, cut to `limit` graphemes.
pub fn one_line(text: &str, limit: usize) -> String {
    let mut line = String::with_capacity(text.len().min(4 * limit));
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.extend(word.chars().filter(|c| is_printable(*c)));
        if line.len() > 16 * limit {
            break;
        }
    }
    cut_graphemes(&line, limit)
}

/// Neither a control character (a terminal would obey it) nor one of the formatting characters
/// with which text is shown in another order than it is stored (Unicode TR 36, Trojan Source).
pub fn is_printable(c: char) -> bool {
    !c.is_control()
        && !matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{200E}' | '\u{200F}')
}

/// JSON text with each escape of a lone surrogate, which JSON can write and Rust text cannot hold,
/// replaced by U+FFFD; `None` if there is none.
pub fn without_lone_surrogates(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let unit = |at: usize| -> Option<u16> {
        let hex = text.get(at + 2..at + 6)?;
        (bytes.get(at) == Some(&b'\\') && bytes.get(at + 1) == Some(&b'u'))
            .then(|| u16::from_str_radix(hex, 16).ok())?
    };
    let (mut out, mut kept, mut at) = (String::new(), 0, 0);
    while at < bytes.len() {
        if bytes[at] != b'\\' {
            at += 1;
            continue;
        }
        match unit(at) {
            Some(0xD800..0xDC00) if matches!(unit(at + 6), Some(0xDC00..0xE000)) => at += 12,
            Some(0xD800..0xE000) => {
                out.push_str(&text[kept..at]);
                out.push_str("\\uFFFD");
                at += 6;
                kept = at;
            }
            Some(_) => at += 6,
            None => at += 2,
        }
    }
    (kept > 0).then(|| out + &text[kept..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nul_is_replaced() {
        let mut text = "a\0b".to_owned();
        clean(&mut text);
        assert_eq!(text, "a\u{FFFD}b");
    }

    #[test]
    fn cuts_keep_characters_whole() {
        let mut text = "perché perché".to_owned();
        cut_bytes(&mut text, 9);
        assert_eq!(text, "perch…");
        assert_eq!(cut_graphemes("👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦", 2), "👩‍👩‍👧‍👦…");
        assert_eq!(cut_graphemes("ciao", 4), "ciao");
    }

    #[test]
    fn one_line_disarms_terminals() {
        assert_eq!(one_line("a\u{1b}[2J\n\u{202E}b", 10), "a[2J b");
    }

    #[test]
    fn lone_surrogates_are_replaced_and_pairs_kept() {
        assert_eq!(without_lone_surrogates(r#""a\ud83d b""#).unwrap(), r#""a\uFFFD b""#);
        assert_eq!(
            without_lone_surrogates(r#""\ude00\ud83d\ude00""#).unwrap(),
            r#""\uFFFD\ud83d\ude00""#
        );
        assert_eq!(without_lone_surrogates(r#""\ud83d\ude00 \\ud83d""#), None);
        assert_eq!(without_lone_surrogates(r#""\"#), None);
    }
}
