//! Makes the model from labelled texts: pure, and byte for byte the same from the same lines in the
//! same order, in debug and release builds, by one thread or many.
//!
//! Each head of Stage A is a logistic regression of its own (`bank`, `solver`); Stage B is one
//! network over what a sentence encoder says (`net`). Texts of one side of a split stay together
//! (`Sample::side`): what models say of sides that they have not seen is turned into
//! probabilities, per language.

mod bank;
mod calibrate;
mod net;
mod parallel;
mod solver;
#[cfg(test)]
mod tests;

use super::Classifier;
use super::encoder::Encoder;
use super::labels::Labelled;
use super::model::{Bank, Cascade, Grams, Platt, SHAPES, StageA, StageB, is_unsure};
use super::net::{COMPLAINT, Net};
use crate::domain::verdict::{Lang, Verdict};
pub(crate) use solver::{Example, Matrix, solve};

/// On how many sides the lines of the corpus are split.
pub const SIDES: usize = 5;
/// So many lines of a file stay together: neighbours tell of like things.
const BLOCK_OF_LINES: usize = 25;

/// A labelled line, and on which side of a split it stands.
#[derive(Clone, Debug)]
pub struct Sample {
    /// What it says.
    pub labelled: Labelled,
    /// `None`: it is learned from whichever side is held out.
    pub side: Option<usize>,
}

impl Sample {
    /// The line of this number, from 0, in a file of the corpus. Files that tell of the same
    /// situations in two languages (LABELS.md) tell them at about the same lines.
    pub fn of_corpus(labelled: Labelled, line: usize) -> Sample {
        Sample { labelled, side: Some(line / BLOCK_OF_LINES % SIDES) }
    }

    fn language(&self) -> Lang {
        self.labelled.language.unwrap_or(Lang::UNKNOWN)
    }
}

/// Texts ready to be learned from.
pub struct Training<'s> {
    samples: Vec<&'s Sample>,
    seen: Vec<(Grams, Vec<f32>)>,
    /// What the encoder says of each; none where Stage A is trained alone.
    features: Option<Vec<Vec<f32>>>,
    sides: usize,
    threads: usize,
}

impl<'s> Training<'s> {
    /// Reads the texts. Those in languages that are not served are left out. Without an encoder
    /// Stage A is trained alone. All that can be done side by side is done by so many threads, with
    /// the same result by any number of them.
    ///
    /// # Errors
    /// What is wrong with the phrase files, or that there is nothing to learn.
    pub fn of(
        samples: &'s [Sample],
        encoder: Option<&Encoder>,
        threads: usize,
    ) -> Result<Training<'s>, String> {
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
        let features = encoder.map(|encoder| {
            parallel::ordered(kept.len(), threads, |at| {
                encoder.features(super::cut(&kept[at].labelled.text))
            })
        });
        let sides = kept.iter().filter_map(|sample| sample.side).max().map_or(0, |last| last + 1);
        Ok(Training { samples: kept, seen, features, sides, threads })
    }

    /// How many texts are learned from.
    pub fn count(&self) -> usize {
        self.samples.len()
    }

    /// The model of all texts.
    pub fn train(&self, name: &str) -> Cascade {
        let all: Vec<usize> = (0..self.samples.len()).collect();
        let others = self.others();
        let whole = (0..SHAPES.len()).map(|bank| (bank, &all));
        let jobs: Vec<_> = whole.chain(others.iter().map(|others| (0, others))).collect();
        let mut banks = self.banks(&jobs).into_iter();
        let whole = std::array::from_fn(|_| banks.next().expect("there is a bank for each job"));
        let held = self.held_out(&banks.collect::<Vec<_>>());
        let a = StageA::of(name, whole, self.calibrate(&held, &all));
        let mut jobs: Vec<&[usize]> = vec![&all];
        jobs.extend(others.iter().map(Vec::as_slice));
        let b = self.nets(&jobs).map(|mut nets| {
            let of_sides = nets.split_off(1);
            let net = nets.pop().expect("there is a network for each job");
            self.stage_b(&a, net, &held, &self.heard(&of_sides), &all)
        });
        Cascade::of(a, b)
    }

    /// For each side the model of the others, calibrated by them alone.
    pub fn held_out_models(&self) -> Vec<Cascade> {
        let others = self.others();
        let of_bank = |bank| others.iter().map(move |others| (bank, others));
        let jobs: Vec<_> = (0..SHAPES.len()).flat_map(of_bank).collect();
        let mut first = self.banks(&jobs);
        let mut third = first.split_off(2 * self.sides).into_iter();
        let mut second = first.split_off(self.sides).into_iter();
        let held = self.held_out(&first);
        let jobs: Vec<&[usize]> = others.iter().map(Vec::as_slice).collect();
        let nets = self.nets(&jobs);
        let heard = nets.as_deref().map(|nets| self.heard(nets)).unwrap_or_default();
        let mut nets = nets.into_iter().flatten();
        let models = first.into_iter().zip(&others).map(|(first, others)| {
            let banks = [Some(first), second.next(), third.next()];
            let banks = banks.map(|bank| bank.expect("there is a bank for each job"));
            let a = StageA::of("held-out", banks, self.calibrate(&held, others));
            let b = nets.next().map(|net| self.stage_b(&a, net, &held, &heard, others));
            Cascade::of(a, b)
        });
        models.collect()
    }

    /// What models that have not seen them say of all texts that stand on a side, with the rules as
    /// in use.
    ///
    /// # Errors
    /// As [`Classifier::new`].
    pub fn judge_held_out(
        &self,
        models: Vec<Cascade>,
    ) -> Result<Vec<(&'s Labelled, Verdict)>, String> {
        let mut judged: Vec<Option<Verdict>> = vec![None; self.samples.len()];
        for (side, model) in models.into_iter().enumerate() {
            let classifier = Classifier::new(Some(Box::new(model)))?;
            let (here, _) = self.split(side);
            let verdicts = parallel::ordered(here.len(), self.threads, |at| {
                classifier.judge(&self.samples[here[at]].labelled.input())
            });
            for (at, verdict) in here.into_iter().zip(verdicts) {
                judged[at] = Some(verdict);
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

    /// What the one of these networks that has not seen a text's side says of its complaint.
    fn heard(&self, nets: &[Net]) -> Vec<f32> {
        let mut heads = vec![0.0; self.samples.len()];
        let Some(features) = &self.features else { return heads };
        for (side, net) in nets.iter().enumerate() {
            for at in self.split(side).0 {
                heads[at] = net.heads(&features[at])[COMPLAINT];
            }
        }
        heads
    }

    /// For each side who does not stand on it.
    fn others(&self) -> Vec<Vec<usize>> {
        (0..self.sides).map(|side| self.split(side).1).collect()
    }

    /// Who stands on a side, and who does not.
    fn split(&self, side: usize) -> (Vec<usize>, Vec<usize>) {
        (0..self.samples.len()).partition(|at| self.samples[*at].side == Some(side))
    }

    /// The calibration of each language by the sums of some texts, of those that stand on a side.
    fn calibrate(&self, sums: &[f32], of: &[usize]) -> [Platt; Lang::SERVED.len()] {
        let told = |lang: Option<Lang>| -> Vec<(f32, bool)> {
            let mine = of.iter().map(|at| (*at, self.samples[*at])).filter(|(_, sample)| {
                sample.side.is_some() && lang.is_none_or(|lang| sample.language() == lang)
            });
            mine.map(|(at, sample)| (sums[at], sample.labelled.complaint)).collect()
        };
        let all = calibrate::fit(&told(None)).unwrap_or(Platt { slope: 1.0, begin: 0.0 });
        Lang::SERVED.map(|lang| calibrate::fit(&told(Some(lang))).unwrap_or(all))
    }

    /// Stage B of a network, calibrated by the texts of which A is not sure.
    fn stage_b(&self, a: &StageA, net: Net, sums: &[f32], heads: &[f32], of: &[usize]) -> StageB {
        let both: Vec<f32> = sums.iter().zip(heads).map(|(sum, head)| sum + head).collect();
        let unsure = |at: &usize| is_unsure(a.platt(self.samples[*at].language()).odds(sums[*at]));
        let of: Vec<usize> = of.iter().copied().filter(unsure).collect();
        StageB { net, platt: self.calibrate(&both, &of) }
    }

    /// For each job a bank: which one, trained on which texts.
    fn banks(&self, jobs: &[(usize, &Vec<usize>)]) -> Vec<Bank> {
        parallel::ordered(jobs.len(), self.threads, |job| {
            let (bank, on) = jobs[job];
            let on: Vec<_> =
                on.iter().map(|at| (&self.samples[*at].labelled, &self.seen[*at])).collect();
            bank::train(bank, &on)
        })
    }

    /// For each job a network, trained on some texts; `None` without an encoder.
    fn nets(&self, jobs: &[&[usize]]) -> Option<Vec<Net>> {
        let features = self.features.as_ref()?;
        let told = self.samples.iter().zip(features);
        let examples: Vec<_> =
            told.map(|(sample, features)| net::Example::of(&sample.labelled, features)).collect();
        Some(net::train_all(&examples, jobs, &net::PLAN, self.threads))
    }
}
