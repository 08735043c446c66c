//! Tests of the network's learning, on numbers made up by a generator.

use super::*;
use crate::classify::net::{COMPLAINT, HEADS, KINDS, TOPICS};
use sha2::{Digest, Sha256};

/// The network of [`tangled`] 300 texts by [`SHORT`], in every build.
const DIGEST: &str = "45047873ffaf44589002e70d5cdb2a995c17e5393c2a9c5497ceebc00467614d";

const SHORT: Plan =
    Plan { hidden: 12, epochs: 4, rate: 1e-2, dropped_inputs: 51, dropped_units: 77, siblings: 1 };

/// Features of so many texts, 20 a text.
fn features(count: usize, seed: u64) -> Vec<Vec<f32>> {
    let mut chance = Chance(seed);
    (0..count).map(|_| (0..20).map(|_| chance.normal()).collect()).collect()
}

/// Texts that complain where the first two features have different signs, which no line tells.
fn tangled(features: &[Vec<f32>]) -> Vec<Example<'_>> {
    features.iter().map(|features| tangle(features)).collect()
}

fn tangle(features: &[f32]) -> Example<'_> {
    let complaint = (features[0] > 0.0) != (features[1] > 0.0);
    let topic = usize::from(features[2] > 0.0) * 3;
    Example {
        features,
        complaint,
        kind: Some(if complaint { 0 } else { 1 + usize::from(features[3] > 0.0) }),
        severity: complaint.then(|| if features[4] > 0.5 { 3 } else { 1 }),
        topic: complaint.then_some(topic),
        risk: complaint.then(|| std::array::from_fn(|at| features[5 + at] > 1.0)),
    }
}

fn all(count: usize) -> Vec<usize> {
    (0..count).collect()
}

#[test]
fn the_slopes_are_those_of_the_cost() {
    // Seven features and five units; every sort of label is there and is missing.
    let plan = Plan { hidden: 5, dropped_inputs: 0, dropped_units: 0, ..SHORT };
    let mut chance = Chance(3);
    let made: Vec<Vec<f32>> = (0..9).map(|_| (0..7).map(|_| chance.normal()).collect()).collect();
    let mut examples: Vec<Example<'_>> = made
        .iter()
        .enumerate()
        .map(|(at, features)| Example {
            features,
            complaint: at % 2 == 0,
            kind: (at != 4).then_some(at % 5),
            severity: (at % 2 == 0).then_some(1 + (at / 2 % 3) as u8),
            topic: (at % 4 == 0).then_some(at),
            risk: (at % 2 == 0).then(|| std::array::from_fn(|risk| risk % 3 == at % 3)),
        })
        .collect();
    examples[8].severity = None;
    let rows: Vec<&Example<'_>> = examples.iter().collect();
    let spread = Spread::of(&rows);
    let mut weights = Weights::drawn(7, 5, &mut chance);
    for value in &mut weights.values {
        *value += 0.3 * chance.normal();
    }
    let (mut batch, mut pass) = (Batch::default(), Pass::default());
    batch.fill(&rows, &all(9), &spread, &plan, &mut chance);
    let cost = pass.forward(&weights, &batch);
    assert!(cost > 1.0, "{cost}");
    let mut slopes = vec![f32::NAN; weights.values.len()];
    pass.back(&mut weights, &batch, &mut |_, from, some| {
        slopes[from..from + some.len()].copy_from_slice(some);
    });
    let mut steep = 0;
    for (at, slope) in slopes.iter().enumerate() {
        let mut moved = |by: f32| {
            let was = weights.values[at];
            weights.values[at] = was + by;
            let cost = pass.forward(&weights, &batch);
            weights.values[at] = was;
            cost
        };
        let found = (moved(1e-3) - moved(-1e-3)) / 2e-3;
        assert!((found - f64::from(*slope)).abs() < 1e-3, "{at}: {slope} {found}");
        steep += usize::from(slope.abs() > 0.02);
    }
    assert!(steep > 40, "{steep} of {}", slopes.len());
}

#[test]
fn it_learns_what_no_line_tells() {
    let (seen, unseen) = (features(1_200, 1), features(300, 2));
    let (seen, unseen) = (tangled(&seen), tangled(&unseen));
    let plan = Plan {
        hidden: 32,
        epochs: 30,
        rate: 1e-2,
        dropped_inputs: 0,
        dropped_units: 26,
        siblings: 1,
    };
    let nets = train_all(&seen, &[&all(1_200)], &plan, 1);
    let best = |heads: &[f32]| {
        let most = heads.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        heads.iter().position(|head| *head == most).unwrap()
    };
    let (mut right, mut kinds, mut topics, mut complaints) = (0, 0, 0, 0);
    for text in &unseen {
        let heads = nets[0].heads(text.features);
        right += usize::from((heads[COMPLAINT] > 0.0) == text.complaint);
        kinds += usize::from(Some(best(&heads[KINDS])) == text.kind);
        complaints += usize::from(text.complaint);
        topics += usize::from(text.topic == Some(best(&heads[TOPICS])));
    }
    // A line would be right in half of them.
    assert!(right > 250 && kinds > 240, "{right} {kinds}");
    assert!(topics * 10 > complaints * 8, "{topics} of {complaints}");
}

#[test]
fn the_same_rows_give_the_same_bytes_by_any_number_of_threads_and_in_every_build() {
    let made = features(300, 1);
    let examples = tangled(&made);
    let (whole, odd) = (all(300), (0..300).filter(|n| n % 2 == 1).collect::<Vec<_>>());
    let jobs: [&[usize]; 4] = [&whole, &odd, &odd[..70], &whole];
    let bytes = |threads: usize| -> Vec<Vec<u8>> {
        train_all(&examples, &jobs, &SHORT, threads).iter().map(Net::bytes).collect()
    };
    let one = bytes(1);
    assert!(one[0] == one[3] && one[0] != one[1] && one[1] != one[2]);
    for threads in [1, 2, 3] {
        assert!(bytes(threads) == one, "{threads}");
    }
    assert!(Net::read(&one[0]).unwrap().bytes() == one[0]);
    let digest: String = Sha256::digest(&one[0]).iter().map(|b| format!("{b:02x}")).collect();
    assert_eq!(digest, DIGEST);
}

#[test]
fn whole_numbers_say_nearly_what_was_learned() {
    let made = features(300, 1);
    let examples = tangled(&made);
    let rows: Vec<&Example<'_>> = examples.iter().collect();
    let (weights, spread) = learn(&rows, &SHORT, SEED);
    let plain = Plan { dropped_inputs: 0, dropped_units: 0, ..SHORT };
    let (mut batch, mut pass) = (Batch::default(), Pass::default());
    batch.fill(&rows, &all(300), &spread, &plain, &mut Chance(0));
    pass.forward(&weights, &batch);
    let net = weights.net(spread);
    let mut furthest = 0.0_f32;
    for (row, said) in rows.iter().zip(&pass.said) {
        for (one, other) in net.heads(row.features).iter().zip(said) {
            furthest = furthest.max((one - other).abs());
        }
    }
    assert!(furthest > 0.0 && furthest < 0.05, "{furthest}");
}

#[test]
fn weights_that_add_up_to_too_much_are_made_smaller_and_say_the_same() {
    let inputs = 3_000;
    let row = vec![0.5; inputs];
    let mut weights = Weights::drawn(inputs, 2, &mut Chance(1));
    weights.values.fill(0.01);
    let net = weights.net(Spread { means: vec![0.0; inputs], per_sd: vec![1.0; inputs] });
    assert!(Net::read(&net.bytes()).is_ok());
    let said = net.heads(&row)[0];
    // Both units pass on 15.01.
    assert!((said - (2.0 * 15.01 * 0.01 + 0.01)).abs() < 2e-3, "{said}");
}

#[test]
fn networks_side_by_side_say_what_they_say_on_average() {
    let made = features(120, 1);
    let examples = tangled(&made);
    let jobs = [all(120), all(60)];
    let jobs: Vec<&[usize]> = jobs.iter().map(Vec::as_slice).collect();
    let three = train_all(&examples, &jobs, &Plan { siblings: 3, ..SHORT }, 2);
    for (job, whole) in jobs.iter().zip(&three) {
        let rows: Vec<&Example<'_>> = job.iter().map(|at| &examples[*at]).collect();
        let alone = [0, 1, 2].map(|sibling| {
            let (weights, spread) = learn(&rows, &SHORT, SEED + sibling);
            weights.net(spread).heads(&made[0])
        });
        assert_ne!(alone[0], alone[1]);
        for (head, said) in whole.heads(&made[0]).into_iter().enumerate() {
            let mean = alone.iter().map(|heads| heads[head]).sum::<f32>() / 3.0;
            assert!((said - mean).abs() < 1e-4, "head {head}: {said} and {mean}");
        }
        assert!(Net::read(&whole.bytes()).is_ok());
    }
}

#[test]
fn what_does_not_move_is_not_looked_at() {
    let mut made = features(100, 1);
    made.iter_mut().for_each(|features| features[19] = 0.125);
    let examples = tangled(&made);
    let net = &train_all(&examples, &[&all(100)], &SHORT, 1)[0];
    let mut odd = made[0].clone();
    odd[19] = 3.0;
    assert_eq!(net.heads(&odd), net.heads(&made[0]));
    odd[18] += 1.0;
    assert_ne!(net.heads(&odd), net.heads(&made[0]));
    let heads: [f32; HEADS] = net.heads(&odd);
    assert!(heads.iter().all(|head| head.is_finite()));
}

#[test]
fn a_line_is_an_example_with_what_it_says() {
    let line = |text: &str| serde_json::from_str::<Labelled>(text).unwrap();
    let said = line(
        r#"{"text":"a","kind":"complaint","sev":2,"topic":"refund","flags":["press","churn"]}"#,
    );
    let features = [1.0];
    let example = Example::of(&said, &features);
    assert!(example.complaint && example.features == features);
    assert_eq!((example.kind, example.severity, example.topic), (Some(0), Some(2), Some(2)));
    let risk = example.risk.unwrap();
    assert!(risk[Risk::Churn as usize] && risk[Risk::Press as usize]);
    assert_eq!(risk.iter().filter(|risk| **risk).count(), 2);
    let praise = line(r#"{"text":"a","kind":"praise"}"#);
    let example = Example::of(&praise, &features);
    assert_eq!((example.kind, example.severity, example.topic), (Some(2), None, None));
    assert!(!example.complaint && example.risk.is_none());
    let bare = line(r#"{"text":"a","complaint":false}"#);
    assert_eq!(Example::of(&bare, &features).kind, None);
}
