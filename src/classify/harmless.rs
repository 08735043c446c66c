//! What complains of nothing to the rules and asks nothing of us: automatic mail, advertising and
//! bare thanks, each with how sure a model must be to hear a complaint in it all the same.

#[cfg(test)]
mod tests;

use super::Input;
use super::cues::{Counts, Table};
use super::lexicon::Hit;
use super::normal::Normal;

/// How a machine's mail is sorted out.
pub(super) const AUTOMATIC: &str = "automatic";
/// How thanks are sorted out.
pub(super) const THANKS: &str = "thanks";
/// How advertising is sorted out.
const SPAM: &str = "spam";
/// From this probability on a model hears a complaint.
pub(super) const HEARD: f64 = 0.5;
/// The same where the rules take a text for advertising, which is loud and speaks of money as
/// complaints do.
const SPAM_BAR: f64 = 0.8;
/// The same where a text says once that a machine wrote it. The model has met such words in
/// complaints alone and suspects them: of absences that say no more it stays below this, of those
/// who got no answer but a machine's it is surer.
const AUTOMATIC_BAR: f64 = 0.9;
/// No model is as sure: it has not learned how machines write, and this is plainly one.
const NEVER: f64 = f64::INFINITY;
/// A machine says so first, in bytes of the folded text: further on somebody tells of one.
const AUTOMATIC_START: usize = 20;
/// A text with at most this many words can be thanks alone; in reply to us, where thanks are
/// likely, up to the second figure.
const THANKS_WORDS: (usize, usize) = (8, 14);

/// How a text is sorted out that tells of no breach, and from which probability on a model is heard
/// against it.
pub(super) fn sort_out(
    table: &Table,
    counts: &Counts,
    folded: &Normal,
    input: &Input,
    suspected: f64,
) -> Option<(&'static str, f64)> {
    let value = |cue: &str| counts.value(table, cue);
    if suspected < HEARD
        && let Some(bar) = automatic(table, counts, folded, input.around.automatic)
    {
        return Some((AUTOMATIC, bar));
    }
    let asks = || value("sign.ask") > 0.0 || value("question") > 0.0;
    if suspected < 0.2 && value("promo") > 1.5 && (!asks() || input.text.contains("http")) {
        return Some((SPAM, SPAM_BAR));
    }
    let most = if input.around.reply_to_us { THANKS_WORDS.1 } else { THANKS_WORDS.0 };
    let short = || folded.text.split(' ').count() <= most;
    let calm = || value("mixed.none") > 0.0 && value("demand") == 0.0;
    (suspected < 0.35 && value("thanks") > 0.0 && short() && calm() && !asks())
        .then_some((THANKS, HEARD))
}

/// From which probability on a model is heard where a machine says that it wrote the text; `None`
/// where none does. The network's word for it is enough wherever the phrase stands, else the text
/// must begin so: a customer whose only answer is a machine's says that too. Two such phrases leave
/// no doubt.
fn automatic(table: &Table, counts: &Counts, folded: &Normal, marked: bool) -> Option<f64> {
    let mut said = counts.phrases(table, "auto");
    let first = said.next()?;
    if marked {
        return Some(NEVER);
    }
    let words = |hit: &Hit| folded.text.get(hit.start..hit.end);
    let twice = said.any(|hit| words(hit) != words(first));
    (first.start <= AUTOMATIC_START).then_some(if twice { NEVER } else { AUTOMATIC_BAR })
}
