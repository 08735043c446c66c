//! First looks at the past of new channels: what they found, and what a person chose.

use super::db::Tx;
use super::error::StoreError;
use super::value::{Sql, args, statements};
use crate::domain::first_look::{Figures, Opening};
use crate::domain::{CaseId, Instant};

/// A first look as stored.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct LookRow {
    /// The channel.
    pub channel: String,
    /// When its lanes were added: what was written before is the past.
    pub began_at: i64,
    /// The brand.
    pub brand: String,
    /// How far back is asked for.
    pub since: i64,
    /// `reading`, `asked`, `empty`, or the choice: `all`, `week`, `none`.
    pub state: String,
    /// When something is to be done about it next; `None` when all is done.
    pub due_at: Option<i64>,
    /// When the figures were told.
    pub asked_at: Option<i64>,
    /// Mentions of every kind.
    pub mentions: i64,
    /// When the oldest of them was written.
    pub first_at: Option<i64>,
    /// Complaints among them.
    pub complaints: i64,
    /// Complaints without an answer.
    pub unanswered: i64,
    /// When the oldest complaint without an answer was written.
    pub oldest_at: Option<i64>,
    /// Who chose.
    pub chosen_by: String,
    /// When.
    pub chosen_at: Option<i64>,
}

impl LookRow {
    /// The baseline as it was told.
    pub fn figures(&self) -> Figures {
        Figures {
            mentions: self.mentions,
            first_at: self.first_at.map(Instant),
            complaints: self.complaints,
            unanswered: self.unanswered,
            oldest_at: self.oldest_at.map(Instant),
        }
    }

    /// What was chosen, if anything was.
    pub fn opening(&self) -> Option<Opening> {
        self.state.parse().ok()
    }
}

macro_rules! columns {
    () => {
        "f.channel, f.began_at, f.brand, f.since, f.state, f.due_at, f.asked_at, f.mentions, \
         f.first_at, f.complaints, f.unanswered, f.oldest_at, f.chosen_by, f.chosen_at"
    };
}

statements! {
    BEGIN = Sql::same("INSERT INTO first_looks (channel, began_at, brand, since, state, due_at) VALUES ($1, $2, $3, $4, 'reading', $2) ON CONFLICT DO NOTHING");
    ANY_DUE = Sql::same("SELECT channel FROM first_looks WHERE due_at IS NOT NULL AND due_at <= $1 LIMIT 1");
    DUE = {
        const S: Sql = Sql {
            sqlite: concat!("SELECT ", columns!(), " FROM first_looks f WHERE f.due_at IS NOT NULL AND f.due_at <= $1 ORDER BY f.due_at LIMIT $2"),
            postgres: concat!("SELECT ", columns!(), " FROM first_looks f WHERE f.due_at IS NOT NULL AND f.due_at <= $1 ORDER BY f.due_at LIMIT $2 FOR UPDATE SKIP LOCKED"),
        };
        S
    };
    ALL = Sql::same(concat!("SELECT ", columns!(), " FROM first_looks f ORDER BY f.channel, f.began_at DESC"));
    OF_CHANNEL = Sql::same(concat!("SELECT ", columns!(), " FROM first_looks f WHERE f.channel = $1 ORDER BY CASE WHEN f.state = 'asked' THEN 0 ELSE 1 END, f.began_at DESC"));
    ASKED = Sql::same(concat!("SELECT ", columns!(), " FROM first_looks f WHERE f.state = 'asked' ORDER BY f.channel, f.began_at"));
    WAITING = Sql::same("SELECT channel, began_at FROM first_looks WHERE state IN ('reading', 'asked')");
    BEFORE = Sql::same("SELECT f.began_at FROM first_looks f JOIN lanes l ON l.channel = f.channel AND l.added_at = f.began_at WHERE l.channel = $1 AND l.lane = $2 AND f.state IN ('reading', 'asked')");
    UNFINISHED = Sql::same("SELECT lane FROM lanes WHERE channel = $1 AND added_at = $2 AND polled AND finished_at IS NULL LIMIT 1");
    UNJUDGED = Sql::same("SELECT id FROM mentions WHERE triage_due AND channel = $1 LIMIT 1");
    UNREAD = Sql::same("SELECT id FROM cases WHERE channel = $1 AND due_at IS NULL AND owing = 'complaint' AND reread_at = 0 LIMIT 1");
    FOUND = Sql::same("SELECT CAST(COUNT(*) AS BIGINT), MIN(created_at) FROM mentions WHERE channel = $1 AND first_look AND heard_at >= $2");
    OWED = Sql::same("SELECT CAST(COUNT(*) AS BIGINT), CAST(COALESCE(SUM(CASE WHEN o.standing = 'owed' THEN 1 ELSE 0 END), 0) AS BIGINT), MIN(CASE WHEN o.standing = 'owed' THEN o.since END) FROM obligations o JOIN mentions m ON m.id = o.mention_id WHERE o.first_look AND o.owing = 'complaint' AND m.channel = $1 AND o.heard_at >= $2");
    ASK = Sql::same("UPDATE first_looks SET state = 'asked', asked_at = $3, due_at = $4, mentions = $5, first_at = $6, complaints = $7, unanswered = $8, oldest_at = $9 WHERE channel = $1 AND began_at = $2 AND state = 'reading'");
    EMPTY = Sql::same("UPDATE first_looks SET state = 'empty', due_at = NULL WHERE channel = $1 AND began_at = $2 AND state = 'reading'");
    LATER = Sql::same("UPDATE first_looks SET due_at = $3 WHERE channel = $1 AND began_at = $2 AND state = $4");
    CHOOSE = Sql::same("UPDATE first_looks SET state = $2, chosen_by = $3, chosen_at = $4, due_at = $4 WHERE channel = $1 AND state = 'asked'");
    CASES = Sql::same("SELECT DISTINCT o.case_id FROM obligations o JOIN mentions m ON m.id = o.mention_id WHERE o.first_look AND m.channel = $1 AND o.heard_at >= $2 AND (o.standing = 'owed' OR o.since >= $3) ORDER BY o.case_id LIMIT $4");
}

/// A first look begins, over the lanes that a channel gets now.
pub async fn begin(
    tx: &mut Tx,
    channel: &str,
    brand: &str,
    since: Instant,
    now: Instant,
) -> Result<(), StoreError> {
    tx.exec(BEGIN, args![channel, now, brand, since]).await?;
    Ok(())
}

/// Whether anything is due; cheaper than to take it.
pub async fn any_due(tx: &mut Tx, now: Instant) -> Result<bool, StoreError> {
    Ok(tx.first::<(String,)>(ANY_DUE, args![now]).await?.is_some())
}

/// Takes first looks about which something is to be done now.
pub async fn take_due(tx: &mut Tx, now: Instant, limit: i64) -> Result<Vec<LookRow>, StoreError> {
    tx.all(DUE, args![now, limit]).await
}

/// Every first look, a channel's newest first.
pub async fn all(tx: &mut Tx) -> Result<Vec<LookRow>, StoreError> {
    tx.all(ALL, args![]).await
}

/// The first looks of a channel: one that waits for a choice before any other, else the newest.
pub async fn of_channel(tx: &mut Tx, channel: &str) -> Result<Vec<LookRow>, StoreError> {
    tx.all(OF_CHANNEL, args![channel]).await
}

/// The first looks that wait for a choice.
pub async fn asked(tx: &mut Tx) -> Result<Vec<LookRow>, StoreError> {
    tx.all(ASKED, args![]).await
}

/// The channels of which a first look is read or waits for a choice, and when each began.
pub async fn waiting(tx: &mut Tx) -> Result<Vec<(String, i64)>, StoreError> {
    tx.all(WAITING, args![]).await
}

/// What a lane hears that was written before this belongs to a first look; `None` where there is
/// none, or the choice about it has been made.
pub async fn before(tx: &mut Tx, channel: &str, lane: &str) -> Result<Option<Instant>, StoreError> {
    let row: Option<(i64,)> = tx.first(BEFORE, args![channel, lane]).await?;
    Ok(row.map(|(at,)| Instant(at)))
}

/// Whether something is still to be read or judged before its figures can be told.
pub async fn is_reading(tx: &mut Tx, look: &LookRow) -> Result<bool, StoreError> {
    let (channel, began) = (&look.channel, look.began_at);
    Ok(tx.first::<(String,)>(UNFINISHED, args![channel, began]).await?.is_some()
        || tx.first::<(String,)>(UNJUDGED, args![channel]).await?.is_some()
        || tx.first::<(String,)>(UNREAD, args![channel]).await?.is_some())
}

/// What it found, as it stands now.
pub async fn figures(tx: &mut Tx, look: &LookRow) -> Result<Figures, StoreError> {
    let (channel, began) = (&look.channel, look.began_at);
    let found: Option<(i64, Option<i64>)> = tx.first(FOUND, args![channel, began]).await?;
    let owed: Option<(i64, i64, Option<i64>)> = tx.first(OWED, args![channel, began]).await?;
    let (mentions, first_at) = found.unwrap_or_default();
    let (complaints, unanswered, oldest_at) = owed.unwrap_or_default();
    Ok(Figures {
        mentions,
        first_at: first_at.map(Instant),
        complaints,
        unanswered,
        oldest_at: oldest_at.map(Instant),
    })
}

/// Its figures are told and kept as the baseline; the choice is asked for again at `due_at`.
pub async fn ask(
    tx: &mut Tx,
    look: &LookRow,
    found: &Figures,
    now: Instant,
    due_at: Instant,
) -> Result<(), StoreError> {
    let args = args![
        &look.channel,
        look.began_at,
        now,
        due_at,
        found.mentions,
        found.first_at,
        found.complaints,
        found.unanswered,
        found.oldest_at,
    ];
    tx.exec(ASK, args).await?;
    Ok(())
}

/// It found nothing, so there is nothing to choose.
pub async fn empty(tx: &mut Tx, look: &LookRow) -> Result<(), StoreError> {
    tx.exec(EMPTY, args![&look.channel, look.began_at]).await?;
    Ok(())
}

/// Something is to be done about it at `due_at`, or nothing any more. Changes nothing once its
/// state is another one.
pub async fn later(tx: &mut Tx, look: &LookRow, due_at: Option<Instant>) -> Result<(), StoreError> {
    tx.exec(LATER, args![&look.channel, look.began_at, due_at, &look.state]).await?;
    Ok(())
}

/// A person chooses for all of a channel that waits; `false`: nothing does.
pub async fn choose(
    tx: &mut Tx,
    channel: &str,
    opening: Opening,
    by: &str,
    now: Instant,
) -> Result<bool, StoreError> {
    Ok(tx.exec(CHOOSE, args![channel, opening.as_str(), by, now]).await? > 0)
}

/// Cases about which a choice is still to be carried out: with debts that wait, or that were
/// ended elsewhere and were written from `since` on.
pub async fn cases(
    tx: &mut Tx,
    look: &LookRow,
    since: Instant,
    limit: i64,
) -> Result<Vec<CaseId>, StoreError> {
    let args = args![&look.channel, look.began_at, since, limit];
    let rows: Vec<(String,)> = tx.all(CASES, args).await?;
    rows.into_iter().map(|(id,)| id.parse().map_err(|e| StoreError::broken(&id, e))).collect()
}
