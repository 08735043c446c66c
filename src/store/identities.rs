//! Identities: by which id a service vouches for an agent of ours.

use super::db::Tx;
use super::error::StoreError;
use super::value::{Sql, args, statements};
use crate::domain::Instant;

/// An id by which a service vouches for an agent.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct IdentityRow {
    /// The notifier's name.
    pub service: String,
    /// The id there.
    pub external_id: String,
    /// The agent's name.
    pub agent: String,
    /// When it was added.
    pub added_at: i64,
}

statements! {
    ADD = Sql::same("INSERT INTO identities (service, external_id, agent, added_at) VALUES ($1, $2, $3, $4) ON CONFLICT (service, external_id) DO UPDATE SET agent = excluded.agent, added_at = excluded.added_at WHERE NOT EXISTS (SELECT 1 FROM agents a WHERE a.name = identities.agent AND a.removed_at IS NULL)");
    REMOVE = Sql::same("DELETE FROM identities WHERE service = $1 AND external_id = $2 AND agent = $3");
    ONE = Sql::same("SELECT i.service, i.external_id, i.agent, i.added_at FROM identities i JOIN agents a ON a.name = i.agent WHERE i.service = $1 AND i.external_id = $2 AND a.removed_at IS NULL");
    ALL = Sql::same("SELECT i.service, i.external_id, i.agent, i.added_at FROM identities i JOIN agents a ON a.name = i.agent WHERE a.removed_at IS NULL ORDER BY i.agent, i.service, i.external_id");
}

/// Makes an id known as that of an agent. Gives whose it is now: another agent's stays that one's,
/// since an id is one person.
pub async fn add(
    tx: &mut Tx,
    service: &str,
    external_id: &str,
    agent: &str,
    now: Instant,
) -> Result<String, StoreError> {
    tx.exec(ADD, args![service, external_id, agent, now]).await?;
    let known = one(tx, service, external_id).await?;
    Ok(known.map_or_else(|| agent.to_owned(), |row| row.agent))
}

/// Forgets an id of an agent. `false`: it is not that agent's.
pub async fn remove(
    tx: &mut Tx,
    service: &str,
    external_id: &str,
    agent: &str,
) -> Result<bool, StoreError> {
    Ok(tx.exec(REMOVE, args![service, external_id, agent]).await? > 0)
}

/// Whose id it is, if that agent was not removed.
pub async fn one(
    tx: &mut Tx,
    service: &str,
    external_id: &str,
) -> Result<Option<IdentityRow>, StoreError> {
    tx.first(ONE, args![service, external_id]).await
}

/// Every id of agents who were not removed, by agent.
pub async fn all(tx: &mut Tx) -> Result<Vec<IdentityRow>, StoreError> {
    tx.all(ALL, args![]).await
}
