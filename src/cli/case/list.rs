//! Cases in the order in which they should be answered.

use crate::cli::failure::Failure;
use crate::cli::{Global, house, out};
use crate::domain::case::State;
use crate::domain::text::one_line;
use crate::domain::{Instant, StormId};
use crate::store::inbox::{self, CaseLine, Filter};
use crate::store::storms;
use clap::Args;
use serde::Serialize;

/// List cases, the most urgent first
#[derive(Debug, Args)]
pub(super) struct List {
    /// Of this brand only
    #[arg(long, value_name = "NAME")]
    brand: Option<String>,
    /// In this state only: open (all that is owed), look (what of it is only to look at), question
    /// (its questions), promised (the customer waits for what we promised or planned), broken (a
    /// promise is broken), follow_up (no word came for three days after our answer, and none is
    /// planned), all, waiting, taken, snoozed, moved, answered, waived, closed, withdrawn, not_owed
    #[arg(long, value_name = "STATE", default_value = "open", value_parser = state)]
    state: String,
    /// The members of this storm only, whatever their state
    #[arg(long, value_name = "ID", conflicts_with_all = ["brand", "state"])]
    storm: Option<StormId>,
    /// So many at most
    #[arg(long, value_name = "N", default_value_t = 200)]
    limit: u32,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// The filter's word for a state.
fn state(text: &str) -> Result<String, String> {
    match text {
        "open" | "look" | "question" | "promised" | "broken" | "follow_up" => Ok(text.to_owned()),
        "all" => Ok(String::new()),
        other => match other.parse::<State>() {
            Ok(state) => Ok(state.to_string()),
            Err(why) => {
                Err(format!("{why}, open, look, question, promised, broken, follow_up, all"))
            }
        },
    }
}

#[derive(Serialize)]
struct Shown<'a> {
    id: &'a str,
    brand: &'a str,
    channel: &'a str,
    network: &'a str,
    author: &'a str,
    state: &'a str,
    owing: Option<&'a str>,
    severity: i64,
    points: i64,
    muted: bool,
    opened_at: Instant,
    deadline: Option<Instant>,
    overdue: bool,
    attention_by: &'a str,
    handed_to: &'a str,
    draft_rev: i64,
}

impl List {
    pub(super) fn run(&self, global: &Global) -> Result<(), Failure> {
        let config = house::load(global)?;
        if let Some(brand) = self.brand.as_ref().filter(|b| !config.brands.contains_key(*b)) {
            let hint = house::instead(brand, config.brands.keys());
            return Err(Failure::usage(format!("there is no brand {brand}; {hint}")));
        }
        let now = house::now();
        let filter = Filter {
            brand: self.brand.clone().unwrap_or_default(),
            state: self.state.clone(),
            now,
            ..Filter::default()
        };
        let lines = house::wait(house::over_store(&config, async |store| {
            let mut tx = store.read().await?;
            let limit = i64::from(self.limit);
            let Some(storm) = self.storm else {
                return Ok(inbox::by_urgency(&mut tx, &filter, limit, 0).await?);
            };
            if storms::by_id(&mut tx, storm).await?.is_none() {
                return Err(Failure::no(format!("there is no storm {storm}; check the id")));
            }
            Ok(inbox::of_storm(&mut tx, &storm.to_string(), now, limit, 0).await?)
        }))?;
        let shown: Vec<Shown<'_>> = lines.iter().map(|line| Shown::of(line, now)).collect();
        if self.json { out::json(&shown) } else { out::text(&table(&shown)) }
    }
}

impl<'a> Shown<'a> {
    fn of(line: &'a CaseLine, now: Instant) -> Shown<'a> {
        let author =
            if line.author_handle.is_empty() { &line.author_name } else { &line.author_handle };
        let deadline = line.deadline.map(Instant);
        Shown {
            id: &line.id,
            brand: &line.brand,
            channel: &line.channel,
            network: &line.network,
            author,
            state: &line.state,
            owing: line.owing.as_deref(),
            severity: line.severity,
            points: line.points,
            muted: line.muted_until > now.0,
            opened_at: Instant(line.opened_at),
            deadline,
            overdue: deadline.is_some_and(|at| at <= now),
            attention_by: &line.attention_by,
            handed_to: &line.handed_to,
            draft_rev: line.draft_rev,
        }
    }
}

fn table(cases: &[Shown<'_>]) -> String {
    let head = ["case", "brand", "channel", "author", "owes", "severity", "points", "due", "state"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for c in cases {
        let due = c.deadline.map_or_else(String::new, |at| at.to_string());
        let due = if c.overdue { format!("{due} (overdue)") } else { due };
        let state = match one_line(c.attention_by, 40).as_str() {
            "" => c.state.to_owned(),
            by => format!("{} by {by}", c.state),
        };
        let state = match one_line(c.handed_to, 40).as_str() {
            "" => state,
            to => format!("{state}, handed over to {to}"),
        };
        let state = if c.muted { format!("{state}, muted") } else { state };
        rows.push(vec![
            c.id.to_owned(),
            c.brand.to_owned(),
            c.channel.to_owned(),
            one_line(c.author, 30),
            c.owing.unwrap_or("-").to_owned(),
            c.severity.to_string(),
            c.points.to_string(),
            due,
            state,
        ]);
    }
    if cases.is_empty() {
        return "no such case\n".to_owned();
    }
    out::table(&rows)
}
