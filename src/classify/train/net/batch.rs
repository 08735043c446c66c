//! The rows of one step, standardised and with some of their features dropped.

use super::{Example, Plan};
use crate::classify::chance::Chance;
use crate::classify::net::{STEP, steps};

/// A feature that moves less than this tells nothing: what it does later is not looked at.
const STILL: f64 = 1e-6;

/// How the features of the rows that are learned from are spread.
pub(super) struct Spread {
    /// Of each feature.
    pub(super) means: Vec<f32>,
    /// One by the standard deviation of each feature; 0 for one that does not move.
    pub(super) per_sd: Vec<f32>,
}

impl Spread {
    /// Of these rows.
    pub(super) fn of(rows: &[&Example<'_>]) -> Spread {
        let inputs = rows.first().map_or(0, |row| row.features.len());
        let count = rows.len() as f64;
        let mut means = vec![0.0_f64; inputs];
        for row in rows {
            for (sum, feature) in means.iter_mut().zip(row.features) {
                *sum += f64::from(*feature);
            }
        }
        means.iter_mut().for_each(|sum| *sum /= count);
        let mut squares = vec![0.0_f64; inputs];
        for row in rows {
            for ((sum, feature), mean) in squares.iter_mut().zip(row.features).zip(&means) {
                let far = f64::from(*feature) - mean;
                *sum += far * far;
            }
        }
        let per_sd = squares.iter().map(|sum| {
            let sd = (sum / count).sqrt();
            if sd > STILL { (1.0 / (sd + STILL)) as f32 } else { 0.0 }
        });
        let per_sd = per_sd.collect();
        Spread { means: means.iter().map(|mean| *mean as f32).collect(), per_sd }
    }
}

/// Some rows, feature by feature.
#[derive(Default)]
pub(super) struct Batch<'r> {
    /// The rows in their order.
    pub(super) rows: Vec<&'r Example<'r>>,
    /// By feature: what each row has of it, as the network will see it. What is dropped is 0, what
    /// is not is larger by as much as is dropped on average.
    pub(super) seen: Vec<f32>,
    /// By row: what each unit of the hidden layer counts; 0 where it is dropped.
    pub(super) counts: Vec<f32>,
    /// Room for one row.
    row: Vec<f32>,
}

impl<'r> Batch<'r> {
    /// Takes those rows that are named.
    pub(super) fn fill(
        &mut self,
        rows: &[&'r Example<'r>],
        named: &[usize],
        spread: &Spread,
        plan: &Plan,
        chance: &mut Chance,
    ) {
        self.rows.clear();
        self.rows.extend(named.iter().map(|at| rows[*at]));
        let (size, inputs) = (named.len(), spread.means.len());
        self.seen.resize(inputs * size, 0.0);
        for (at, row) in self.rows.iter().enumerate() {
            let spread = spread.means.iter().zip(&spread.per_sd);
            let far = row.features.iter().zip(spread);
            self.row.clear();
            self.row.extend(far.map(|(feature, (mean, sd))| steps(*feature, *mean, *sd) * STEP));
            drop_some(&mut self.row, plan.dropped_inputs, chance);
            for (slots, seen) in self.seen.chunks_exact_mut(size).zip(&self.row) {
                slots[at] = *seen;
            }
        }
        self.counts.clear();
        self.counts.resize(size * plan.hidden, 1.0);
        drop_some(&mut self.counts, plan.dropped_units, chance);
    }
}

/// Drops of 256 numbers so many as chance will have it; the others grow by as much.
fn drop_some(numbers: &mut [f32], dropped: u8, chance: &mut Chance) {
    let counts = 256.0 / (256.0 - f32::from(dropped));
    for eight in numbers.chunks_mut(8) {
        for (number, drawn) in eight.iter_mut().zip(chance.bits().to_le_bytes()) {
            *number *= if drawn < dropped { 0.0 } else { counts };
        }
    }
}
