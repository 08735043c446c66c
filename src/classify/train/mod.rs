//! Makes the model of Stage A from labelled texts: pure, and byte for byte the same from the same
//! lines in the same order, in debug and release builds, by one thread or many.
//!
//! Each head is a logistic regression of its own (`solver`); whole messages of one block of lines
//! stay on one side of a split (`side`). What the complaint head says of texts that it has not
//! seen is turned into probabilities, per language.

mod calibrate;
mod net;
mod parallel;
mod solver;
#[cfg(test)]
mod tests;

use super::Classifier;
use super::labels::Labelled;
use super::model::{BLOCKS, Bank, DETAILS, Grams, MILD, Platt, RISKS, SHAPES, StageA, TOPICS};
use crate::domain::verdict::{Kind, Lang, Risk, Topic, Verdict};
pub(crate) use solver::{Example, Matrix, solve};

/// On how many sides lines are split.
pub const SIDES: usize = 5;
/// So many lines of a file stay together: neighbours tell of like things.
const BLOCK_OF_LINES: usize = 25;
/// What an error costs against the squared length of the weights, a bank. By cross-validation.
const COSTS: [f64; 3] = [6.0, 4.0, 3.0];
/// A head takes at most so many steps; more change figures by less than chance does.
const STEPS: usize = 60;

/// A labelled line and where it stands.
#[derive(Clone, Debug)]
pub struct Sample {
    /// What it says.
    pub labelled: Labelled,
    /// Its place in its file, from 0.
    pub line: usize,
}

impl Sample {
    /// The side of a split it stands on. Files that tell of the same situations in two languages
    /// (LABELS.md) tell them at about the same lines.
    pub fn side(&self) -> usize {
        self.line / BLOCK_OF_LINES % SIDES
    }

    fn language(&self) -> Lang {
        self.labelled.language.unwrap_or(Lang::UNKNOWN)
    }
}

/// Texts ready to be learned from.
pub struct Training<'s> {
    samples: Vec<&'s Sample>,
    seen: Vec<(Grams, Vec<f32>)>,
    threads: usize,
}

impl<'s> Training<'s> {
    /// Reads the texts. Those in languages that are not served are left out. All that can be done
    /// side by side is done by so many threads, with the same result by any number of them.
    ///
    /// # Errors
    /// What is wrong with the phrase files, or that there is nothing to learn.
    pub fn of(samples: &'s [Sample], threads: usize) -> Result<Training<'s>, String> {
        let rules = Classifier::new(None)?;
        let found = parallel::ordered(samples.len(), threads, |at| {
            let labelled = &samples[at].labelled;
            rules.see(&labelled.text, labelled.language)
        });
        let found = samples.iter().zip(found);
        let (kept, seen): (Vec<_>, Vec<_>) =
            found.filter_map(|(sample, found)| Some((sample, found?))).unzip();
        let both = |is: bool| kept.iter().any(|sample: &&Sample| sample.labelled.complaint == is);
        if !both(true) || !both(false) {
            return Err("there must be complaints and others to learn from".to_owned());
        }
        Ok(Training { samples: kept, seen, threads })
    }

    /// How many texts are learned from.
    pub fn count(&self) -> usize {
        self.samples.len()
    }

    /// The model of all texts.
    pub fn train(&self, name: &str) -> StageA {
        let all: Vec<usize> = (0..self.samples.len()).collect();
        let others = self.others();
        let whole = (0..SHAPES.len()).map(|bank| (bank, &all));
        let jobs: Vec<_> = whole.chain(others.iter().map(|others| (0, others))).collect();
        let mut banks = self.banks(&jobs).into_iter();
        let whole = std::array::from_fn(|_| banks.next().expect("there is a bank for each job"));
        let held = self.held_out(&banks.collect::<Vec<_>>());
        StageA::of(name, whole, self.calibrate(&held, &all))
    }

    /// For each side the model of the others, calibrated by them alone.
    pub fn held_out_models(&self) -> Vec<StageA> {
        let others = self.others();
        let of_bank = |bank| others.iter().map(move |others| (bank, others));
        let jobs: Vec<_> = (0..SHAPES.len()).flat_map(of_bank).collect();
        let mut first = self.banks(&jobs);
        let mut third = first.split_off(2 * SIDES).into_iter();
        let mut second = first.split_off(SIDES).into_iter();
        let held = self.held_out(&first);
        let models = first.into_iter().zip(&others).map(|(first, others)| {
            let banks = [Some(first), second.next(), third.next()];
            let banks = banks.map(|bank| bank.expect("there is a bank for each job"));
            StageA::of("held-out", banks, self.calibrate(&held, others))
        });
        models.collect()
    }

    /// What models that have not seen them say of all texts, with the rules as in use.
    ///
    /// # Errors
    /// As [`Classifier::new`].
    pub fn judge_held_out(
        &self,
        models: Vec<StageA>,
    ) -> Result<Vec<(&'s Labelled, Verdict)>, String> {
        let mut judged: Vec<Option<Verdict>> = vec![None; self.samples.len()];
        for (side, model) in models.into_iter().enumerate() {
            let classifier = Classifier::new(Some(Box::new(model)))?;
            for at in self.split(side).0 {
                let labelled = &self.samples[at].labelled;
                judged[at] = Some(classifier.judge(&labelled.input()));
            }
        }
        let told = self.samples.iter().zip(judged);
        Ok(told.filter_map(|(sample, verdict)| Some((&sample.labelled, verdict?))).collect())
    }

    /// The complaint sum of each text, from the one of these banks that has not seen its side.
    fn held_out(&self, banks: &[Bank]) -> Vec<f32> {
        let mut sums = vec![0.0; self.samples.len()];
        for (side, bank) in banks.iter().enumerate() {
            for at in self.split(side).0 {
                let (grams, cues) = &self.seen[at];
                [sums[at]] = bank.sums(grams, cues);
            }
        }
        sums
    }

    /// For each side who does not stand on it.
    fn others(&self) -> Vec<Vec<usize>> {
        (0..SIDES).map(|side| self.split(side).1).collect()
    }

    /// Who stands on a side, and who does not.
    fn split(&self, side: usize) -> (Vec<usize>, Vec<usize>) {
        (0..self.samples.len()).partition(|at| self.samples[*at].side() == side)
    }

    /// The calibration of each language by the sums of some texts.
    fn calibrate(&self, sums: &[f32], of: &[usize]) -> [Platt; Lang::SERVED.len()] {
        let told = |lang: Option<Lang>| -> Vec<(f32, bool)> {
            let mine = of
                .iter()
                .filter(|at| lang.is_none_or(|lang| self.samples[**at].language() == lang));
            mine.map(|at| (sums[*at], self.samples[*at].labelled.complaint)).collect()
        };
        let all = calibrate::fit(&told(None)).unwrap_or(Platt { slope: 1.0, begin: 0.0 });
        Lang::SERVED.map(|lang| calibrate::fit(&told(Some(lang))).unwrap_or(all))
    }

    /// For each job a bank: which one, trained on which texts.
    fn banks(&self, jobs: &[(usize, &Vec<usize>)]) -> Vec<Bank> {
        parallel::ordered(jobs.len(), self.threads, |job| self.bank(jobs[job].0, jobs[job].1))
    }

    /// Trains the heads of one bank on some texts.
    fn bank(&self, bank: usize, on: &[usize]) -> Bank {
        let shape = SHAPES[bank];
        let labels: Vec<(usize, [Option<bool>; DETAILS])> = on
            .iter()
            .map(|at| (*at, labels(bank, &self.samples[*at].labelled)))
            .filter(|(_, labels)| labels.iter().any(Option::is_some))
            .collect();
        let rows: Vec<&(Grams, Vec<f32>)> = labels.iter().map(|(at, _)| &self.seen[*at]).collect();
        let layout = Layout::of(bank, &rows);
        let heads: Vec<Vec<f64>> = (0..shape.heads)
            .map(|head| {
                let examples = examples(bank, head, &labels);
                solve(&layout.matrix, &examples, STEPS)
            })
            .collect();
        layout.bank(bank, &heads)
    }
}

/// What a line says to each head of a bank; `None`: nothing.
fn labels(bank: usize, line: &Labelled) -> [Option<bool>; DETAILS] {
    let mut out = [None; DETAILS];
    match bank {
        0 => out[0] = Some(line.complaint),
        1 => {
            if let Some(kind) = line.kind.filter(|kind| *kind != Kind::Complaint) {
                for (slot, other) in out.iter_mut().zip(&Kind::ALL[1..=MILD]) {
                    *slot = Some(*other == kind);
                }
            }
        }
        _ => {
            if let Some(severity) = line.severity {
                out[0] = Some(severity >= 2);
                out[1] = Some(severity >= 3);
            }
            if let Some(topic) = line.topic {
                for (slot, other) in out[TOPICS..].iter_mut().zip(Topic::ALL) {
                    *slot = Some(*other == topic);
                }
            }
            if let Some(risk) = &line.risk {
                for (slot, other) in out[RISKS..].iter_mut().zip(Risk::ALL) {
                    *slot = Some(risk.contains(other));
                }
            }
        }
    }
    out
}

/// The examples of one head. Rare classes count more: as much as all others together where only
/// yes or no is asked, less where the strongest of several heads wins or a risk is named.
fn examples(bank: usize, head: usize, labels: &[(usize, [Option<bool>; DETAILS])]) -> Vec<Example> {
    let told: Vec<(usize, bool)> = labels
        .iter()
        .enumerate()
        .filter_map(|(row, (_, labels))| Some((row, labels[head]?)))
        .collect();
    let yes = told.iter().filter(|(_, belongs)| *belongs).count() as f64;
    let all = told.len() as f64;
    let even = [all / 2.0 / yes.max(1.0), all / 2.0 / (all - yes).max(1.0)];
    let cost = |belongs: bool| {
        let even = if belongs { even[0] } else { even[1] };
        COSTS[bank] * if bank < 2 { even } else { even.sqrt() }
    };
    let example =
        |(row, belongs): (usize, bool)| Example { row, begin: 0.0, belongs, cost: cost(belongs) };
    told.into_iter().map(example).collect()
}

/// The rows of a bank, with those columns only that stand in a text.
struct Layout {
    matrix: Matrix,
    /// By block and bucket: its column.
    columns: [Vec<u32>; BLOCKS],
    /// The column of the first cue; behind the cues stands the one that is always 1.
    cues: usize,
}

/// No column.
const NONE: u32 = u32::MAX;

impl Layout {
    fn of(bank: usize, rows: &[&(Grams, Vec<f32>)]) -> Layout {
        let shape = SHAPES[bank];
        let mut columns: [Vec<u32>; BLOCKS] =
            std::array::from_fn(|block| vec![NONE; shape.rows(block)]);
        let mut count = 0;
        let mut matrix = Matrix { columns: 0, starts: vec![0], at: Vec::new(), values: Vec::new() };
        let cues = rows.first().map_or(0, |(_, cues)| cues.len());
        let mut cue_values: Vec<Vec<(usize, f32)>> = Vec::with_capacity(rows.len());
        for (grams, of_cues) in rows {
            for (block, hashes) in grams.blocks.iter().enumerate() {
                if shape.bits[block] == 0 || hashes.is_empty() {
                    continue;
                }
                let value = shape.share[block] / (hashes.len() as f32).sqrt();
                for hash in hashes {
                    let column = &mut columns[block][(hash >> (32 - shape.bits[block])) as usize];
                    if *column == NONE {
                        *column = count;
                        count += 1;
                    }
                    matrix.at.push(*column);
                    matrix.values.push(value);
                }
            }
            let found = of_cues.iter().enumerate().filter(|(_, value)| **value != 0.0);
            cue_values.push(found.map(|(at, value)| (at, *value * shape.cues)).collect());
            matrix.starts.push(matrix.at.len());
        }
        let first_cue = count as usize;
        let matrix = with_cues(&matrix, &cue_values, first_cue, cues);
        Layout { matrix, columns, cues: first_cue }
    }

    /// The weights as whole numbers of one byte.
    fn bank(&self, bank: usize, heads: &[Vec<f64>]) -> Bank {
        let shape = SHAPES[bank];
        let mut tables: [Vec<i8>; BLOCKS] =
            std::array::from_fn(|block| vec![0; shape.rows(block) * shape.heads]);
        let mut scales: [Vec<f32>; BLOCKS] = std::array::from_fn(|_| vec![0.0; shape.heads]);
        for block in 0..BLOCKS {
            for (head, weights) in heads.iter().enumerate() {
                let used = self.columns[block].iter().filter(|column| **column != NONE);
                let most = used.map(|column| weights[*column as usize].abs()).fold(0.0, f64::max);
                if most == 0.0 {
                    continue;
                }
                scales[block][head] = (most / 127.0) as f32 * shape.share[block];
                for (bucket, column) in self.columns[block].iter().enumerate() {
                    if *column != NONE {
                        let whole = (weights[*column as usize] / most * 127.0).round();
                        tables[block][bucket * shape.heads + head] = whole as i8;
                    }
                }
            }
        }
        let cue_count = self.matrix.columns - self.cues - 1;
        let mut cues = vec![0.0; cue_count * shape.heads];
        for (head, weights) in heads.iter().enumerate() {
            for cue in 0..cue_count {
                cues[cue * shape.heads + head] = weights[self.cues + cue] as f32 * shape.cues;
            }
        }
        let begins = heads.iter().map(|weights| weights[self.matrix.columns - 1] as f32).collect();
        Bank { shape, tables, scales, cues, begins }
    }
}

/// The rows with their cues and the column that is always 1 behind the others.
fn with_cues(pieces: &Matrix, cues: &[Vec<(usize, f32)>], first: usize, count: usize) -> Matrix {
    let mut matrix = Matrix {
        columns: first + count + 1,
        starts: vec![0],
        at: Vec::with_capacity(pieces.at.len() + pieces.starts.len() * 8),
        values: Vec::with_capacity(pieces.at.len() + pieces.starts.len() * 8),
    };
    let small = |n: usize| u32::try_from(n).unwrap_or(NONE);
    for (row, cues) in cues.iter().enumerate() {
        let range = pieces.starts[row]..pieces.starts[row + 1];
        matrix.at.extend_from_slice(&pieces.at[range.clone()]);
        matrix.values.extend_from_slice(&pieces.values[range]);
        for (cue, value) in cues {
            matrix.at.push(small(first + cue));
            matrix.values.push(*value);
        }
        matrix.at.push(small(first + count));
        matrix.values.push(1.0);
        matrix.starts.push(matrix.at.len());
    }
    matrix
}
