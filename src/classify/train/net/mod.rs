//! Trains the network over an encoder's features: pure, and byte for byte the same from the same
//! rows in the same order, in every build and by any number of threads.
//!
//! One hidden layer learns all heads at once, since what tells kinds, severity and topics apart
//! helps to tell complaints too (Caruana 1997). It is taught in small batches by AdamW (Loshchilov
//! and Hutter 2019), with inputs and units dropped by chance (Srivastava et al. 2014). All sums
//! stand in one order: a batch is gone through feature by feature, and what a feature adds is added
//! unit by unit, side by side.

mod adam;
mod batch;
mod cost;
mod pass;
#[cfg(test)]
mod tests;
mod weights;

use super::parallel;
use crate::classify::chance::Chance;
use crate::classify::labels::Labelled;
use crate::classify::net::Net;
use crate::domain::verdict::{Kind, Risk, Topic};
use adam::Adam;
use batch::{Batch, Spread};
use pass::Pass;
use weights::Weights;

/// So many rows are learned from at once.
const BATCH: usize = 64;
/// From what initial weights, orders and drops of the first network follow; each one beside it has
/// the next.
const SEED: u64 = 2019;

/// A text's features and what people say of it. What is `None` is not learned.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Example<'a> {
    /// From the encoder; as many for each example.
    pub(crate) features: &'a [f32],
    /// Whether it complains.
    pub(crate) complaint: bool,
    /// Its place in [`Kind::ALL`].
    pub(crate) kind: Option<usize>,
    /// Of a complaint, 1 to 3.
    pub(crate) severity: Option<u8>,
    /// Of a complaint: its place in [`Topic::ALL`].
    pub(crate) topic: Option<usize>,
    /// Of a complaint: which of [`Risk::ALL`] it carries.
    pub(crate) risk: Option<[bool; Risk::ALL.len()]>,
}

impl<'a> Example<'a> {
    /// What a line says, with the features of its text.
    pub(crate) fn of(line: &Labelled, features: &'a [f32]) -> Example<'a> {
        let risk = |risk: &Vec<Risk>| std::array::from_fn(|at| risk.contains(&Risk::ALL[at]));
        Example {
            features,
            complaint: line.complaint,
            kind: line.kind.and_then(|is| Kind::ALL.iter().position(|kind| *kind == is)),
            severity: line.severity,
            topic: line.topic.and_then(|is| Topic::ALL.iter().position(|topic| *topic == is)),
            risk: line.risk.as_ref().map(risk),
        }
    }
}

/// How a network learns.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    /// How many units its hidden layer has.
    pub(crate) hidden: usize,
    /// How often it sees each row.
    pub(crate) epochs: usize,
    /// How far a step goes at first; the last goes a twentieth as far, the others between.
    pub(crate) rate: f32,
    /// Of 256 inputs so many are dropped, drawn anew for each row of each batch.
    pub(crate) dropped_inputs: u8,
    /// Of 256 units likewise.
    pub(crate) dropped_units: u8,
    /// So many networks learn the same from other beginnings and stand side by side; what they say
    /// on average errs less than each of them (Hansen and Salamon 1990).
    pub(crate) siblings: usize,
}

/// What the shipped network is trained by: a fifth of the inputs and three tenths of the units are
/// dropped. By cross-validation on our corpus.
pub(crate) const PLAN: Plan = Plan {
    hidden: 128,
    epochs: 10,
    rate: 1e-3,
    dropped_inputs: 51,
    dropped_units: 77,
    siblings: 3,
};

/// One network a job, each of the examples that the job names (at least one). What comes out is
/// the same whatever `threads` is; each holds some nine megabytes beside the features.
pub(crate) fn train_all(
    examples: &[Example<'_>],
    jobs: &[&[usize]],
    plan: &Plan,
    threads: usize,
) -> Vec<Net> {
    let siblings = plan.siblings.max(1);
    let nets = parallel::ordered(jobs.len() * siblings, threads, |at| {
        let rows: Vec<&Example<'_>> = jobs[at / siblings].iter().map(|at| &examples[*at]).collect();
        let (weights, spread) = learn(&rows, plan, SEED + (at % siblings) as u64);
        weights.net(spread)
    });
    let mut nets = nets.into_iter();
    jobs.iter().filter_map(|_| side_by_side(nets.by_ref().take(siblings))).collect()
}

/// Networks of the same rows as one that says what they say on average; `None` of none.
fn side_by_side(nets: impl Iterator<Item = Net>) -> Option<Net> {
    let (mut count, mut whole) = (0.0, None::<Net>);
    for net in nets {
        count += 1.0;
        match &mut whole {
            None => whole = Some(net),
            Some(whole) => {
                whole.weights.extend(net.weights);
                whole.scales.extend(net.scales);
                whole.begins.extend(net.begins);
                whole.out.extend(net.out);
                whole.ends.iter_mut().zip(net.ends).for_each(|(sum, end)| *sum += end);
            }
        }
    }
    let mut whole = whole?;
    whole.out.as_flattened_mut().iter_mut().for_each(|weight| *weight /= count);
    whole.ends.iter_mut().for_each(|end| *end /= count);
    Some(whole)
}

/// The weights that some rows teach, and how their features are spread.
fn learn(rows: &[&Example<'_>], plan: &Plan, seed: u64) -> (Weights, Spread) {
    let spread = Spread::of(rows);
    let mut chance = Chance(seed);
    let mut weights = Weights::drawn(spread.means.len(), plan.hidden, &mut chance);
    let batches = rows.len().div_ceil(BATCH);
    let mut adam = Adam::of(weights.values.len(), plan.rate, batches * plan.epochs);
    let mut order: Vec<usize> = (0..rows.len()).collect();
    let (mut batch, mut pass) = (Batch::default(), Pass::default());
    for _ in 0..plan.epochs {
        chance.shuffle(&mut order);
        for at in 0..batches {
            // As even as they can be, so that none is small and counts for much.
            let range = at * rows.len() / batches..(at + 1) * rows.len() / batches;
            batch.fill(rows, &order[range], &spread, plan, &mut chance);
            pass.forward(&weights, &batch);
            adam.begin();
            pass.back(&mut weights, &batch, &mut |weights, from, slopes| {
                adam.step(weights, from, slopes);
            });
        }
    }
    (weights, spread)
}
