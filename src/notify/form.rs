//! What several notifiers share: labels, cuts, the one-shot conversation.

use crate::domain::Lang;
use crate::domain::text::one_line;
use crate::speech::Catalogue;
use crate::wire::{AlertCase, Ask, Ctx, Delivered, Fault, Got, Key, KeyFault, KeyKind, Step, Talk};
use unicode_segmentation::UnicodeSegmentation;

/// The key by which a recipient chooses the language of the labels around an alert.
pub(super) const LANGUAGE: Key = Key {
    name: "language",
    kind: KeyKind::Text,
    required: false,
    doc: "Language of the labels around an alert: it, en, es, fr, de or pt. Default: en.",
    example: "\"it\"",
};

/// The catalogue for that key's value.
pub(super) fn words(tag: Option<&str>) -> Result<&'static Catalogue, KeyFault> {
    let language = tag.map_or(Some(Lang::EN), Lang::parse);
    match language.filter(|l| Lang::SERVED.contains(l)) {
        Some(language) => Ok(Catalogue::of(language)),
        None => Err(KeyFault {
            key: "language".into(),
            why: "alerts do not speak that language; write it, en, es, fr, de or pt".into(),
        }),
    }
}

/// Who wrote and what was said, on one line of at most `limit` graphemes of text. What the
/// recipient may not see is said so.
pub(super) fn said(case: &AlertCase, words: &'static Catalogue, limit: usize) -> String {
    if case.text.trim().is_empty() {
        return words.get("alert.private").to_owned();
    }
    format!("{}: {}", one_line(&case.author, 60), one_line(&case.text, limit))
}

/// The risks by name, separated by commas.
pub(super) fn risks(case: &AlertCase, words: &'static Catalogue) -> String {
    case.risk.iter().map(|r| words.risk(*r)).collect::<Vec<_>>().join(", ")
}

/// The words that carried the verdict, quoted, at most six.
pub(super) fn whys(case: &AlertCase) -> String {
    let quoted = case.why.iter().take(6).map(|w| format!("“{}”", one_line(w, 60)));
    quoted.collect::<Vec<_>>().join(", ")
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
