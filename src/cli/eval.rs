//! `ascolto eval`: measures the classifier on labelled lines.

use super::failure::Failure;
use super::{labelled, out};
use crate::classify::measure::{self, Figures, Found, Share};
use crate::classify::{Classifier, Labelled};
use crate::domain::{Kind, text};
use clap::Args;
use std::path::PathBuf;

/// From what the drawings for intervals follow, so that the same file gives the same figures.
const SEED: u64 = 2019;
/// So many errors are shown; --json lists all.
const SHOWN: usize = 20;

/// Measure the classifier on labelled lines: precision, recall, F1, macro-F1 with intervals
///
/// FILE holds one JSON object a line: `text`, and `complaint` (true or false) or `kind`. `lang`,
/// `sev`, `topic` and `flags` are measured where they stand; `rating`, `parent`, `reply_to_us` and
/// `earlier` are heeded as `classify` does. Intervals hold 95 of 100 drawings.
#[derive(Debug, Args)]
pub(super) struct Eval {
    /// The labelled lines
    file: PathBuf,
    /// All figures and every error as JSON
    #[arg(long)]
    json: bool,
    /// Exit 1 if a figure is worse than this, between 0 and 1; a number alone is for f1
    ///
    /// NAME is one of f1, macro-f1, kind (macro-F1 of the kinds), topic, severity, recall (at
    /// precision 0.80), language, or ece, which is worse above. May be given several times.
    #[arg(long, value_name = "[NAME=]VALUE", value_parser = a_bar)]
    min: Vec<Bar>,
    /// A model file of `ascolto train` instead of the one inside
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// Judge without the sentence encoder, as small machines do
    #[arg(long, conflicts_with = "model")]
    without_encoder: bool,
}

/// What a figure must reach.
#[derive(Clone, Copy, Debug)]
struct Bar {
    measure: Measure,
    at: f64,
}

/// A figure that a bar can be set for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Measure {
    F1,
    MacroF1,
    Kind,
    Topic,
    Severity,
    Recall,
    Language,
    Ece,
}

impl Measure {
    const ALL: [Measure; 8] = [
        Measure::F1,
        Measure::MacroF1,
        Measure::Kind,
        Measure::Topic,
        Measure::Severity,
        Measure::Recall,
        Measure::Language,
        Measure::Ece,
    ];

    /// Its name on the command line, and in a sentence.
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Measure::F1 => ("f1", "the F1 of complaints"),
            Measure::MacroF1 => ("macro-f1", "the macro-F1 of complaints"),
            Measure::Kind => ("kind", "the macro-F1 of the kinds"),
            Measure::Topic => ("topic", "the share of right topics"),
            Measure::Severity => ("severity", "the share of right severities"),
            Measure::Recall => ("recall", "the recall at precision 0.80"),
            Measure::Language => ("language", "the share of languages found"),
            Measure::Ece => ("ece", "the calibration error (ECE)"),
        }
    }

    /// `None` where the lines name nothing that it could be measured by.
    fn of(self, figures: &Figures<'_>) -> Option<f64> {
        match self {
            Measure::F1 => Some(figures.all.f1.value),
            Measure::MacroF1 => Some(figures.all.macro_f1.value),
            Measure::Kind => figures.kind_macro_f1,
            Measure::Topic => figures.topic_accuracy,
            Measure::Severity => figures.severity_exact,
            // Where no threshold is as precise, nothing is found at one.
            Measure::Recall => Some(figures.all.recall_at_precision_80.unwrap_or(0.0)),
            Measure::Language => figures.language_accuracy,
            Measure::Ece => Some(figures.all.calibration_error),
        }
    }
}

impl Bar {
    /// What is to be said if the figures miss it.
    fn missed(self, figures: &Figures<'_>) -> Result<Option<String>, Failure> {
        let (name, told) = self.measure.names();
        let Some(is) = self.measure.of(figures) else {
            return Err(Failure::usage(format!(
                "the lines hold nothing that {name} could be measured by; leave --min {name} out"
            )));
        };
        let (worse, side) = match self.measure {
            Measure::Ece => (is > self.at, "above"),
            _ => (is < self.at, "below"),
        };
        Ok(worse.then(|| format!("{told} is {is:.3}, {side} {:.3}", self.at)))
    }
}

fn a_bar(text: &str) -> Result<Bar, String> {
    let (name, value) = text.split_once('=').unwrap_or(("f1", text));
    let measure = Measure::ALL.into_iter().find(|measure| measure.names().0 == name);
    let Some(measure) = measure else {
        let names = Measure::ALL.map(|measure| measure.names().0).join(", ");
        return Err(format!("there is no figure `{name}`; write one of {names}"));
    };
    match value.parse() {
        Ok(at) if (0.0..=1.0).contains(&at) => Ok(Bar { measure, at }),
        _ => Err("write a number between 0 and 1, for example 0.8 or topic=0.6".to_owned()),
    }
}

impl Eval {
    pub(super) fn run(&self) -> Result<(), Failure> {
        let judge = match &self.model {
            None if self.without_encoder => Classifier::lean().map_err(Failure::outside)?,
            None => Classifier::shipped().map_err(Failure::outside)?,
            Some(file) => Classifier::of_model(&labelled::bytes(file)?)
                .map_err(|why| Failure::usage(format!("{}: {why}", file.display())))?,
        };
        let lines = labelled::read(&self.file, &labelled::bytes(&self.file)?)?;
        if lines.is_empty() {
            return Err(Failure::usage(format!("{} holds no lines", self.file.display())));
        }
        let lines: Vec<Labelled> = lines.into_iter().map(|(_, labelled)| labelled).collect();
        let judged: Vec<_> = lines.iter().map(|line| (line, judge.judge(&line.input()))).collect();
        let mut figures = measure::figures(&judged, SEED);
        figures.language_accuracy = measure::language_accuracy(
            lines.iter().map(|line| (line.language, judge.judge(&line.unnamed()).language)),
        );
        if self.json {
            out::json(&figures)?;
        } else {
            out::text(&page(&figures))?;
        }
        let missed: Result<Vec<_>, _> = self.min.iter().map(|bar| bar.missed(&figures)).collect();
        let missed: Vec<String> = missed?.into_iter().flatten().collect();
        if missed.is_empty() { Ok(()) } else { Err(Failure::no(missed.join("; "))) }
    }
}

/// The figures for people.
pub(super) fn page(figures: &Figures<'_>) -> String {
    let mut page = out::table(&by_language(figures));
    if let Some(kind) = figures.kind_macro_f1 {
        page.push_str(&format!(
            "\nkinds: macro-F1 {}; rows as labelled, columns as judged\n",
            percent(kind)
        ));
        page.push_str(&out::table(&confusion(figures)));
    }
    page.push('\n');
    let told = [
        ("topic of complaints found", figures.topic_accuracy),
        ("severity the same", figures.severity_exact),
        ("severity within one step", figures.severity_within_one),
        ("language found where none is named", figures.language_accuracy),
    ];
    for (what, share) in told {
        if let Some(share) = share {
            page.push_str(&format!("{what}: {}\n", percent(share)));
        }
    }
    if !figures.risks.is_empty() {
        page.push('\n');
        page.push_str(&out::table(&risks(figures)));
    }
    page.push_str(&errors(figures));
    page
}

/// A row a language, then all.
pub(super) fn by_language(figures: &Figures<'_>) -> Vec<Vec<String>> {
    let head =
        ["", "lines", "complaints", "precision", "recall", "F1", "macro-F1", "R at P .80", "ECE"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    let languages = figures.by_language.iter().map(|(name, found)| (name.as_str(), found));
    for (name, found) in languages.chain([("all", &figures.all)]) {
        rows.push(row(name, found));
    }
    rows
}

fn row(name: &str, found: &Found) -> Vec<String> {
    vec![
        name.to_owned(),
        found.lines.to_string(),
        found.complaints.to_string(),
        interval(found.precision),
        interval(found.recall),
        interval(found.f1),
        interval(found.macro_f1),
        found.recall_at_precision_80.map_or("-".to_owned(), percent),
        format!("{:.3}", found.calibration_error),
    ]
}

fn confusion(figures: &Figures<'_>) -> Vec<Vec<String>> {
    let mut rows = vec![vec![String::new()]];
    rows[0].extend(Kind::ALL.iter().map(ToString::to_string));
    for (kind, taken) in &figures.confusion {
        let count = |said: &Kind| taken.get(said).copied().unwrap_or(0).to_string();
        let mut row = vec![kind.to_string()];
        row.extend(Kind::ALL.iter().map(count));
        rows.push(row);
    }
    rows
}

/// A row a risk.
pub(super) fn risks(figures: &Figures<'_>) -> Vec<Vec<String>> {
    let head = ["risk", "complaints", "precision", "recall", "F1"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for (risk, named) in &figures.risks {
        let mut row = vec![risk.to_string(), named.lines.to_string()];
        row.extend([named.precision, named.recall, named.f1].map(percent));
        rows.push(row);
    }
    rows
}

fn errors(figures: &Figures<'_>) -> String {
    let mut page = format!("\n{}\n", out::count(figures.errors.len(), "error"));
    for wrong in figures.errors.iter().take(SHOWN) {
        let sort = if wrong.complaint { "missed" } else { "false alarm" };
        let text = text::one_line(wrong.text, 100);
        page.push_str(&format!(
            "{:>6}  {sort:<11}  {:.2}  {text}\n",
            wrong.line, wrong.probability
        ));
    }
    if figures.errors.len() > SHOWN {
        page.push_str("        … and more; --json lists all\n");
    }
    page
}

/// `86.9`.
pub(super) fn percent(share: f64) -> String {
    format!("{:.1}", share * 100.0)
}

/// `86.9 (80.1 to 91.2)`.
pub(super) fn interval(share: Share) -> String {
    format!("{} ({} to {})", percent(share.value), percent(share.low), percent(share.high))
}
