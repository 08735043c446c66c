//! What storms are found by: the complaints that came, those of late, and what each hour of the past
//! brought a brand.

use super::bulk::{Bulk, Type};
use super::db::Tx;
use super::error::StoreError;
use super::value::{Sql, args, statements, taking};
use crate::domain::storm::Sign;
use crate::domain::{CaseId, EventId, Instant, Topic};
use std::collections::BTreeSet;

/// Most complaints that one look at a brand reads.
pub const MOST: i64 = 5_000;

/// What a brand's next look begins with.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct WatchRow {
    /// The brand.
    pub brand: String,
    /// When it was added.
    pub added_at: i64,
    /// The hours before this one, counted since 1970, are counted into its history.
    pub counted: Option<i64>,
}

/// A complaint that belongs to no storm yet.
#[derive(Clone, Debug, sqlx::FromRow)]
struct SignRow {
    id: String,
    case_id: String,
    network: String,
    origin: String,
    author_id: String,
    created_at: i64,
    topic: Option<String>,
    text: String,
    like_1: Option<i64>,
    like_2: Option<i64>,
    like_3: Option<i64>,
    like_4: Option<i64>,
}

/// The same for the domain.
#[derive(Clone, Debug)]
pub struct Complaint {
    /// Its case.
    pub case: CaseId,
    /// Its words, if they were asked for.
    pub text: String,
    /// What counts of it.
    pub sign: Sign,
}

// The complaints of a brand ($1) that are owed an answer, or were, and not of a first look. The
// index `mentions_complaints` finds them by time.
macro_rules! complaints {
    () => {
        "FROM mentions m JOIN obligations o ON o.mention_id = m.id WHERE m.brand = $1 \
         AND m.judged = 'complaint' AND m.case_id IS NOT NULL AND o.owing = 'complaint' \
         AND NOT o.first_look AND m.disposition <> 'not_owed'"
    };
}

// How many mentions have one of the bands: $1 brand, $2 band, $3 from, $4 to, $5 at most.
macro_rules! copies {
    ($column:literal) => {
        concat!(
            "SELECT CAST(COUNT(*) AS BIGINT) FROM (SELECT id FROM mentions WHERE brand = $1 AND ",
            $column,
            " = $2 AND created_at >= $3 AND created_at < $4 LIMIT $5) AS copies"
        )
    };
}

statements! {
    WATCH = Sql::same("INSERT INTO storm_watch (brand) VALUES ($1) ON CONFLICT DO NOTHING");
    ANY_DUE = Sql::same("SELECT brand FROM storm_arrivals UNION ALL SELECT brand FROM storm_watch WHERE due_at IS NOT NULL AND due_at <= $1 LIMIT 1");
    DUE = Sql::same("SELECT brand FROM storm_arrivals UNION SELECT brand FROM storm_watch WHERE due_at IS NOT NULL AND due_at <= $1 ORDER BY brand");
    TAKE = taking!("SELECT w.brand, COALESCE((SELECT b.added_at FROM brands b WHERE b.name = w.brand), 0) AS added_at, w.counted FROM storm_watch w WHERE w.brand = $1");
    ARRIVALS = Sql::same("DELETE FROM storm_arrivals WHERE brand = $1 RETURNING since");
    PLAN = Sql::same("UPDATE storm_watch SET due_at = $2, counted = $3 WHERE brand = $1");
    COUNT = Sql::same(concat!("INSERT INTO tides (brand, hour, topic, complaints) SELECT m.brand, m.created_at / 3600000, COALESCE(m.topic, 'other'), CAST(COUNT(*) AS BIGINT) ", complaints!(), " AND m.created_at >= $2 AND m.created_at < $3 GROUP BY m.brand, m.created_at / 3600000, COALESCE(m.topic, 'other') ON CONFLICT (brand, hour, topic) DO UPDATE SET complaints = excluded.complaints"));
    FORGET = Sql::same("DELETE FROM tides WHERE brand = $1 AND hour < $2");
    HEARD = Sql::same(concat!("SELECT CAST(COUNT(*) AS BIGINT) FROM (SELECT m.id ", complaints!(), " AND ($5 = '' OR m.topic = $5) AND m.created_at >= $2 AND m.created_at <= $3 LIMIT $4) AS few"));
    SIGNS = Sql::same(concat!("SELECT m.id, m.case_id, m.network, m.origin, m.author_id, m.created_at, m.topic, CASE WHEN $4 = 'words' THEN SUBSTR(m.text, 1, 4000) ELSE '' END AS text, m.like_1, m.like_2, m.like_3, m.like_4 ", complaints!(), " AND m.created_at >= $2 AND m.created_at <= $3 AND NOT EXISTS (SELECT 1 FROM cases k WHERE k.id = m.case_id AND k.storm IS NOT NULL) ORDER BY m.created_at DESC, m.id DESC LIMIT $5"));
    OF_STORM = Sql::same(concat!("SELECT CAST(COUNT(*) AS BIGINT) ", complaints!(), " AND m.created_at >= $2 AND EXISTS (SELECT 1 FROM cases k WHERE k.id = m.case_id AND k.storm = $3)"));
    COPIES_1 = Sql::same(copies!("like_1"));
    COPIES_2 = Sql::same(copies!("like_2"));
    COPIES_3 = Sql::same(copies!("like_3"));
    COPIES_4 = Sql::same(copies!("like_4"));
}

/// Complaints came: a new id, their brand, when the oldest of them was written. Each is a row of its
/// own, so that no writer waits for another.
pub async fn arrived(tx: &mut Tx, came: &[(EventId, &str, Instant)]) -> Result<(), StoreError> {
    let rows = came.iter().map(|(id, brand, at)| args![*id, *brand, *at]).collect();
    let sql = "INSERT INTO storm_arrivals (id, brand, since) SELECT * FROM {rows}";
    tx.bulk(Bulk::new(sql, &[Type::Text, Type::Text, Type::Big], rows)).await?;
    Ok(())
}

/// Whether any brand is to be looked at; cheaper than to take it.
pub async fn any_due(tx: &mut Tx, now: Instant) -> Result<bool, StoreError> {
    Ok(tx.first::<(String,)>(ANY_DUE, args![now]).await?.is_some())
}

/// The brands that are to be looked at.
pub async fn due(tx: &mut Tx, now: Instant) -> Result<Vec<String>, StoreError> {
    let rows: Vec<(String,)> = tx.all(DUE, args![now]).await?;
    Ok(rows.into_iter().map(|(brand,)| brand).collect())
}

/// Takes a brand for a look, with the time at which the oldest complaint that came since the last
/// one was written. `None` where another instance looks at it.
pub async fn take(
    tx: &mut Tx,
    brand: &str,
) -> Result<Option<(WatchRow, Option<Instant>)>, StoreError> {
    tx.exec(WATCH, args![brand]).await?;
    let Some(watch) = tx.first::<WatchRow>(TAKE, args![brand]).await? else { return Ok(None) };
    let arrivals: Vec<(i64,)> = tx.all(ARRIVALS, args![brand]).await?;
    Ok(Some((watch, arrivals.into_iter().map(|(since,)| Instant(since)).min())))
}

/// A brand was looked at: the next look is due then, if at all, and the hours before `counted` are
/// in its history.
pub async fn plan(
    tx: &mut Tx,
    brand: &str,
    next: Option<Instant>,
    counted: Option<i64>,
) -> Result<(), StoreError> {
    tx.exec(PLAN, args![brand, next, counted]).await?;
    Ok(())
}

/// Counts the complaints of whole hours, from one to another, the second exclusive, into a brand's
/// history, and forgets what is older than `oldest`. Counting an hour twice changes nothing.
pub async fn count(
    tx: &mut Tx,
    brand: &str,
    from: Instant,
    to: Instant,
    oldest: i64,
) -> Result<(), StoreError> {
    tx.exec(COUNT, args![brand, from, to]).await?;
    tx.exec(FORGET, args![brand, oldest]).await?;
    Ok(())
}

/// What some hours brought a brand, by topic.
pub async fn tide(
    tx: &mut Tx,
    brand: &str,
    hours: &BTreeSet<i64>,
) -> Result<Vec<(i64, Topic, i64)>, StoreError> {
    let rows = hours.iter().map(|hour| args![*hour, brand]).collect();
    let sql = "SELECT t.hour, t.topic, t.complaints FROM {rows} \
               JOIN tides t ON t.brand = v.c2 AND t.hour = v.c1";
    let found: Vec<(i64, String, i64)> =
        tx.bulk_all(Bulk::new(sql, &[Type::Big, Type::Text], rows)).await?;
    let read = |(hour, topic, n): (i64, String, i64)| (hour, topic_of(&topic), n);
    Ok(found.into_iter().map(read).collect())
}

/// How many complaints of a topic, or of any, were written between two instants, at most `most`.
pub async fn how_many(
    tx: &mut Tx,
    brand: &str,
    topic: &str,
    from: Instant,
    to: Instant,
    most: i64,
) -> Result<i64, StoreError> {
    let row: Option<(i64,)> = tx.first(HEARD, args![brand, from, to, most, topic]).await?;
    Ok(row.map_or(0, |(n,)| n))
}

/// How many complaints of a storm were written since then.
pub async fn of_storm(
    tx: &mut Tx,
    brand: &str,
    since: Instant,
    storm: &str,
) -> Result<i64, StoreError> {
    let row: Option<(i64,)> = tx.first(OF_STORM, args![brand, since, storm]).await?;
    Ok(row.map_or(0, |(n,)| n))
}

/// The complaints written between two instants that belong to no storm, the oldest first; of more
/// than [`MOST`] the newest. `words`: with what was written.
pub async fn loose(
    tx: &mut Tx,
    brand: &str,
    from: Instant,
    to: Instant,
    words: bool,
) -> Result<Vec<Complaint>, StoreError> {
    let words = if words { "words" } else { "" };
    let rows: Vec<SignRow> = tx.all(SIGNS, args![brand, from, to, words, MOST]).await?;
    rows.into_iter().rev().map(complaint).collect()
}

fn complaint(row: SignRow) -> Result<Complaint, StoreError> {
    let case: CaseId = row.case_id.parse().map_err(|e| StoreError::broken(&row.id, e))?;
    // Whom a network does not name is somebody else each time.
    let who = if row.author_id.is_empty() { &row.id } else { &row.author_id };
    let author = [row.network.as_str(), row.origin.as_str(), who.as_str()].join(" ");
    let sign = Sign {
        at: Instant(row.created_at),
        author,
        topic: topic_of(row.topic.as_deref().unwrap_or_default()),
        bands: [row.like_1, row.like_2, row.like_3, row.like_4],
    };
    Ok(Complaint { case, text: row.text, sign })
}

/// A topic by its name; one of a newer version is some other.
fn topic_of(name: &str) -> Topic {
    name.parse().unwrap_or(Topic::Other)
}

/// How many mentions with a band were written between two instants, at most `most`. `place` is the
/// band's place, from 0.
pub async fn copies(
    tx: &mut Tx,
    brand: &str,
    (place, band): (usize, i64),
    from: Instant,
    to: Instant,
    most: i64,
) -> Result<i64, StoreError> {
    let sql = [COPIES_1, COPIES_2, COPIES_3, COPIES_4];
    let Some(sql) = sql.get(place) else { return Ok(0) };
    let row: Option<(i64,)> = tx.first(*sql, args![brand, band, from, to, most]).await?;
    Ok(row.map_or(0, |(n,)| n))
}
