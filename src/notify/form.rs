//! What several notifiers share: labels, cuts, the one-shot conversation.

use crate::domain::text::one_line;
use crate::speech::Catalogue;
use crate::wire::{Alert, AlertCase, Ask, Ctx, Delivered, Fault, Got, Response, Step, Talk};
use unicode_segmentation::UnicodeSegmentation;

/// The words around an alert.
pub(super) fn words(alert: &Alert) -> &'static Catalogue {
    Catalogue::of(alert.language)
}

/// The head of an alert on one line: its title and, for a case, where and how bad.
pub(super) fn heading(alert: &Alert, words: &Catalogue) -> String {
    let title = one_line(&alert.title, 200);
    let Some(case) = &alert.case else { return title };
    let key = if case.severity == 0 { "alert.title_plain" } else { "alert.title" };
    words.fill(
        key,
        &[
            ("title", &title),
            ("brand", &case.brand),
            ("network", &case.network),
            ("topic", words.topic(case.topic)),
            ("severity", words.severity(case.severity)),
        ],
    )
}

/// Who wrote and what was said, on one line of at most `limit` graphemes of text. What the
/// recipient may not see is said so.
pub(super) fn said(case: &AlertCase, words: &Catalogue, limit: usize) -> String {
    if case.text.trim().is_empty() {
        return words.get("alert.private").to_owned();
    }
    format!("{}: {}", one_line(&case.author, 60), one_line(&case.text, limit))
}

/// Who complains: which complaint it is, from somebody's second on, and what the company knows of the
/// customer.
pub(super) fn strikes(case: &AlertCase, words: &Catalogue) -> String {
    let known = one_line(&case.customer, 300);
    if case.strikes < 2 {
        return known;
    }
    let (count, time) = (case.strikes.to_string(), one_line(&case.strikes_since, 20));
    let repeated = words.fill("alert.strikes", &[("count", &count), ("time", &time)]);
    if known.is_empty() { repeated } else { format!("{repeated}. {known}") }
}

/// The risks by name, separated by commas.
pub(super) fn risks(case: &AlertCase, words: &Catalogue) -> String {
    case.risk.iter().map(|r| words.risk(*r)).collect::<Vec<_>>().join(", ")
}

/// What carried the verdict, each with the words it rests on, quoted; at most six.
pub(super) fn whys(case: &AlertCase, words: &Catalogue) -> String {
    let told = case.why.iter().take(6).map(|why| {
        let cue = one_line(words.cue(&why.cue), 60);
        match one_line(&why.words, 60) {
            seen if seen.is_empty() => cue,
            seen => format!("{cue} “{seen}”"),
        }
    });
    told.collect::<Vec<_>>().join("; ")
}

/// At most `limit` bytes, cut at a grapheme border and marked with `…`. A limit too short for
/// the mark gives nothing.
pub(super) fn cut(text: &str, limit: usize) -> String {
    if text.len() <= limit {
        return text.to_owned();
    }
    let Some(room) = limit.checked_sub('…'.len_utf8()) else {
        return String::new();
    };
    let ends = text.grapheme_indices(true).map(|(at, g)| at + g.len());
    let end = ends.take_while(|end| *end <= room).last().unwrap_or(0);
    format!("{}…", text[..end].trim_end())
}

/// A harmless question, and what its answer must be.
pub(super) struct Tries<F> {
    /// What is asked.
    pub(super) ask: Ask,
    /// Whether the answer shows that the settings do.
    pub(super) judge: F,
}

impl<F: FnMut(&Response) -> Result<(), Fault> + Send> Talk<()> for Tries<F> {
    fn start(&mut self, _cx: &Ctx<'_>) -> Step<()> {
        Step::Ask(vec![self.ask.clone()])
    }

    fn read(&mut self, _tag: u8, got: Got, _cx: &Ctx<'_>) -> Result<Step<()>, Fault> {
        (self.judge)(&got.http()?).map(Step::Done)
    }
}

/// A conversation of one question and one answer.
pub(super) struct Once {
    /// What is asked.
    pub(super) ask: Ask,
    /// Reads the answer.
    pub(super) read: fn(Got) -> Result<Delivered, Fault>,
}

impl Talk<Delivered> for Once {
    fn start(&mut self, _cx: &Ctx<'_>) -> Step<Delivered> {
        Step::Ask(vec![self.ask.clone()])
    }

    fn read(&mut self, _tag: u8, got: Got, _cx: &Ctx<'_>) -> Result<Step<Delivered>, Fault> {
        (self.read)(got).map(Step::Done)
    }
}
