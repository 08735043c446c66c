//! The trained model that stands in the binary. Stage A is linear, over hashed pieces of the text
//! and the cues that the rules found; its weights are whole numbers of one byte. Stage B, a network
//! over a sentence encoder, is asked where A is not sure ([`Cascade`]).
//!
//! It says how likely a complaint is (calibrated per language), which other kind it would be, how
//! serious, about what, with which risks, and which words carried that. Sums are whole numbers, so
//! every machine and build says the same.

mod bank;
mod cascade;
mod file;
mod grams;
#[cfg(test)]
mod tests;

pub(crate) use bank::{Bank, Shape};
pub use cascade::Cascade;
pub(crate) use cascade::{StageB, is_unsure};
pub(crate) use file::{Platt, Rest, put};
pub(crate) use grams::{BLOCKS, Grams, WORDS};

use crate::domain::verdict::{Kind, Lang, Risk, Topic};

/// How many kinds there are beside complaint.
pub(crate) const MILD: usize = Kind::ALL.len() - 1;
/// Where the heads of the third bank begin: two of severity, then topics, then risks.
pub(crate) const TOPICS: usize = 2;
pub(crate) const RISKS: usize = TOPICS + Topic::ALL.len();
pub(crate) const DETAILS: usize = RISKS + Risk::ALL.len();

/// What each bank is: its heads, the bits of its tables, and how much each block counts. Chosen by
/// cross-validation on our corpus (docs/model-card.md).
pub(crate) const SHAPES: [Shape; 3] = [
    Shape { heads: 1, bits: [17, 16, 16, 15, 14], share: [1.0, 0.7, 2.0, 1.0, 1.0], cues: 0.3 },
    Shape { heads: MILD, bits: [14, 13, 13, 0, 11], share: [1.0, 0.7, 2.0, 0.0, 1.0], cues: 0.3 },
    // The turns from cue to cue give 0.9 points of the topic; tables with up to eight times as many
    // rows beside them 0.1, which is chance.
    Shape {
        heads: DETAILS,
        bits: [14, 13, 14, 0, 12],
        share: [1.0, 0.7, 1.5, 0.0, 0.7],
        cues: 0.3,
    },
];

/// How many words are given as reasons.
const REASONS: usize = 3;
/// A word that raises the log odds by less than this is no reason worth showing.
const REASON_FLOOR: f32 = 0.25;

/// The trained weights of Stage A.
pub struct StageA {
    name: String,
    /// One a shape.
    banks: [Bank; 3],
    /// From sums to probabilities, in the order of [`Lang::SERVED`].
    platt: [Platt; Lang::SERVED.len()],
}

impl StageA {
    /// The sum that the probability of a complaint rests on.
    pub(crate) fn complaint(&self, grams: &Grams, cues: &[f32]) -> f32 {
        let [sum] = self.banks[0].sums(grams, cues);
        sum
    }

    /// The calibration of a language; that of English for one that is not served.
    pub(crate) fn platt(&self, language: Lang) -> Platt {
        self.platt[cascade::place(language)]
    }

    /// The words that raise a sum most, as spans of the folded text.
    fn reasons(
        &self,
        bank: usize,
        head: usize,
        grams: &Grams,
        folded: &str,
    ) -> Vec<(usize, usize)> {
        let mut found: Vec<(f32, usize)> = Vec::new();
        let span = |at: usize| (grams.words[at].start as usize, grams.words[at].end as usize);
        let tells = |word: usize| {
            let (start, end) = span(word);
            folded.get(start..end).is_some_and(tells)
        };
        self.banks[bank].each_word(head, grams, tells, |word, sum| {
            if sum >= REASON_FLOOR {
                found.push((sum, word));
            }
        });
        found.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        found.into_iter().take(REASONS).map(|(_, at)| span(at)).collect()
    }
}

/// Whether a word tells a person anything: a comma and "my" carry weight and explain nothing.
pub(crate) fn tells(word: &str) -> bool {
    !word.is_ascii() || word.len() >= 4 && word.starts_with(|c: char| c.is_ascii_alphabetic())
}

/// Where the greatest stands; the first of equals.
fn best(sums: &[f32]) -> usize {
    let mut best = 0;
    for (at, sum) in sums.iter().enumerate() {
        if *sum > sums[best] {
            best = at;
        }
    }
    best
}
