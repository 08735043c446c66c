//! `Grave`: what a text names so specifically that it stays named whatever a model says.
//!
//! The cues of a risk hold everyday words too ("ceiling", "report"), which a model weighs with all
//! around them. What must never be missed rests on the phrases of `data/grave.txt` instead.

#[cfg(test)]
mod tests;

use super::cues::{Counts, Table};
use super::lexicon::{Hit, Lexicon};
use crate::domain::verdict::{Lang, Risk};

/// The sections of a language in `data/grave.txt`, each with the risk that it names.
const SECTIONS: [(&str, Risk); 6] = [
    ("legal", Risk::Legal),
    ("safety", Risk::Safety),
    ("near", Risk::Safety),
    ("privacy", Risk::Privacy),
    ("press", Risk::Press),
    ("churn", Risk::Churn),
];
/// The section of harm that is told.
const HARM: u16 = 1;

const FILE: &str = include_str!("data/grave.txt");

/// The phrases of one language.
pub(super) fn lexicon(language: Lang) -> Result<Lexicon, String> {
    let names = SECTIONS.map(|(name, _)| name.to_owned());
    Lexicon::read(&[&part(language)], &names, language == Lang::DE)
}

/// The sections of one language, headed by their risks alone. Lines keep their numbers.
fn part(language: Lang) -> String {
    let head = format!("[{language}.");
    let (mut part, mut ours) = (String::new(), false);
    for line in FILE.lines() {
        if line.starts_with('[') {
            ours = line.starts_with(&head);
        }
        match line.strip_prefix(&head) {
            Some(name) => part.extend(["[", name]),
            None if ours => part.push_str(line),
            None => {}
        }
        part.push('\n');
    }
    part
}

/// What a text names.
#[derive(Debug)]
pub(super) struct Grave {
    /// Sorted, each once.
    pub(super) risks: Vec<Risk>,
    /// Whether harm is told, so that the rules are sure of themselves.
    pub(super) harm: bool,
}

impl Grave {
    /// Of the phrases that were found those count that stand in no longer calm one.
    pub(super) fn of(table: &Table, counts: &Counts, mut hits: Vec<Hit>) -> Grave {
        let calm = table.calm(&counts.hits);
        hits.retain(|hit| !calm.hides(hit));
        let mut risks: Vec<Risk> =
            hits.iter().map(|hit| SECTIONS[usize::from(hit.cue)].1).collect();
        risks.sort_unstable();
        risks.dedup();
        Grave { risks, harm: hits.iter().any(|hit| hit.cue == HARM) }
    }
}
