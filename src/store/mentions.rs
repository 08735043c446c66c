//! Mentions: stored once each, edited, withdrawn, judged.

use super::bulk::{Bulk, Type};
use super::db::Tx;
use super::error::StoreError;
use super::mention_row::mention_columns;
use super::rechecks;
use super::value::{Sql, args, statements};
use crate::domain::{CaseId, Instant, Mark, Mention, MentionId};

pub use super::judged::{Judged, done_with, moves_of, save_judged, save_moves};
pub use super::mention_row::MentionRow;
pub use super::own::{is_own, remember_own};
pub use super::waiting::{any_untriaged, backlog, backlog_over, still_untriaged};

/// A mention on its way into the store.
pub struct NewMention<'a> {
    /// Its id.
    pub id: MentionId,
    /// The brand that it concerns.
    pub brand: &'a str,
    /// The channel that hears it.
    pub channel: &'a str,
    /// What was heard.
    pub mention: &'a Mention,
    /// Now.
    pub heard_at: Instant,
    /// Today in the brand's zone.
    pub heard_day: &'a str,
    /// From before the channel was added.
    pub first_look: bool,
    /// Addressed to us, so about us whatever it says.
    pub addressed: bool,
}

/// A mention that was there already.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Known {
    /// Its id.
    pub id: String,
    /// The ids' name space.
    pub origin: String,
    /// The network's id.
    pub external_id: String,
    /// Its text as stored.
    pub text: String,
    /// Its stars as stored.
    pub rating: Option<i64>,
    /// Its version as stored.
    pub version: i64,
    /// Whether it is a tombstone, or its content was deleted: it takes no other text.
    pub gone: bool,
}

statements! {
    TAKE = {
        const S: Sql = Sql {
            sqlite: concat!("SELECT ", mention_columns!(), " FROM mentions m WHERE m.triage_due ORDER BY m.id LIMIT $1"),
            postgres: concat!("SELECT ", mention_columns!(), " FROM mentions m WHERE m.triage_due ORDER BY m.id LIMIT $1 FOR UPDATE SKIP LOCKED"),
        };
        S
    };
    OF_CASE = Sql::same(concat!("SELECT ", mention_columns!(), " FROM mentions m WHERE m.case_id = $1 ORDER BY m.created_at, m.id"));
    BY_ID = Sql::same(concat!("SELECT ", mention_columns!(), " FROM mentions m WHERE m.id = $1"));
    GONE = Sql::same("UPDATE mentions SET gone_at = $5, triage_due = TRUE WHERE brand = $1 AND network = $2 AND origin = $3 AND external_id = $4 AND gone_at IS NULL");
    REACH = Sql::same("UPDATE mentions SET reach = reach + $5 WHERE brand = $1 AND network = $2 AND origin = $3 AND external_id = $4");
    EDIT = Sql::same("UPDATE mentions SET text = $2, edited_at = $3, rating = COALESCE($5, rating), version = version + 1, triage_due = TRUE WHERE id = $1 AND version = $4 AND gone_at IS NULL AND blanked_at IS NULL");
    KEEP_VERSION = Sql::same("INSERT INTO versions (mention_id, version, text, stored_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING");
    RECENT_OF_AUTHOR = Sql::same(concat!("SELECT ", mention_columns!(), " FROM mentions m WHERE m.brand = $1 AND m.network = $2 AND m.author_id = $3 AND m.judged = 'complaint' ORDER BY m.created_at DESC LIMIT $4"));
    QUARANTINE = Sql::same("INSERT INTO quarantine (id, channel, lane, day, at, why, body) VALUES ($1, $2, $3, $4, $5, $6, $7)");
}

const INSERT: &str = "INSERT INTO mentions (id, brand, channel, network, origin, external_id, kind, \
    visibility, author_id, author_handle, author_name, followers, text, language, rating, \
    created_at, edited_at, url, thread_id, parent_id, attachments, reach, heard_at, heard_day, \
    first_look, addressed, marks) SELECT * FROM {rows} WHERE TRUE \
    ON CONFLICT (brand, network, origin, external_id) DO NOTHING RETURNING id";
const INSERT_TYPES: &[Type] = &[
    Type::Text,
    Type::Text,
    Type::Text,
    Type::Text,
    Type::Text,
    Type::Text,
    Type::Text,
    Type::Text,
    Type::Text,
    Type::Text,
    Type::Text,
    Type::Big,
    Type::Text,
    Type::Text,
    Type::Big,
    Type::Big,
    Type::Big,
    Type::Text,
    Type::Text,
    Type::Text,
    Type::Text,
    Type::Big,
    Type::Big,
    Type::Text,
    Type::Bool,
    Type::Bool,
    Type::Text,
];

/// Stores mentions that are not there yet; gives the ids of those that were new.
///
/// The rows must be unique by their key: the caller drops repeats within a page first.
pub async fn insert(tx: &mut Tx, new: &[NewMention<'_>]) -> Result<Vec<String>, StoreError> {
    let rows = new
        .iter()
        .map(|n| {
            let m = n.mention;
            let attachments = serde_json::to_string(&m.attachments).unwrap_or_default();
            args![
                n.id,
                n.brand,
                n.channel,
                &m.network,
                &m.origin,
                &m.external_id,
                m.kind.as_str(),
                m.visibility.as_str(),
                &m.author.id,
                &m.author.handle,
                &m.author.name,
                m.author.followers.map(signed),
                &m.text,
                m.language.map(|l| l.to_string()),
                m.rating.map(i64::from),
                m.created_at,
                m.edited_at,
                &m.url,
                &m.thread_id,
                m.parent_id.as_deref(),
                attachments,
                m.reach.map_or(0, signed),
                n.heard_at,
                n.heard_day,
                n.first_look,
                n.addressed,
                marked(&m.marks),
            ]
        })
        .collect();
    let ids: Vec<(String,)> = tx.bulk_all(Bulk::new(INSERT, INSERT_TYPES, rows)).await?;
    Ok(ids.into_iter().map(|(id,)| id).collect())
}

/// Keeps the networks' own records, compressed. The level is the fastest that pays.
pub async fn keep_payloads(tx: &mut Tx, records: &[(MentionId, &str)]) -> Result<(), StoreError> {
    let mut rows = Vec::with_capacity(records.len());
    for (id, json) in records {
        let body = zstd::bulk::compress(json.as_bytes(), 1)
            .map_err(|e| StoreError::broken(id, format!("its record cannot be compressed: {e}")))?;
        rows.push(args![*id, 0i64, body]);
    }
    let sql = "INSERT INTO payloads (mention_id, dictionary, body) SELECT * FROM {rows} WHERE TRUE \
               ON CONFLICT (mention_id) DO UPDATE SET body = excluded.body";
    tx.bulk(Bulk::new(sql, &[Type::Text, Type::Big, Type::Bytes], rows)).await?;
    Ok(())
}

/// What is stored under these keys `(origin, external_id)`.
pub async fn known(
    tx: &mut Tx,
    brand: &str,
    network: &str,
    keys: &[(&str, &str)],
) -> Result<Vec<Known>, StoreError> {
    let rows = keys.iter().map(|(origin, id)| args![brand, network, *origin, *id]).collect();
    let sql = "SELECT m.id, m.origin, m.external_id, m.text, m.rating, m.version, \
               (m.gone_at IS NOT NULL OR m.blanked_at IS NOT NULL) AS gone \
               FROM {rows} JOIN mentions m ON m.brand = v.c1 AND m.network = v.c2 \
               AND m.origin = v.c3 AND m.external_id = v.c4";
    tx.bulk_all(Bulk::new(sql, &[Type::Text; 4], rows)).await
}

/// Replaces the text of a mention and keeps the one before. `false`: it is gone, or somebody else
/// was faster.
pub async fn edit(
    tx: &mut Tx,
    known: &Known,
    text: &str,
    edited_at: Option<Instant>,
    now: Instant,
) -> Result<bool, StoreError> {
    revise(tx, known, text, None, edited_at, now).await
}

/// The same with other stars; without them those that stand are kept.
pub async fn revise(
    tx: &mut Tx,
    known: &Known,
    text: &str,
    rating: Option<u8>,
    edited_at: Option<Instant>,
    now: Instant,
) -> Result<bool, StoreError> {
    let stars = rating.map(i64::from);
    let args = args![&known.id, text, edited_at.unwrap_or(now), known.version, stars];
    if tx.exec(EDIT, args).await? == 0 {
        return Ok(false);
    }
    tx.exec(KEEP_VERSION, args![&known.id, known.version, &known.text, now]).await?;
    Ok(true)
}

/// Marks a mention as deleted by its author; triage then withdraws what is owed for it. Where the
/// network's terms ask for it, its content goes after that.
pub async fn gone(
    tx: &mut Tx,
    brand: &str,
    network: &str,
    origin: &str,
    external_id: &str,
    now: Instant,
) -> Result<bool, StoreError> {
    if tx.exec(GONE, args![brand, network, origin, external_id, now]).await? == 0 {
        return Ok(false);
    }
    rechecks::ended(tx, brand, network, origin, external_id, now).await?;
    Ok(true)
}

/// Adds the reach of a repost.
pub async fn add_reach(
    tx: &mut Tx,
    brand: &str,
    network: &str,
    origin: &str,
    external_id: &str,
    reach: u64,
) -> Result<(), StoreError> {
    tx.exec(REACH, args![brand, network, origin, external_id, signed(reach)]).await?;
    Ok(())
}

/// Keeps an entry that could not be read.
pub async fn quarantine(
    tx: &mut Tx,
    id: crate::domain::EventId,
    channel: &str,
    lane: &str,
    day: &str,
    now: Instant,
    why: &str,
    raw: &[u8],
) -> Result<(), StoreError> {
    let body = zstd::bulk::compress(raw, 1)
        .map_err(|e| StoreError::broken(id, format!("it cannot be compressed: {e}")))?;
    tx.exec(QUARANTINE, args![id, channel, lane, day, now, why, body]).await?;
    Ok(())
}

/// Takes mentions that triage must look at, oldest first. Other instances pass over them until
/// this transaction ends.
pub async fn take_untriaged(tx: &mut Tx, limit: i64) -> Result<Vec<MentionRow>, StoreError> {
    tx.all(TAKE, args![limit]).await
}

/// The mentions of a case, oldest first.
pub async fn of_case(tx: &mut Tx, case: CaseId) -> Result<Vec<MentionRow>, StoreError> {
    tx.all(OF_CASE, args![case]).await
}

/// The mentions of several cases.
pub async fn of_cases(tx: &mut Tx, cases: &[CaseId]) -> Result<Vec<MentionRow>, StoreError> {
    let rows = cases.iter().map(|id| args![*id]).collect();
    let sql = concat!(
        "SELECT ",
        mention_columns!(),
        " FROM {rows} JOIN mentions m ON m.case_id = v.c1 ORDER BY m.created_at, m.id"
    );
    tx.bulk_all(Bulk::new(sql, &[Type::Text], rows)).await
}

/// One mention.
pub async fn by_id(tx: &mut Tx, id: MentionId) -> Result<Option<MentionRow>, StoreError> {
    tx.first(BY_ID, args![id]).await
}

/// Earlier complaints of an author, newest first.
pub async fn complaints_of(
    tx: &mut Tx,
    brand: &str,
    network: &str,
    author: &str,
    limit: i64,
) -> Result<Vec<MentionRow>, StoreError> {
    tx.all(RECENT_OF_AUTHOR, args![brand, network, author, limit]).await
}

/// Marks as the store holds them: their words, a space between.
pub fn marked(marks: &[Mark]) -> String {
    marks.iter().map(|mark| mark.as_str()).collect::<Vec<_>>().join(" ")
}

/// Counts are far below 2^63; a hostile figure is capped there.
fn signed(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}
