//! Replies and their parts: each part is posted at most once (invariant 4).

use super::db::Tx;
use super::error::StoreError;
use super::lanes::LEASE;
use super::value::{Sql, args, statements, taking};
use crate::domain::verdict::words;
use crate::domain::{CaseId, Instant, MentionId, ReplyId};

words! {
    /// How a part stands.
    PartState {
        /// A person said yes; nothing has left.
        Approved = "approved",
        /// Committed before the call: from here on it may stand there.
        Sending = "sending",
        /// It stands there.
        Posted = "posted",
        /// The network took it and shows it later.
        Pending = "pending",
        /// It does not stand there and will not by itself.
        Refused = "refused",
        /// Nobody knows; it is looked for, then a person decides.
        Unknown = "unknown",
    }
}

/// A reply to be stored.
pub struct NewReply<'a> {
    /// Its id.
    pub id: ReplyId,
    /// The case.
    pub case: CaseId,
    /// The brand.
    pub brand: &'a str,
    /// The channel through which it goes.
    pub channel: &'a str,
    /// The mention it answers.
    pub mention: MentionId,
    /// The text as approved.
    pub text: &'a str,
    /// Who approved it.
    pub by: &'a str,
    /// Its parts: key, text, hash of the text.
    pub parts: &'a [(String, String, String)],
}

/// A stored reply.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct ReplyRow {
    /// Its id.
    pub id: String,
    /// The case.
    pub case_id: String,
    /// The brand.
    pub brand: String,
    /// The channel.
    pub channel: String,
    /// The mention it answers.
    pub mention_id: String,
    /// The text as approved.
    pub text: String,
    /// Who approved it.
    pub by_agent: String,
    /// When; what was stored by then was visible.
    pub created_at: i64,
    /// When it ended.
    pub ended_at: Option<i64>,
}

/// A part of a reply.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct PartRow {
    /// The reply.
    pub reply_id: String,
    /// 1, 2, 3 …
    pub part: i64,
    /// The text as it will stand there.
    pub text: String,
    /// Its hash.
    pub text_hash: String,
    /// The key under which it is sent.
    pub key: String,
    /// How it stands.
    pub state: String,
    /// No byte of it leaves after this.
    pub not_after: Option<i64>,
    /// When `sending` was committed.
    pub sent_at: Option<i64>,
    /// When it is acted on next; `None`: only a person can.
    pub due_at: Option<i64>,
    /// How often it was sent.
    pub attempts: i64,
    /// How often it was looked for.
    pub looks: i64,
    /// The network's id.
    pub external_id: String,
    /// Where it stands.
    pub url: String,
    /// When it was posted.
    pub posted_at: Option<i64>,
    /// What went wrong last.
    pub fault: String,
    /// The lease.
    pub fence: i64,
}

statements! {
    ADD_REPLY = Sql::same("INSERT INTO replies (id, case_id, brand, channel, mention_id, text, by_agent, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)");
    ADD_PART = Sql::same("INSERT INTO reply_parts (reply_id, part, text, text_hash, key, state, due_at) VALUES ($1, $2, $3, $4, $5, 'approved', $6)");
    DUE = taking!("SELECT reply_id, part, text, text_hash, key, state, not_after, sent_at, due_at, attempts, looks, external_id, url, posted_at, fault, fence FROM reply_parts WHERE due_at IS NOT NULL AND due_at <= $1 AND until < $1 ORDER BY due_at, reply_id, part LIMIT $2");
    LEASE_PART = Sql::same("UPDATE reply_parts SET owner = $3, until = $4, fence = fence + 1 WHERE reply_id = $1 AND part = $2 AND fence = $5");
    SENDING = Sql::same("UPDATE reply_parts SET state = 'sending', not_after = $3, sent_at = COALESCE(sent_at, $4), attempts = attempts + 1 WHERE reply_id = $1 AND part = $2 AND fence = $5 AND state = 'approved'");
    SETTLE = Sql::same("UPDATE reply_parts SET state = $3, due_at = $4, looks = $5, external_id = $6, url = $7, posted_at = $8, fault = $9, owner = '', until = 0 WHERE reply_id = $1 AND part = $2 AND fence = $10");
    DECIDE = Sql::same("UPDATE reply_parts SET state = $3, due_at = NULL, url = $4, external_id = $5, posted_at = $6, fault = $7, fence = fence + 1, owner = '', until = 0 WHERE reply_id = $1 AND part = $2 AND state IN ('unknown', 'pending') AND fence = $8");
    NEXT_PART = Sql::same("UPDATE reply_parts SET due_at = $3 WHERE reply_id = $1 AND part = $2 AND state = 'approved'");
    REFUSE_REST = Sql::same("UPDATE reply_parts SET state = 'refused', due_at = NULL, fault = $2, fence = fence + 1 WHERE reply_id = $1 AND state = 'approved'");
    END_REPLY = Sql::same("UPDATE replies SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL");
    PARTS = Sql::same("SELECT reply_id, part, text, text_hash, key, state, not_after, sent_at, due_at, attempts, looks, external_id, url, posted_at, fault, fence FROM reply_parts WHERE reply_id = $1 ORDER BY part");
    REPLY = Sql::same("SELECT id, case_id, brand, channel, mention_id, text, by_agent, created_at, ended_at FROM replies WHERE id = $1");
    OF_CASE = Sql::same("SELECT id, case_id, brand, channel, mention_id, text, by_agent, created_at, ended_at FROM replies WHERE case_id = $1 ORDER BY created_at, id");
    UNDER_WAY = Sql::same("SELECT id, case_id, brand, channel, mention_id, text, by_agent, created_at, ended_at FROM replies WHERE case_id = $1 AND ended_at IS NULL");
    IS_EVIDENCE = Sql::same("SELECT p.reply_id FROM reply_parts p JOIN replies r ON r.id = p.reply_id WHERE p.external_id = $1 AND r.channel = $2 AND p.key <> $3");
    NEXT = Sql::same("SELECT MIN(due_at) FROM reply_parts WHERE due_at IS NOT NULL");
}

/// Stores a reply that a person approved, its first part due at once, the others after it.
pub async fn add(tx: &mut Tx, r: &NewReply<'_>, now: Instant) -> Result<(), StoreError> {
    let args = args![r.id, r.case, r.brand, r.channel, r.mention, r.text, r.by, now];
    tx.exec(ADD_REPLY, args).await?;
    for (n, (key, text, hash)) in (1i64..).zip(r.parts) {
        let due = (n == 1).then_some(now);
        tx.exec(ADD_PART, args![r.id, n, text, hash, key, due]).await?;
    }
    Ok(())
}

/// Leases parts on which something must be done.
pub async fn take_due(
    tx: &mut Tx,
    owner: &str,
    now: Instant,
    limit: i64,
) -> Result<Vec<PartRow>, StoreError> {
    let due: Vec<PartRow> = tx.all(DUE, args![now, limit]).await?;
    let mut taken = Vec::with_capacity(due.len());
    for mut row in due {
        let args = args![&row.reply_id, row.part, owner, now + LEASE, row.fence];
        if tx.exec(LEASE_PART, args).await? > 0 {
            row.fence += 1;
            taken.push(row);
        }
    }
    Ok(taken)
}

/// Commits that a part is about to leave. `false`: the lease was lost or it is not approved any
/// more; nothing may be sent.
pub async fn sending(
    tx: &mut Tx,
    part: &PartRow,
    not_after: Instant,
    now: Instant,
) -> Result<bool, StoreError> {
    let args = args![&part.reply_id, part.part, not_after, now, part.fence];
    Ok(tx.exec(SENDING, args).await? > 0)
}

/// Stores how a part stands after an attempt or a look, and gives the lease back.
///
/// # Errors
/// `Conflict` when the lease was lost.
pub async fn settle(tx: &mut Tx, part: &PartRow) -> Result<(), StoreError> {
    let args = args![
        &part.reply_id,
        part.part,
        &part.state,
        part.due_at,
        part.looks,
        &part.external_id,
        &part.url,
        part.posted_at,
        &part.fault,
        part.fence,
    ];
    if tx.exec(SETTLE, args).await? == 0 { Err(StoreError::Conflict) } else { Ok(()) }
}

/// A person's word on a part of which nobody knows whether it stands there.
pub async fn decide(
    tx: &mut Tx,
    part: &PartRow,
    posted: bool,
    url: &str,
    by: &str,
    now: Instant,
) -> Result<bool, StoreError> {
    let (state, at) = if posted { ("posted", Some(now)) } else { ("refused", None) };
    let fault = if posted { String::new() } else { format!("{by} says that it is not there") };
    let args =
        args![&part.reply_id, part.part, state, url, &part.external_id, at, fault, part.fence];
    Ok(tx.exec(DECIDE, args).await? > 0)
}

/// Makes the part after this one due.
pub async fn go_on(tx: &mut Tx, part: &PartRow, now: Instant) -> Result<(), StoreError> {
    tx.exec(NEXT_PART, args![&part.reply_id, part.part + 1, now]).await?;
    Ok(())
}

/// Ends a reply; what of it has not left never will.
pub async fn end(tx: &mut Tx, reply: &str, why: &str, now: Instant) -> Result<(), StoreError> {
    tx.exec(REFUSE_REST, args![reply, why]).await?;
    tx.exec(END_REPLY, args![reply, now]).await?;
    Ok(())
}

/// The parts of a reply.
pub async fn parts(tx: &mut Tx, reply: &str) -> Result<Vec<PartRow>, StoreError> {
    tx.all(PARTS, args![reply]).await
}

/// One reply.
pub async fn by_id(tx: &mut Tx, reply: &str) -> Result<Option<ReplyRow>, StoreError> {
    tx.first(REPLY, args![reply]).await
}

/// The replies of a case, oldest first.
pub async fn of_case(tx: &mut Tx, case: CaseId) -> Result<Vec<ReplyRow>, StoreError> {
    tx.all(OF_CASE, args![case]).await
}

/// The reply of a case that is under way, if any.
pub async fn under_way(tx: &mut Tx, case: CaseId) -> Result<Option<ReplyRow>, StoreError> {
    tx.first(UNDER_WAY, args![case]).await
}

/// Whether a post is the evidence of another part already.
pub async fn is_evidence(
    tx: &mut Tx,
    external_id: &str,
    part: &PartRow,
    channel: &str,
) -> Result<bool, StoreError> {
    let row: Option<(String,)> =
        tx.first(IS_EVIDENCE, args![external_id, channel, &part.key]).await?;
    Ok(row.is_some())
}

/// When the next part is due.
pub async fn next_due(tx: &mut Tx) -> Result<Option<Instant>, StoreError> {
    let row: Option<(Option<i64>,)> = tx.first(NEXT, args![]).await?;
    Ok(row.and_then(|(at,)| at).map(Instant))
}
