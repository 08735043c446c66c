//! The shape of the ledger, as it is printed and served.

use super::missed::Missed;
use crate::domain::Instant;
use crate::domain::ledger::{Disposition, Share};
use crate::domain::public::PublicChannel;
use crate::store::coverage::Intake;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Display;

/// What to show, and how deep to look.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Show the rows of this day only, as `YYYY-MM-DD` in the brand's zone.
    pub day: Option<String>,
    /// Show the rows and lanes of this channel only.
    pub channel: Option<String>,
    /// Show what stood at this instant: dispositions folded from the log. Evidence, coverage and
    /// shares are only known of now and left out.
    pub as_of: Option<Instant>,
    /// Compute the hash chain of the log again, and the digest of all data that is still there.
    pub verify: bool,
}

/// Counts of one row, or of all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sums {
    /// What the intake book says.
    pub intake: Intake,
    /// Mention rows, tombstones among them.
    pub mentions: u64,
    /// How many of them stand where; every disposition has its count.
    pub dispositions: BTreeMap<Disposition, u64>,
}

impl Default for Sums {
    fn default() -> Sums {
        let dispositions = Disposition::ALL.iter().map(|d| (*d, 0)).collect();
        Sums { intake: Intake::default(), mentions: 0, dispositions }
    }
}

impl Sums {
    fn add(&mut self, other: &Sums) {
        self.intake.add(other.intake);
        self.mentions += other.mentions;
        for (disposition, n) in &other.dispositions {
            *self.dispositions.entry(*disposition).or_default() += n;
        }
    }
}

/// One channel on one day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// The channel.
    pub channel: String,
    /// The day on which the mentions were first stored, in the brand's zone.
    pub day: String,
    /// The counts.
    #[serde(flatten)]
    pub sums: Sums,
}

/// A hole in a lane's coverage, whatever became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GapAccount {
    /// Its id.
    pub id: String,
    /// First instant not heard.
    pub from: Instant,
    /// First instant heard again.
    pub to: Instant,
    /// `open`, `closed` or `unrecoverable`.
    pub state: String,
    /// How it came about.
    pub reason: String,
    /// Why it cannot be recovered.
    pub note: String,
    /// How many mentions its backfill brought.
    pub backfilled: i64,
}

/// One lane: what of its time was heard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LaneAccount {
    /// The channel.
    pub channel: String,
    /// The lane.
    pub lane: String,
    /// Whether it is polled; one that only receives has no coverage.
    pub polled: bool,
    /// When it was added, or where its first look begins.
    pub from: Instant,
    /// Start of the last finished poll less the settle time; `None` before the first.
    pub to: Option<Instant>,
    /// Milliseconds between these two that were heard.
    pub covered_ms: i64,
    /// Milliseconds that may still be backfilled.
    pub open_ms: i64,
    /// Milliseconds that nobody will ever hear.
    pub unrecoverable_ms: i64,
    /// Since when it is silent for longer than its own history explains.
    pub doubtful_since: Option<Instant>,
    /// Its holes, oldest first.
    pub gaps: Vec<GapAccount>,
}

/// The share unheard of one brand, with all that stands beside it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrandShare {
    /// The brand.
    pub brand: String,
    /// Of complaints: the one number.
    pub complaints: Share,
    /// The same for questions.
    pub questions: Share,
    /// Left the shares: a person judged it no complaint, or no question.
    pub not_complaint: u64,
    /// Left the shares: a person judged it not about the brand.
    pub not_about_us: u64,
    /// Milliseconds of its lanes that nobody will ever hear.
    pub unhearable_ms: i64,
    /// What the blind samples say of complaints that were missed; `None` where none was drawn.
    pub missed: Option<Missed>,
}

/// How many mentions of a brand triage sorted out by one rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, sqlx::FromRow)]
pub struct SortedOut {
    /// The brand.
    pub brand: String,
    /// The rule by which nothing is owed.
    pub rule: String,
    /// The exclusion that made it "not about us", as configured; empty for other rules.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub exclusion: String,
    /// How many stand so now.
    pub mentions: i64,
}

/// How far the log of a brand is sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SealAccount {
    /// The brand.
    pub brand: String,
    /// Position of the last sealed event.
    pub sealed: i64,
    /// Whether the chain was computed again.
    pub verified: bool,
}

/// What does not balance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Broken {
    /// The row: channel and day, mention, event, case or lane.
    pub what: String,
    /// What is wrong with it.
    pub why: String,
}

/// What was found. Beyond `MOST` only the number is kept: a store that is broken everywhere must
/// not fill the memory.
#[derive(Debug, Default)]
pub(super) struct Findings {
    list: Vec<Broken>,
    unlisted: u64,
}

/// Broken rows that are named one by one.
pub(super) const MOST: usize = 1_000;

impl Findings {
    pub(super) fn add(&mut self, what: impl Display, why: impl Display) {
        if self.list.len() < MOST {
            self.list.push(Broken { what: what.to_string(), why: why.to_string() });
        } else {
            self.unlisted += 1;
        }
    }

    /// The first of them.
    pub(super) fn first(&self) -> Option<&Broken> {
        self.list.first()
    }
}

/// The ledger.
#[derive(Clone, Debug, Serialize)]
pub struct Ledger {
    /// When it was drawn up.
    pub now: Instant,
    /// The instant it shows, if not now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub as_of: Option<Instant>,
    balanced: bool,
    /// One row a channel and day, as asked for.
    pub rows: Vec<Row>,
    /// The sum of these rows.
    pub totals: Sums,
    /// The lanes, as asked for.
    pub lanes: Vec<LaneAccount>,
    /// Public channels that no connector hears.
    pub not_heard: Vec<PublicChannel>,
    /// The shares, always of the whole brand.
    pub shares: Vec<BrandShare>,
    /// What triage sorted out by which rule and exclusion, always of the whole brand.
    pub sorted_out: Vec<SortedOut>,
    /// The seals.
    pub seals: Vec<SealAccount>,
    /// Everything that does not balance, in the whole store; empty when it balances.
    pub broken: Vec<Broken>,
    /// How many more are broken than are named.
    pub unlisted: u64,
}

impl Ledger {
    pub(super) fn new(
        now: Instant,
        options: &Options,
        mut rows: Vec<Row>,
        mut lanes: Vec<LaneAccount>,
        shares: Vec<BrandShare>,
        sorted_out: Vec<SortedOut>,
        seals: Vec<SealAccount>,
        broken: Findings,
    ) -> Ledger {
        let asked = |filter: &Option<String>, name: &str| filter.as_ref().is_none_or(|f| f == name);
        rows.retain(|r| asked(&options.channel, &r.channel) && asked(&options.day, &r.day));
        lanes.retain(|l| asked(&options.channel, &l.channel));
        let mut totals = Sums::default();
        for row in &rows {
            totals.add(&row.sums);
        }
        Ledger {
            now,
            as_of: options.as_of,
            balanced: broken.list.is_empty(),
            rows,
            totals,
            lanes,
            not_heard: Vec::new(),
            shares,
            sorted_out,
            seals,
            broken: broken.list,
            unlisted: broken.unlisted,
        }
    }

    /// The same with the public channels that no connector hears: only the configuration knows
    /// of them.
    pub fn with_public(mut self, channels: impl IntoIterator<Item = PublicChannel>) -> Ledger {
        self.not_heard.extend(channels);
        self
    }

    /// Whether everything heard is accounted for, as section 5 of DESIGN.md says.
    pub fn balanced(&self) -> bool {
        self.balanced
    }
}
