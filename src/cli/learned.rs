//! `ascolto brand learned`: what people said of a brand's mentions, and what was learned of it.

use super::failure::Failure;
use super::{house, out};
use crate::classify::{Correction, LEAST_LABELS, LEAST_OF_A_SORT, LIMIT};
use crate::config::Config;
use crate::domain::Instant;
use crate::domain::label::Refusal;
use crate::store::corrections::{self, CorrectionRow};
use crate::store::labels::{self, CountRow};
use clap::Args;
use serde::Serialize;
use std::fmt::Write;

#[derive(Debug, Args)]
pub(super) struct Learned {
    /// The brand
    name: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What is known of a brand's learning.
#[derive(Serialize)]
struct Told<'a> {
    brand: &'a str,
    /// Whether the configuration lets it be used.
    learn: bool,
    labels: Vec<Said>,
    /// The newest correction, used or not.
    correction: Option<Made>,
}

/// How often one thing was said by one sort of act.
#[derive(Serialize)]
struct Said {
    source: String,
    complaint: Option<bool>,
    about: Option<bool>,
    labels: i64,
}

#[derive(Serialize)]
struct Made {
    version: i64,
    model: String,
    made_at: Instant,
    labels: i64,
    complaints: i64,
    in_use: bool,
    /// Why it is not used.
    #[serde(skip_serializing_if = "String::is_empty")]
    reason: String,
    without: Scores,
    with: Scores,
    /// The strongest words, with what each adds; above zero it speaks for a complaint.
    words: Vec<(String, f32)>,
}

/// On labels that the correction had not seen.
#[derive(Serialize)]
struct Scores {
    log_loss: f64,
    macro_f1: f64,
    recall: f64,
}

impl Learned {
    pub(super) fn run(&self, config: &Config) -> Result<(), Failure> {
        let Some(brand) = config.brands.get(&self.name) else {
            let hint = house::instead(&self.name, config.brands.keys());
            return Err(Failure::usage(format!("there is no brand {}; {hint}", self.name)));
        };
        let (counts, last) = house::wait(house::over_store(config, async |store| {
            let mut tx = store.read().await?;
            let counts = labels::counts(&mut tx, &brand.name).await?;
            Ok((counts, corrections::last(&mut tx, &brand.name).await?))
        }))?;
        let told = Told {
            brand: &brand.name,
            learn: brand.learn,
            labels: counts.into_iter().map(Said::of).collect(),
            correction: last.map(Made::of).transpose().map_err(Failure::outside)?,
        };
        if self.json { out::json(&told) } else { out::text(&told.shown()) }
    }
}

impl Said {
    fn of(row: CountRow) -> Said {
        let CountRow { source, complaint, about, labels } = row;
        Said { source, complaint, about, labels }
    }

    /// What was said.
    fn what(&self) -> &'static str {
        match (self.complaint, self.about) {
            (Some(true), _) => "a complaint",
            (Some(false), _) => "not a complaint",
            (None, Some(false)) => "not about us",
            (None, _) => "about us",
        }
    }
}

impl Made {
    fn of(row: CorrectionRow) -> Result<Made, String> {
        let correction = Correction::read(row.version, &row.blob)?;
        let share = |figure: i64| figure as f64 / 1e6;
        Ok(Made {
            version: row.version,
            model: row.model,
            made_at: Instant(row.made_at),
            labels: row.labels,
            complaints: row.complaints,
            in_use: row.in_use,
            reason: row.reason,
            without: Scores {
                log_loss: share(row.loss_without),
                macro_f1: share(row.f1_without),
                recall: share(row.recall_without),
            },
            with: Scores {
                log_loss: share(row.loss_with),
                macro_f1: share(row.f1_with),
                recall: share(row.recall_with),
            },
            words: correction.words().to_vec(),
        })
    }

    /// Why it is not used, for a person.
    fn refusal(&self) -> String {
        match self.reason.parse() {
            Ok(Refusal::TooFew) => format!("it takes {LEAST_LABELS} labels at least"),
            Ok(Refusal::OneSided) => {
                format!("it takes {LEAST_OF_A_SORT} complaints at least, and as many that are none")
            }
            Ok(Refusal::NoGain) => "on labels that it had not seen it judges no better".to_owned(),
            Ok(Refusal::RecallFell) => {
                "on labels that it had not seen it misses complaints that are found without it"
                    .to_owned()
            }
            Err(_) => self.reason.clone(),
        }
    }

    fn show(&self, out: &mut String, learn: bool) {
        let Made { version, made_at, labels, complaints, model, .. } = self;
        let _ = writeln!(
            out,
            "correction {version} of {model}, made {made_at} of {labels} labels, {complaints} of \
             them complaints"
        );
        let _ = match (self.in_use, learn) {
            (true, true) => writeln!(out, "  it is in use"),
            (true, false) => writeln!(out, "  it is switched off by learn = false"),
            (false, _) => writeln!(out, "  it is not used: {}", self.refusal()),
        };
        let row = |what: &str, of: fn(&Scores) -> f64| {
            let figure = |scores: &Scores| format!("{:.3}", of(scores));
            vec![format!("  {what}"), figure(&self.without), figure(&self.with)]
        };
        let head = ["  on labels that it had not seen", "without it", "with it"];
        let rows = [
            head.map(str::to_owned).to_vec(),
            row("log loss (lower is better)", |scores| scores.log_loss),
            row("macro-F1 of complaint or not", |scores| scores.macro_f1),
            row("recall of complaints", |scores| scores.recall),
        ];
        out.push_str(&out::table(&rows));
        for (what, raises) in [("speak for a complaint", true), ("speak against one", false)] {
            let mut words: Vec<&(String, f32)> =
                self.words.iter().filter(|(_, weight)| (*weight > 0.0) == raises).collect();
            if !raises {
                words.reverse();
            }
            let words: Vec<String> =
                words.into_iter().map(|(word, weight)| format!("{word} {weight:+.2}")).collect();
            if !words.is_empty() {
                let _ = writeln!(out, "  words that {what}: {}", words.join(", "));
            }
        }
    }
}

impl Told<'_> {
    fn shown(&self) -> String {
        let mut text = String::new();
        let all: i64 = self.labels.iter().map(|said| said.labels).sum();
        let count = out::count(usize::try_from(all).unwrap_or(0), "label");
        let _ = writeln!(text, "{}: {count}", self.brand);
        let cells = |said: &Said| {
            vec![format!("  {}", said.source), said.what().to_owned(), said.labels.to_string()]
        };
        let rows: Vec<Vec<String>> = self.labels.iter().map(cells).collect();
        text.push_str(&out::table(&rows));
        match &self.correction {
            None => text.push_str("nothing was learned of them yet\n"),
            Some(made) => made.show(&mut text, self.learn),
        }
        let (brand, most) = (self.brand, LIMIT);
        let _ = writeln!(
            text,
            "It moves the model's log odds by {most} at most, never below what the rules found, and \
             nothing down where a grave risk is named."
        );
        let _ = match self.learn {
            true => writeln!(text, "To switch it off, write learn = false below [brand.{brand}]."),
            false => writeln!(text, "To use it, take learn = false out of [brand.{brand}]."),
        };
        text
    }
}
