//! Reads the markup that a text still carries where a network or a hand-over left it in: tags, and
//! characters that are written as entities.

use unicode_normalization::char::compose;

/// What is longer than so many bytes is no tag but text.
const TAG: usize = 1_000;
/// What is longer than so many bytes is no entity but text.
const ENTITY: usize = 12;

/// Tags that may stand within a word.
const INLINE: [&str; 24] = [
    "a", "abbr", "b", "big", "cite", "code", "del", "em", "font", "i", "ins", "kbd", "mark", "q",
    "s", "small", "span", "strike", "strong", "sub", "sup", "tt", "u", "wbr",
];
/// Tags that part words.
const BLOCK: [&str; 32] = [
    "blockquote",
    "body",
    "br",
    "dd",
    "div",
    "dl",
    "dt",
    "figure",
    "footer",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "head",
    "header",
    "hr",
    "html",
    "img",
    "li",
    "ol",
    "p",
    "pre",
    "script",
    "section",
    "style",
    "table",
    "td",
    "th",
    "tr",
    "ul",
];

/// The markup with which `rest` begins: how many bytes it takes, and the character that it stands
/// for; a tag within a word stands for none. `None`: it begins with none.
pub(super) fn read(rest: &str) -> Option<(usize, Option<char>)> {
    match rest.as_bytes().first()? {
        b'&' => entity(rest).map(|(length, c)| (length, Some(c))),
        b'<' => tag(rest),
        _ => None,
    }
}

fn tag(rest: &str) -> Option<(usize, Option<char>)> {
    let end = rest.bytes().take(TAG).skip(1).position(|b| b == b'<' || b == b'>')? + 1;
    let inner = rest[1..end].trim_start_matches('/');
    let name = inner.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(inner.len());
    let (name, more) = inner.split_at(name);
    let whole = more.is_empty() || more.starts_with([' ', '/', '\t', '\n', '\r']);
    let is_one_of = |names: &[&str]| names.iter().any(|n| n.eq_ignore_ascii_case(name));
    if rest.as_bytes()[end] != b'>' || !whole {
        None
    } else if is_one_of(&INLINE) {
        Some((end + 1, None))
    } else {
        is_one_of(&BLOCK).then_some((end + 1, Some(' ')))
    }
}

fn entity(rest: &str) -> Option<(usize, char)> {
    let end = rest.bytes().take(ENTITY).position(|b| b == b';')?;
    let name = &rest[1..end];
    let c = match name.strip_prefix('#') {
        None => named(name)?,
        Some(number) => {
            let code = match number.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)?
        }
    };
    Some((end + 1, c))
}

/// The entities of signs that people write, and of letters with marks.
fn named(name: &str) -> Option<char> {
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" | "ldquo" | "rdquo" | "bdquo" | "laquo" | "raquo" => '"',
        "apos" | "lsquo" | "rsquo" | "sbquo" => '\'',
        "nbsp" | "ensp" | "emsp" | "thinsp" => ' ',
        "shy" | "zwj" | "zwnj" => '\u{AD}',
        "ndash" | "mdash" => '-',
        "hellip" => '…',
        "euro" => '€',
        "szlig" => 'ß',
        "aelig" | "AElig" => 'æ',
        "oelig" | "OElig" => 'œ',
        "oslash" | "Oslash" => 'ø',
        _ => {
            let letter = name.chars().next().filter(char::is_ascii_alphabetic)?;
            let mark = match &name[1..] {
                "grave" => '\u{300}',
                "acute" => '\u{301}',
                "circ" => '\u{302}',
                "tilde" => '\u{303}',
                "uml" => '\u{308}',
                "ring" => '\u{30A}',
                "cedil" => '\u{327}',
                _ => return None,
            };
            compose(letter, mark)?
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_vanish_or_part_words_and_entities_are_characters() {
        for (text, found) in [
            ("<b>x", Some((3, None))),
            ("</STRONG>", Some((9, None))),
            ("<a href=\"x\">y", Some((12, None))),
            ("<br/>", Some((5, Some(' ')))),
            ("&egrave;!", Some((8, Some('è')))),
            ("&Ouml;", Some((6, Some('Ö')))),
            ("&amp;", Some((5, Some('&')))),
            ("&#232;", Some((6, Some('è')))),
            ("&#xE8;", Some((6, Some('è')))),
            ("<3", None),
            ("<boh>", None),
            ("<b", None),
            ("<b<i>", None),
            ("<à>", None),
            ("&;", None),
            ("&#;", None),
            ("&#x110000;", None),
            ("&bgrave;", None),
            ("& c;", None),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(read(text), found, "{text}");
        }
        let long = format!("<a {}>", "x".repeat(TAG));
        assert_eq!(read(&long), None);
    }
}
