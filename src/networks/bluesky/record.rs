//! What we write: the key of a reply's record, and the facets that make its links work.

use crate::domain::{MentionRef, ReplyId};
use serde::Serialize;
use sha2::{Digest, Sha256};
use url::Url;

/// The digits of a TID, in the order of their values (atproto.com/specs/tid).
const DIGITS: &[u8; 32] = b"234567abcdefghijklmnopqrstuvwxyz";
/// 2024-01-01, in microseconds: keys that hold no time of ours stand in the years from there on.
const SOME_DAY: u64 = 1_704_067_200_000_000;
/// Two years of 365 days, in microseconds.
const TWO_YEARS: u64 = 2 * 365 * 86_400_000_000;

/// The record key under which a part of a reply stands: the same for the same key of ours, at
/// whatever time it is asked for, so that no second attempt can make a second post.
///
/// Posts want a TID: 53 bits of microseconds and 10 bits of a clock's id. The milliseconds are
/// those of the reply's own id, the rest is a digest of the key.
pub(super) fn rkey(key: &str) -> String {
    let digest = Sha256::digest(key.as_bytes());
    let number = digest[..8].iter().fold(0_u64, |n, byte| (n << 8) | u64::from(*byte));
    let reply = key.split('.').next().and_then(|id| id.parse::<ReplyId>().ok());
    // A ULID begins with 48 bits of milliseconds; 53 bits of microseconds reach to 2255.
    let time = reply.map(|id| (id.0 >> 80) as u64 * 1_000);
    let time = time.filter(|at| *at < 1 << 53);
    let micros = match time {
        Some(at) => at + (number >> 10) % 1_000,
        None => SOME_DAY + (number >> 10) % TWO_YEARS,
    };
    tid((micros << 10) | (number & 0x3FF))
}

/// A number as a TID: 13 digits of 5 bits, the highest bit unused.
fn tid(number: u64) -> String {
    let digit = |at: u32| char::from(DIGITS[usize::from((number >> (5 * at)) as u8 & 31)]);
    (0..13).rev().map(digit).collect()
}

/// A stretch of a text that is more than text (docs.bsky.app, rich text facets).
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Facet {
    index: Index,
    features: [Feature; 1],
}

/// Counted in bytes of UTF-8; the end is the first byte behind.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Index {
    byte_start: usize,
    byte_end: usize,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "$type")]
enum Feature {
    #[serde(rename = "app.bsky.richtext.facet#link")]
    Link { uri: String },
    #[serde(rename = "app.bsky.richtext.facet#mention")]
    Mention { did: String },
}

fn facet(start: usize, end: usize, feature: Feature) -> Facet {
    Facet { index: Index { byte_start: start, byte_end: end }, features: [feature] }
}

/// The links in a text, and the author who is answered where the text names the handle.
pub(super) fn facets(text: &str, of: &MentionRef) -> Vec<Facet> {
    let mut found = Vec::new();
    for (start, word) in words(text) {
        let begins = word.find("https://").into_iter().chain(word.find("http://")).min();
        if let Some(at) = begins {
            let address = without_tail(&word[at..]);
            if Url::parse(address).is_ok_and(|url| url.has_host()) {
                let uri = address.to_owned();
                found.push(facet(start + at, start + at + address.len(), Feature::Link { uri }));
            }
        } else if let Some((at, end)) = named(word, of) {
            let did = of.author_id.clone();
            found.push(facet(start + at, start + end, Feature::Mention { did }));
        }
    }
    found
}

/// The words of a text with the byte at which each begins.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    text.split_inclusive(char::is_whitespace).map(move |piece| {
        let start = at;
        at += piece.len();
        (start, piece.trim_end())
    })
}

/// An address without the marks that end a sentence or close a bracket opened before it.
fn without_tail(address: &str) -> &str {
    let mut rest = address;
    loop {
        let shorter = match rest.chars().next_back() {
            Some(')') if rest.matches('(').count() >= rest.matches(')').count() => return rest,
            Some(
                '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '"' | ')' | ']' | '}' | '>' | '…' | '»'
                | '”' | '’',
            ) => rest.char_indices().next_back().map_or(rest, |(at, _)| &rest[..at]),
            _ => return rest,
        };
        rest = shorter;
    }
}

/// Where a word names the author who is answered, from `@` on.
fn named(word: &str, of: &MentionRef) -> Option<(usize, usize)> {
    if of.author_handle.is_empty() || !of.author_id.starts_with("did:") {
        return None;
    }
    let at = word.find('@')?;
    let end = at + 1 + of.author_handle.len();
    let same = word.get(at + 1..end)?.eq_ignore_ascii_case(&of.author_handle);
    let before = word[..at].chars().next_back().is_none_or(|c| !c.is_alphanumeric());
    // A longer handle is another one; a full stop behind it ends a sentence.
    let mut behind = word[end..].chars();
    let after = match behind.next() {
        Some('.') => behind.next().is_none_or(|c| !c.is_alphanumeric()),
        Some(c) => !c.is_alphanumeric() && c != '-',
        None => true,
    };
    (same && before && after).then_some((at, end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Instant, Visibility};

    fn of(handle: &str) -> MentionRef {
        MentionRef {
            origin: String::new(),
            external_id: "at://did:plc:jo/app.bsky.feed.post/3lbaaaaaaaa2a".to_owned(),
            thread_id: String::new(),
            author_id: "did:plc:jo".to_owned(),
            author_handle: handle.to_owned(),
            visibility: Visibility::Public,
            url: String::new(),
            created_at: Instant(0),
        }
    }

    #[test]
    fn a_key_is_the_same_tid_at_any_time() {
        let key = "01KAFYA2R0VGJ9N3S4Q5T6W7X8.1";
        let (one, two) = (rkey(key), rkey("01KAFYA2R0VGJ9N3S4Q5T6W7X8.2"));
        assert_eq!(one, rkey(key));
        assert_ne!(one, two);
        for made in [&one, &two, &rkey("key-1"), &rkey("")] {
            assert_eq!(made.len(), 13);
            assert!(made.bytes().all(|b| DIGITS.contains(&b)), "{made}");
            assert!((b'2'..=b'j').contains(&made.as_bytes()[0]), "{made}");
        }
        // The milliseconds of the reply's id are those of the TID.
        assert_eq!(one[..8], two[..8]);
        assert_eq!(tid(0), "2222222222222");
        assert_eq!(tid(u64::MAX >> 1), "bzzzzzzzzzzzz");
    }

    #[test]
    fn facets_count_bytes() {
        let text = "Perché 👩‍👩‍👧‍👦 @jo.example? (https://acme.example/è_(1)). Ciao";
        let found = facets(text, &of("Jo.example"));
        let piece = |f: &Facet| &text[f.index.byte_start..f.index.byte_end];
        let pieces: Vec<_> = found.iter().map(piece).collect();
        assert_eq!(pieces, ["@jo.example", "https://acme.example/è_(1)"]);
        let json = serde_json::to_value(&found[0]).unwrap();
        assert_eq!(json["features"][0]["$type"], "app.bsky.richtext.facet#mention");
        assert_eq!(json["features"][0]["did"], "did:plc:jo");
        assert_eq!(json["index"]["byteStart"], text.find('@').unwrap());
    }

    #[test]
    fn only_the_author_is_named_and_only_whole() {
        let named = |text: &str, handle: &str| facets(text, &of(handle)).len();
        assert_eq!(named("@jo.example.", "jo.example"), 1);
        assert_eq!(named("(@jo.example)", "jo.example"), 1);
        assert_eq!(named("@jo.example.org", "jo.example"), 0);
        assert_eq!(named("@jo.example-x", "jo.example"), 0);
        assert_eq!(named("me@jo.example", "jo.example"), 0);
        assert_eq!(named("@anna.example", "jo.example"), 0);
        assert_eq!(named("@ hello", ""), 0);
        assert_eq!(named("http:// https://", "jo.example"), 0);
    }
}
