//! Tests of the figures on verdicts whose figures can be reckoned by hand.

use super::*;
use crate::domain::verdict::{PerMillion, Relevance, Topic};

fn labelled(kind: Kind) -> Labelled {
    let complaint = kind == Kind::Complaint;
    Labelled {
        text: "x".to_owned(),
        language: Some(Lang::IT),
        complaint,
        kind: Some(kind),
        severity: complaint.then_some(2),
        topic: complaint.then_some(Topic::Delivery),
        risk: complaint.then(|| vec![Risk::Repeat]),
        rating: None,
        parent: None,
        reply_to_us: false,
        earlier: 0,
    }
}

fn verdict(kind: Kind, probability: u32) -> Verdict {
    Verdict {
        relevance: Relevance::About,
        kind,
        probability: PerMillion(probability),
        severity: u8::from(kind == Kind::Complaint) * 3,
        topic: Topic::Delivery,
        language: Lang::IT,
        risk: vec![Risk::Legal],
        why: vec![],
        look: false,
        sorted_out: None,
        model: "t".to_owned(),
    }
}

#[test]
fn figures_are_those_that_one_reckons() {
    let complaint = labelled(Kind::Complaint);
    let praise = labelled(Kind::Praise);
    let mut judged = vec![(&complaint, verdict(Kind::Complaint, 900_000)); 6];
    judged.extend(vec![(&complaint, verdict(Kind::Other, 100_000)); 2]);
    judged.extend(vec![(&praise, verdict(Kind::Complaint, 700_000)); 4]);
    judged.extend(vec![(&praise, verdict(Kind::Praise, 0)); 8]);
    let figures = figures(&judged, 1);
    let all = &figures.all;
    assert_eq!((all.lines, all.complaints), (20, 8));
    assert_eq!((all.precision.value, all.recall.value), (0.6, 0.75));
    assert_eq!((all.f1.value, all.macro_f1.value), (0.6667, 0.697));
    assert!(all.f1.low < 0.6667 && 0.6667 < all.f1.high);
    assert_eq!(all.recall_at_precision_80, Some(0.75));
    // (6 × 0.1 + 2 × 0.9 + 4 × 0.7) / 20
    assert_eq!(all.calibration_error, 0.26);
    assert_eq!(figures.confusion[&Kind::Praise][&Kind::Complaint], 4);
    assert_eq!((figures.severity_exact, figures.severity_within_one), (Some(0.0), Some(1.0)));
    assert_eq!(figures.topic_accuracy, Some(1.0));
    assert_eq!(
        (figures.risks[&Risk::Repeat].recall, figures.risks[&Risk::Legal].precision),
        (0.0, 0.0)
    );
    assert_eq!(figures.errors.len(), 6);
    assert_eq!((figures.errors[0].line, figures.errors[0].complaint), (7, true));
    assert_eq!(super::figures(&judged, 1).all.f1, figures.all.f1);
    assert_eq!(figures.by_language.keys().collect::<Vec<_>>(), ["it"]);
}

#[test]
fn nothing_to_measure_gives_no_figures() {
    let figures = figures(&[], 1);
    assert_eq!((figures.all.lines, figures.all.f1.value), (0, 0.0));
    assert_eq!((figures.kind_macro_f1, figures.topic_accuracy), (None, None));
    assert_eq!(language_accuracy(std::iter::empty()), None);
    let told = [(Some(Lang::IT), Lang::IT), (Some(Lang::IT), Lang::ES), (None, Lang::IT)];
    assert_eq!(language_accuracy(told.into_iter()), Some(0.5));
}
