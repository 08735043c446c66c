//! `ascolto tune`: what each setting of the thresholds would have alerted and missed.

use super::eval::interval;
use super::failure::Failure;
use super::{Global, house, labelled, out};
use crate::classify::Classifier;
use crate::classify::measure::thresholds::{
    LABELS, ONE_IN, Past, Setting, Suggestion, Tuning, tuning,
};
use crate::domain::time::DAY;
use crate::domain::{Brand, Instant, Kind, PerMillion};
use crate::store::{Store, tuning as rows};
use clap::Args;
use serde::Serialize;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// From what the drawings for intervals follow, so that the same mentions give the same figures.
const SEED: u64 = 2019;
/// So many mentions are read at a time.
const PAGE: i64 = 5_000;

/// Show what other thresholds would have alerted and missed, on the labels that people gave
///
/// Labels come from what people did: "not a complaint" and "not about us" say no, an answer to a
/// complaint says yes. What lies below look_at nobody sees and nobody labels, so what is missed
/// there shows in --labels alone. Intervals hold 95 of 100 drawings. Nothing is changed.
#[derive(Debug, Args)]
pub(super) struct Tune {
    /// The brand
    brand: String,
    /// What was heard in so many days
    #[arg(long, value_name = "N", default_value_t = 90, value_parser = clap::value_parser!(u32).range(1..=3_650), conflicts_with = "labels")]
    days: u32,
    /// Labelled lines as `ascolto eval` reads them, judged now, in place of the store
    #[arg(long, value_name = "FILE")]
    labels: Option<PathBuf>,
    /// Every pair of thresholds as JSON
    #[arg(long)]
    json: bool,
}

/// What the counts of a setting are told by.
#[derive(Clone, Copy)]
enum Per {
    /// A day, of so many.
    Day(f64),
    /// A hundred of so many lines.
    Hundred(usize),
}

/// What is printed as JSON.
#[derive(Serialize)]
struct Told<'a> {
    brand: &'a str,
    /// In how many days the mentions came in; none for a file.
    days: Option<f64>,
    #[serde(flatten)]
    tuning: &'a Tuning,
}

impl Tune {
    pub(super) fn run(&self, global: &Global) -> Result<(), Failure> {
        let config = house::load(global)?;
        let Some(brand) = config.brands.get(&self.brand) else {
            let hint = house::instead(&self.brand, config.brands.keys());
            return Err(Failure::usage(format!("there is no brand {}; {hint}", self.brand)));
        };
        if !brand.owes.contains(&Kind::Complaint) {
            return Err(Failure::usage(format!(
                "{} owes no complaints, so no threshold alerts any; write \"complaint\" into its owes",
                brand.name
            )));
        }
        let (past, per) = match &self.labels {
            Some(file) => of_file(file)?,
            None => house::wait(house::over_store(&config, async |store| {
                stored(store, brand, self.days).await
            }))?,
        };
        let tuning = tuning(brand, &past, SEED);
        if !self.json {
            return out::text(&page(brand, &tuning, per));
        }
        let days = match per {
            Per::Day(days) => Some(days),
            Per::Hundred(_) => None,
        };
        out::json(&Told { brand: &brand.name, days, tuning: &tuning })
    }
}

/// Labelled lines, judged now and taken to be about the brand.
fn of_file(file: &Path) -> Result<(Vec<Past>, Per), Failure> {
    let lines = labelled::read(file, &labelled::bytes(file)?)?;
    if lines.is_empty() {
        return Err(Failure::usage(format!("{} holds no lines", file.display())));
    }
    let judge = Classifier::shipped().map_err(Failure::outside)?;
    let past: Vec<Past> = lines
        .iter()
        .map(|(_, line)| Past {
            verdict: judge.judge(&line.input()),
            complaint: Some(line.complaint),
            came: true,
        })
        .collect();
    let per = Per::Hundred(past.len());
    Ok((past, per))
}

/// What was heard in so many days, as it was judged then.
async fn stored(store: &Store, brand: &Brand, days: u32) -> Result<(Vec<Past>, Per), Failure> {
    let now = house::now();
    let since = now - i64::from(days) * DAY;
    let mut tx = store.read().await?;
    let (mut past, mut first, mut after) = (Vec::new(), now, String::new());
    loop {
        let page = rows::page(&mut tx, &brand.name, since, &after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after.clone_from(&last.id);
        for row in &page {
            let (written, heard) = (Instant(row.created_at), Instant(row.heard_at));
            first = first.min(heard);
            past.push(Past {
                verdict: row.verdict()?,
                complaint: row.label(),
                // What was heard too late for an alert would have rung by no setting.
                came: !row.first_look && brand.silence(written, heard).is_none(),
            });
        }
    }
    // Who has listened for a week only hears no more a day for that.
    let heard = (now - first) as f64 / DAY as f64;
    Ok((past, Per::Day(heard.max(1.0))))
}

/// The figures for people.
fn page(brand: &Brand, tuning: &Tuning, per: Per) -> String {
    let name = &brand.name;
    let mut page = String::new();
    let over = match per {
        Per::Day(days) => format!(
            "{} in {}",
            out::count(tuning.mentions, "mention"),
            out::count(days.round() as usize, "day")
        ),
        Per::Hundred(lines) => out::count(lines, "line"),
    };
    let Tuning { labelled, complaints, .. } = tuning;
    let _ = writeln!(
        page,
        "{name}: {over}; labelled {labelled}, {complaints} as complaints. * is the present setting."
    );
    let by_alert = |s: &&Setting| s.look_at == brand.look_at.min(s.alert_at);
    let by_look = |s: &&Setting| s.alert_at == brand.alert_at;
    let look_at = share(brand.look_at);
    let _ = writeln!(page, "\nby alert_at, with look_at {look_at} (never above alert_at)");
    page.push_str(&table(tuning.settings.iter().filter(by_alert), per));
    let _ = writeln!(page, "\nby look_at, with alert_at {}", share(brand.alert_at));
    page.push_str(&table(tuning.settings.iter().filter(by_look), per));
    let _ = writeln!(page, "\n{}", advice(name, tuning.suggestion));
    page
}

fn table<'s>(settings: impl Iterator<Item = &'s Setting>, per: Per) -> String {
    let unit = match per {
        Per::Day(_) => "a day",
        Per::Hundred(_) => "in 100",
    };
    let alerts = format!("alerts {unit}");
    let looks = format!("to look at {unit}");
    let head = [
        "",
        "alert_at",
        "look_at",
        alerts.as_str(),
        looks.as_str(),
        "complaints missed",
        "left to the tray",
        "false alarms",
        "precision",
        "recall",
    ];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    rows.extend(settings.map(|setting| row(setting, per)));
    out::table(&rows)
}

fn row(s: &Setting, per: Per) -> Vec<String> {
    let told = |count: usize| match per {
        Per::Day(days) => format!("{:.1}", count as f64 / days),
        Per::Hundred(lines) => format!("{:.1}", count as f64 * 100.0 / lines as f64),
    };
    // A share of nothing says nothing.
    let of = |whole: usize, figure| if whole == 0 { "-".to_owned() } else { interval(figure) };
    vec![
        if s.present { "*".to_owned() } else { String::new() },
        share(s.alert_at),
        share(s.look_at),
        told(s.alerts),
        told(s.looks),
        s.missed.to_string(),
        s.in_tray.to_string(),
        s.false_alarms.to_string(),
        of(s.hits + s.false_alarms, s.precision),
        of(s.hits + s.in_tray + s.missed, s.recall),
    ]
}

/// What the figures come to, in a sentence.
fn advice(brand: &str, suggestion: Suggestion) -> String {
    let rule = format!(
        "the highest alert_at that alerts as many labelled complaints as now; look_at as it is, or \
         lower where more than 1 labelled complaint in {ONE_IN} is missed"
    );
    match suggestion {
        Suggestion::FewLabels { more } => format!(
            "Not enough labels: {more} more. From {LABELS} on a setting is suggested; each answer to \
             a complaint and each \"not a complaint\" is one."
        ),
        Suggestion::NoComplaints => {
            "None of the labels is a complaint, so nothing says what a setting would miss."
                .to_owned()
        }
        Suggestion::NoSetting => format!(
            "No setting shows people all but 1 of {ONE_IN} labelled complaints: thresholds alone do \
             not help here."
        ),
        Suggestion::Stay => format!("Keep the present setting. The rule: {rule}."),
        Suggestion::Take { alert_at, look_at } => format!(
            "Suggested, below [brand.{brand}]:\nalert_at = {}\nlook_at = {}\nThe rule: {rule}.",
            share(alert_at),
            share(look_at)
        ),
    }
}

/// `0.60`; what is no whole hundredth keeps all its digits.
fn share(value: PerMillion) -> String {
    match value.0 % 10_000 {
        0 => format!("{:.2}", value.share()),
        _ => value.share().to_string(),
    }
}
