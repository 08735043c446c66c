//! `ascolto brand`: how brands are told from others of their name, tried on past mentions.

use super::failure::Failure;
use super::learned::Learned;
use super::{Global, house, out};
use crate::classify::{self, About, Around, Classifier, Effect, Input, Scope};
use crate::config::Config;
use crate::domain::text::one_line;
use crate::domain::{Brand, Instant, Lang, Relevance, Why};
use crate::pipeline::exclusion;
use crate::pipeline::triage::is_to_us;
use crate::store::hits::{self, HitRow};
use clap::{Args, Subcommand};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Where a line is cut if nobody says how wide the terminal is.
const WIDTH: usize = 100;
/// However narrow the terminal is, so much of a text is shown.
const LEAST: usize = 30;

/// List brands, try on past mentions what is about one, or say what was learned for it
#[derive(Debug, Args)]
pub(super) struct BrandArgs {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Say of every brand by what its mentions are known
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Judge the last mentions anew with the configuration as it stands; stores nothing
    Test(Test),
    /// Say what its people taught: labels, the correction made of them, what it is worth
    Learned(Learned),
}

#[derive(Debug, Args)]
struct Test {
    /// The brand
    name: String,
    /// So many mentions, the last that were heard
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    last: u32,
    /// Try this exclusion too, and say what it would have done
    #[arg(long, value_name = "PHRASE")]
    exclude: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl BrandArgs {
    pub(super) fn run(&self, global: &Global) -> Result<(), Failure> {
        let config = house::load(global)?;
        match &self.act {
            Act::List { json } => list(&config, *json),
            Act::Test(test) => test.run(&config),
            Act::Learned(learned) => learned.run(&config),
        }
    }
}

#[derive(Serialize)]
struct Known<'a> {
    name: &'a str,
    title: &'a str,
    terms: &'a [String],
    /// Those that need company, as configured or as the word lists know them.
    ambiguous: Vec<&'a str>,
    handles: &'a [String],
    domains: &'a [String],
    context: &'a [String],
    exclusions: &'a [String],
    campaigns: Vec<Run<'a>>,
}

#[derive(Serialize)]
struct Run<'a> {
    name: &'a str,
    terms: &'a [String],
    from: Instant,
    to: Instant,
    running: bool,
}

fn list(config: &Config, json: bool) -> Result<(), Failure> {
    let now = house::now();
    let known: Vec<Known<'_>> = config.brands.values().map(|b| Known::of(b, now)).collect();
    if json {
        return out::json(&known);
    }
    let mut text = String::new();
    for brand in &known {
        brand.show(&mut text);
    }
    out::text(&text)
}

impl<'a> Known<'a> {
    fn of(brand: &'a Brand, now: Instant) -> Known<'a> {
        let campaigns = brand.campaigns.iter().map(|c| Run {
            name: &c.name,
            terms: &c.terms,
            from: c.from,
            to: c.to,
            running: (c.from..c.to).contains(&now),
        });
        Known {
            name: &brand.name,
            title: &brand.title,
            terms: &brand.terms,
            ambiguous: classify::ambiguous(brand),
            handles: &brand.handles,
            domains: &brand.domains,
            context: &brand.context,
            exclusions: &brand.exclusions,
            campaigns: campaigns.collect(),
        }
    }

    fn show(&self, out: &mut String) {
        let _ = writeln!(out, "{} ({})", self.name, one_line(self.title, 60));
        let ambiguous: Vec<String> = self.ambiguous.iter().map(|&t| t.to_owned()).collect();
        for (what, words) in [
            ("names", self.terms),
            ("ambiguous", ambiguous.as_slice()),
            ("handles", self.handles),
            ("domains", self.domains),
            ("context", self.context),
            ("exclusions", self.exclusions),
        ] {
            if !words.is_empty() {
                let _ = writeln!(out, "  {what}: {}", words.join(", "));
            }
        }
        for Run { name, terms, from, to, running } in &self.campaigns {
            let runs = if *running { ", running" } else { "" };
            let terms = terms.join(", ");
            let _ = writeln!(out, "  campaign {name}: {terms} ({from} … {to}{runs})");
        }
    }
}

/// One past mention, judged anew.
#[derive(Serialize)]
struct Hit<'a> {
    id: &'a str,
    channel: &'a str,
    written_at: Instant,
    relevance: Relevance,
    /// As it was judged when it was heard; `None` before triage.
    stored: Option<Relevance>,
    changed: bool,
    /// A person said that it is not about the brand.
    not_about_us: bool,
    disposition: &'a str,
    why: Vec<Why>,
    text: &'a str,
}

/// What the new judgement comes to.
#[derive(Serialize)]
struct Outcome<'a> {
    brand: &'a str,
    about: usize,
    perhaps: usize,
    not_about: usize,
    changed: usize,
    /// By exclusion, how many it sorts out.
    by_exclusion: BTreeMap<&'a str, usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exclusion: Option<Tried<'a>>,
    hits: &'a [Hit<'a>],
}

/// An exclusion that was tried beside those that are configured.
#[derive(Serialize)]
struct Tried<'a> {
    phrase: &'a str,
    #[serde(flatten)]
    effect: Effect,
    /// The line to write below `[brand.NAME]`.
    line: String,
}

impl Test {
    fn run(&self, config: &Config) -> Result<(), Failure> {
        let Some(configured) = config.brands.get(&self.name) else {
            let hint = house::instead(&self.name, config.brands.keys());
            return Err(Failure::usage(format!("there is no brand {}; {hint}", self.name)));
        };
        let mut brand = configured.clone();
        if let Some(phrase) = &self.exclude {
            brand.exclusions.push(tryable(configured, phrase)?.to_owned());
        }
        let scope = Scope::of(&brand).map_err(Failure::usage)?;
        let judge = Classifier::shipped().map_err(Failure::outside)?;
        let rows = house::wait(house::over_store(config, async |store| {
            let mut tx = store.read().await?;
            Ok(hits::last(&mut tx, &brand.name, i64::from(self.last)).await?)
        }))?;
        let hits: Vec<Hit<'_>> = rows.iter().map(|row| Hit::of(row, &judge, &scope)).collect();
        let tried = match &self.exclude {
            None => None,
            Some(phrase) => {
                let past: Vec<_> = rows.iter().map(exclusion::past).collect();
                let phrase = phrase.trim();
                let effect = classify::effect(configured, phrase, &past).map_err(Failure::usage)?;
                Some(Tried { phrase, effect, line: exclusion::line(configured, phrase) })
            }
        };
        let outcome = Outcome::of(&brand.name, &hits, tried);
        if self.json { out::json(&outcome) } else { out::text(&outcome.shown(width())) }
    }
}

/// An exclusion that can be found in a text and leaves something to be about the brand.
fn tryable<'p>(brand: &Brand, phrase: &'p str) -> Result<&'p str, Failure> {
    let phrase = phrase.trim();
    if !phrase.chars().any(char::is_alphanumeric) {
        return Err(Failure::usage("an exclusion needs a letter or a digit to be found by"));
    }
    if brand.terms.iter().any(|term| term.to_lowercase() == phrase.to_lowercase()) {
        let why = format!("{phrase} is a name of {}: nothing would be about it", brand.name);
        return Err(Failure::usage(why));
    }
    Ok(phrase)
}

impl<'a> Hit<'a> {
    fn of(row: &'a HitRow, judge: &Classifier, scope: &Scope) -> Hit<'a> {
        let about = About {
            scope: Some(scope),
            addressed: is_to_us(row.addressed, &row.visibility, &row.kind),
            at: Instant(row.created_at),
        };
        // Relevance asks for nothing around it: stars, pictures, what it answers.
        let verdict = judge.judge(&Input {
            text: &row.text,
            language: row.language.as_deref().and_then(Lang::parse),
            rating: None,
            attachments: 0,
            around: Around::default(),
            about: &about,
        });
        let stored = row.relevance.as_deref().and_then(|r| r.parse::<Relevance>().ok());
        let mut why = verdict.why;
        why.retain(|why| why.cue.starts_with("about."));
        Hit {
            id: &row.id,
            channel: &row.channel,
            written_at: Instant(row.created_at),
            relevance: verdict.relevance,
            stored,
            changed: stored.is_some_and(|stored| stored != verdict.relevance),
            not_about_us: row.is_not_about_us(),
            disposition: &row.disposition,
            why,
            text: &row.text,
        }
    }

    /// The exclusion that sorts it out.
    fn excluded_by(&self) -> Option<&str> {
        let by = self.why.iter().find(|why| why.cue == crate::domain::verdict::EXCLUDED);
        by.map(|why| why.words.as_str())
    }

    /// Its cells but for the text.
    fn cells(&self) -> Vec<String> {
        let mark = if self.changed { "*" } else { "" };
        let stored = match self.stored {
            Some(stored) if self.changed => format!(" (was {stored})"),
            _ => String::new(),
        };
        let person = if self.not_about_us { ", a person: not about us" } else { "" };
        let why: Vec<String> = self.why.iter().map(told).collect();
        let relevance = format!("{}{stored}{person}", self.relevance);
        vec![mark.to_owned(), relevance, one_line(&why.join(", "), 44)]
    }
}

/// A reason without the head that all of them share.
fn told(why: &Why) -> String {
    let cue = why.cue.strip_prefix("about.").unwrap_or(&why.cue);
    match one_line(&why.words, 30) {
        words if words.is_empty() => cue.to_owned(),
        words => format!("{cue} \"{words}\""),
    }
}

impl<'a> Outcome<'a> {
    fn of(brand: &'a str, hits: &'a [Hit<'a>], exclusion: Option<Tried<'a>>) -> Outcome<'a> {
        let count = |wanted: Relevance| hits.iter().filter(|hit| hit.relevance == wanted).count();
        let mut by_exclusion = BTreeMap::new();
        for phrase in hits.iter().filter_map(Hit::excluded_by) {
            *by_exclusion.entry(phrase).or_default() += 1;
        }
        Outcome {
            brand,
            about: count(Relevance::About),
            perhaps: count(Relevance::Perhaps),
            not_about: count(Relevance::NotAbout),
            changed: hits.iter().filter(|hit| hit.changed).count(),
            by_exclusion,
            exclusion,
            hits,
        }
    }

    fn shown(&self, width: usize) -> String {
        if self.hits.is_empty() {
            return format!("no mention of {} is stored yet\n", self.brand);
        }
        let head = ["", "relevance", "why", "text"].map(str::to_owned).to_vec();
        let cells: Vec<Vec<String>> = self.hits.iter().map(Hit::cells).collect();
        let wide = |at: usize| {
            let cells = cells.iter().chain([&head]).filter_map(|row| row.get(at));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let taken: usize = (0..3).map(|at| wide(at) + 2).sum();
        let left = width.saturating_sub(taken).max(LEAST);
        let mut rows = vec![head];
        for (mut row, hit) in cells.into_iter().zip(self.hits) {
            row.push(one_line(hit.text, left));
            rows.push(row);
        }
        let mut out = out::table(&rows);
        let _ = writeln!(
            out,
            "\n{}: {} about, {} perhaps, {} not about; {} changed (*) against what is stored",
            out::count(self.hits.len(), "mention"),
            self.about,
            self.perhaps,
            self.not_about,
            self.changed
        );
        for (phrase, count) in &self.by_exclusion {
            let _ = writeln!(out, "  {count} by the exclusion {}", one_line(phrase, 60));
        }
        if let Some(Tried { phrase, effect, line }) = &self.exclusion {
            let Effect { of, sorted_out, answered } = effect;
            let _ = writeln!(
                out,
                "The exclusion \"{}\" would have sorted out {sorted_out} of the last {of} \
                 mentions, {answered} of them answered as about us. It is only tried; to add it, \
                 write below [brand.{}]:\n{line}",
                one_line(phrase, 60),
                self.brand
            );
        }
        out
    }
}

/// How wide the terminal is, as the shell says.
fn width() -> usize {
    let told = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    told.unwrap_or(WIDTH)
}
