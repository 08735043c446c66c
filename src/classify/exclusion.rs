//! Proposes an exclusion for a mention that a person says is not about the brand, and tells what
//! an exclusion would have done to past mentions. Nothing here changes what is configured.

use super::cut;
use super::scope::{LISTS, Scope, names, pattern};
use super::words::Words;
use crate::domain::verdict::{Lang, Relevance};
use crate::domain::{Brand, Instant};

/// Candidates that are tried out in full.
const TRIED: usize = 8;
/// Words of a mention that are looked at: what tells who is meant stands early.
const LOOKED_AT: usize = 120;
/// A single word shorter than this tells too little of what a text is about.
const TELLING: usize = 5;
/// Words as short as this are articles and prepositions, hardly ever anything else.
const EMPTY: usize = 3;

/// A mention of the past.
#[derive(Clone, Copy, Debug)]
pub struct Past<'a> {
    /// What was written.
    pub text: &'a str,
    /// Its language.
    pub language: Lang,
    /// When it was written.
    pub at: Instant,
    /// About us whatever it says.
    pub addressed: bool,
    /// What it was taken for, corrected by people.
    pub relevance: Relevance,
    /// Somebody answered it as about us.
    pub answered: bool,
}

/// What an exclusion would have done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Effect {
    /// Mentions that were tried.
    pub of: usize,
    /// Those it would have sorted out that are not sorted out without it.
    pub sorted_out: usize,
    /// Of these, those that were answered as about us.
    pub answered: usize,
}

/// An exclusion that a person may add.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Proposal {
    /// The words.
    pub phrase: String,
    /// What they would have done to past mentions.
    pub effect: Effect,
}

/// What `phrase` as an exclusion more would have done to past mentions.
///
/// # Errors
/// As [`Scope::of`].
pub fn effect(brand: &Brand, phrase: &str, past: &[Past<'_>]) -> Result<Effect, String> {
    let (without, with) = (Scope::of(brand)?, Scope::of(&excluding(brand, phrase))?);
    let mut effect = Effect { of: past.len(), ..Effect::default() };
    for one in past {
        if is_out(&with, one) && !is_out(&without, one) {
            effect.sorted_out += 1;
            effect.answered += usize::from(one.answered);
        }
    }
    Ok(effect)
}

/// The phrase of `mention` that sorts it out and is rarest among what was about us; of equals the
/// one that would have sorted out most of what was not. `None` where every phrase would also have
/// sorted out a mention that was answered, or nothing can sort it out (it was addressed to us).
///
/// # Errors
/// As [`Scope::of`].
pub fn propose(
    brand: &Brand,
    mention: &Past<'_>,
    past: &[Past<'_>],
) -> Result<Option<Proposal>, String> {
    let ours: Vec<String> = folded(past, |one| one.relevance == Relevance::About || one.answered);
    let others: Vec<String> = folded(past, |one| one.relevance == Relevance::NotAbout);
    let count = |texts: &[String], phrase: &str| {
        texts.iter().filter(|text| text.contains(&format!(" {phrase} "))).count()
    };
    let mut candidates = candidates(brand, mention.text);
    candidates.sort_by_cached_key(|(phrase, named)| {
        let hits = count(&others, phrase);
        // Of equals the one that says most in fewest words: "vento forte", not "per il vento".
        let empty = phrase.split(' ').filter(|word| is_empty(word)).count();
        (count(&ours, phrase), usize::MAX - hits, !named, empty, phrase.len())
    });
    candidates.truncate(TRIED);
    for (phrase, _) in candidates {
        if !is_out(&Scope::of(&excluding(brand, &phrase))?, mention) {
            continue;
        }
        let effect = effect(brand, &phrase, past)?;
        if effect.answered == 0 {
            return Ok(Some(Proposal { phrase, effect }));
        }
    }
    Ok(None)
}

fn excluding(brand: &Brand, phrase: &str) -> Brand {
    let mut with = brand.clone();
    with.exclusions.push(phrase.to_owned());
    with
}

fn is_out(scope: &Scope, one: &Past<'_>) -> bool {
    !one.addressed && scope.judge(cut(one.text), one.language, one.at).0 == Relevance::NotAbout
}

fn folded(past: &[Past<'_>], wanted: impl Fn(&Past<'_>) -> bool) -> Vec<String> {
    past.iter().filter(|one| wanted(one)).map(|one| Words::of(cut(one.text)).folded).collect()
}

/// Phrases of a text, each once, and whether a name of the brand stands in them: the name with a
/// word or two beside it, and single words that tell what the text is about.
fn candidates(brand: &Brand, text: &str) -> Vec<(String, bool)> {
    let words = Words::of(cut(text));
    let all: Vec<&str> = words.folded.split_whitespace().take(LOOKED_AT).collect();
    let names = names(brand);
    let spoken: Vec<String> = brand.context.iter().map(|c| pattern(c)).collect();
    let mut found: Vec<(String, bool)> = Vec::new();
    for from in 0..all.len() {
        for to in from + 1..=all.len().min(from + 3) {
            let (Some(inside), Some(rest)) =
                (words.words.get(from..to), words.words.get(from + 1..to))
            else {
                break;
            };
            if inside.iter().any(|w| w.tag) || rest.iter().any(|w| w.apart) {
                break;
            }
            let phrase = all[from..to].join(" ");
            let padded = format!(" {phrase} ");
            let named = names.iter().any(|name| padded.contains(name.as_str()));
            let telling = match named {
                // The name alone would sort out everything.
                true => !names.contains(&padded),
                false => to == from + 1 && is_telling(&phrase, &padded),
            };
            let ours = spoken.iter().any(|word| padded.contains(word.as_str()));
            if telling && !ours && !found.iter().any(|(known, _)| *known == phrase) {
                found.push((phrase, named));
            }
        }
    }
    found
}

/// A word that says nothing of what a text is about.
fn is_empty(word: &str) -> bool {
    word.chars().count() <= EMPTY || LISTS.function.contains(&format!(" {word} "))
}

fn is_telling(word: &str, padded: &str) -> bool {
    word.chars().count() >= TELLING
        && word.chars().all(char::is_alphabetic)
        && !is_empty(word)
        && !LISTS.determiner.iter().any(|other| other == padded)
        && !LISTS.customer.iter().any(|other| padded.starts_with(other.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn brand() -> Brand {
        let mut brand = Brand::new("vento", jiff::tz::TimeZone::UTC);
        brand.terms = vec!["Vento".to_owned()];
        brand.handles = vec!["vento_it".to_owned()];
        brand.context = vec!["fibra".to_owned(), "linea".to_owned()];
        brand
    }

    fn past(text: &str, relevance: Relevance, answered: bool) -> Past<'_> {
        Past { text, language: Lang::IT, at: Instant(0), addressed: false, relevance, answered }
    }

    #[test]
    fn an_effect_counts_what_only_the_new_exclusion_sorts_out() {
        let hits = [
            past("Vento forte sulla costa, linea ferroviaria ferma", Relevance::About, false),
            past("Vento forte, fibra debole: con Vento la linea è giù", Relevance::About, true),
            past("@vento_it oggi vento forte e linea giù", Relevance::About, true),
            Past { addressed: true, ..past("vento forte", Relevance::About, false) },
        ];
        let told = effect(&brand(), "vento forte", &hits).unwrap();
        assert_eq!(told, Effect { of: 4, sorted_out: 1, answered: 0 });
        let told = effect(&brand(), "forte", &hits).unwrap();
        assert_eq!(told, Effect { of: 4, sorted_out: 2, answered: 1 });
    }

    #[test]
    fn the_rarest_phrase_that_sorts_out_is_proposed() {
        let mention = past("Raffiche di vento forte: linea chiusa", Relevance::NotAbout, false);
        let hits = [
            mention,
            past("Raffiche a 100 all'ora, vento forte", Relevance::NotAbout, false),
            past("Vento ha la fibra a raffiche, linea giù", Relevance::About, true),
        ];
        let told = propose(&brand(), &mention, &hits).unwrap().unwrap();
        assert_eq!(told.phrase, "vento forte");
        assert_eq!(told.effect, Effect { of: 3, sorted_out: 2, answered: 0 });
        let ours = past("@vento_it vento forte", Relevance::NotAbout, false);
        assert_eq!(propose(&brand(), &ours, &hits).unwrap(), None, "nothing sorts out a handle");
    }
}
