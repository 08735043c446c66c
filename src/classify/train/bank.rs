//! Trains the heads of one bank of Stage A, each a logistic regression of its own, and makes whole
//! numbers of their weights.

use super::super::labels::Labelled;
use super::super::model::{BLOCKS, Bank, DETAILS, Grams, MILD, RISKS, SHAPES, TOPICS};
use super::solver::{Example, Matrix, solve};
use crate::domain::verdict::{Kind, Risk, Topic};

/// What an error costs against the squared length of the weights, a bank. By cross-validation.
const COSTS: [f64; 3] = [6.0, 4.0, 3.0];
/// A head takes at most so many steps; more change figures by less than chance does.
const STEPS: usize = 60;

/// The bank of this number, of some texts with what is seen of them.
pub(super) fn train(bank: usize, on: &[(&Labelled, &(Grams, Vec<f32>))]) -> Bank {
    let shape = SHAPES[bank];
    let labels: Vec<(usize, [Option<bool>; DETAILS])> = on
        .iter()
        .enumerate()
        .map(|(at, (labelled, _))| (at, labels(bank, labelled)))
        .filter(|(_, labels)| labels.iter().any(Option::is_some))
        .collect();
    let rows: Vec<&(Grams, Vec<f32>)> = labels.iter().map(|(at, _)| on[*at].1).collect();
    let layout = Layout::of(bank, &rows);
    let heads: Vec<Vec<f64>> = (0..shape.heads)
        .map(|head| {
            let examples = examples(bank, head, &labels);
            solve(&layout.matrix, &examples, STEPS)
        })
        .collect();
    layout.bank(bank, &heads)
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
