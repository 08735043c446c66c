//! Who may come in: agents, API tokens, log-in sessions, repeated requests and used action links.

use super::db::Tx;
use super::error::StoreError;
use super::value::{Sql, args, statements};
use crate::domain::Instant;
use crate::domain::time::DAY;

/// How long an answer is kept for a repeated `Idempotency-Key`.
pub const ANSWER_KEPT: i64 = DAY;

/// A person of the social team.
#[derive(Clone, sqlx::FromRow)]
pub struct AgentRow {
    /// The name under which the agent logs in and acts.
    pub name: String,
    /// The password's argon2id hash, a PHC string.
    pub password: String,
    /// `agent` or `lead`.
    pub role: String,
    /// The language of the agent's screens.
    pub language: String,
    /// When the agent was added.
    pub added_at: i64,
}

impl std::fmt::Debug for AgentRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AgentRow").field("name", &self.name).field("role", &self.role).finish()
    }
}

/// An API token as stored; the token itself is known only to the one who got it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct TokenRow {
    /// Its name.
    pub name: String,
    /// What it may do: `ingest`, `read`, `act`, with spaces between.
    pub scopes: String,
    /// The ingest channel it writes to, empty for none.
    pub channel: String,
    /// The agent on whose behalf it acts, empty for nobody.
    pub agent: String,
    /// When it was added.
    pub added_at: i64,
}

impl TokenRow {
    /// Whether it may do this.
    pub fn may(&self, scope: &str) -> bool {
        self.scopes.split_whitespace().any(|s| s == scope)
    }
}

/// An answer that was given under an `Idempotency-Key`.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Answered {
    /// SHA-256 of the body it answered, in hexadecimal digits.
    pub digest: String,
    /// The HTTP status.
    pub status: i64,
    /// The body.
    pub body: String,
}

statements! {
    ADD_AGENT = Sql::same("INSERT INTO agents (name, password, role, language, added_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (name) DO UPDATE SET password = excluded.password, role = excluded.role, language = excluded.language, added_at = excluded.added_at, removed_at = NULL WHERE agents.removed_at IS NOT NULL");
    AGENT = Sql::same("SELECT name, password, role, language, added_at FROM agents WHERE name = $1 AND removed_at IS NULL");
    AGENTS = Sql::same("SELECT name, password, role, language, added_at FROM agents WHERE removed_at IS NULL ORDER BY name");
    REMOVED_AGENTS = Sql::same("SELECT name FROM agents WHERE removed_at IS NOT NULL");
    REMOVE_AGENT = Sql::same("UPDATE agents SET removed_at = $2 WHERE name = $1 AND removed_at IS NULL");
    ADD_TOKEN = Sql::same("INSERT INTO tokens (name, hash, scopes, channel, agent, added_at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (name) DO UPDATE SET hash = excluded.hash, scopes = excluded.scopes, channel = excluded.channel, agent = excluded.agent, added_at = excluded.added_at, removed_at = NULL WHERE tokens.removed_at IS NOT NULL");
    TOKEN = Sql::same("SELECT name, scopes, channel, agent, added_at FROM tokens WHERE hash = $1 AND removed_at IS NULL");
    TOKENS = Sql::same("SELECT name, scopes, channel, agent, added_at FROM tokens WHERE removed_at IS NULL ORDER BY name");
    REMOVE_TOKEN = Sql::same("UPDATE tokens SET removed_at = $2 WHERE name = $1 AND removed_at IS NULL");
    REMOVE_IDENTITIES_OF = Sql::same("DELETE FROM identities WHERE agent = $1");
    REMOVE_TOKENS_OF = Sql::same("UPDATE tokens SET removed_at = $2 WHERE agent = $1 AND removed_at IS NULL");
    NEW_SESSION = Sql::same("INSERT INTO sessions (id, data, expires_at) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING");
    KEEP_SESSION = Sql::same("INSERT INTO sessions (id, data, expires_at) VALUES ($1, $2, $3) ON CONFLICT (id) DO UPDATE SET data = excluded.data, expires_at = excluded.expires_at");
    SESSION = Sql::same("SELECT data FROM sessions WHERE id = $1 AND expires_at > $2");
    DROP_SESSION = Sql::same("DELETE FROM sessions WHERE id = $1");
    SWEEP_SESSIONS = Sql::same("DELETE FROM sessions WHERE expires_at <= $1");
    ANSWER = Sql::same("SELECT digest, status, body FROM idempotency WHERE token = $1 AND path = $2 AND key = $3 AND at > $4");
    KEEP_ANSWER = Sql::same("INSERT INTO idempotency (token, path, key, digest, status, body, at) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (token, path, key) DO UPDATE SET digest = excluded.digest, status = excluded.status, body = excluded.body, at = excluded.at");
    SWEEP_ANSWERS = Sql::same("DELETE FROM idempotency WHERE at <= $1");
    USE_LINK = Sql::same("INSERT INTO used_links (nonce, at) VALUES ($1, $2) ON CONFLICT (nonce) DO NOTHING");
    IS_USED = Sql::same("SELECT nonce FROM used_links WHERE nonce = $1");
    FREE_LINK = Sql::same("DELETE FROM used_links WHERE nonce = $1");
}

/// Adds an agent, or brings a removed one of that name back. `false`: the name is taken.
pub async fn add_agent(tx: &mut Tx, agent: &AgentRow) -> Result<bool, StoreError> {
    let args = args![&agent.name, &agent.password, &agent.role, &agent.language, agent.added_at];
    Ok(tx.exec(ADD_AGENT, args).await? > 0)
}

/// One agent who was not removed.
pub async fn agent(tx: &mut Tx, name: &str) -> Result<Option<AgentRow>, StoreError> {
    tx.first(AGENT, args![name]).await
}

/// Every agent who was not removed.
pub async fn agents(tx: &mut Tx) -> Result<Vec<AgentRow>, StoreError> {
    tx.all(AGENTS, args![]).await
}

/// The names of all agents who were removed.
pub async fn removed_agents(tx: &mut Tx) -> Result<Vec<String>, StoreError> {
    let rows: Vec<(String,)> = tx.all(REMOVED_AGENTS, args![]).await?;
    Ok(rows.into_iter().map(|(name,)| name).collect())
}

/// Removes an agent, the tokens that act for that agent and the ids by which services vouch for it:
/// a later agent of that name is somebody else. Open sessions end with the next request. `false`:
/// there is none.
pub async fn remove_agent(tx: &mut Tx, name: &str, now: Instant) -> Result<bool, StoreError> {
    tx.exec(REMOVE_TOKENS_OF, args![name, now]).await?;
    tx.exec(REMOVE_IDENTITIES_OF, args![name]).await?;
    Ok(tx.exec(REMOVE_AGENT, args![name, now]).await? > 0)
}

/// Adds a token by the hash of its text, or puts a new one in the place of a removed one.
/// `false`: the name is taken.
pub async fn add_token(tx: &mut Tx, token: &TokenRow, hash: &str) -> Result<bool, StoreError> {
    let args =
        args![&token.name, hash, &token.scopes, &token.channel, &token.agent, token.added_at];
    Ok(tx.exec(ADD_TOKEN, args).await? > 0)
}

/// The token whose text has this hash, if it was not removed.
pub async fn token_by_hash(tx: &mut Tx, hash: &str) -> Result<Option<TokenRow>, StoreError> {
    tx.first(TOKEN, args![hash]).await
}

/// Every token that was not removed.
pub async fn tokens(tx: &mut Tx) -> Result<Vec<TokenRow>, StoreError> {
    tx.all(TOKENS, args![]).await
}

/// Removes a token. `false`: there is none.
pub async fn remove_token(tx: &mut Tx, name: &str, now: Instant) -> Result<bool, StoreError> {
    Ok(tx.exec(REMOVE_TOKEN, args![name, now]).await? > 0)
}

/// Stores a session under a fresh id. `false`: the id is in use.
pub async fn new_session(
    tx: &mut Tx,
    id: &str,
    data: &str,
    expires_at: Instant,
) -> Result<bool, StoreError> {
    Ok(tx.exec(NEW_SESSION, args![id, data, expires_at]).await? > 0)
}

/// Stores a session.
pub async fn keep_session(
    tx: &mut Tx,
    id: &str,
    data: &str,
    expires_at: Instant,
) -> Result<(), StoreError> {
    tx.exec(KEEP_SESSION, args![id, data, expires_at]).await?;
    Ok(())
}

/// The data of a session that has not expired.
pub async fn session(tx: &mut Tx, id: &str, now: Instant) -> Result<Option<String>, StoreError> {
    let row: Option<(String,)> = tx.first(SESSION, args![id, now]).await?;
    Ok(row.map(|(data,)| data))
}

/// Ends a session.
pub async fn drop_session(tx: &mut Tx, id: &str) -> Result<(), StoreError> {
    tx.exec(DROP_SESSION, args![id]).await?;
    Ok(())
}

/// The answer given to this token at this path under this key within the last 24 hours.
pub async fn answer(
    tx: &mut Tx,
    token: &str,
    path: &str,
    key: &str,
    now: Instant,
) -> Result<Option<Answered>, StoreError> {
    tx.first(ANSWER, args![token, path, key, now - ANSWER_KEPT]).await
}

/// Keeps an answer for a repeated request.
pub async fn keep_answer(
    tx: &mut Tx,
    token: &str,
    path: &str,
    key: &str,
    answered: &Answered,
    now: Instant,
) -> Result<(), StoreError> {
    let Answered { digest, status, body } = answered;
    tx.exec(KEEP_ANSWER, args![token, path, key, digest, *status, body, now]).await?;
    Ok(())
}

/// Uses an action link up. `false`: it was used before.
pub async fn use_link(tx: &mut Tx, nonce: &[u8; 16], now: Instant) -> Result<bool, StoreError> {
    Ok(tx.exec(USE_LINK, args![hex(nonce), now]).await? > 0)
}

/// Whether an action link was used.
pub async fn is_used(tx: &mut Tx, nonce: &[u8; 16]) -> Result<bool, StoreError> {
    let row: Option<(String,)> = tx.first(IS_USED, args![hex(nonce)]).await?;
    Ok(row.is_some())
}

/// Gives an action link back whose act was refused and changed nothing.
pub async fn free_link(tx: &mut Tx, nonce: &[u8; 16]) -> Result<(), StoreError> {
    tx.exec(FREE_LINK, args![hex(nonce)]).await?;
    Ok(())
}

/// Forgets sessions and kept answers whose time is over.
pub async fn sweep(tx: &mut Tx, now: Instant) -> Result<(), StoreError> {
    tx.exec(SWEEP_SESSIONS, args![now]).await?;
    tx.exec(SWEEP_ANSWERS, args![now - ANSWER_KEPT]).await?;
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
