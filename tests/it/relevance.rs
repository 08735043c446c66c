//! Relevance on 200 written mentions of four brands whose names mean other things too.
//!
//! `tests/corpus/relevance.toml` configures the brands, `relevance.jsonl` holds 50 mentions of
//! each. Of every two lines the rules and the configuration were made with the first in view; the
//! second was written when they stood, and nothing was changed for it: its figures are the ones to
//! expect of mentions that nobody has seen. "Perhaps" counts as not about the brand here; a
//! complaint or question among those is shown to a person all the same, so what is lost for good
//! is only what is judged "not about".

use ascolto::app;
use ascolto::classify::{About, Around, Classifier, Input, Scope};
use ascolto::config;
use ascolto::domain::{Instant, Relevance};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    brand: String,
    text: String,
    about: bool,
    #[serde(default)]
    addressed: bool,
}

#[derive(Clone, Copy, Default)]
struct Tally {
    right: u32,
    wrong: u32,
    missed: u32,
    /// Of the missed, those judged "not about": nobody would see them.
    lost: u32,
}

impl Tally {
    fn count(&mut self, about: bool, judged: Relevance) {
        let said = judged == Relevance::About;
        self.right += u32::from(about && said);
        self.wrong += u32::from(!about && said);
        self.missed += u32::from(about && !said);
        self.lost += u32::from(about && judged == Relevance::NotAbout);
    }

    fn precision(&self) -> f64 {
        f64::from(self.right) / f64::from(self.right + self.wrong)
    }

    fn recall(&self) -> f64 {
        f64::from(self.right) / f64::from(self.right + self.missed)
    }

    fn show(&self, of: &str) {
        println!(
            "{of:<14} precision {:.3}  recall {:.3}  ({} right, {} wrong, {} missed, {} of them lost)",
            self.precision(),
            self.recall(),
            self.right,
            self.wrong,
            self.missed,
            self.lost
        );
    }
}

/// What both figures must reach over all mentions.
const FLOOR: f64 = 0.85;

#[test]
fn relevance_of_ambiguous_names_in_figures() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let config = config::load(&folder.join("relevance.toml"), std::iter::empty(), &app::registry());
    let config = config.map_err(|problems| format!("{problems:#?}")).unwrap();
    let scopes: BTreeMap<&str, Scope> =
        config.brands.values().map(|b| (b.name.as_str(), Scope::of(b).unwrap())).collect();
    let judge = Classifier::new(None).unwrap();
    let at = Instant::parse("2026-03-10T09:00:00Z").unwrap();
    let text = std::fs::read_to_string(folder.join("relevance.jsonl")).unwrap();
    let lines: Vec<Line> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 200);

    let mut by_brand: BTreeMap<&str, Tally> = BTreeMap::new();
    let mut halves = [Tally::default(); 2];
    let mut all = Tally::default();
    for (number, line) in lines.iter().enumerate() {
        let scope = &scopes[line.brand.as_str()];
        let about = About { scope: Some(scope), addressed: line.addressed, at };
        let verdict = judge.judge(&Input {
            text: &line.text,
            language: None,
            rating: None,
            attachments: 0,
            around: Around::default(),
            about: &about,
        });
        let tallies = [by_brand.entry(&line.brand).or_default(), &mut halves[number % 2], &mut all];
        for tally in tallies {
            tally.count(line.about, verdict.relevance);
        }
        if line.about != (verdict.relevance == Relevance::About) {
            let why: Vec<_> = verdict.why.iter().filter(|w| w.cue.starts_with("about.")).collect();
            println!("{}: {} {why:?}: {}", number + 1, verdict.relevance, line.text);
        }
    }
    for (brand, tally) in &by_brand {
        tally.show(brand);
    }
    halves[0].show("in view");
    halves[1].show("held back");
    all.show("all");
    assert!(all.precision() >= FLOOR && all.recall() >= FLOOR);
    assert!(all.lost <= 2, "exclusions lost {} mentions that were about the brand", all.lost);
}
