//! What it costs that the heads say of an example what they say, and how the cost rises with each.

use super::Example;
use crate::classify::net::{COMPLAINT, HEADS, KINDS, RISKS, SEVERITY, TOPICS};

/// What the kind counts beside whether it complains. This and the next by cross-validation.
const KIND: f64 = 0.5;
/// What each of both steps of severity counts, and the topic.
const DETAIL: f64 = 0.3;
/// What each risk counts.
const RISK: f64 = 0.1;
/// A label is believed but for this share: people differ, and a network that is quite sure learns
/// nothing any more (Szegedy et al. 2016).
const DOUBT: f64 = 0.05;

/// The cost of what was said of an example; `slopes` gets how it rises with each head.
pub(super) fn cost(said: &[f32; HEADS], example: &Example<'_>, slopes: &mut [f32; HEADS]) -> f64 {
    *slopes = [0.0; HEADS];
    let share = |is: bool| f64::from(u8::from(is));
    let complaint = DOUBT + share(example.complaint) * (1.0 - 2.0 * DOUBT);
    let mut cost = 0.0;
    let mut yes_no = |head: usize, is: f64, counts: f64| {
        let (one, slope) = doubted(f64::from(said[head]), is);
        cost += counts * one;
        slopes[head] = (counts * slope) as f32;
    };
    yes_no(COMPLAINT, complaint, 1.0);
    if let Some(severity) = example.severity {
        yes_no(SEVERITY.start, share(severity >= 2), DETAIL);
        yes_no(SEVERITY.start + 1, share(severity >= 3), DETAIL);
    }
    if let Some(risks) = &example.risk {
        for (head, risk) in RISKS.zip(risks) {
            yes_no(head, share(*risk), RISK);
        }
    }
    for (heads, is, counts) in [(KINDS, example.kind, KIND), (TOPICS, example.topic, DETAIL)] {
        if let Some(is) = is {
            cost += counts * one_of(&said[heads.clone()], is, counts, &mut slopes[heads]);
        }
    }
    cost
}

/// The cost of log odds where the share `is` was right, and its slope.
fn doubted(odds: f64, is: f64) -> (f64, f64) {
    let small = libm::exp(-odds.abs());
    let share = if odds > 0.0 { 1.0 / (1.0 + small) } else { small / (1.0 + small) };
    (libm::log1p(small) + odds.max(0.0) - is * odds, share - is)
}

/// The cost where one of several was right; `slopes` gets its slope times `counts`.
fn one_of(said: &[f32], is: usize, counts: f64, slopes: &mut [f32]) -> f64 {
    let most = said.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let above = |head: f32| f64::from(head) - f64::from(most);
    let sum: f64 = said.iter().map(|head| libm::exp(above(*head))).sum();
    for (slope, head) in slopes.iter_mut().zip(said) {
        *slope = (counts * libm::exp(above(*head)) / sum) as f32;
    }
    slopes[is] -= counts as f32;
    libm::log(sum) - above(said[is])
}
