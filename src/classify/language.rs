//! Says in which language a text is written, where the network does not: by its letters, and for
//! short texts by the everyday words it has.

use crate::domain::verdict::Lang;
use whichlang::Lang as Guess;

/// Up to this many bytes letters alone often mislead, and everyday words decide.
pub(crate) const SHORT: usize = 60;

/// The language of `text` by its letters.
pub(crate) fn language(text: &str) -> Lang {
    if !text.chars().any(char::is_alphabetic) {
        return Lang::UNKNOWN;
    }
    match whichlang::detect_language(text) {
        Guess::Ita => Lang::IT,
        Guess::Eng => Lang::EN,
        Guess::Spa => Lang::ES,
        Guess::Fra => Lang::FR,
        Guess::Deu => Lang::DE,
        Guess::Por => Lang::PT,
        other => Lang::parse(other.three_letter_code()).unwrap_or(Lang::UNKNOWN),
    }
}

/// The language whose words were found most often, if it beats `guess` clearly.
pub(crate) fn settle(guess: Lang, votes: impl Iterator<Item = (Lang, usize)>) -> Lang {
    let mut best = (guess, 0);
    let mut guessed = 0;
    for (lang, count) in votes {
        if lang == guess {
            guessed = count;
        }
        if count > best.1 {
            best = (lang, count);
        }
    }
    if best.1 > guessed + usize::from(guess_is_served(guess)) { best.0 } else { guess }
}

fn guess_is_served(guess: Lang) -> bool {
    Lang::SERVED.contains(&guess)
}
