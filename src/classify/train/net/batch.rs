//! The rows of one step, standardised and with some of their features dropped.

use super::{Example, Plan};
use crate::classify::chance::Chance;
use crate::classify::net::{STEP, standard};

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
        let mut drops = Drops::of(plan.dropped_inputs);
        for (at, row) in self.rows.iter().enumerate() {
            let spread = spread.means.iter().zip(&spread.per_sd);
            let slots = self.seen.iter_mut().skip(at).step_by(size);
            for ((slot, feature), (mean, per_sd)) in slots.zip(row.features).zip(spread) {
                *slot = drops.next(chance) * f32::from(standard(*feature, *mean, *per_sd)) * STEP;
            }
        }
        let mut drops = Drops::of(plan.dropped_units);
        self.counts.clear();
        self.counts.extend((0..size * plan.hidden).map(|_| drops.next(chance)));
    }
}

/// Draws what is dropped: eight draws of each 64 bits.
struct Drops {
    dropped: u8,
    /// What the others count.
    counts: f32,
    bits: u64,
    left: u8,
}

impl Drops {
    fn of(dropped: u8) -> Drops {
        Drops { dropped, counts: 256.0 / (256.0 - f32::from(dropped)), bits: 0, left: 0 }
    }

    fn next(&mut self, chance: &mut Chance) -> f32 {
        if self.left == 0 {
            (self.bits, self.left) = (chance.bits(), 8);
        }
        let drawn = self.bits as u8;
        self.bits >>= 8;
        self.left -= 1;
        if drawn < self.dropped { 0.0 } else { self.counts }
    }
}
