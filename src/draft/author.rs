//! The author's name for a greeting, or nothing where it could do harm.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_segmentation::UnicodeSegmentation;

/// A longer name is no name.
const MOST_GRAPHEMES: usize = 40;
/// Letters with more marks than this are made to disturb (names of living languages have three).
const MOST_CHARS_A_GRAPHEME: usize = 4;

/// The name as it may stand in a public reply: letters, digits and a few signs between them.
///
/// `None` for what would ping (`@`), link (`evil.example`, `#`), be markup, steer the line, or
/// is no name at all. Emoji around a name are left out.
pub(super) fn salutation(raw: &str) -> Option<String> {
    let raw = raw.trim();
    if raw.chars().any(|c| c.is_control() || !crate::domain::text::is_printable(c)) {
        return None;
    }
    // Compatibility forms first: a full-width `＠` or a letter dressed up as a picture is what it
    // looks like.
    let plain: String = raw.strip_prefix('@').unwrap_or(raw).nfkc().collect();
    let sign = |c: char| matches!(c, ' ' | '-' | '_' | '.' | '\'');
    if plain.chars().any(|c| c.is_ascii_punctuation() && !sign(c)) {
        return None;
    }
    let kept = |c: &char| c.is_alphanumeric() || is_mark(*c) || sign(*c) || *c == '’';
    let name: String = plain.chars().filter(kept).collect();
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    let name = name.trim_matches(|c: char| matches!(c, ' ' | '-' | '_' | '\'' | '’'));
    let name = name.trim_start_matches(['.', ' ']);
    let linked = name.split_inclusive('.').skip(1).any(|after| !after.starts_with(' '));
    let graphemes = name.graphemes(true);
    let calm = graphemes.clone().all(|g| g.chars().count() <= MOST_CHARS_A_GRAPHEME);
    let good = !linked
        && calm
        && name.chars().filter(|c| c.is_alphabetic()).count() >= 2
        && graphemes.count() <= MOST_GRAPHEMES;
    good.then(|| name.to_owned())
}

/// A mark that belongs to a letter, not one that makes an emoji.
fn is_mark(c: char) -> bool {
    is_combining_mark(c) && !matches!(c, '\u{FE00}'..='\u{FE0F}' | '\u{20D0}'..='\u{20FF}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_stay_and_traps_go() {
        let greeted = |raw| salutation(raw);
        for (raw, name) in [
            ("Anna Rossi", "Anna Rossi"),
            ("@gino_73", "gino_73"),
            ("🌸 Anna ❤️", "Anna"),
            ("J. D’Amico-Šimić", "J. D’Amico-Šimić"),
            ("𝓐𝓷𝓷𝓪", "Anna"),
            ("क्रिस्टीना", "क्रिस्टीना"),
            ("_Ugo_", "Ugo"),
            ("Luca Jr.", "Luca Jr."),
        ] {
            assert_eq!(greeted(raw).as_deref(), Some(name), "{raw}");
        }
        for raw in [
            "",
            "@",
            "7",
            "🌸",
            "a@b",
            "＠all",
            "<b>Anna</b>",
            "[Anna](x)",
            "evil.example",
            "gino.bsky.social",
            "http://x",
            "#boycott",
            "{{ author }}",
            "Anna\nRossi",
            "Anna\u{202e}",
            "A\u{301}\u{302}\u{303}\u{304}\u{305}nna",
            "*Anna*",
            "Anna (she/her)",
        ] {
            assert_eq!(greeted(raw), None, "{raw}");
        }
        assert_eq!(salutation(&"ab ".repeat(14)), None, "41 graphemes");
    }

    proptest! {
        #[test]
        fn whatever_stays_is_harmless(raw in r"(\PC|[@#<>\[\]().:/_*`\\{}|~\n\x1b\u{202e}]|[a-z]{1,4}){0,30}") {
            if let Some(name) = salutation(&raw) {
                let traps = ['@', '#', '<', '>', '[', ']', '(', '*', '`', ':', '/', '{', '\n', '|', '~'];
                prop_assert!(!name.contains(traps), "{}", name);
                prop_assert!(name.graphemes(true).count() <= MOST_GRAPHEMES);
                let dots = name.match_indices('.').all(|(at, _)| {
                    name[at + 1..].chars().next().is_none_or(|c| c == ' ')
                });
                prop_assert!(dots, "{}", name);
            }
        }
    }
}
