//! What is learned: the numbers of both layers, and how they become the network's whole numbers.

use super::batch::Spread;
use crate::classify::chance::Chance;
use crate::classify::net::{HEADS, Net, ROOM, STEP};
use std::ops::Range;

/// The first weights of the wide layer are this much of what keeps the length of what flows
/// through (He et al. 2015), since most features tell little.
const QUIET: f32 = 0.5;

/// The numbers of both layers in one row: feature by feature a weight for each unit, what the units
/// begin with, unit by unit a weight for each head, what the heads begin with.
pub(super) struct Weights {
    pub(super) inputs: usize,
    pub(super) hidden: usize,
    pub(super) values: Vec<f32>,
}

impl Weights {
    /// Drawn by chance.
    pub(super) fn drawn(inputs: usize, hidden: usize, chance: &mut Chance) -> Weights {
        let mut weights = Weights { inputs, hidden, values: Vec::new() };
        weights.values.resize(weights.ends().end, 0.0);
        let (first, second) = (0..inputs * hidden, weights.second());
        let wide = (2.0 / inputs.max(1) as f32).sqrt() * QUIET;
        let narrow = (1.0 / hidden.max(1) as f32).sqrt();
        weights.values[first].iter_mut().for_each(|value| *value = chance.normal() * wide);
        weights.values[second].iter_mut().for_each(|value| *value = chance.normal() * narrow);
        weights
    }

    /// Where the weights of a feature stand.
    pub(super) fn first(&self, input: usize) -> Range<usize> {
        input * self.hidden..(input + 1) * self.hidden
    }

    /// Where it stands what the units begin with.
    pub(super) fn begins(&self) -> Range<usize> {
        self.first(self.inputs)
    }

    /// Where the weights of the second layer stand.
    pub(super) fn second(&self) -> Range<usize> {
        let start = self.begins().end;
        start..start + self.hidden * HEADS
    }

    /// Where it stands what the heads begin with.
    pub(super) fn ends(&self) -> Range<usize> {
        let start = self.second().end;
        start..start + HEADS
    }

    /// The network, with the weights of the wide layer as whole numbers of one byte.
    pub(super) fn net(&self, spread: Spread) -> Net {
        let mut weights = vec![0; self.inputs * self.hidden];
        let mut scales = Vec::with_capacity(self.hidden);
        for (unit, row) in weights.chunks_exact_mut(self.inputs.max(1)).enumerate() {
            let of_unit = || self.values[unit..].iter().step_by(self.hidden).take(self.inputs);
            let sizes = || of_unit().map(|value| f64::from(value.abs()));
            // Rounding adds at most a half to each.
            let room = (ROOM as f64 - self.inputs as f64 / 2.0).max(1.0);
            let worth = (sizes().fold(0.0, f64::max) / 127.0).max(sizes().sum::<f64>() / room);
            if worth > 0.0 {
                for (weight, value) in row.iter_mut().zip(of_unit()) {
                    *weight = (f64::from(*value) / worth).round() as i8;
                }
            }
            scales.push((worth * f64::from(STEP)) as f32);
        }
        let mut ends = [0.0; HEADS];
        ends.copy_from_slice(&self.values[self.ends()]);
        Net {
            means: spread.means,
            per_sd: spread.per_sd,
            weights,
            scales,
            begins: self.values[self.begins()].to_vec(),
            out: self.values[self.second()].as_chunks().0.to_vec(),
            ends,
        }
    }
}
