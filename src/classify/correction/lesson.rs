//! `Lesson`: learns a correction from labelled texts, and measures on labels that it has not seen
//! whether judging goes better by it.
//!
//! A logistic regression on top of the model's log odds, by the solver that trains the model. The
//! same labels give the same bytes, in whatever order they come.

use super::{Correction, LIMIT, NAME_LIMIT, Pieces, ROWS, Weights, length};
use crate::classify::findings::share;
use crate::classify::measure::Counts;
use crate::classify::model::tells;
use crate::classify::train::{Example, Matrix, solve};
use crate::classify::{Classifier, Input};
use crate::domain::PerMillion;
use crate::domain::label::Refusal;
use std::collections::BTreeMap;

/// With fewer labels nothing is used.
pub const LEAST_LABELS: usize = 100;
/// Nor with fewer of either sort.
pub const LEAST_OF_A_SORT: usize = 30;
/// On so many sides labels are split: each is judged by what the others taught.
const FOLDS: u64 = 5;
/// The log loss must fall by at least this share of itself. Less is what chance does.
const GAIN: f64 = 0.02;
/// Recall may fall by so much at most, per million.
const RECALL_LOSS: u32 = 10_000;
/// What an error on one label costs against the squared length of the weights.
const COST: f64 = 1.0;
/// How much the shift of all texts counts beside a text's words, which have the length 1 together:
/// so little that words carry what they can. Labels are put to what was alerted, so what moves
/// everything rests on few.
const SHIFT: f32 = 0.25;
/// The most steps of the solver.
const STEPS: usize = 60;
/// Nothing is so unlikely that it costs more than this: a wrong label must not count for all.
const SURE: f64 = 1e-6;
/// A word is shown only if so many labelled mentions have it: one that a single person wrote is
/// that person's.
const SHARED: u32 = 5;
/// So many words are shown that raise, and so many that lower.
const SHOWN: usize = 10;
/// A word that weighs less is not worth showing.
const SHOWN_FLOOR: f32 = 0.01;
/// Of so many words of a text it is noted where they stand.
const NOTED: usize = 64;

/// One labelled text, without its words.
struct Heard {
    id: String,
    complaint: bool,
    weight: f64,
    floor: f64,
    odds: f32,
    grave: bool,
    rows: Vec<u16>,
}

impl Heard {
    /// How likely it is a complaint, as judging would say.
    fn judged(&self, weights: Option<&Weights>) -> f64 {
        let by = weights.map_or(0.0, |weights| weights.moves(&self.rows, self.grave));
        debug_assert!(by.abs() <= LIMIT, "moved by {by}");
        self.floor.max(share(self.odds + by))
    }

    /// The side of the split that it stands on.
    fn fold(&self) -> u64 {
        let mix = |sum: u64, byte: u8| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        self.id.bytes().fold(0xcbf2_9ce4_8422_2325, mix) % FOLDS
    }
}

/// In how many mentions a word stands, and the rows that are its own.
struct Noted {
    mentions: u32,
    rows: Vec<u16>,
}

/// Labelled texts, gathered to be learned from.
#[derive(Default)]
pub struct Lesson {
    heard: Vec<Heard>,
    words: BTreeMap<String, Noted>,
}

/// How well complaints are told from everything else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scores {
    /// Log loss, in millionths of a nat; lower is better.
    pub loss: i64,
    /// Macro-F1 of complaint or not.
    pub macro_f1: PerMillion,
    /// Of the complaints, how many are found.
    pub recall: PerMillion,
}

/// What a correction is worth on labels that it had not seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Of how many labels it was learned.
    pub labels: usize,
    /// How many of them say "a complaint".
    pub complaints: usize,
    /// Judged without it.
    pub without: Scores,
    /// Judged with it.
    pub with: Scores,
}

/// What came of a lesson.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What was learned of all labels.
    pub correction: Correction,
    /// What that is worth.
    pub figures: Figures,
    /// Why it is not to be used; `None`: it is.
    pub refused: Option<Refusal>,
}

impl Lesson {
    /// Adds a labelled text. One of which no model has a say teaches nothing and is passed over.
    /// `weight` is what an error on it costs, 1 for a plain word.
    pub fn hear(
        &mut self,
        judge: &Classifier,
        id: &str,
        input: &Input,
        complaint: bool,
        weight: f64,
    ) {
        let Some(weighed) = judge.weigh(input) else { return };
        let pieces = Pieces::of(&weighed.folded);
        for (start, end, mut rows) in pieces.words().take(NOTED) {
            // What was said before in the text has no piece left but the pair.
            rows.pop();
            let word = weighed.folded.text.get(start..end).unwrap_or("");
            if rows.is_empty() || word.len() > NAME_LIMIT || !tells(word) {
                continue;
            }
            let noted = self.words.entry(word.to_owned());
            noted.or_insert(Noted { mentions: 0, rows }).mentions += 1;
        }
        self.heard.push(Heard {
            id: id.to_owned(),
            complaint,
            weight,
            floor: weighed.floor,
            odds: weighed.odds,
            grave: weighed.grave,
            rows: pieces.rows,
        });
    }

    /// Learns from all that was heard and measures it. `alert_at` is the probability from which on
    /// a complaint counts as found.
    pub fn learn(mut self, model: &str, alert_at: PerMillion) -> Outcome {
        self.heard.sort_by(|a, b| a.id.cmp(&b.id));
        let figures = self.measure(alert_at.share());
        let all: Vec<&Heard> = self.heard.iter().collect();
        let weights = fit(&all);
        let words = self.strongest(&weights);
        let correction = Correction { version: 0, model: model.to_owned(), weights, words };
        Outcome { correction, figures, refused: refused(&figures) }
    }

    /// Judges each label by what the others taught.
    fn measure(&self, alert_at: f64) -> Figures {
        let mut without = Tally::default();
        let mut with = Tally::default();
        for fold in 0..FOLDS {
            let (held, taught): (Vec<&Heard>, Vec<&Heard>) =
                self.heard.iter().partition(|one| one.fold() == fold);
            let weights = fit(&taught);
            for one in held {
                without.add(one, one.judged(None), alert_at);
                with.add(one, one.judged(Some(&weights)), alert_at);
            }
        }
        Figures {
            labels: self.heard.len(),
            complaints: self.heard.iter().filter(|one| one.complaint).count(),
            without: without.scores(),
            with: with.scores(),
        }
    }

    /// The words to be shown.
    fn strongest(&self, weights: &Weights) -> Vec<(String, f32)> {
        let weight = |noted: &Noted| -> f32 {
            noted.rows.iter().map(|row| weights.rows[usize::from(*row)]).sum()
        };
        let shared = self.words.iter().filter(|(_, noted)| noted.mentions >= SHARED);
        let mut all: Vec<(String, f32)> =
            shared.map(|(word, noted)| (word.clone(), weight(noted))).collect();
        all.retain(|(_, weight)| weight.abs() >= SHOWN_FLOOR);
        all.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        let lower = all.iter().filter(|(_, weight)| *weight < 0.0).count();
        let raise = all.len() - lower;
        let (first, last) = (raise.min(SHOWN), all.len() - lower.min(SHOWN));
        all.into_iter()
            .enumerate()
            .filter(|(at, _)| *at < first || *at >= last)
            .map(|(_, word)| word)
            .collect()
    }
}

/// The weights that fit labelled texts best. A complaint that is missed is worse than a false alarm,
/// so where fewer were named complaints count as much as all else together.
fn fit(heard: &[&Heard]) -> Weights {
    let sum = |complaint: bool| -> f64 {
        let of = heard.iter().filter(|one| one.complaint == complaint);
        of.map(|one| one.weight).sum()
    };
    let (yes, no) = (sum(true), sum(false));
    let even = if yes > 0.0 { (no / yes).max(1.0) } else { 1.0 };
    let mut matrix =
        Matrix { columns: ROWS + 1, starts: vec![0], at: Vec::new(), values: Vec::new() };
    let mut examples = Vec::with_capacity(heard.len());
    for (row, one) in heard.iter().enumerate() {
        let value = 1.0 / length(&one.rows);
        for at in &one.rows {
            matrix.at.push(u32::from(*at));
            matrix.values.push(value);
        }
        matrix.at.push(ROWS as u32);
        matrix.values.push(SHIFT);
        matrix.starts.push(matrix.at.len());
        let cost = COST * one.weight * if one.complaint { even } else { 1.0 };
        let begin = f64::from(one.odds);
        examples.push(Example { row, begin, belongs: one.complaint, cost });
    }
    let mut rows: Vec<f32> =
        solve(&matrix, &examples, STEPS).into_iter().map(|weight| weight as f32).collect();
    let shift = SHIFT * rows.pop().unwrap_or(0.0);
    Weights { shift, rows }
}

/// Sums over judged labels.
#[derive(Default)]
struct Tally {
    loss: f64,
    weight: f64,
    counts: Counts,
}

impl Tally {
    fn add(&mut self, one: &Heard, judged: f64, alert_at: f64) {
        let right = if one.complaint { judged } else { 1.0 - judged };
        self.loss -= one.weight * libm::log(right.max(SURE));
        self.weight += one.weight;
        self.counts.add(one.complaint, judged >= alert_at);
    }

    fn scores(&self) -> Scores {
        let loss = if self.weight > 0.0 { self.loss / self.weight } else { 0.0 };
        Scores {
            loss: (loss * 1e6).round() as i64,
            macro_f1: PerMillion::from_share(self.counts.macro_f1()),
            recall: PerMillion::from_share(self.counts.recall()),
        }
    }
}

/// Why a correction with these figures is not to be used.
pub(super) fn refused(figures: &Figures) -> Option<Refusal> {
    let Figures { labels, complaints, without, with } = figures;
    if *labels < LEAST_LABELS {
        Some(Refusal::TooFew)
    } else if (*complaints).min(labels - complaints) < LEAST_OF_A_SORT {
        Some(Refusal::OneSided)
    } else if with.recall.0 + RECALL_LOSS < without.recall.0 {
        Some(Refusal::RecallFell)
    } else if with.loss as f64 > without.loss as f64 * (1.0 - GAIN) {
        Some(Refusal::NoGain)
    } else {
        None
    }
}
