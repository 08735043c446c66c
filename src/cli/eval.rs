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
    /// Exit 1 if the F1 of complaints is below this, between 0 and 1
    #[arg(long, value_name = "F1", value_parser = a_share)]
    min: Option<f64>,
    /// A model file of `ascolto train` instead of the one inside
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
}

fn a_share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err("write a number between 0 and 1, for example 0.8".to_owned()),
    }
}

impl Eval {
    pub(super) fn run(&self) -> Result<(), Failure> {
        let judge = match &self.model {
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
        let f1 = figures.all.f1.value;
        match self.min {
            Some(min) if f1 < min => {
                Err(Failure::no(format!("the F1 of complaints is {f1:.3}, below {min:.3}")))
            }
            _ => Ok(()),
        }
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
