//! Reads dated promises in our own replies: "entro venerdì", "in 48 ore lavorative", "by Monday
//! noon".
//!
//! A time is a promise where a word makes it a deadline (`entro`, `by`, `bis`), or where its
//! sentence says that we will do something. It is none where the sentence asks, sets a condition,
//! tells opening hours or an offer; where its part of the sentence denies, tells of the past or
//! leaves the act to the customer; and where the time itself is past, or a beginning (`da lunedì`).
//!
//! How times are meant, where people mean different things, the earlier reading mostly counts, since
//! an early reminder costs little: a day ends with the brand's work of that day (at midnight where
//! there is none), a morning at 12:00, an afternoon at 18:00, an evening at 21:00; "by Friday" on a
//! Friday is the next one, and "next Friday" the coming one; "the next few days" are five, "the next
//! few hours" five; of "2 or 3 days" three count; a week ends with its last working day. Days in
//! numbers are read day first (`05/12` is 5 December), the month first only where the second number
//! can be no month. A date without a year lies within half a year ahead, or is past.

mod component;
mod expression;
mod lexicon;
mod resolve;
#[cfg(test)]
mod tests;
mod token;

use super::hours::Calendar;
use super::time::Instant;
use super::verdict::Lang;
use expression::Expression;
use lexicon::{Clause, Lexicon};
use resolve::Seen;
use token::{Kind, Token};

/// No more of a reply is read, in bytes: longer than any network takes.
const LONGEST: usize = 16 * 1024;
/// No more promises of one reply are kept: a reply that names more lists something.
const MOST: usize = 8;

/// Nor are more of its times looked at.
const MOST_TIMES: usize = 64;

/// A date that a reply of ours gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promise {
    /// By when.
    pub due: Instant,
    /// The words that carried it, as written.
    pub words: String,
}

/// The promises in a reply that was posted at `at`, each date once, in their order.
///
/// `language` is what the reply is said to be written in; its words decide, where they can. Dates
/// follow the calendar's zone, and lie after `at`.
pub fn promises(
    text: &str,
    at: Instant,
    language: Option<Lang>,
    calendar: &Calendar,
) -> Vec<Promise> {
    let text = &text[..text.floor_char_boundary(LONGEST)];
    let mut tokens = token::tokens(text);
    let lexicon = Lexicon::of(&tokens, language);
    let asking = token::sentences(&mut tokens, lexicon);
    let seen = Seen::from(calendar, at);
    let mut found: Vec<Promise> = Vec::new();
    for said in expression::expressions(&tokens, lexicon).into_iter().take(MOST_TIMES) {
        let Some(first) = tokens.get(said.from) else { continue };
        if asking.contains(&first.sentence) || !is_meant(&said, &tokens, lexicon) {
            continue;
        }
        let Some(due) = seen.due(&said) else { continue };
        if found.iter().any(|promise| promise.due == due) {
            continue;
        }
        let to = tokens.get(said.to.wrapping_sub(1)).map_or(first.to, |last| last.to);
        found.push(Promise { due, words: text.get(first.from..to).unwrap_or("").to_owned() });
        if found.len() == MOST {
            break;
        }
    }
    found
}

/// Whether what stands around a time makes it a promise.
fn is_meant(said: &Expression, tokens: &[Token], lexicon: &Lexicon) -> bool {
    let inside = said.from..said.to;
    let Some(own) = tokens.get(inside.clone()).filter(|own| !own.is_empty()) else { return false };
    if said.none || said.past || said.ago && said.span.is_some() {
        return false;
    }
    let sentence = own[0].sentence;
    let parts = own[0].part..=own[own.len() - 1].part;
    let mut will = said.by || said.before || said.ago;
    for (at, token) in tokens.iter().enumerate() {
        let around = token.sentence == sentence && token.kind == Kind::Word;
        if !around || inside.contains(&at) {
            continue;
        }
        let says = |clause| lexicon.says(clause, tokens, at);
        if says(Clause::If) || says(Clause::Open) {
            return false;
        }
        let beside = parts.contains(&token.part);
        if beside && (says(Clause::No) || says(Clause::Theirs) || says(Clause::Was)) {
            return false;
        }
        will |= lexicon.promises(tokens, at);
    }
    will
}
