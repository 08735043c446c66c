//! The daily statement: what was heard of a brand on a day and where it stood when that was over.
//!
//! It is stored once the day has ended, and its digest goes into the brand's sealed log as an event.
//! Whoever changes the statement, the digest or what it was computed from is then named: by the
//! digests, by the chain, or because it no longer computes to the same.

use super::types::{BrandShare, Findings};
use crate::domain::ledger::Disposition;
use crate::domain::time::HOUR;
use crate::domain::{EventId, Instant};
use crate::store::coverage::Intake;
use crate::store::db::Tx;
use crate::store::error::StoreError;
use crate::store::events::{self, EventRow};
use crate::store::value::{Sql, args, statements};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// The name of the event that keeps a statement's digest.
pub const EVENT: &str = "statement";

/// What the log says of one day: it computes to the same as long as nobody lays hands on a row.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayAccount {
    /// By channel, what was heard on that day, and where it stood at its end.
    pub channels: BTreeMap<String, ChannelDay>,
    /// How many mentions came to stand where on that day, whenever they were heard.
    pub moved: BTreeMap<Disposition, u64>,
}

/// One channel on one day.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelDay {
    /// What the intake book says.
    pub intake: Intake,
    /// Where the mentions heard on the day stood when it was over.
    pub dispositions: BTreeMap<Disposition, u64>,
}

/// The statement of a brand and day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// The brand.
    pub brand: String,
    /// The day, in the brand's zone.
    pub day: String,
    /// When it began.
    pub from: Instant,
    /// When the next one did: what happened before is in it.
    pub to: Instant,
    /// When it was made.
    pub made_at: Instant,
    /// What was heard, and where it stood.
    pub account: DayAccount,
    /// The shares of the brand when it was made, over all days. Debts keep only how they stand, so
    /// these are stated and not computed again.
    pub share: BrandShare,
}

/// A statement as it stands there, and whether it still holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Stated {
    /// What was stated.
    pub statement: Statement,
    /// Its digest, hexadecimal.
    pub digest: String,
    /// Its position in the sealed log; `None` until it is sealed.
    pub position: Option<i64>,
    /// What no longer holds, in words; empty where all does.
    pub broken: Vec<String>,
}

#[derive(sqlx::FromRow)]
struct Row {
    brand: String,
    day: String,
    body: String,
    digest: String,
}

#[derive(sqlx::FromRow)]
struct BookRow {
    channel: String,
    #[sqlx(flatten)]
    intake: Intake,
}

statements! {
    BOOK = Sql::same("SELECT i.channel, CAST(SUM(i.new) AS BIGINT) AS new, CAST(SUM(i.again) AS BIGINT) AS again, CAST(SUM(i.edited) AS BIGINT) AS edited, CAST(SUM(i.gone) AS BIGINT) AS gone, CAST(SUM(i.own) AS BIGINT) AS own, CAST(SUM(i.repost) AS BIGINT) AS repost, CAST(SUM(i.unreadable) AS BIGINT) AS unreadable FROM intake i JOIN channels c ON c.name = i.channel WHERE c.brand = $1 AND i.day = $2 AND i.at < $3 GROUP BY i.channel");
    STOOD = Sql::same("SELECT t.channel, t.stood, CAST(COUNT(*) AS BIGINT) FROM (SELECT m.channel, COALESCE((SELECT e.becomes FROM events e WHERE e.mention_id = m.id AND e.mention_seq IS NOT NULL AND e.at < $3 ORDER BY e.mention_seq DESC LIMIT 1), 'untriaged') AS stood FROM mentions m WHERE m.brand = $1 AND m.channel IN (SELECT c.name FROM channels c WHERE c.brand = $1) AND m.heard_day = $2) t GROUP BY t.channel, t.stood");
    // Ids begin with the time of their event, or are a little ahead of it.
    MOVED = Sql::same("SELECT becomes, CAST(COUNT(*) AS BIGINT) FROM events WHERE brand = $1 AND id >= $2 AND id < $3 AND at >= $4 AND at < $5 AND mention_seq IS NOT NULL AND becomes IS NOT NULL GROUP BY becomes");
    ADD = Sql::same("INSERT INTO statements (brand, day, made_at, body, digest) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING");
    ONE = Sql::same("SELECT brand, day, body, digest FROM statements WHERE brand = $1 AND day = $2");
    ALL = Sql::same("SELECT brand, day, body, digest FROM statements WHERE brand > $1 OR (brand = $1 AND day > $2) ORDER BY brand, day LIMIT $3");
    POSITION = Sql::same("SELECT position FROM events WHERE id = $1");
    NEXT_EVENT = Sql::same("SELECT MIN(id) FROM events WHERE id >= $1");
    NEXT_PAGE = Sql::same("SELECT MIN(id) FROM intake WHERE id >= $1");
}

/// Statements read at a time.
const PAGE: i64 = 500;

/// Where the log of a brand's statements stands.
pub fn subject(brand: &str) -> String {
    format!("statement:{brand}")
}

/// What stands in the statement's event.
pub fn event_data(day: &str, digest: &str) -> String {
    json!({ "day": day, "digest": digest }).to_string()
}

fn id_at(at: Instant) -> EventId {
    EventId(u128::from(at.0.max(0).unsigned_abs()) << 80)
}

/// When something was next heard or moved, from an instant on. Days before that have nothing to
/// state.
///
/// # Errors
/// `Broken` where an id is none.
pub async fn next_busy(tx: &mut Tx, from: Instant) -> Result<Option<Instant>, StoreError> {
    let mut next: Option<Instant> = None;
    for sql in [NEXT_EVENT, NEXT_PAGE] {
        let row: Option<(Option<String>,)> = tx.first(sql, args![id_at(from)]).await?;
        let Some(text) = row.and_then(|(id,)| id) else { continue };
        let id: EventId = text.parse().map_err(|e| StoreError::broken(&text, e))?;
        let at = Instant(i64::try_from(id.0 >> 80).unwrap_or(i64::MAX));
        next = Some(next.map_or(at, |next| next.min(at)));
    }
    Ok(next)
}

/// What the log says of a brand's day, which began at `from` and ended at `to`.
///
/// # Errors
/// `Broken` where a row holds words that no version wrote.
pub async fn account(
    tx: &mut Tx,
    brand: &str,
    day: &str,
    (from, to): (Instant, Instant),
) -> Result<DayAccount, StoreError> {
    let mut account = DayAccount::default();
    for row in tx.all::<BookRow>(BOOK, args![brand, day, to]).await? {
        account.channels.entry(row.channel).or_default().intake = row.intake;
    }
    let read = |word: &str| -> Result<Disposition, StoreError> {
        word.parse().map_err(|why| StoreError::broken(format!("the log of {day}"), why))
    };
    let count = |n: i64| u64::try_from(n).unwrap_or(0);
    for (channel, stood, n) in tx.all::<(String, String, i64)>(STOOD, args![brand, day, to]).await?
    {
        let of = account.channels.entry(channel).or_default();
        of.dispositions.insert(read(&stood)?, count(n));
    }
    let args = args![brand, id_at(from), id_at(to + HOUR), from, to];
    for (becomes, n) in tx.all::<(String, i64)>(MOVED, args).await? {
        account.moved.insert(read(&becomes)?, count(n));
    }
    Ok(account)
}

/// Stores a statement; gives its digest. `None`: there is one of that day already.
///
/// # Errors
/// When the database fails.
pub async fn add(tx: &mut Tx, statement: &Statement) -> Result<Option<String>, StoreError> {
    let Statement { brand, day, made_at, .. } = statement;
    let body = serde_json::to_string(statement)
        .map_err(|e| StoreError::broken(format!("the statement of {day}"), e))?;
    let digest = digest(brand, day, &body);
    let added = tx.exec(ADD, args![brand, day, *made_at, &body, &digest]).await?;
    Ok((added > 0).then_some(digest))
}

/// SHA-256 of a statement, hexadecimal.
fn digest(brand: &str, day: &str, body: &str) -> String {
    let mut hash = Sha256::new();
    for part in [brand, day, body] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().iter().map(|b| format!("{b:02x}")).collect()
}

/// The statement of a brand's day, and whether it still holds; `None` where there is none.
///
/// # Errors
/// When the database fails. What is wrong with the statement stands in it.
pub async fn stated(tx: &mut Tx, brand: &str, day: &str) -> Result<Option<Stated>, StoreError> {
    let Some(row) = tx.first::<Row>(ONE, args![brand, day]).await? else { return Ok(None) };
    let log = events::of_subject(tx, &subject(brand)).await?;
    let mut broken: Vec<String> = untrue(&row, &by_day(&log)).into_iter().collect();
    let statement: Statement = serde_json::from_str(&row.body)
        .map_err(|e| StoreError::broken(format!("the statement of {brand} for {day}"), e))?;
    let again = account(tx, brand, day, (statement.from, statement.to)).await?;
    if again != statement.account {
        broken.extend(differences(&statement.account, &again));
    }
    let position: Option<(Option<i64>,)> = match by_day(&log).get(day) {
        Some(event) => tx.first(POSITION, args![&event.id]).await?,
        None => None,
    };
    let position = position.and_then(|(at,)| at);
    Ok(Some(Stated { statement, digest: row.digest, position, broken }))
}

/// Checks that every statement is what the log says that it was.
pub(super) async fn check(tx: &mut Tx, broken: &mut Findings) -> Result<(), StoreError> {
    let (mut brand, mut day) = (String::new(), String::new());
    loop {
        let page: Vec<Row> = tx.all(ALL, args![&brand, &day, PAGE]).await?;
        for of_brand in page.chunk_by(|a, b| a.brand == b.brand) {
            let log = events::of_subject(tx, &subject(&of_brand[0].brand)).await?;
            let log = by_day(&log);
            for row in of_brand {
                if let Some(why) = untrue(row, &log) {
                    broken.add(format!("the statement of {} for {}", row.brand, row.day), why);
                }
            }
        }
        if i64::try_from(page.len()).is_ok_and(|n| n < PAGE) {
            return Ok(());
        }
        if let Some(last) = page.last() {
            (brand, day) = (last.brand.clone(), last.day.clone());
        }
    }
}

/// What the log holds of statements, by day; of several the first.
fn by_day(log: &[EventRow]) -> BTreeMap<String, &EventRow> {
    #[derive(Deserialize)]
    struct Of {
        day: String,
    }
    let mut days = BTreeMap::new();
    for event in log.iter().filter(|event| event.kind == EVENT) {
        if let Ok(Of { day }) = serde_json::from_str(&event.data) {
            days.entry(day).or_insert(event);
        }
    }
    days
}

/// Why a statement is not what was stated; `None` where it is.
fn untrue(row: &Row, log: &BTreeMap<String, &EventRow>) -> Option<String> {
    if digest(&row.brand, &row.day, &row.body) != row.digest {
        return Some("its figures are not those of its digest: they were changed".to_owned());
    }
    match log.get(&row.day) {
        None => Some("the log knows nothing of it".to_owned()),
        Some(event) if event.data != event_data(&row.day, &row.digest) => {
            Some("the log holds another digest: it was replaced".to_owned())
        }
        Some(_) => None,
    }
}

/// What computes to something else now.
fn differences(stated: &DayAccount, now: &DayAccount) -> Vec<String> {
    let mut found = Vec::new();
    let names = stated.channels.keys().chain(now.channels.keys());
    let names: std::collections::BTreeSet<&String> = names.collect();
    for name in names {
        let (was, is) = (stated.channels.get(name), now.channels.get(name));
        if was != is {
            let shown = |day: Option<&ChannelDay>| match day {
                Some(day) => serde_json::to_string(day).unwrap_or_default(),
                None => "nothing".to_owned(),
            };
            found.push(format!("channel {name}: stated {}, now {}", shown(was), shown(is)));
        }
    }
    if stated.moved != now.moved {
        let shown =
            |moved: &BTreeMap<Disposition, u64>| serde_json::to_string(moved).unwrap_or_default();
        found.push(format!(
            "moves of the day: stated {}, now {}",
            shown(&stated.moved),
            shown(&now.moved)
        ));
    }
    found
}
