//! Sorting out spam, bots and bare abuse by phrases, where nothing in a text may complain.
//!
//! Whoever is sorted out wrongly waits unheard, so the bars are low: a text that the rules or the
//! model doubt, that names a risk, that bears stars or that a person must see is never sorted out
//! here. What is stays listed, a person can take it up again, and the weekly sample draws from it.

#[cfg(test)]
mod tests;

use super::findings::Findings;
use super::lexicon::{Hit, Lexicon};
use super::normal::Normal;
use super::{Classifier, Input, reason};
use crate::domain::verdict::{Kind, Lang, PerMillion, Risk};

/// The sections of `data/sorting.txt`.
const SECTIONS: [&str; 4] = ["spam", "bot", "abuse", "beside"];
const SPAM: u16 = 0;
const BOT: u16 = 1;
const ABUSE: u16 = 2;

/// Less likely than this a text must be a complaint, and less than what the brand has looked at.
const BAR: PerMillion = PerMillion(350_000);
/// Offers are loud and speak of money as complaints do, so they must be less likely still.
const SPAM_BAR: PerMillion = PerMillion(200_000);
/// A program says so at the beginning, in bytes of the folded text: further on somebody quotes one.
const BOT_START: usize = 20;
/// Abuse says nothing else: at most so many words, and none that no phrase knows.
const ABUSE_WORDS: usize = 10;
/// What names one of these is for a person, whatever surrounds it.
const GRAVE: [Risk; 5] = [Risk::Legal, Risk::Safety, Risk::Privacy, Risk::Press, Risk::Vulnerable];

/// The phrases, as German and as the other languages fold them.
pub(super) fn sorts() -> Result<[Lexicon; 2], String> {
    let names = SECTIONS.map(str::to_owned);
    let read = |german| Lexicon::read(&[include_str!("data/sorting.txt")], &names, german);
    Ok([read(false)?, read(true)?])
}

impl Classifier {
    /// Sorts a text out, if it is nothing but spam, a bot's or abuse.
    pub(super) fn sort(
        &self,
        found: &mut Findings,
        text: &str,
        (language, folded): (Lang, &Normal),
        input: &Input<'_>,
    ) {
        let probability = PerMillion::from_share(found.probability);
        let bar = BAR.min(input.around.bars.look_at);
        let may_complain = found.kind == Kind::Complaint
            || probability >= bar
            || input.rating.is_some()
            || found.risk.iter().any(|risk| GRAVE.contains(risk));
        if may_complain || found.look || found.sorted_out.is_some() {
            return;
        }
        let hits = self.sorts[usize::from(language == Lang::DE)].find(&folded.text);
        let section = if probability < SPAM_BAR && is_spam(&hits, text) {
            SPAM
        } else if is_bot(&hits, &folded.text) {
            BOT
        } else if found.kind == Kind::Other && is_abuse(&hits, &folded.text) {
            ABUSE
        } else {
            return;
        };
        let longest = of(&hits, section).max_by_key(|hit| hit.end - hit.start);
        let words = longest.map_or("", |hit| folded.written(text, hit.start, hit.end));
        let name = SECTIONS[usize::from(section)];
        found.why.insert(0, reason(&format!("sorted.{name}"), words));
        found.sorted_out = Some(name.to_owned());
    }
}

fn of(hits: &[Hit], section: u16) -> impl Iterator<Item = &Hit> {
    hits.iter().filter(move |hit| hit.cue == section)
}

/// Two offers, or one with an address to follow. A phrase inside of another is no second one.
fn is_spam(hits: &[Hit], text: &str) -> bool {
    let (mut offers, mut end) = (0, 0);
    for hit in of(hits, SPAM) {
        if hit.start >= end {
            offers += 1;
        }
        end = end.max(hit.end);
    }
    let linked = ["http", "www.", "t.me/", "wa.me/"].iter().any(|link| text.contains(link));
    offers > 1 || (offers == 1 && linked)
}

/// A program that says so first, and asks nothing.
fn is_bot(hits: &[Hit], folded: &str) -> bool {
    !folded.contains('?') && of(hits, BOT).any(|hit| hit.start <= BOT_START)
}

/// Insults, and no word besides that says anything.
fn is_abuse(hits: &[Hit], folded: &str) -> bool {
    let known = |at: usize| hits.iter().any(|hit| hit.start <= at && at < hit.end);
    let (mut words, mut spare, mut begun) = (0, false, false);
    for (at, c) in folded.char_indices() {
        if c.is_alphanumeric() && !begun {
            words += 1;
            spare |= !known(at);
        }
        begun = c.is_alphanumeric();
    }
    !folded.contains('?') && of(hits, ABUSE).next().is_some() && words <= ABUSE_WORDS && !spare
}
