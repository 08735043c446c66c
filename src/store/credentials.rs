//! Credentials: whether each channel's lives, when it is tried next, and the secrets by which a
//! person replaced those of the configuration.

use super::db::Tx;
use super::error::StoreError;
use super::lanes::LEASE;
use super::value::{Sql, args, statements, taking};
use crate::domain::Instant;
use crate::domain::time::MINUTE;
use crate::wire::Secret;

/// A start tries every credential, but for those that were good so shortly before: commands build
/// the house too.
const JUST_ASKED: i64 = 5 * MINUTE;

/// The credential of a channel as stored, without any secret.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct CredentialRow {
    /// The channel.
    pub channel: String,
    /// `unknown`, `good`, `dead`.
    pub state: String,
    /// Since when.
    pub since: Option<i64>,
    /// What the last try met with.
    pub fault: String,
    /// When the network last said that it is good.
    pub asked_at: Option<i64>,
    /// When it ends for good, where that is known.
    pub ends_at: Option<i64>,
    /// When it is tried next.
    pub next_at: i64,
    /// Tries in a row that brought no answer.
    pub tries: i64,
    /// When a person put a new one.
    pub connected_at: Option<i64>,
    /// Who that was.
    pub connected_by: String,
    /// The lease.
    pub fence: i64,
}

impl CredentialRow {
    /// Whether the network refuses it.
    pub fn is_dead(&self) -> bool {
        self.state == "dead"
    }
}

/// A secret that a person put, with the digest of the configuration's at that time.
#[derive(Clone, Debug)]
pub struct Override {
    /// The key of the channel's settings.
    pub key: String,
    /// The secret.
    pub secret: Secret,
    /// What it holds against: another digest ends it.
    pub digest: String,
}

statements! {
    ADD = Sql::same("INSERT INTO credentials (channel, state, next_at) VALUES ($1, 'unknown', $2) ON CONFLICT (channel) DO UPDATE SET next_at = excluded.next_at WHERE credentials.asked_at IS NULL OR credentials.asked_at < $3");
    ALL = Sql::same("SELECT channel, state, since, fault, asked_at, ends_at, next_at, tries, connected_at, connected_by, fence FROM credentials ORDER BY channel");
    ONE = Sql::same("SELECT channel, state, since, fault, asked_at, ends_at, next_at, tries, connected_at, connected_by, fence FROM credentials WHERE channel = $1");
    DUE = taking!("SELECT channel, state, since, fault, asked_at, ends_at, next_at, tries, connected_at, connected_by, fence FROM credentials WHERE next_at <= $1 AND until < $1 ORDER BY next_at LIMIT $2");
    LEASE_ONE = Sql::same("UPDATE credentials SET owner = $2, until = $3, fence = fence + 1 WHERE channel = $1 AND fence = $4");
    GOOD = Sql::same("UPDATE credentials SET since = CASE WHEN state = 'good' OR (state = 'dead' AND NOT $6) THEN since ELSE $2 END, fault = CASE WHEN state = 'dead' AND NOT $6 THEN fault ELSE '' END, state = CASE WHEN state = 'dead' AND NOT $6 THEN 'dead' ELSE 'good' END, asked_at = $2, ends_at = $3, next_at = $4, tries = 0, owner = '', until = 0 WHERE channel = $1 AND fence = $5");
    LATER = Sql::same("UPDATE credentials SET fault = $2, next_at = $3, tries = $4, owner = '', until = 0 WHERE channel = $1 AND fence = $5");
    DIE = Sql::same("UPDATE credentials SET state = 'dead', since = $2, fault = $3 WHERE channel = $1 AND state <> 'dead'");
    REVIVE = Sql::same("UPDATE credentials SET state = 'good', since = $2, fault = '' WHERE channel = $1 AND state = 'dead'");
    CONNECT = Sql::same("UPDATE credentials SET state = 'good', since = $2, fault = '', asked_at = $2, ends_at = $3, next_at = $4, tries = 0, connected_at = $2, connected_by = $5, owner = '', until = 0, fence = fence + 1 WHERE channel = $1");
    CONNECTED = Sql::same("SELECT channel, connected_at FROM credentials WHERE connected_at IS NOT NULL ORDER BY channel");
    OVERRIDES = Sql::same("SELECT key, value, digest FROM overrides WHERE channel = $1 ORDER BY key");
    OVERRIDE = Sql::same("INSERT INTO overrides (channel, key, value, digest, at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (channel, key) DO UPDATE SET value = excluded.value, digest = excluded.digest, at = excluded.at");
    END_OVERRIDE = Sql::same("DELETE FROM overrides WHERE channel = $1 AND key = $2 AND digest <> $3");
}

/// Makes a channel's credential known and due. One that was good five minutes ago keeps its time.
pub async fn add(tx: &mut Tx, channel: &str, now: Instant) -> Result<(), StoreError> {
    tx.exec(ADD, args![channel, now, now - JUST_ASKED]).await?;
    Ok(())
}

/// Every credential.
pub async fn all(tx: &mut Tx) -> Result<Vec<CredentialRow>, StoreError> {
    tx.all(ALL, args![]).await
}

/// The credential of one channel, if it has one.
pub async fn one(tx: &mut Tx, channel: &str) -> Result<Option<CredentialRow>, StoreError> {
    tx.first(ONE, args![channel]).await
}

/// Leases credentials that are due for a try.
pub async fn take_due(
    tx: &mut Tx,
    owner: &str,
    now: Instant,
    limit: i64,
) -> Result<Vec<CredentialRow>, StoreError> {
    let due: Vec<CredentialRow> = tx.all(DUE, args![now, limit]).await?;
    let mut taken = Vec::with_capacity(due.len());
    for mut row in due {
        let args = args![&row.channel, owner, now + LEASE, row.fence];
        if tx.exec(LEASE_ONE, args).await? > 0 {
            row.fence += 1;
            taken.push(row);
        }
    }
    Ok(taken)
}

/// Stores that the network said it is good. A dead one lives again only if this `revives` it:
/// where there are polls, they have the last word. `false`: the lease was lost, nothing is stored.
pub async fn good(
    tx: &mut Tx,
    row: &CredentialRow,
    ends_at: Option<Instant>,
    next_at: Instant,
    revives: bool,
    now: Instant,
) -> Result<bool, StoreError> {
    let args = args![&row.channel, now, ends_at, next_at, row.fence, revives];
    Ok(tx.exec(GOOD, args).await? > 0)
}

/// Stores what a try met with that says nothing about life and death, and when the next one is.
/// `false`: the lease was lost, nothing is stored.
pub async fn later(
    tx: &mut Tx,
    row: &CredentialRow,
    fault: &str,
    tries: i64,
    next_at: Instant,
) -> Result<bool, StoreError> {
    Ok(tx.exec(LATER, args![&row.channel, fault, next_at, tries, row.fence]).await? > 0)
}

/// Marks a credential as refused. `false`: it was already, or the channel has none.
pub async fn die(
    tx: &mut Tx,
    channel: &str,
    fault: &str,
    now: Instant,
) -> Result<bool, StoreError> {
    Ok(tx.exec(DIE, args![channel, now, fault]).await? > 0)
}

/// Marks a dead credential as good: the channel was read by it.
pub async fn revive(tx: &mut Tx, channel: &str, now: Instant) -> Result<(), StoreError> {
    tx.exec(REVIVE, args![channel, now]).await?;
    Ok(())
}

/// Stores that a person put a new credential, which the network has taken. Whoever tries the old
/// one at this moment loses the lease.
pub async fn connect(
    tx: &mut Tx,
    channel: &str,
    by: &str,
    ends_at: Option<Instant>,
    next_at: Instant,
    now: Instant,
) -> Result<(), StoreError> {
    tx.exec(CONNECT, args![channel, now, ends_at, next_at, by]).await?;
    Ok(())
}

/// The channels to which a person ever put a credential, with the time of the last.
pub async fn connected(tx: &mut Tx) -> Result<Vec<(String, i64)>, StoreError> {
    tx.all(CONNECTED, args![]).await
}

/// The secrets that a person put for a channel, whether they still hold or not.
pub async fn overrides(tx: &mut Tx, channel: &str) -> Result<Vec<Override>, StoreError> {
    let rows: Vec<(String, String, String)> = tx.all(OVERRIDES, args![channel]).await?;
    let read = |(key, value, digest)| Override { key, secret: Secret::new(value), digest };
    Ok(rows.into_iter().map(read).collect())
}

/// Puts a secret in place of the configuration's. An empty one is no secret and changes nothing.
pub async fn put(
    tx: &mut Tx,
    channel: &str,
    put: &Override,
    now: Instant,
) -> Result<(), StoreError> {
    if !put.secret.is_empty() {
        let args = args![channel, &put.key, put.secret.expose(), &put.digest, now];
        tx.exec(OVERRIDE, args).await?;
    }
    Ok(())
}

/// Ends the override of a secret that was changed in the configuration since.
pub async fn end_override(
    tx: &mut Tx,
    channel: &str,
    key: &str,
    digest: &str,
) -> Result<(), StoreError> {
    tx.exec(END_OVERRIDE, args![channel, key, digest]).await?;
    Ok(())
}
