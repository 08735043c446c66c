//! `Correction`: what a brand's own people taught, on top of the model that is shipped and within
//! bounds.
//!
//! It moves the model's log odds by `clamp(shift + sum of weights / √pieces, -LIMIT, LIMIT)`, over
//! the words of the folded text, their beginnings and pairs of neighbours. What the rules found
//! stays a floor below that, and where a grave risk is named nothing is lowered.

mod lesson;
#[cfg(test)]
mod tests;
mod weigh;

pub use lesson::{Figures, LEAST_LABELS, LEAST_OF_A_SORT, Lesson, Outcome, Scores};

use super::Settings;
use super::findings::odds;
use super::model::{Grams, WORDS, tells};
use super::normal::Normal;

/// The most by which the log odds are moved, either way. A model's 0.82 can become 0.50, its 0.60
/// no less than 0.25, its 0.97 stays above 0.87: what the model is sure of nobody teaches away.
pub const LIMIT: f32 = 1.5;

/// The weights stand in two to the power of this many rows; several pieces may share one.
const BITS: u32 = 12;
const ROWS: usize = 1 << BITS;
/// With what a blob begins. The number rises when its form or the way to cut a text changes.
const MAGIC: &[u8] = b"ascolto brand 1\n";
/// The longest name of a model, and the longest word that is shown, in bytes.
const NAME_LIMIT: usize = 60;
/// A weight beyond this is none that was learned.
const WEIGHT_LIMIT: f32 = 1e3;
/// A move by more than this is told as a reason, whatever comes of it.
const TELLING: f32 = 0.5;
/// How many words are given as reasons.
const REASONS: usize = 3;
/// A word that moves the log odds by less than this is no reason worth showing.
const REASON_FLOOR: f32 = 0.03;

/// A text's pieces as a correction weighs them.
pub(crate) struct Pieces {
    grams: Grams,
    /// The rows of its pieces, each once, sorted.
    rows: Vec<u16>,
}

impl Pieces {
    /// Those of a folded text.
    pub(crate) fn of(folded: &Normal) -> Pieces {
        let grams = Grams::of(folded, &[]);
        let mut rows: Vec<u16> = grams.blocks[WORDS].iter().map(|hash| row(*hash)).collect();
        rows.sort_unstable();
        rows.dedup();
        Pieces { grams, rows }
    }

    /// What every word of the text adds: its bytes, and the rows of its pieces. The last piece is
    /// the pair with the word before.
    fn words(&self) -> impl Iterator<Item = (usize, usize, Vec<u16>)> {
        let hashes = &self.grams.blocks[WORDS];
        let ends = self.grams.words.iter().map(|word| word.upto[WORDS] as usize);
        let begins = std::iter::once(0).chain(ends.clone());
        self.grams.words.iter().zip(begins.zip(ends)).map(move |(word, (from, to))| {
            let rows = hashes[from..to].iter().map(|hash| row(*hash)).collect();
            (word.start as usize, word.end as usize, rows)
        })
    }
}

/// The row of a piece: the upper bits are the best.
fn row(hash: u32) -> u16 {
    (hash >> (32 - BITS)) as u16
}

/// A text counts as much whether it is long or short.
fn length(rows: &[u16]) -> f32 {
    (rows.len().max(1) as f32).sqrt()
}

/// What was learned.
#[derive(Clone, Debug, PartialEq)]
struct Weights {
    /// What every text is moved by.
    shift: f32,
    /// What each row adds.
    rows: Vec<f32>,
}

impl Weights {
    /// By how much the log odds of a text are moved: never beyond [`LIMIT`], and never down where a
    /// grave risk is named.
    fn moves(&self, rows: &[u16], grave: bool) -> f32 {
        let sum: f32 = rows.iter().map(|row| self.rows[usize::from(*row)]).sum();
        let by = (self.shift + sum / length(rows)).clamp(-LIMIT, LIMIT);
        if grave { by.max(0.0) } else { by }
    }
}

/// A brand's own correction of the model.
#[derive(Clone, Debug, PartialEq)]
pub struct Correction {
    version: i64,
    model: String,
    weights: Weights,
    words: Vec<(String, f32)>,
}

impl Correction {
    /// Which one of the brand's it is: 1, 2, 3 …
    pub fn version(&self) -> i64 {
        self.version
    }

    /// The model that it corrects; on another one it is not used.
    pub fn model(&self) -> &str {
        &self.model
    }

    /// The strongest words that several mentions have, with what each weighs: those that raise
    /// first, those that lower last.
    pub fn words(&self) -> &[(String, f32)] {
        &self.words
    }

    /// By how much the log odds of a text are moved.
    pub(crate) fn moves(&self, pieces: &Pieces, grave: bool) -> f32 {
        self.weights.moves(&pieces.rows, grave)
    }

    /// The words that moved a text most the way it went, as spans of the folded text.
    pub(crate) fn reasons(
        &self,
        pieces: &Pieces,
        folded: &Normal,
        raised: bool,
    ) -> Vec<(usize, usize)> {
        let way = if raised { 1.0 } else { -1.0 };
        let mut found: Vec<(f32, usize, usize)> = pieces
            .words()
            .map(|(start, end, rows)| {
                let sum: f32 = rows.iter().map(|row| self.weights.rows[usize::from(*row)]).sum();
                (way * sum / length(&pieces.rows), start, end)
            })
            .filter(|(sum, start, end)| {
                *sum >= REASON_FLOOR && folded.text.get(*start..*end).is_some_and(tells)
            })
            .collect();
        found.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        found.into_iter().take(REASONS).map(|(_, start, end)| (start, end)).collect()
    }

    /// Its bytes, the same for the same correction; the version is not among them.
    pub fn bytes(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        put_text(&mut out, &self.model);
        out.extend(self.weights.shift.to_le_bytes());
        for weight in &self.weights.rows {
            out.extend(weight.to_le_bytes());
        }
        for (word, weight) in &self.words {
            put_text(&mut out, word);
            out.extend(weight.to_le_bytes());
        }
        out
    }

    /// Reads its bytes.
    ///
    /// # Errors
    /// What is wrong with them, for a person.
    pub fn read(version: i64, bytes: &[u8]) -> Result<Correction, String> {
        let rest = bytes.strip_prefix(MAGIC);
        let mut rest = Rest(rest.ok_or("this is no correction of this version")?);
        let model = rest.text()?;
        let shift = rest.number()?;
        let rows: Result<Vec<f32>, String> = (0..ROWS).map(|_| rest.number()).collect();
        let weights = Weights { shift, rows: rows? };
        let mut words = Vec::new();
        while !rest.0.is_empty() {
            words.push((rest.text()?, rest.number()?));
        }
        Ok(Correction { version, model, weights, words })
    }
}

/// A text with its length before it, cut at [`NAME_LIMIT`].
fn put_text(out: &mut Vec<u8>, text: &str) {
    let text = &text[..text.floor_char_boundary(NAME_LIMIT)];
    out.push(u8::try_from(text.len()).unwrap_or(0));
    out.extend(text.as_bytes());
}

/// What is left to be read.
struct Rest<'a>(&'a [u8]);

impl Rest<'_> {
    fn text(&mut self) -> Result<String, String> {
        let (length, rest) = self.0.split_first().ok_or("the correction is cut off")?;
        let parts = rest.split_at_checked(usize::from(*length));
        let (text, rest) = parts.ok_or("the correction is cut off")?;
        self.0 = rest;
        let text = std::str::from_utf8(text).map_err(|_| "the correction holds no text")?;
        Ok(text.to_owned())
    }

    fn number(&mut self) -> Result<f32, String> {
        let (first, rest) = self.0.split_first_chunk::<4>().ok_or("the correction is cut off")?;
        self.0 = rest;
        let number = f32::from_le_bytes(*first);
        // NaN is no smaller than anything.
        if number.abs() <= WEIGHT_LIMIT {
            Ok(number)
        } else {
            Err("the correction holds a weight that is none".to_owned())
        }
    }
}

/// A correction as judging uses it: with the thresholds of its brand, so that it can say where it
/// mattered.
#[derive(Clone, Copy, Debug)]
pub struct Learned<'a> {
    /// What was learned.
    pub correction: &'a Correction,
    /// From which probability on something happens.
    pub settings: Settings,
}

impl Learned<'_> {
    /// Whether a move from one probability to another is to be told: it crosses a threshold, or is
    /// a long one.
    pub(crate) fn is_told(&self, before: f64, after: f64) -> bool {
        let Settings { alert_at, look_at } = self.settings;
        let bars = [0.5, alert_at.share(), look_at.share()];
        let crosses = bars.iter().any(|bar| (before >= *bar) != (after >= *bar));
        crosses || (odds(after) - odds(before)).abs() > TELLING
    }
}
