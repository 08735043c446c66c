//! How long a reply is where it will stand: each network counts in its own way.

use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

/// How a network counts the length of a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counting {
    /// Grapheme clusters: what a person calls a character.
    Graphemes,
    /// Bytes of UTF-8 (Google Business Profile).
    Bytes,
    /// Graphemes and bytes, both limited (Bluesky: 300 and 3,000).
    GraphemesAndBytes {
        /// The limit in bytes.
        bytes: usize,
    },
    /// Graphemes, but every URL counts 23 and of `@user@host` only `@user` (Mastodon).
    Mastodon,
    /// twitter-text configuration v3: most Latin characters count 1, the rest 2, every emoji 2,
    /// every URL 23, after NFC.
    XWeighted,
    /// UTF-16 code units (Telegram).
    Utf16,
}

/// The length rule of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LengthRule {
    /// How it counts.
    pub counting: Counting,
    /// The most it allows.
    pub limit: usize,
}

/// What X and Mastodon count for any URL.
const URL_LENGTH: usize = 23;

impl LengthRule {
    /// The length of `text` as the network counts it.
    pub fn count(&self, text: &str) -> usize {
        match self.counting {
            Counting::Graphemes | Counting::GraphemesAndBytes { .. } => {
                text.graphemes(true).count()
            }
            Counting::Bytes => text.len(),
            Counting::Utf16 => text.encode_utf16().count(),
            Counting::Mastodon => tokens(text).map(mastodon_token).sum(),
            Counting::XWeighted => {
                let text: String = text.nfc().collect();
                tokens(&text).map(x_token).sum()
            }
        }
    }

    /// Whether the network takes it in one piece.
    pub fn fits(&self, text: &str) -> bool {
        let bytes_fit = match self.counting {
            Counting::GraphemesAndBytes { bytes } => text.len() <= bytes,
            _ => true,
        };
        bytes_fit && self.count(text) <= self.limit
    }

    /// Splits into pieces that fit, at white space where there is some, else at a grapheme border.
    /// `prefix` stands before every piece (a handle that must be named) and counts.
    ///
    /// # Errors
    /// When not even one grapheme fits beside the prefix.
    pub fn split(&self, prefix: &str, text: &str) -> Result<Vec<String>, String> {
        let mut pieces = Vec::new();
        let mut rest = text.trim();
        while !rest.is_empty() {
            let end = self.longest(prefix, rest);
            if end == 0 {
                return Err(format!(
                    "the network's limit of {} leaves no room for text",
                    self.limit
                ));
            }
            let end = if end < rest.len() {
                rest[..end].rfind(char::is_whitespace).filter(|at| *at > end / 2).unwrap_or(end)
            } else {
                end
            };
            pieces.push(format!("{prefix}{}", rest[..end].trim_end()));
            rest = rest[end..].trim_start();
        }
        Ok(pieces)
    }

    /// The end of the longest start of `text`, at a grapheme border, that fits behind `prefix`.
    fn longest(&self, prefix: &str, text: &str) -> usize {
        let fits = |end: usize| self.fits(&format!("{prefix}{}", &text[..end]));
        if fits(text.len()) {
            return text.len();
        }
        let ends: Vec<usize> = text.grapheme_indices(true).map(|(at, g)| at + g.len()).collect();
        // Not monotone at URL borders, so the bisection is followed by steps back until it fits.
        let mut index = ends.partition_point(|end| fits(*end));
        while index > 0 && !fits(ends[index - 1]) {
            index -= 1;
        }
        if index == 0 { 0 } else { ends[index - 1] }
    }
}

/// Words and the white space between them, in order.
fn tokens(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive(char::is_whitespace)
}

/// The length of a trimmed token's URL part, and what follows it.
fn url_and_tail(token: &str) -> Option<&str> {
    let start = token.find("http://").or_else(|| token.find("https://"))?;
    (start == 0).then(|| {
        let end = token.find(char::is_whitespace).unwrap_or(token.len());
        &token[end..]
    })
}

fn mastodon_token(token: &str) -> usize {
    if let Some(tail) = url_and_tail(token) {
        return URL_LENGTH + tail.graphemes(true).count();
    }
    let host = token
        .strip_prefix('@')
        .and_then(|rest| rest.find('@'))
        .map(|at| {
            let host = &token[at + 1..];
            let end = host[1..]
                .find(|c: char| !(c.is_alphanumeric() || c == '.' || c == '-'))
                .map_or(host.len(), |e| e + 1);
            host[..end].graphemes(true).count()
        })
        .unwrap_or(0);
    token.graphemes(true).count() - host
}

fn x_token(token: &str) -> usize {
    if let Some(tail) = url_and_tail(token) {
        return URL_LENGTH + tail.graphemes(true).map(x_grapheme).sum::<usize>();
    }
    token.graphemes(true).map(x_grapheme).sum()
}

fn x_grapheme(grapheme: &str) -> usize {
    if is_emoji(grapheme) {
        return 2;
    }
    let light = |c: char| matches!(u32::from(c), 0x0000..=0x10FF | 0x2000..=0x200D | 0x2010..=0x201F | 0x2032..=0x2037);
    grapheme.chars().map(|c| if light(c) { 1 } else { 2 }).sum()
}

/// Emoji sequences as far as counting needs them: a pictograph, a flag or a keycap.
fn is_emoji(grapheme: &str) -> bool {
    grapheme.chars().any(|c| {
        matches!(u32::from(c), 0x1F000..=0x1FAFF | 0x2600..=0x27BF | 0xFE0F | 0x20E3 | 0x2B50 | 0x2B55)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const X: LengthRule = LengthRule { counting: Counting::XWeighted, limit: 280 };
    const MASTODON: LengthRule = LengthRule { counting: Counting::Mastodon, limit: 500 };

    #[test]
    fn x_counts_weights() {
        assert_eq!(X.count("perché no"), 9);
        assert_eq!(X.count("perche\u{301}"), 6, "NFC first");
        assert_eq!(X.count("日本"), 4);
        assert_eq!(X.count("👩‍👩‍👧‍👦"), 2);
        assert_eq!(X.count("see https://example.com/a/very/long/path ok"), 4 + 23 + 3);
    }

    #[test]
    fn mastodon_counts_urls_and_handles_short() {
        assert_eq!(MASTODON.count("@jo@other.example hi"), 6);
        assert_eq!(MASTODON.count("@jo hi"), 6);
        assert_eq!(MASTODON.count("https://example.com/xxxxxxxxxxxxxxxxxxxxxxxxx"), 23);
    }

    #[test]
    fn bluesky_limits_bytes_too() {
        let rule = LengthRule { counting: Counting::GraphemesAndBytes { bytes: 30 }, limit: 300 };
        assert!(!rule.fits("👩‍👩‍👧‍👦👩‍👩‍👧‍👦"));
    }

    proptest! {
        #[test]
        fn every_piece_fits_and_nothing_is_lost(
            text in r"(\PC{0,12}[ \n]?|https://example\.com/\w{0,30} |👩‍👩‍👧‍👦){0,40}",
            limit in 30usize..80,
            which in 0usize..6,
        ) {
            let counting = [
                Counting::Graphemes, Counting::Bytes, Counting::GraphemesAndBytes { bytes: 90 },
                Counting::Mastodon, Counting::XWeighted, Counting::Utf16,
            ][which];
            let rule = LengthRule { counting, limit };
            let Ok(pieces) = rule.split("@jo ", &text) else {
                // A cluster may be of any length; one of more bytes than the limit goes nowhere.
                let fits = |cluster: &str| rule.fits(&format!("@jo {cluster}"));
                prop_assert!(text.trim().graphemes(true).any(|cluster| !fits(cluster)));
                return Ok(());
            };
            for piece in &pieces {
                prop_assert!(rule.fits(piece), "{} > {limit}: {piece:?}", rule.count(piece));
            }
            let bare = |t: &str| t.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            let joined: String = pieces.iter().map(|p| bare(&p["@jo ".len()..])).collect();
            prop_assert_eq!(joined, bare(&text));
        }
    }
}
