//! Measures verdicts against labels: precision, recall, F1 and macro-F1 with intervals, confusion
//! of kinds, severity, topics, risks, calibration, and the errors one by one.

#[cfg(test)]
mod tests;
pub mod thresholds;

use super::chance::Chance;
use super::labels::Labelled;
use crate::domain::verdict::{Kind, Lang, Risk, Verdict};
use serde::Serialize;
use std::collections::BTreeMap;

/// How often the lines are drawn anew for an interval.
const DRAWS: usize = 1_000;
/// In so many steps of probability calibration is looked at.
const STEPS: usize = 10;
/// The precision at which recall is told.
const AT_PRECISION: f64 = 0.80;

/// A share with the interval in which 95 of 100 drawings of as many lines lie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Share {
    /// As measured.
    pub value: f64,
    /// 2.5 of 100 drawings lie below.
    pub low: f64,
    /// 2.5 of 100 lie above.
    pub high: f64,
}

/// How well complaints are told from everything else.
#[derive(Clone, Debug, Serialize)]
pub struct Found {
    /// How many lines were judged.
    pub lines: usize,
    /// How many of them complain.
    pub complaints: usize,
    /// Of those called complaints, how many are.
    pub precision: Share,
    /// Of the complaints, how many are called so.
    pub recall: Share,
    /// The harmonic mean of both.
    pub f1: Share,
    /// The mean of this F1 and that of everything else.
    pub macro_f1: Share,
    /// The greatest recall at a threshold whose precision is 0.80; `None` where none has it.
    pub recall_at_precision_80: Option<f64>,
    /// The mean distance of probability and share (ECE), in ten steps of equal width.
    pub calibration_error: f64,
}

/// How well a risk is named on complaints.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Named {
    /// On how many complaints it stands.
    pub lines: usize,
    /// Of those named, how many are.
    pub precision: f64,
    /// Of those that are, how many are named.
    pub recall: f64,
    /// The harmonic mean of both.
    pub f1: f64,
}

/// A line that was judged wrongly.
#[derive(Clone, Debug, Serialize)]
pub struct Wrong<'a> {
    /// Its place among the lines that were judged, from 1.
    pub line: usize,
    /// Whether it complains.
    pub complaint: bool,
    /// How likely it was thought to.
    pub probability: f64,
    /// What it was taken for.
    pub taken_for: Kind,
    /// Its text.
    pub text: &'a str,
}

/// All that is measured.
#[derive(Clone, Debug, Serialize)]
pub struct Figures<'a> {
    /// Over all lines.
    pub all: Found,
    /// By the language that the line names, else by the one that was found.
    pub by_language: BTreeMap<String, Found>,
    /// The macro-F1 over five kinds; `None` where lines name none.
    pub kind_macro_f1: Option<f64>,
    /// By kind as labelled, how often it was taken for each kind.
    pub confusion: BTreeMap<Kind, BTreeMap<Kind, usize>>,
    /// Of complaints with a topic that were found, the share with the right one.
    pub topic_accuracy: Option<f64>,
    /// Of complaints with a severity that were found, the share with the same.
    pub severity_exact: Option<f64>,
    /// The same within one step.
    pub severity_within_one: Option<f64>,
    /// By risk, on complaints that were found.
    pub risks: BTreeMap<Risk, Named>,
    /// Of lines that name a language, the share in which it was found; `None` where it was told.
    pub language_accuracy: Option<f64>,
    /// Every line that was taken for a complaint and is none, or the other way round; those first
    /// of which the verdict was surest.
    pub errors: Vec<Wrong<'a>>,
}

/// Measures verdicts. The same lines and seed give the same figures.
pub fn figures<'a>(judged: &[(&'a Labelled, Verdict)], seed: u64) -> Figures<'a> {
    let mut by_language: BTreeMap<String, Vec<(bool, f64, bool)>> = BTreeMap::new();
    let mut all = Vec::with_capacity(judged.len());
    let mut confusion: BTreeMap<Kind, BTreeMap<Kind, usize>> = BTreeMap::new();
    for (labelled, verdict) in judged {
        let said = (labelled.complaint, verdict.probability.share(), verdict.is_complaint());
        all.push(said);
        let language = labelled.language.unwrap_or(verdict.language);
        by_language.entry(language.to_string()).or_default().push(said);
        if let Some(kind) = labelled.kind {
            *confusion.entry(kind).or_default().entry(verdict.kind).or_default() += 1;
        }
    }
    let both = confusion.keys().any(|kind| *kind != Kind::Complaint);
    let complaints = judged.iter().filter(|(labelled, v)| labelled.complaint && v.is_complaint());
    let share = |told: Vec<bool>| {
        let right = told.iter().filter(|right| **right).count();
        (!told.is_empty()).then(|| rounded(right as f64 / told.len() as f64))
    };
    let severity = |within: u8| {
        let told = complaints.clone().filter_map(|(l, v)| Some((l.severity?, v.severity)));
        share(told.map(|(is, said)| is.abs_diff(said) <= within).collect())
    };
    let topics = complaints.clone().filter_map(|(l, v)| Some(l.topic? == v.topic)).collect();
    Figures {
        all: found(&all, seed),
        by_language: by_language.into_iter().map(|(l, told)| (l, found(&told, seed))).collect(),
        kind_macro_f1: both.then(|| rounded(kind_macro_f1(&confusion))),
        confusion,
        topic_accuracy: share(topics),
        severity_exact: severity(0),
        severity_within_one: severity(1),
        risks: risks(complaints),
        language_accuracy: None,
        errors: errors(judged),
    }
}

/// The share of lines whose language is found where nobody names it; `None` where no line has one.
pub fn language_accuracy(found: impl Iterator<Item = (Option<Lang>, Lang)>) -> Option<f64> {
    let (mut right, mut all) = (0_u32, 0_u32);
    for (is, said) in found {
        if let Some(is) = is {
            all += 1;
            right += u32::from(is == said);
        }
    }
    (all > 0).then(|| rounded(f64::from(right) / f64::from(all)))
}

/// How often a yes was called a yes, a no a yes, a yes a no, and a no a no.
#[derive(Clone, Copy, Default)]
pub(super) struct Counts {
    hits: f64,
    false_alarms: f64,
    missed: f64,
    rest: f64,
}

impl Counts {
    pub(super) fn add(&mut self, is: bool, said: bool) {
        *match (is, said) {
            (true, true) => &mut self.hits,
            (false, true) => &mut self.false_alarms,
            (true, false) => &mut self.missed,
            (false, false) => &mut self.rest,
        } += 1.0;
    }

    fn precision(self) -> f64 {
        over(self.hits, self.hits + self.false_alarms)
    }

    pub(super) fn recall(self) -> f64 {
        over(self.hits, self.hits + self.missed)
    }

    fn f1(self) -> f64 {
        over(2.0 * self.hits, 2.0 * self.hits + self.false_alarms + self.missed)
    }

    pub(super) fn macro_f1(self) -> f64 {
        let rest = over(2.0 * self.rest, 2.0 * self.rest + self.false_alarms + self.missed);
        f64::midpoint(self.f1(), rest)
    }
}

/// A share; nothing of nothing is 0.
fn over(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

/// Four digits behind the point; more only look exact.
fn rounded(share: f64) -> f64 {
    (share * 1e4).round() / 1e4
}

fn found(told: &[(bool, f64, bool)], seed: u64) -> Found {
    let mut counts = Counts::default();
    for (is, _, said) in told {
        counts.add(*is, *said);
    }
    let drawn = draws(told, seed);
    let share = |figure: fn(Counts) -> f64| {
        let mut values: Vec<f64> = drawn.iter().map(|counts| figure(*counts)).collect();
        values.sort_by(f64::total_cmp);
        let at = |share: f64| values.get((DRAWS as f64 * share) as usize).copied();
        let value = figure(counts);
        let [low, high] = [0.025, 0.975].map(|share| rounded(at(share).unwrap_or(value)));
        Share { value: rounded(value), low, high }
    };
    Found {
        lines: told.len(),
        complaints: told.iter().filter(|(is, ..)| *is).count(),
        precision: share(Counts::precision),
        recall: share(Counts::recall),
        f1: share(Counts::f1),
        macro_f1: share(Counts::macro_f1),
        recall_at_precision_80: recall_at(told, AT_PRECISION).map(rounded),
        calibration_error: rounded(calibration_error(told)),
    }
}

/// The counts of as many lines, drawn anew with replacement (Efron 1979).
fn draws(told: &[(bool, f64, bool)], seed: u64) -> Vec<Counts> {
    let mut chance = Chance(seed);
    let draw = |_| {
        let mut counts = Counts::default();
        for _ in told {
            let (is, _, said) = told[chance.below(told.len())];
            counts.add(is, said);
        }
        counts
    };
    (0..DRAWS).map(draw).collect()
}

fn recall_at(told: &[(bool, f64, bool)], precision: f64) -> Option<f64> {
    let mut sorted: Vec<(f64, bool)> = told.iter().map(|(is, share, _)| (*share, *is)).collect();
    sorted.sort_by(|a, b| b.0.total_cmp(&a.0));
    let complaints = sorted.iter().filter(|(_, is)| *is).count();
    let (mut hits, mut best) = (0, None);
    for (at, (share, is)) in sorted.iter().enumerate() {
        hits += usize::from(*is);
        // A threshold takes all that are equally likely.
        let ends = sorted.get(at + 1).is_none_or(|(next, _)| next < share);
        if ends && hits as f64 >= precision * (at + 1) as f64 {
            best = Some(over(hits as f64, complaints as f64));
        }
    }
    best
}

fn calibration_error(told: &[(bool, f64, bool)]) -> f64 {
    let mut apart = [0.0; STEPS];
    for (is, share, _) in told {
        let step = ((share * STEPS as f64) as usize).min(STEPS - 1);
        apart[step] += share - f64::from(u8::from(*is));
    }
    over(apart.iter().map(|sum| sum.abs()).sum(), told.len() as f64)
}

fn kind_macro_f1(confusion: &BTreeMap<Kind, BTreeMap<Kind, usize>>) -> f64 {
    let f1 = |kind: &Kind| {
        let mut counts = Counts::default();
        for (is, taken) in confusion {
            for (said, count) in taken {
                for _ in 0..*count {
                    counts.add(is == kind, said == kind);
                }
            }
        }
        counts.f1()
    };
    // A kind that no line has is not asked about.
    let asked: Vec<f64> = confusion.keys().map(f1).collect();
    over(asked.iter().sum(), asked.len() as f64)
}

fn risks<'j>(
    complaints: impl Iterator<Item = &'j (&'j Labelled, Verdict)> + Clone,
) -> BTreeMap<Risk, Named> {
    let told: Vec<_> =
        complaints.filter_map(|(l, verdict)| Some((l.risk.as_ref()?, &verdict.risk))).collect();
    if told.is_empty() {
        return BTreeMap::new();
    }
    let of = |risk: &Risk| {
        let mut counts = Counts::default();
        told.iter().for_each(|(is, said)| counts.add(is.contains(risk), said.contains(risk)));
        let lines = (counts.hits + counts.missed) as usize;
        let [precision, recall, f1] =
            [counts.precision(), counts.recall(), counts.f1()].map(rounded);
        (*risk, Named { lines, precision, recall, f1 })
    };
    Risk::ALL.iter().map(of).collect()
}

fn errors<'a>(judged: &[(&'a Labelled, Verdict)]) -> Vec<Wrong<'a>> {
    let wrong = |(at, (labelled, verdict)): (usize, &(&'a Labelled, Verdict))| {
        (labelled.complaint != verdict.is_complaint()).then(|| Wrong {
            line: at + 1,
            complaint: labelled.complaint,
            probability: rounded(verdict.probability.share()),
            taken_for: verdict.kind,
            text: &labelled.text,
        })
    };
    let mut errors: Vec<Wrong<'a>> = judged.iter().enumerate().filter_map(wrong).collect();
    let sure = |wrong: &Wrong<'_>| (wrong.probability - 0.5).abs();
    errors.sort_by(|a, b| sure(b).total_cmp(&sure(a)).then(a.line.cmp(&b.line)));
    errors
}
