//! Mutes: about whom nobody is told, on whose word, why and until when.

use super::bulk::{Bulk, Type};
use super::db::Tx;
use super::error::StoreError;
use super::value::{Sql, args, statements};
use crate::domain::person::AuthorKey;
use crate::domain::{CaseId, Instant, MuteId, PersonId};

/// A mute as stored.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct MuteRow {
    /// Its id.
    pub id: String,
    /// The network; empty where a person as a whole is muted.
    pub network: String,
    /// The author's id, or the person's.
    pub author_id: String,
    /// Which lead said so.
    pub by_agent: String,
    /// Why.
    pub reason: String,
    /// When.
    pub at: i64,
    /// Until when.
    pub until: i64,
    /// When a lead ended it before.
    pub ended_at: Option<i64>,
    /// Which lead did.
    pub ended_by: String,
}

statements! {
    ADD = Sql::same("INSERT INTO mutes (id, brand, network, origin, author_id, by_agent, reason, at, until) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)");
    END = Sql::same("UPDATE mutes SET ended_at = $5, ended_by = $6 WHERE brand = $1 AND network = $2 AND origin = $3 AND author_id = $4 AND ended_at IS NULL AND until > $5");
    OF = Sql::same("SELECT id, network, author_id, by_agent, reason, at, until, ended_at, ended_by FROM mutes WHERE brand = $1 AND network = $2 AND origin = $3 AND author_id = $4 ORDER BY at DESC, id DESC LIMIT 20");
}

/// Under which key a person as a whole is muted: an author without a network.
pub fn whole(brand: &str, person: PersonId) -> AuthorKey {
    AuthorKey {
        brand: brand.to_owned(),
        network: String::new(),
        origin: String::new(),
        author: person.to_string(),
    }
}

/// Mutes somebody.
pub async fn add(
    tx: &mut Tx,
    id: MuteId,
    of: &AuthorKey,
    by: &str,
    reason: &str,
    until: Instant,
    now: Instant,
) -> Result<(), StoreError> {
    let args = args![id, &of.brand, &of.network, &of.origin, &of.author, by, reason, now, until];
    tx.exec(ADD, args).await?;
    Ok(())
}

/// Ends what mutes somebody now. `false`: nothing did.
pub async fn end(tx: &mut Tx, of: &AuthorKey, by: &str, now: Instant) -> Result<bool, StoreError> {
    let args = args![&of.brand, &of.network, &of.origin, &of.author, now, by];
    Ok(tx.exec(END, args).await? > 0)
}

/// The last mutes of somebody, the newest first.
pub async fn of(tx: &mut Tx, of: &AuthorKey) -> Result<Vec<MuteRow>, StoreError> {
    tx.all(OF, args![&of.brand, &of.network, &of.origin, &of.author]).await
}

/// Until when cases are muted, each by any of the keys it is asked for; none where it is not.
pub async fn until(
    tx: &mut Tx,
    asked: &[(CaseId, AuthorKey)],
    now: Instant,
) -> Result<Vec<(String, i64)>, StoreError> {
    let rows = asked
        .iter()
        .map(|(case, k)| args![*case, &k.brand, &k.network, &k.origin, &k.author, now])
        .collect();
    let sql = "SELECT v.c1, u.until FROM {rows} JOIN mutes u ON u.brand = v.c2 \
               AND u.network = v.c3 AND u.origin = v.c4 AND u.author_id = v.c5 \
               WHERE u.ended_at IS NULL AND u.until > v.c6";
    const TYPES: &[Type] = &[Type::Text, Type::Text, Type::Text, Type::Text, Type::Text, Type::Big];
    tx.bulk_all(Bulk::new(sql, TYPES, rows)).await
}

/// Withdraws alerts about cases that wait to be sent. What concerns our own words goes out, as
/// [`crate::domain::reason::Reason::is_ours`] has it, and so does what brings an alert up to date
/// that stands already.
pub async fn hush(tx: &mut Tx, cases: &[CaseId]) -> Result<(), StoreError> {
    let rows = cases.iter().map(|id| args![*id]).collect();
    let sql = "UPDATE outbox SET state = 'silent', reason = 'muted', due_at = NULL, held = '' \
               FROM {rows} WHERE outbox.case_id = v.c1 AND outbox.due_at IS NOT NULL \
               AND outbox.reason NOT IN ('reply_unknown', 'reply_failed', 'promise_near', \
               'promise_broken', 'follow_up_due', 'case_moved')";
    tx.bulk(Bulk::new(sql, &[Type::Text], rows)).await?;
    Ok(())
}
