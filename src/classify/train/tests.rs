//! Tests of training on one small file of the corpus.

use super::*;
use sha2::{Digest, Sha256};

/// The model of these 215 lines, in release and debug builds alike. It changes with the pieces, the
/// cues and phrases, the shapes and the solver; then the shipped model must be trained anew too.
const DIGEST: &str = "0e3030595ab8d9dfd8c37d25b059b631574bd4431f946877d866ce26ae14aba9";

fn lines() -> Vec<Sample> {
    let text = include_str!("../../../tests/corpus/complaints/de-plain.jsonl");
    let read = |(line, text)| Sample::of_corpus(serde_json::from_str(text).unwrap(), line);
    text.lines().enumerate().map(read).collect()
}

#[test]
fn the_same_lines_give_the_same_bytes_on_every_machine() {
    let samples = lines();
    let training = Training::of(&samples, None, 1).unwrap();
    assert_eq!(training.count(), 215);
    let bytes = training.train("small").bytes();
    let digest: String = Sha256::digest(&bytes).iter().map(|b| format!("{b:02x}")).collect();
    assert_eq!(digest, DIGEST);
    let model = Cascade::read(&bytes).unwrap();
    assert!(model.bytes() == bytes);
    // It knows what it has seen.
    let classifier = Classifier::new(Some(Box::new(model))).unwrap();
    let right = samples.iter().filter(|sample| {
        let verdict = classifier.judge(&sample.labelled.input());
        verdict.is_complaint() == sample.labelled.complaint
    });
    assert!(right.count() > 190);
}

#[test]
fn lines_that_are_held_out_are_judged_by_who_has_not_seen_them() {
    let samples = lines();
    let training = Training::of(&samples, None, 2).unwrap();
    let models = training.held_out_models();
    assert_eq!(models.len(), SIDES);
    for side in 0..SIDES {
        let (here, others) = training.split(side);
        assert_eq!(here.len() + others.len(), 215);
        assert!(here.iter().all(|at| *at / 25 % 5 == side));
    }
    let judged = training.judge_held_out(models).unwrap();
    assert_eq!(judged.len(), 215);
    let right = judged.iter().filter(|(l, verdict)| l.complaint == verdict.is_complaint()).count();
    // Better than always the same (123), worse than on what it has seen.
    assert!((135..205).contains(&right), "{right}");
}

#[test]
fn one_thread_and_two_give_the_same_bytes() {
    let samples = lines();
    let [one, two] = [1, 2].map(|threads| {
        let training = Training::of(&samples, None, threads).unwrap();
        let held = training.held_out_models();
        let held: Vec<Vec<u8>> = held.iter().map(Cascade::bytes).collect();
        (training.train("small").bytes(), held)
    });
    assert!(one == two);
    assert!(one.1.windows(2).all(|pair| pair[0] != pair[1]), "each side has its own model");
}

#[test]
fn there_must_be_something_to_learn() {
    let mut samples = lines();
    samples.retain(|sample| sample.labelled.complaint);
    assert!(Training::of(&samples, None, 1).err().unwrap().contains("complaints and others"));
    assert!(Training::of(&[], None, 1).is_err());
}
