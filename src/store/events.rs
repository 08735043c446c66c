//! The event log: appended with every change, sealed later by one sealer per brand.

use super::bulk::{Bulk, Type};
use super::db::Tx;
use super::error::StoreError;
use super::value::{Sql, args, statements};
use crate::domain::ledger::Disposition;
use crate::domain::{CaseId, EventId, Instant, MentionId};
use sha2::{Digest, Sha256};

/// One entry of the log.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its id.
    pub id: EventId,
    /// The brand.
    pub brand: String,
    /// What it is about: a case, or a mention or channel without one.
    pub subject: String,
    /// 1, 2, 3 … within the subject.
    pub seq: i64,
    /// The mention that it moves, with its own count.
    pub moves: Option<(MentionId, i64, Disposition)>,
    /// Its name.
    pub kind: String,
    /// When.
    pub at: Instant,
    /// Who or what caused it.
    pub actor: String,
    /// More, as JSON.
    pub data: String,
}

/// A stored entry, for the case page and the feeds.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct EventRow {
    /// Its id.
    pub id: String,
    /// The brand.
    pub brand: String,
    /// What it is about.
    pub subject: String,
    /// 1, 2, 3 … within the subject.
    pub seq: i64,
    /// The mention that it moves.
    pub mention_id: Option<String>,
    /// Its name.
    pub kind: String,
    /// The mention's new disposition.
    pub becomes: Option<String>,
    /// When.
    pub at: i64,
    /// Who or what caused it.
    pub actor: String,
    /// More, as JSON.
    pub data: String,
}

statements! {
    OF_SUBJECT = Sql::same("SELECT id, brand, subject, seq, mention_id, kind, becomes, at, actor, data FROM events WHERE subject = $1 ORDER BY seq");
    OPENED_SINCE = Sql::same("SELECT mention_id FROM events WHERE subject = $1 AND seq > $2 AND becomes = 'open' AND mention_id IS NOT NULL ORDER BY seq");
    LAST_SEQ = Sql::same("SELECT CAST(COALESCE(MAX(seq), 0) AS BIGINT) FROM events WHERE subject = $1");
    UNSEALED = Sql::same("SELECT id, subject, seq, mention_id, mention_seq, kind, becomes, at, actor, digest, CAST(0 AS BIGINT) AS position, data FROM events WHERE brand = $1 AND position IS NULL AND id < $2 ORDER BY id LIMIT $3");
    BRAND_SEAL = Sql::same("SELECT salt, sealed, head FROM brands WHERE name = $1");
    SEAL_HEAD = Sql::same("UPDATE brands SET sealed = $2, head = $3 WHERE name = $1 AND sealed = $4");
    SEALED = Sql::same("SELECT id, subject, seq, mention_id, mention_seq, kind, becomes, at, actor, digest, position FROM events WHERE brand = $1 AND position > $2 ORDER BY position LIMIT $3");
}

/// Appends entries.
///
/// # Errors
/// `Conflict` if somebody else logged something of the same subject meanwhile.
pub async fn append(tx: &mut Tx, entries: &[Entry]) -> Result<(), StoreError> {
    let rows = entries
        .iter()
        .map(|e| {
            args![
                e.id,
                &e.brand,
                &e.subject,
                e.seq,
                e.moves.map(|(m, ..)| m.to_string()),
                e.moves.map(|(_, n, _)| n),
                &e.kind,
                e.moves.map(|(.., d)| d.as_str()),
                e.at,
                &e.actor,
                &e.data,
            ]
        })
        .collect();
    let sql = "INSERT INTO events (id, brand, subject, seq, mention_id, mention_seq, kind, becomes, \
               at, actor, data) SELECT * FROM {rows}";
    const TYPES: &[Type] = &[
        Type::Text,
        Type::Text,
        Type::Text,
        Type::Big,
        Type::Text,
        Type::Big,
        Type::Text,
        Type::Text,
        Type::Big,
        Type::Text,
        Type::Text,
    ];
    match tx.bulk(Bulk::new(sql, TYPES, rows)).await {
        Err(StoreError::Database(sqlx::Error::Database(e))) if e.is_unique_violation() => {
            Err(StoreError::Conflict)
        }
        done => done.map(|_| ()),
    }
}

/// The log of one subject, oldest first.
pub async fn of_subject(tx: &mut Tx, subject: &str) -> Result<Vec<EventRow>, StoreError> {
    tx.all(OF_SUBJECT, args![subject]).await
}

/// The mentions of a case that came to be owed, for the first time or again, behind an entry of its
/// log: whoever had read the log up to there cannot have seen them so.
pub async fn opened_since(
    tx: &mut Tx,
    case: CaseId,
    seen: i64,
) -> Result<Vec<MentionId>, StoreError> {
    let rows: Vec<(String,)> = tx.all(OPENED_SINCE, args![case, seen]).await?;
    let read = |(id,): (String,)| id.parse().map_err(|why| StoreError::Broken { row: id, why });
    rows.into_iter().map(read).collect()
}

/// The count of a subject that has no row of its own to keep it.
pub async fn last_seq(tx: &mut Tx, subject: &str) -> Result<i64, StoreError> {
    let row: Option<(i64,)> = tx.first(LAST_SEQ, args![subject]).await?;
    Ok(row.map_or(0, |(n,)| n))
}

/// The parts of a sealed entry that the chain covers. Retention may blank `data`; its salted
/// digest stays.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Sealed {
    /// Its id.
    pub id: String,
    /// What it is about.
    pub subject: String,
    /// Its count there.
    pub seq: i64,
    /// The mention.
    pub mention_id: Option<String>,
    /// Its count among the mention's moves.
    pub mention_seq: Option<i64>,
    /// Its name.
    pub kind: String,
    /// The disposition.
    pub becomes: Option<String>,
    /// When.
    pub at: i64,
    /// Who.
    pub actor: String,
    /// The salted digest of its data.
    pub digest: Option<Vec<u8>>,
    /// Its place in the chain.
    pub position: i64,
}

/// The next link: the hash over the one before and everything that must not change.
pub fn link(head: &[u8], e: &Sealed) -> Vec<u8> {
    let mut hash = Sha256::new();
    let mut part = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
    };
    part(head);
    part(&e.position.to_be_bytes());
    part(e.id.as_bytes());
    part(e.subject.as_bytes());
    part(&e.seq.to_be_bytes());
    part(e.mention_id.as_deref().unwrap_or_default().as_bytes());
    part(&e.mention_seq.unwrap_or_default().to_be_bytes());
    part(e.kind.as_bytes());
    part(e.becomes.as_deref().unwrap_or_default().as_bytes());
    part(&e.at.to_be_bytes());
    part(e.actor.as_bytes());
    part(e.digest.as_deref().unwrap_or_default());
    hash.finalize().to_vec()
}

/// The salted digest of an entry's data, which stays when the data is blanked.
pub fn digest(salt: &[u8], data: &str) -> Vec<u8> {
    let mut hash = Sha256::new();
    hash.update(salt);
    hash.update(data.as_bytes());
    hash.finalize().to_vec()
}

#[derive(sqlx::FromRow)]
struct Unsealed {
    #[sqlx(flatten)]
    event: Sealed,
    data: String,
}

/// Seals up to `limit` entries of a brand made before `before` (an entry of a transaction that
/// is still open may bear an earlier id than one that was committed first). Gives how many.
pub async fn seal(
    tx: &mut Tx,
    brand: &str,
    before: Instant,
    limit: i64,
) -> Result<usize, StoreError> {
    let Some((salt, sealed, mut head)) =
        tx.first::<(Vec<u8>, i64, Vec<u8>)>(BRAND_SEAL, args![brand]).await?
    else {
        return Ok(0);
    };
    let below = EventId(u128::from(before.0.max(0).unsigned_abs()) << 80);
    let rows: Vec<Unsealed> = tx.all(UNSEALED, args![brand, below, limit]).await?;
    let mut updates = Vec::with_capacity(rows.len());
    let mut position = sealed;
    for Unsealed { mut event, data } in rows {
        position += 1;
        event.position = position;
        let digest = digest(&salt, &data);
        event.digest = Some(digest.clone());
        head = link(&head, &event);
        updates.push(args![event.id, position, digest, head.clone()]);
    }
    if updates.is_empty() {
        return Ok(0);
    }
    let count = updates.len();
    let sql = "UPDATE events SET position = v.c2, digest = v.c3, seal = v.c4 FROM {rows} \
               WHERE events.id = v.c1 AND events.position IS NULL";
    const TYPES: &[Type] = &[Type::Text, Type::Big, Type::Bytes, Type::Bytes];
    tx.bulk(Bulk::new(sql, TYPES, updates)).await?;
    if tx.exec(SEAL_HEAD, args![brand, position, head, sealed]).await? == 0 {
        return Err(StoreError::Conflict);
    }
    Ok(count)
}

/// The seal of a brand: salt, position, head.
pub async fn seal_of(
    tx: &mut Tx,
    brand: &str,
) -> Result<Option<(Vec<u8>, i64, Vec<u8>)>, StoreError> {
    tx.first(BRAND_SEAL, args![brand]).await
}

/// Sealed entries behind a position, in order.
pub async fn sealed(
    tx: &mut Tx,
    brand: &str,
    after: i64,
    limit: i64,
) -> Result<Vec<Sealed>, StoreError> {
    tx.all(SEALED, args![brand, after, limit]).await
}
