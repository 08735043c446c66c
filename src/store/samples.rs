//! The blind sample: what could be drawn, what was, what people said of it, and out of how many.

use super::bulk::{Bulk, Type};
use super::db::Tx;
use super::error::StoreError;
use super::mention_row::mention_columns;
use super::mentions::MentionRow;
use super::value::{Sql, args, statements};
use crate::domain::sample::{Cell, Drawn, Said, Stratum};
use crate::domain::{EventId, Instant, MentionId};

/// A mention that owes nothing by triage's word alone.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct CandidateRow {
    /// Its id.
    pub id: String,
    /// The network.
    pub network: String,
    /// The language as judged, else as the network says; empty where neither is known.
    pub language: String,
    /// The verdict's relevance.
    pub relevance: String,
    /// The verdict's probability, per million.
    pub probability: i64,
    /// Whether a rule sorted it out.
    pub sorted_out: bool,
}

/// How many mentions of one sort there were.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The stratum.
    pub stratum: Stratum,
    /// The network.
    pub network: String,
    /// The language.
    pub language: String,
    /// How many.
    pub mentions: u64,
}

/// What waits to be labelled of a sample.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct WaitingRow {
    /// The week, by its Monday.
    pub week: String,
    /// The mention. Whoever shows it leaves the verdict out.
    #[sqlx(flatten)]
    pub mention: MentionRow,
}

/// Size, labels and finds of one sort of one week.
#[derive(Clone, Debug, sqlx::FromRow)]
struct CellRow {
    week: String,
    stratum: String,
    network: String,
    language: String,
    mentions: i64,
    labelled: i64,
    missed: i64,
}

/// The same with what parts it from others.
#[derive(Clone, Debug)]
pub struct CellOf {
    /// The week.
    pub week: String,
    /// The network.
    pub network: String,
    /// The language.
    pub language: String,
    /// The figures.
    pub cell: Cell,
}

/// What a sample is drawn from: nobody has looked at it, and it can still be read. What a first look
/// found is aside, as it is in all other figures.
macro_rules! unseen {
    () => {
        "m.brand = $1 AND m.disposition = 'not_owed' AND m.case_id IS NULL AND NOT m.first_look \
         AND m.gone_at IS NULL AND m.blanked_at IS NULL"
    };
}

statements! {
    // Ids begin with the time at which a mention was stored, so a week of them is one stretch.
    CANDIDATES = Sql::same(concat!("SELECT m.id, m.network, COALESCE(m.judged_language, m.language, '') AS language, m.relevance, COALESCE(m.probability, 0) AS probability, m.sorted_as IS NOT NULL AS sorted_out FROM mentions m WHERE ", unseen!(), " AND m.relevance IS NOT NULL AND m.id > $2 AND m.id < $3 ORDER BY m.id LIMIT $4"));
    WAITING = Sql::same(concat!("SELECT s.week, ", mention_columns!(), " FROM samples s JOIN mentions m ON m.id = s.mention_id WHERE s.label IS NULL AND s.brand = $1 AND m.gone_at IS NULL AND m.blanked_at IS NULL ORDER BY s.week DESC, s.place LIMIT $2"));
    LEFT = Sql::same("SELECT CAST(COUNT(*) AS BIGINT) FROM samples s JOIN mentions m ON m.id = s.mention_id WHERE s.label IS NULL AND s.brand = $1 AND s.week >= $2 AND m.gone_at IS NULL AND m.blanked_at IS NULL");
    LABEL = Sql::same("UPDATE samples SET label = $2, by_agent = $3, at = $4 WHERE mention_id = $1 AND label IS NULL");
    IS_DRAWN = Sql::same("SELECT brand, label FROM samples WHERE mention_id = $1");
    CELLS = Sql::same("SELECT f.week, f.stratum, f.network, f.language, f.mentions, COALESCE(s.labelled, 0) AS labelled, COALESCE(s.missed, 0) AS missed FROM sample_frames f LEFT JOIN (SELECT d.week, d.stratum, m.network, COALESCE(m.judged_language, m.language, '') AS language, CAST(COUNT(*) AS BIGINT) AS labelled, CAST(SUM(CASE WHEN d.label = 'complaint' THEN 1 ELSE 0 END) AS BIGINT) AS missed FROM samples d JOIN mentions m ON m.id = d.mention_id WHERE d.brand = $1 AND d.week >= $2 AND d.label IS NOT NULL GROUP BY d.week, d.stratum, m.network, COALESCE(m.judged_language, m.language, '')) s ON s.week = f.week AND s.stratum = f.stratum AND s.network = f.network AND s.language = f.language WHERE f.brand = $1 AND f.week >= $2 ORDER BY f.week, f.stratum, f.network, f.language");
}

/// The lowest id of an instant, as text; ids sort by time.
fn floor(at: Instant) -> EventId {
    EventId(u128::from(at.0.max(0).unsigned_abs()) << 80)
}

/// Up to `limit` mentions that were stored from `from` to before `to` and could be drawn, behind
/// `after` (empty at first).
pub async fn candidates(
    tx: &mut Tx,
    brand: &str,
    (from, to): (Instant, Instant),
    after: &str,
    limit: i64,
) -> Result<Vec<CandidateRow>, StoreError> {
    let below = floor(from).to_string();
    let after = if after.is_empty() { below.as_str() } else { after };
    tx.all(CANDIDATES, args![brand, after, floor(to), limit]).await
}

/// Stores a sample and what it was drawn from.
pub async fn add(
    tx: &mut Tx,
    brand: &str,
    week: &str,
    drawn: &[Drawn<MentionId>],
    frames: &[Frame],
) -> Result<(), StoreError> {
    let rows = (0_i64..)
        .zip(drawn)
        .map(|(place, one)| {
            let probability = i64::from(one.probability.0);
            args![brand, week, place, one.of, one.stratum.as_str(), probability]
        })
        .collect();
    // One that an edit brought back is in the sample of its first week.
    let sql = "INSERT INTO samples (brand, week, place, mention_id, stratum, probability) \
               SELECT * FROM {rows} WHERE TRUE ON CONFLICT DO NOTHING";
    const TYPES: &[Type] = &[Type::Text, Type::Text, Type::Big, Type::Text, Type::Text, Type::Big];
    tx.bulk(Bulk::new(sql, TYPES, rows)).await?;
    let rows = frames
        .iter()
        .map(|f| {
            let mentions = i64::try_from(f.mentions).unwrap_or(i64::MAX);
            args![brand, week, f.stratum.as_str(), &f.network, &f.language, mentions]
        })
        .collect();
    let sql = "INSERT INTO sample_frames (brand, week, stratum, network, language, mentions) \
               SELECT * FROM {rows} WHERE TRUE ON CONFLICT DO NOTHING";
    const FRAMES: &[Type] =
        &[Type::Text, Type::Text, Type::Text, Type::Text, Type::Text, Type::Big];
    tx.bulk(Bulk::new(sql, FRAMES, rows)).await?;
    Ok(())
}

/// What waits to be labelled, of the newest week first. What was deleted since is passed over.
pub async fn waiting(tx: &mut Tx, brand: &str, limit: i64) -> Result<Vec<WaitingRow>, StoreError> {
    tx.all(WAITING, args![brand, limit]).await
}

/// How many wait to be labelled since a week.
pub async fn left(tx: &mut Tx, brand: &str, since: &str) -> Result<i64, StoreError> {
    let row: Option<(i64,)> = tx.first(LEFT, args![brand, since]).await?;
    Ok(row.map_or(0, |(n,)| n))
}

/// The brand whose sample holds a mention, and what was said of it so far.
pub async fn drawn(
    tx: &mut Tx,
    mention: MentionId,
) -> Result<Option<(String, Option<String>)>, StoreError> {
    tx.first(IS_DRAWN, args![mention]).await
}

/// Keeps what a person says of a mention of the sample. `false`: somebody said it before.
pub async fn label(
    tx: &mut Tx,
    mention: MentionId,
    said: Said,
    by: &str,
    now: Instant,
) -> Result<bool, StoreError> {
    Ok(tx.exec(LABEL, args![mention, said.as_str(), by, now]).await? > 0)
}

/// What is known of a brand's samples since a week, by week, stratum, network and language.
///
/// # Errors
/// `Broken` where a row holds words that no version wrote.
pub async fn cells(tx: &mut Tx, brand: &str, since: &str) -> Result<Vec<CellOf>, StoreError> {
    let rows: Vec<CellRow> = tx.all(CELLS, args![brand, since]).await?;
    let count = |n: i64| u64::try_from(n).unwrap_or(0);
    let read = |row: CellRow| -> Result<CellOf, StoreError> {
        let broken = |why| StoreError::broken(format!("the sample of week {}", row.week), why);
        let cell = Cell {
            stratum: row.stratum.parse().map_err(broken)?,
            mentions: count(row.mentions),
            labelled: count(row.labelled),
            missed: count(row.missed),
        };
        Ok(CellOf { week: row.week, network: row.network, language: row.language, cell })
    };
    rows.into_iter().map(read).collect()
}
