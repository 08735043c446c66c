//! `ascolto mention`: what was sorted out, and the word that one is owed an answer after all.

use super::failure::Failure;
use super::{Global, house, out};
use crate::domain::obligation::Owing;
use crate::domain::text::one_line;
use crate::domain::verdict::Why;
use crate::domain::{Instant, MentionId};
use crate::pipeline::owed;
use crate::store::unowed::{self, SortedRow};
use clap::{Args, Subcommand, ValueEnum};
use serde::Serialize;

/// List what was sorted out, and say that one is owed an answer after all
#[derive(Debug, Args)]
pub(super) struct MentionArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List what rules sorted out, the newest first
    List(List),
    /// Say that a mention is owed an answer though triage let it pass; opens its case
    Owed(Owed),
}

#[derive(Debug, Args)]
struct List {
    /// What rules sorted out
    #[arg(long)]
    sorted_out: bool,
    /// Of this brand only
    #[arg(long, value_name = "NAME")]
    brand: Option<String>,
    /// By this rule only: spam, bot, abuse, automatic, thanks
    #[arg(long, value_name = "RULE")]
    rule: Option<String>,
    /// So many at most
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: u32,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct Owed {
    /// The mention
    id: MentionId,
    /// What it is
    #[arg(long = "as", value_enum, default_value_t = Kind::Complaint)]
    kind: Kind,
    /// In whose name [default: $USER]
    #[arg(long, value_name = "AGENT")]
    by: Option<String>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    /// A complaint
    Complaint,
    /// A question
    Question,
}

#[derive(Serialize)]
struct Shown<'a> {
    id: &'a str,
    brand: &'a str,
    channel: &'a str,
    author: &'a str,
    rule: &'a str,
    model: &'a str,
    why: Vec<Why>,
    created_at: Instant,
    text: &'a str,
}

impl MentionArgs {
    pub(super) fn run(&self, global: &Global) -> Result<(), Failure> {
        match &self.what {
            What::List(list) => list.run(global),
            What::Owed(owed) => owed.run(global),
        }
    }
}

impl List {
    fn run(&self, global: &Global) -> Result<(), Failure> {
        if !self.sorted_out {
            return Err(Failure::usage("say what is to be listed: --sorted-out"));
        }
        let config = house::load(global)?;
        if let Some(brand) = self.brand.as_ref().filter(|b| !config.brands.contains_key(*b)) {
            let hint = house::instead(brand, config.brands.keys());
            return Err(Failure::usage(format!("there is no brand {brand}; {hint}")));
        }
        let brand = self.brand.clone().unwrap_or_default();
        let rule = self.rule.clone().unwrap_or_default();
        let rows = house::wait(house::over_store(&config, async |store| {
            let mut tx = store.read().await?;
            Ok(unowed::sorted(&mut tx, &brand, &rule, None, i64::from(self.limit)).await?)
        }))?;
        let shown: Vec<Shown<'_>> = rows.iter().map(Shown::of).collect();
        if self.json { out::json(&shown) } else { out::text(&table(&shown)) }
    }
}

impl Owed {
    fn run(&self, global: &Global) -> Result<(), Failure> {
        let config = house::load(global)?;
        let agent = super::agent(self.by.as_deref());
        let owing = match self.kind {
            Kind::Complaint => Owing::Complaint,
            Kind::Question => Owing::Question,
        };
        house::wait(house::over_house(&config, async |deps| {
            let case = owed::owe(deps, self.id, &agent, owing).await?;
            out::line(&format!("mention {} is owed an answer in case {case}", self.id))
        }))
    }
}

impl<'a> Shown<'a> {
    fn of(row: &'a SortedRow) -> Shown<'a> {
        let m = &row.mention;
        let author = if m.author_handle.is_empty() { &m.author_name } else { &m.author_handle };
        let why = m.why.as_deref().and_then(|json| serde_json::from_str(json).ok());
        Shown {
            id: &m.id,
            brand: &m.brand,
            channel: &m.channel,
            author,
            rule: &row.sorted_as,
            model: &row.model,
            why: why.unwrap_or_default(),
            created_at: Instant(m.created_at),
            text: &m.text,
        }
    }
}

fn table(mentions: &[Shown<'_>]) -> String {
    let head = ["mention", "brand", "channel", "author", "rule", "words", "text"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for m in mentions {
        let words = m.why.iter().map(|why| why.words.as_str()).find(|words| !words.is_empty());
        rows.push(vec![
            m.id.to_owned(),
            m.brand.to_owned(),
            m.channel.to_owned(),
            one_line(m.author, 30),
            m.rule.to_owned(),
            one_line(words.unwrap_or("-"), 30),
            one_line(m.text, 60),
        ]);
    }
    if mentions.is_empty() {
        return "nothing is sorted out\n".to_owned();
    }
    out::table(&rows)
}
