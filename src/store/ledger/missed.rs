//! What the blind samples say of the complaints that were missed.

use crate::domain::Instant;
use crate::domain::sample::{Cell, Estimate, Stratum, estimate, more_needed};
use crate::domain::time::DAY;
use crate::store::db::Tx;
use crate::store::error::StoreError;
use crate::store::samples::{self, CellOf};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// So many weeks are pooled: with fewer labels the interval says little, and what was missed a year
/// ago says nothing of how judging fares now.
const WEEKS: i64 = 13;

/// What was missed, as far as people looked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missed {
    /// How many weeks' samples were looked at, at least in part.
    pub weeks: u64,
    /// How many mentions wait to be looked at.
    pub waiting: u64,
    /// One figure over all of these weeks; `None` while nothing is labelled.
    pub estimate: Option<Estimate>,
    /// The same by network, where that tells anything.
    pub by_network: Vec<Part>,
    /// The same by language.
    pub by_language: Vec<Part>,
}

/// A part of the whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// The network or the language.
    pub name: String,
    /// `None` where the interval is not narrower than ± 2 points.
    pub estimate: Option<Estimate>,
    /// Not enough looked at: so many labels more, if they say what was said so far.
    pub more: u64,
}

/// What was missed of a brand between two instants, or in the last weeks before `now`; `None` where
/// nothing was drawn.
pub(super) async fn of_brand(
    tx: &mut Tx,
    brand: &str,
    now: Instant,
    (from, to): (Instant, Instant),
) -> Result<Option<Missed>, StoreError> {
    let from = from.max(now - WEEKS * 7 * DAY);
    let [since, before] = [from, to.min(now)].map(|at| at.day_in(&TimeZone::UTC));
    let mut cells = samples::cells(tx, brand, &since).await?;
    cells.retain(|c| c.week <= before);
    if cells.is_empty() {
        return Ok(None);
    }
    let waiting = u64::try_from(samples::left(tx, brand, &since).await?).unwrap_or(0);
    let looked: BTreeSet<String> =
        cells.iter().filter(|c| c.cell.labelled > 0).map(|c| c.week.clone()).collect();
    cells.retain(|c| looked.contains(&c.week));
    Ok(Some(Missed {
        weeks: looked.len() as u64,
        waiting,
        estimate: estimate(&merged(cells.iter())),
        by_network: parts(&cells, |c| &c.network),
        by_language: parts(&cells, |c| &c.language),
    }))
}

/// One cell a week and stratum.
fn merged<'a>(cells: impl Iterator<Item = &'a CellOf>) -> Vec<Cell> {
    let mut all: BTreeMap<(&str, Stratum), Cell> = BTreeMap::new();
    for CellOf { week, cell, .. } in cells {
        let empty = Cell { mentions: 0, labelled: 0, missed: 0, ..*cell };
        let sum = all.entry((week.as_str(), cell.stratum)).or_insert(empty);
        sum.mentions += cell.mentions;
        sum.labelled += cell.labelled;
        sum.missed += cell.missed;
    }
    all.into_values().collect()
}

fn parts(cells: &[CellOf], of: fn(&CellOf) -> &String) -> Vec<Part> {
    let names: BTreeSet<&String> = cells.iter().map(of).collect();
    let part = |name: &String| {
        let own = merged(cells.iter().filter(|c| of(c) == name));
        let told = estimate(&own).filter(Estimate::is_telling);
        let more = if told.is_some() { 0 } else { more_needed(&own) };
        Part { name: name.clone(), estimate: told, more }
    };
    names.into_iter().map(part).collect()
}
