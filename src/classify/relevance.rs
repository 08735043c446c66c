//! Says whether a text concerns the brand: by its names and handles, context and exclusions.

use super::About;
use crate::domain::verdict::{Relevance, Why};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Judges relevance and gives the reason. What the network addressed to us is always about us;
/// an excluded phrase comes before a name; a name without any of the configured context words is
/// only "perhaps".
pub(crate) fn relevance(text: &str, about: &About) -> (Relevance, Option<Why>) {
    let why = |cue: &str, words: &str| Some(Why { cue: cue.to_owned(), words: words.to_owned() });
    if about.addressed {
        return (Relevance::About, why("about.addressed", ""));
    }
    let folded = fold(text);
    let word = |phrases: &'_ [String]| {
        let found = phrases.iter().find(|phrase| has_word(&folded, &fold(phrase)));
        found.cloned()
    };
    if let Some(excluded) = word(about.exclusions) {
        return (Relevance::NotAbout, why("about.excluded", &excluded));
    }
    let named = word(about.names).or_else(|| word(about.handles)).or_else(|| tagged(text, about));
    match named {
        None => (Relevance::Perhaps, None),
        Some(_) if !about.context.is_empty() && word(about.context).is_none() => {
            (Relevance::Perhaps, why("about.no_context", ""))
        }
        Some(name) => (Relevance::About, why("about.name", &name)),
    }
}

/// A name or handle that stands as a hashtag or handle, written together: `#LaMiaBanca`.
fn tagged(text: &str, about: &About) -> Option<String> {
    let wanted: Vec<(String, &String)> = about
        .names
        .iter()
        .chain(about.handles)
        .map(|name| (squeeze(name), name))
        .filter(|(squeezed, _)| !squeezed.is_empty())
        .collect();
    let tags = text.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '!' | '?' | '('));
    let tags = tags.filter(|tag| tag.starts_with(['#', '@']));
    for tag in tags.take(1_000) {
        let tag = squeeze(tag);
        let hit = wanted.iter().find(|(squeezed, _)| *squeezed == tag);
        if let Some((_, name)) = hit {
            return Some((*name).clone());
        }
    }
    None
}

/// Folded, letters and digits only.
fn squeeze(name: &str) -> String {
    let mut folded = fold(name);
    folded.retain(char::is_alphanumeric);
    folded
}

/// Compatibility forms, case and marks folded; digits stay, since names have them.
fn fold(text: &str) -> String {
    let marks_off = text.nfkd().filter(|c| !is_combining_mark(*c));
    marks_off.flat_map(char::to_lowercase).collect()
}

/// Whether `phrase` stands in `text` with no letter or digit next to it.
fn has_word(text: &str, phrase: &str) -> bool {
    let phrase = phrase.trim().trim_start_matches(['@', '#']);
    if phrase.is_empty() {
        return false;
    }
    text.match_indices(phrase).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + phrase.len()..].chars().next();
        !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
    })
}
