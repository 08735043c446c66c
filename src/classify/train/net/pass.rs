//! One way of a batch through the network, and back with what each weight had to do with the cost.

use super::batch::Batch;
use super::cost::cost;
use super::weights::Weights;
use crate::classify::net::HEADS;

/// What stands between the layers. Kept from batch to batch, so that its room is.
#[derive(Default)]
pub(super) struct Pass {
    /// By row: what each unit passes on.
    fires: Vec<f32>,
    /// By row: what each head says.
    pub(super) said: Vec<[f32; HEADS]>,
    /// By row: how the cost rises with each head.
    slopes: Vec<[f32; HEADS]>,
    /// By row: how it rises with each unit's sum.
    behind: Vec<f32>,
}

/// Told of weights that stand in one row: themselves, where they begin among all, and how the cost
/// rises with each.
pub(super) type Learn<'f> = dyn FnMut(&mut [f32], usize, &[f32]) + 'f;

impl Pass {
    /// What the heads say of each row; gives the cost of that, a row.
    pub(super) fn forward(&mut self, weights: &Weights, batch: &Batch<'_>) -> f64 {
        let (size, hidden) = (batch.rows.len(), weights.hidden);
        self.fires.clear();
        for _ in 0..size {
            self.fires.extend_from_slice(&weights.values[weights.begins()]);
        }
        for (input, seen) in batch.seen.chunks_exact(size).enumerate() {
            let row = &weights.values[weights.first(input)];
            for (seen, fires) in seen.iter().zip(self.fires.chunks_exact_mut(hidden)) {
                if *seen != 0.0 {
                    add(fires, *seen, row);
                }
            }
        }
        for (fires, counts) in self.fires.iter_mut().zip(&batch.counts) {
            *fires = fires.max(0.0) * counts;
        }
        let (second, _) = weights.values[weights.second()].as_chunks::<HEADS>();
        let (ends, _) = weights.values[weights.ends()].as_chunks::<HEADS>();
        self.said.clear();
        for fires in self.fires.chunks_exact(hidden) {
            let mut said = ends[0];
            for (fires, row) in fires.iter().zip(second) {
                add(&mut said, *fires, row);
            }
            self.said.push(said);
        }
        self.slopes.resize(size, [0.0; HEADS]);
        let told = self.said.iter().zip(&batch.rows).zip(&mut self.slopes);
        let sum: f64 = told.map(|((said, row), slopes)| cost(said, row, slopes)).sum();
        for slope in self.slopes.as_flattened_mut() {
            *slope /= size as f32;
        }
        sum / size as f64
    }

    /// Tells `learn` of all weights, each once, by what [`Pass::forward`] left here.
    pub(super) fn back(&mut self, weights: &mut Weights, batch: &Batch<'_>, learn: &mut Learn<'_>) {
        let (size, hidden) = (batch.rows.len(), weights.hidden);
        let (begins, second, ends) = (weights.begins(), weights.second(), weights.ends());
        self.behind.clear();
        let (rows, _) = weights.values[second.clone()].as_chunks::<HEADS>();
        let units = self.fires.chunks_exact(hidden).zip(batch.counts.chunks_exact(hidden));
        for ((fires, counts), slopes) in units.zip(&self.slopes) {
            let unit = |((fires, counts), row): ((&f32, &f32), &[f32; HEADS])| {
                let sum: f32 = row.iter().zip(slopes).map(|(a, b)| a * b).sum();
                if *fires > 0.0 { sum * counts } else { 0.0 }
            };
            self.behind.extend(fires.iter().zip(counts).zip(rows).map(unit));
        }

        for unit in 0..hidden {
            let mut slope = [0.0; HEADS];
            for (fires, slopes) in self.fires.chunks_exact(hidden).zip(&self.slopes) {
                add(&mut slope, fires[unit], slopes);
            }
            let from = second.start + unit * HEADS;
            learn(&mut weights.values[from..from + HEADS], from, &slope);
        }
        let mut slope = [0.0; HEADS];
        self.slopes.iter().for_each(|slopes| add(&mut slope, 1.0, slopes));
        learn(&mut weights.values[ends.clone()], ends.start, &slope);

        let mut slope = vec![0.0; hidden];
        self.behind.chunks_exact(hidden).for_each(|behind| add(&mut slope, 1.0, behind));
        learn(&mut weights.values[begins.clone()], begins.start, &slope);
        for (input, seen) in batch.seen.chunks_exact(size).enumerate() {
            slope.fill(0.0);
            for (seen, behind) in seen.iter().zip(self.behind.chunks_exact(hidden)) {
                if *seen != 0.0 {
                    add(&mut slope, *seen, behind);
                }
            }
            let range = weights.first(input);
            let from = range.start;
            learn(&mut weights.values[range], from, &slope);
        }
    }
}

/// Adds so many times a row to another one. Its sums stand side by side, so a compiler may take
/// several at once and every build gives the same.
fn add(to: &mut [f32], times: f32, what: &[f32]) {
    for (to, what) in to.iter_mut().zip(what) {
        *to += times * what;
    }
}
