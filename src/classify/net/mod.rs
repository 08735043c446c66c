//! `Net`: the network that decides over a sentence encoder's features, one hidden layer below all
//! heads.
//!
//! Its wide layer reckons in whole numbers, so that its sums are the same whatever order a machine
//! takes them in; what comes after is small and stands in one order.

mod file;
#[cfg(test)]
mod tests;

use super::{encoder, model};
use crate::domain::verdict::{Kind, Risk, Topic};
use std::ops::Range;
use zerocopy::IntoBytes as _;

/// How likely a complaint is, in log odds.
pub(crate) const COMPLAINT: usize = 0;
/// Which kind it is, in the order of [`Kind::ALL`], complaint among them.
pub(crate) const KINDS: Range<usize> = 1..1 + Kind::ALL.len();
/// Of a complaint: whether its severity is 2 or more, and whether it is 3.
pub(crate) const SEVERITY: Range<usize> = KINDS.end..KINDS.end + model::TOPICS;
/// Of a complaint: what it is about, in the order of [`Topic::ALL`].
pub(crate) const TOPICS: Range<usize> = SEVERITY.end..SEVERITY.end + Topic::ALL.len();
/// Of a complaint: each risk in the order of [`Risk::ALL`], in log odds.
pub(crate) const RISKS: Range<usize> = TOPICS.end..TOPICS.end + Risk::ALL.len();
/// How many heads there are.
pub(crate) const HEADS: usize = RISKS.end;

/// What lies further from the mean than so many standard deviations counts as lying there.
const FAR: f32 = 6.0;
/// Into so many steps the way from the mean to there is cut. So the product with a weight fits in
/// 21 bits, as it does in the encoder.
const STEPS: i16 = 8191;
/// What a step is worth, in standard deviations.
pub(crate) const STEP: f32 = FAR / STEPS as f32;
/// More than this the weights of a unit may not amount to, so that no sum leaves 32 bits.
pub(crate) const ROOM: u64 = i32::MAX as u64 / STEPS as u64;

/// Added and taken away again, it leaves the nearest whole number, of two equally near ones the
/// even one: at 1.5 times 2^23 there is no room left for a fraction. Quicker than the function for
/// it, which a processor may lack.
const ROUNDER: f32 = 12_582_912.0;

/// How far a feature lies from its mean, in whole steps. `per_sd` is one by the standard deviation.
pub(crate) fn steps(feature: f32, mean: f32, per_sd: f32) -> f32 {
    let far = ((feature - mean) * per_sd).clamp(-FAR, FAR);
    far * (f32::from(STEPS) / FAR) + ROUNDER - ROUNDER
}

/// The trained network.
pub(crate) struct Net {
    /// Of each feature.
    pub(crate) means: Vec<f32>,
    /// One by the standard deviation of each feature; 0 for one that is not looked at.
    pub(crate) per_sd: Vec<f32>,
    /// Unit by unit of the hidden layer: a weight for each feature.
    pub(crate) weights: Vec<i8>,
    /// What a weight of 1 times a step is worth, by unit.
    pub(crate) scales: Vec<f32>,
    /// What each unit begins with.
    pub(crate) begins: Vec<f32>,
    /// Unit by unit: a weight for each head.
    pub(crate) out: Vec<[f32; HEADS]>,
    /// What each head begins with.
    pub(crate) ends: [f32; HEADS],
}

impl Net {
    /// How many features it was trained with.
    pub(crate) fn inputs(&self) -> usize {
        self.means.len()
    }

    /// What each head says of a text, by its features: as many as [`Net::inputs`] says. The heads
    /// of topics, and those of kinds, stand in log odds to each other.
    pub(crate) fn heads(&self, features: &[f32]) -> [f32; HEADS] {
        let spread = self.means.iter().zip(&self.per_sd);
        let seen: Vec<i16> = features
            .iter()
            .zip(spread)
            .map(|(feature, (mean, per_sd))| steps(*feature, *mean, *per_sd) as i16)
            .collect();
        let mut heads = self.ends;
        let mut sums = vec![0; self.scales.len()];
        sums_of(&seen, &self.weights, &mut sums);
        let units = self.scales.iter().zip(&self.begins).zip(&self.out);
        for (sum, ((scale, begin), out)) in sums.into_iter().zip(units) {
            let fires = sum as f32 * scale + begin;
            if fires > 0.0 {
                for (head, weight) in heads.iter_mut().zip(out) {
                    *head += fires * weight;
                }
            }
        }
        heads
    }
}

/// For each row of weights the sum of its products; [`ROOM`] sees that they fit. The encoder's way
/// takes rows of certain lengths only, those of the shipped network among them.
fn sums_of(seen: &[i16], weights: &[i8], sums: &mut [i32]) {
    if seen.len().is_multiple_of(16) && sums.len().is_multiple_of(4) {
        return encoder::sums(seen, 0, weights.as_bytes(), seen.len(), sums);
    }
    for (row, sum) in weights.chunks_exact(seen.len().max(1)).zip(sums) {
        *sum = seen.iter().zip(row).map(|(a, b)| i32::from(*a) * i32::from(*b)).sum();
    }
}
