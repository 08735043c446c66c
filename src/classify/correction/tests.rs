//! Tests of corrections: the bounds whatever was taught, the measure, the bytes, the reasons.

use super::*;
use crate::classify::{About, Around, Classifier, Input, Model, Opinion, Seen};
use crate::domain::label::Refusal;
use crate::domain::verdict::{Kind, Lang, PerMillion, Risk};
use proptest::prelude::*;
use std::sync::OnceLock;

/// Thinks the same of every text: likely a complaint.
struct Keen;

const KEEN: PerMillion = PerMillion(700_000);
const ALERT_AT: PerMillion = PerMillion(600_000);

impl Model for Keen {
    fn name(&self) -> &'static str {
        "keen-1"
    }

    fn opinion(&self, _: &Seen) -> Opinion {
        Opinion { complaint: KEEN, ..Opinion::default() }
    }
}

fn judge() -> &'static Classifier {
    static JUDGE: OnceLock<Classifier> = OnceLock::new();
    JUDGE.get_or_init(|| Classifier::new(Some(Box::new(Keen))).unwrap())
}

fn rules() -> &'static Classifier {
    static RULES: OnceLock<Classifier> = OnceLock::new();
    RULES.get_or_init(|| Classifier::new(None).unwrap())
}

fn input(text: &str) -> Input<'_> {
    let (language, about) = (Some(Lang::IT), &About::US);
    Input { text, language, rating: None, attachments: 0, around: Around::default(), about }
}

fn learned(correction: &Correction) -> Option<Learned<'_>> {
    Some(Learned { correction, settings: Settings::default() })
}

/// A lesson of these texts, each with what was said of it.
fn taught<T: AsRef<str>>(texts: impl IntoIterator<Item = (T, bool)>) -> Outcome {
    let mut lesson = Lesson::default();
    for (n, (text, complaint)) in texts.into_iter().enumerate() {
        lesson.hear(judge(), &format!("{n:04}"), &input(text.as_ref()), complaint, 1.0);
    }
    lesson.learn("keen-1", ALERT_AT)
}

const DAYS: [&str; 6] = ["lunedì", "martedì", "mercoledì", "giovedì", "venerdì", "sabato"];
const GAMES: [&str; 5] = ["ponte", "bivio", "drago", "cancello", "enigma"];
const ORDERS: [&str; 5] = ["armadio", "divano", "letto", "tavolo", "specchio"];

/// Of a game nobody complains, of what was ordered everybody does.
fn plain() -> Vec<(String, bool)> {
    let mut all = Vec::new();
    for day in DAYS {
        for (game, order) in GAMES.iter().zip(ORDERS) {
            for part in ["mattina", "sera"] {
                all.push((format!("{day} {part} gioco con calma nel labirinto al {game}"), false));
                all.push((format!("{day} {part} guardo con calma il mio ordine, {order}"), true));
            }
        }
    }
    all
}

#[test]
fn what_was_taught_moves_like_texts_and_says_by_which_words() {
    let outcome = taught(plain());
    assert_eq!((outcome.figures.labels, outcome.figures.complaints), (120, 60));
    assert_eq!(outcome.refused, None, "{:?}", outcome.figures);
    let Figures { without, with, .. } = outcome.figures;
    assert!(with.loss < without.loss && with.macro_f1 > without.macro_f1);
    let correction = Correction::read(7, &outcome.correction.bytes()).unwrap();
    let text = "Domenica gioco con gli amici nel LABIRINTO, andiamo al bivio";
    let before = judge().judge(&input(text));
    let after = judge().judge_for(&input(text), learned(&correction));
    assert!(before.probability >= ALERT_AT && after.probability < ALERT_AT, "{after:?}");
    assert_eq!(after.model, "rules-2+keen-1+brand-7");
    let told: Vec<_> = after.why.iter().filter(|why| why.cue == "brand.learned").collect();
    assert!(told.iter().any(|why| why.words == "LABIRINTO"), "{after:?}");
    assert!(before.why.iter().all(|why| why.cue != "brand.learned"));
    let words = correction.words();
    assert!(words.first().unwrap().1 > 0.0 && words.last().unwrap().1 < 0.0, "{words:?}");
    assert!(words.iter().any(|(word, weight)| word == "labirinto" && *weight < 0.0), "{words:?}");
}

#[test]
fn a_correction_of_another_model_is_not_used() {
    let outcome = taught(plain());
    let mut correction = outcome.correction;
    correction.model = "keen-2".to_owned();
    let text = "gioco con calma nel labirinto al ponte";
    let verdict = judge().judge_for(&input(text), learned(&correction));
    assert_eq!(verdict, judge().judge(&input(text)));
    assert_eq!(rules().judge_for(&input(text), learned(&correction)).model, "rules-2");
}

#[test]
fn the_same_labels_give_the_same_bytes_in_any_order() {
    let (one, two) = (taught(plain()), taught(plain()));
    assert_eq!(one.correction.bytes(), two.correction.bytes());
    let mut lesson = Lesson::default();
    for (n, (text, complaint)) in plain().iter().enumerate().rev() {
        lesson.hear(judge(), &format!("{n:04}"), &input(text), *complaint, 1.0);
    }
    let back = lesson.learn("keen-1", ALERT_AT);
    assert_eq!((back.correction.bytes(), back.figures), (one.correction.bytes(), one.figures));
}

#[test]
fn a_blob_is_read_as_it_was_written_and_a_broken_one_is_refused() {
    let bytes = taught(plain()).correction.bytes();
    assert_eq!(Correction::read(1, &bytes).unwrap().bytes(), bytes);
    let refused = |bytes: &[u8]| Correction::read(1, bytes).err().unwrap_or_default();
    assert!(refused(b"").contains("no correction"));
    let weights = MAGIC.len() + 1 + "keen-1".len();
    for end in [MAGIC.len(), weights - 1, weights + 3, weights + 4 * ROWS] {
        assert!(refused(&bytes[..end]).contains("cut off"), "{end}");
    }
    for wild in [f32::NAN, f32::INFINITY, 2.0 * WEIGHT_LIMIT] {
        let mut broken = bytes.clone();
        broken[weights..weights + 4].copy_from_slice(&wild.to_le_bytes());
        assert!(refused(&broken).contains("a weight that is none"), "{wild}");
    }
}

#[test]
fn labels_that_cannot_be_measured_or_do_harm_are_refused() {
    let few = taught(plain().into_iter().take(LEAST_LABELS - 1));
    assert_eq!(few.refused, Some(Refusal::TooFew));
    // All that was ever heard is called no complaint.
    let never = taught(plain().into_iter().map(|(text, _)| (text, false)));
    assert_eq!(never.refused, Some(Refusal::OneSided));
    let always = taught(plain().into_iter().map(|(text, _)| (text, true)));
    assert_eq!(always.refused, Some(Refusal::OneSided));
    // Two of three like texts are called none: to believe that would miss the third.
    let games = plain().into_iter().filter(|(_, complaint)| !complaint);
    // The same text is called one thing once and the other thing the next time.
    let torn = games.clone().chain(games).enumerate();
    let torn = torn.map(|(n, (text, _))| (text, (n + n / 60) % 3 == 0));
    assert_eq!(taught(torn).refused, Some(Refusal::RecallFell));
    // Nothing is learned where everything is right already.
    let right = Figures { labels: 200, complaints: 100, ..Figures::default() };
    assert_eq!(lesson::refused(&right), None);
    let same = Scores { loss: 100_000, ..Scores::default() };
    let right = Figures { without: same, with: same, ..right };
    assert_eq!(lesson::refused(&right), Some(Refusal::NoGain));
}

#[test]
fn nothing_is_lowered_where_somebody_may_be_harmed() {
    let outcome = taught(plain());
    let text = "Gioco nel labirinto al ponte e la torcia prende fuoco, pericolo per i bambini";
    let verdict = judge().judge_for(&input(text), learned(&outcome.correction));
    assert!(verdict.risk.contains(&Risk::Safety), "{verdict:?}");
    assert!(verdict.probability.0 >= KEEN.0 - 1, "{verdict:?}");
    assert_eq!(verdict.kind, Kind::Complaint);
}

/// A correction that no labels would ever make: every row is `row`.
fn wild(shift: f32, row: f32) -> Correction {
    let weights = Weights { shift, rows: vec![row; ROWS] };
    Correction { version: 1, model: "keen-1".to_owned(), weights, words: Vec::new() }
}

proptest! {
    #[test]
    fn whatever_was_taught_the_bounds_hold(
        text in "\\PC{0,120}|(non |arrivato |nessuno risponde |grazie |labirinto |avvocato |0 |!){0,20}",
        rating in proptest::option::of(1u8..=5),
        shift in -1e3f32..1e3,
        row in -1e3f32..1e3,
    ) {
        let input = Input { rating, ..input(&text) };
        let correction = wild(shift, row);
        let alone = rules().judge(&input);
        let before = judge().judge(&input);
        let after = judge().judge_for(&input, learned(&correction));
        // A millionth is rounded away on either side.
        prop_assert!(after.probability.0 + 1 >= alone.probability.0, "{alone:?} {after:?}");
        let moved = odds(after.probability.share()) - odds(before.probability.share());
        prop_assert!(moved.abs() <= LIMIT + 1e-2, "{moved}");
        prop_assert_eq!(after.look, before.look);
        prop_assert!(after.why.iter().all(|why| text.contains(&why.words)));
    }
}
