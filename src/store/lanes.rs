//! Brands, channels and lanes: what changes about them at run time.

use super::db::Tx;
use super::error::StoreError;
use super::value::{Sql, args, statements, taking};
use crate::domain::Instant;
use crate::wire::{Cursor, Secret, Session};

/// Proof of a lease: a write for the row carries the fence and changes nothing once another
/// instance holds a higher one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The instance.
    pub owner: String,
    /// Counts the leases of the row.
    pub fence: i64,
}

/// Longest time that a lease holds without being renewed, in milliseconds.
pub const LEASE: i64 = 60_000;

/// A lane as stored.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct LaneRow {
    /// The channel.
    pub channel: String,
    /// The lane.
    pub lane: String,
    /// Whether it is polled at all.
    pub polled: bool,
    /// When it was added.
    pub added_at: i64,
    /// Where its coverage begins: at the start of its first look, else when it was added.
    pub reads_from: i64,
    /// How late the network may show a post.
    pub settle_ms: i64,
    /// Where reading stands.
    pub cursor: Option<String>,
    /// Where an unfinished walk goes on.
    pub resume: Option<String>,
    /// When that walk began.
    pub walk_start: Option<i64>,
    /// How far down that walk has accounted for the time.
    pub walk_floor: Option<i64>,
    /// Why what lies right below is not heard, if the walk said so.
    pub walk_hole: Option<String>,
    /// End of what is accounted for.
    pub covered_to: i64,
    /// Start of the last finished poll.
    pub finished_at: Option<i64>,
    /// When it is polled next.
    pub next_at: i64,
    /// Polls that failed in a row.
    pub failures: i64,
    /// The lease.
    pub fence: i64,
}

/// A channel as stored, without its secret.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct ChannelRow {
    /// Its name.
    pub name: String,
    /// The brand.
    pub brand: String,
    /// The network.
    pub network: String,
    /// When it was added.
    pub added_at: i64,
    /// `new`, `hearing`, `failing`, `deaf`.
    pub state: String,
    /// What is wrong.
    pub fault: String,
    /// Since when.
    pub fault_at: Option<i64>,
    /// Start of the last finished poll.
    pub heard_at: Option<i64>,
}

/// A brand as stored.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct BrandRow {
    /// Its name.
    pub name: String,
    /// Publishing is stopped.
    pub held: bool,
    /// By whom.
    pub held_by: String,
    /// Why.
    pub held_why: String,
}

statements! {
    ADD_BRAND = Sql::same("INSERT INTO brands (name, added_at, salt, head) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING");
    BRANDS = Sql::same("SELECT name, held, held_by, held_why FROM brands ORDER BY name");
    BRAND = Sql::same("SELECT name, held, held_by, held_why FROM brands WHERE name = $1");
    HOLD = Sql::same("UPDATE brands SET held = $2, held_by = $3, held_why = $4 WHERE name = $1");
    TAKE_BRAND = Sql::same("UPDATE brands SET owner = $2, until = $3, fence = fence + 1 WHERE name = $1 AND (until < $4 OR owner = $2)");
    ADD_CHANNEL = Sql::same("INSERT INTO channels (name, brand, network, added_at, state) VALUES ($1, $2, $3, $4, 'new') ON CONFLICT (name) DO UPDATE SET brand = excluded.brand, network = excluded.network");
    CHANNELS = Sql::same("SELECT name, brand, network, added_at, state, fault, fault_at, heard_at FROM channels ORDER BY name");
    CHANNEL = Sql::same("SELECT name, brand, network, added_at, state, fault, fault_at, heard_at FROM channels WHERE name = $1");
    MARK_CHANNEL = Sql::same("UPDATE channels SET state = $2, fault = $3, fault_at = $4, heard_at = COALESCE($5, heard_at) WHERE name = $1");
    SESSION = Sql::same("SELECT session, own, facts, expires_at FROM channels WHERE name = $1");
    // An empty refresh never overwrites a secret.
    KEEP_SESSION = Sql::same("UPDATE channels SET session = COALESCE($2, session), own = $3, facts = $4, expires_at = $5 WHERE name = $1");
    ADD_LANE = Sql::same("INSERT INTO lanes (channel, lane, polled, added_at, settle_ms, covered_to, next_at, reads_from) VALUES ($1, $2, $3, $4, $5, $6, $4, $6) ON CONFLICT (channel, lane) DO UPDATE SET settle_ms = excluded.settle_ms, polled = excluded.polled");
    LANES = Sql::same("SELECT channel, lane, polled, added_at, reads_from, settle_ms, cursor, resume, walk_start, walk_floor, walk_hole, covered_to, finished_at, next_at, failures, fence FROM lanes ORDER BY channel, lane");
    LANE = Sql::same("SELECT channel, lane, polled, added_at, reads_from, settle_ms, cursor, resume, walk_start, walk_floor, walk_hole, covered_to, finished_at, next_at, failures, fence FROM lanes WHERE channel = $1 AND lane = $2");
    DUE = taking!("SELECT channel, lane, polled, added_at, reads_from, settle_ms, cursor, resume, walk_start, walk_floor, walk_hole, covered_to, finished_at, next_at, failures, fence FROM lanes WHERE polled AND next_at <= $1 AND until < $1 ORDER BY next_at, COALESCE(finished_at, 0), channel, lane LIMIT $2");
    LEASE_LANE = Sql::same("UPDATE lanes SET owner = $3, until = $4, fence = fence + 1 WHERE channel = $1 AND lane = $2 AND fence = $5");
    RENEW_LANE = Sql::same("UPDATE lanes SET until = $3 WHERE channel = $1 AND lane = $2 AND fence = $4");
    PROGRESS = Sql::same("UPDATE lanes SET cursor = $3, resume = $4, walk_start = $5, covered_to = $6, until = $7, walk_floor = $9, walk_hole = $10, reads_from = $11 WHERE channel = $1 AND lane = $2 AND fence = $8");
    FINISH = Sql::same("UPDATE lanes SET cursor = $3, resume = NULL, walk_start = NULL, walk_floor = NULL, walk_hole = NULL, covered_to = $4, finished_at = $5, next_at = CASE WHEN next_at > $9 AND next_at < $6 THEN next_at ELSE $6 END, reads_from = $8, failures = 0, owner = '', until = 0 WHERE channel = $1 AND lane = $2 AND fence = $7");
    FAIL = Sql::same("UPDATE lanes SET next_at = $3, failures = failures + 1, owner = '', until = 0 WHERE channel = $1 AND lane = $2 AND fence = $4");
    PUT_OFF = Sql::same("UPDATE lanes SET next_at = $3, failures = 0, owner = '', until = 0 WHERE channel = $1 AND lane = $2 AND fence = $4");
    OTHERS_FAIL = Sql::same("SELECT lane FROM lanes WHERE channel = $1 AND lane <> $2 AND polled AND failures > 0 LIMIT 1");
    WAKE = Sql::same("UPDATE lanes SET next_at = $3 WHERE channel = $1 AND lane = $2 AND (next_at > $3 OR until > $3)");
    WAKE_ALL = Sql::same("UPDATE lanes SET next_at = $2 WHERE channel = $1 AND polled AND next_at > $2");
    START_OVER = Sql::same("UPDATE lanes SET failures = 0, next_at = CASE WHEN next_at > $2 THEN $2 ELSE next_at END WHERE channel = $1 AND polled");
    SEEN = Sql::same("INSERT INTO instances (name, started_at, seen_at) VALUES ($1, $2, $2) ON CONFLICT (name) DO UPDATE SET seen_at = excluded.seen_at");
    NEWEST_SEEN = Sql::same("SELECT MAX(seen_at) FROM instances WHERE name <> $1 AND seen_at > $2");
    KEPT = Sql::same("SELECT value FROM keep WHERE name = $1");
    KEEP = Sql::same("INSERT INTO keep (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING");
}

/// Makes a brand known. Its salt is used for the digests of its log for ever.
pub async fn add_brand(
    tx: &mut Tx,
    name: &str,
    salt: [u8; 32],
    now: Instant,
) -> Result<(), StoreError> {
    let head = Vec::new();
    tx.exec(ADD_BRAND, args![name, now, salt.to_vec(), head]).await?;
    Ok(())
}

/// Every brand.
pub async fn brands(tx: &mut Tx) -> Result<Vec<BrandRow>, StoreError> {
    tx.all(BRANDS, args![]).await
}

/// One brand.
pub async fn brand(tx: &mut Tx, name: &str) -> Result<Option<BrandRow>, StoreError> {
    tx.first(BRAND, args![name]).await
}

/// Stops or resumes all publishing of a brand. `false`: no such brand.
pub async fn hold(
    tx: &mut Tx,
    name: &str,
    held: bool,
    by: &str,
    why: &str,
) -> Result<bool, StoreError> {
    Ok(tx.exec(HOLD, args![name, held, by, why]).await? > 0)
}

/// Leases the sealing of a brand's log.
pub async fn take_brand(
    tx: &mut Tx,
    name: &str,
    owner: &str,
    now: Instant,
) -> Result<bool, StoreError> {
    Ok(tx.exec(TAKE_BRAND, args![name, owner, now + LEASE, now]).await? > 0)
}

/// Makes a channel known.
pub async fn add_channel(
    tx: &mut Tx,
    name: &str,
    brand: &str,
    network: &str,
    now: Instant,
) -> Result<(), StoreError> {
    tx.exec(ADD_CHANNEL, args![name, brand, network, now]).await?;
    Ok(())
}

/// Every channel.
pub async fn channels(tx: &mut Tx) -> Result<Vec<ChannelRow>, StoreError> {
    tx.all(CHANNELS, args![]).await
}

/// One channel.
pub async fn channel(tx: &mut Tx, name: &str) -> Result<Option<ChannelRow>, StoreError> {
    tx.first(CHANNEL, args![name]).await
}

/// Marks how a channel stands: its state, what is wrong and since when, and the start of a
/// finished poll.
pub async fn mark_channel(
    tx: &mut Tx,
    name: &str,
    state: &str,
    fault: &str,
    fault_at: Option<Instant>,
    heard_at: Option<Instant>,
) -> Result<(), StoreError> {
    tx.exec(MARK_CHANNEL, args![name, state, fault, fault_at, heard_at]).await?;
    Ok(())
}

/// The stored session of a channel.
pub async fn session(tx: &mut Tx, channel: &str) -> Result<Option<Session>, StoreError> {
    type Row = (Option<String>, String, String, Option<i64>);
    let row: Option<Row> = tx.first(SESSION, args![channel]).await?;
    let Some((secret, own, facts, expires_at)) = row else { return Ok(None) };
    let own: Vec<String> = serde_json::from_str(&own)
        .map_err(|e| StoreError::broken(channel, format!("its own ids cannot be read: {e}")))?;
    if secret.is_none() && own.is_empty() && facts.is_empty() {
        return Ok(None);
    }
    let expires_at = expires_at.map(Instant);
    Ok(Some(Session { secret: secret.map(Secret::new), own, facts, expires_at }))
}

/// Stores a session.
pub async fn keep_session(tx: &mut Tx, channel: &str, session: &Session) -> Result<(), StoreError> {
    let secret = session.secret.as_ref().filter(|s| !s.is_empty()).map(|s| s.expose().to_owned());
    let own = serde_json::to_string(&session.own).unwrap_or_default();
    tx.exec(KEEP_SESSION, args![channel, secret, own, &session.facts, session.expires_at]).await?;
    Ok(())
}

/// Makes a lane known that is read from now on.
pub async fn add_lane(
    tx: &mut Tx,
    channel: &str,
    lane: &str,
    polled: bool,
    settle_ms: i64,
    now: Instant,
) -> Result<(), StoreError> {
    add_lane_since(tx, channel, lane, polled, settle_ms, now, now).await
}

/// Makes a lane known whose first look goes back to `since`. One that is known keeps its own.
pub async fn add_lane_since(
    tx: &mut Tx,
    channel: &str,
    lane: &str,
    polled: bool,
    settle_ms: i64,
    now: Instant,
    since: Instant,
) -> Result<(), StoreError> {
    tx.exec(ADD_LANE, args![channel, lane, polled, now, settle_ms, since]).await?;
    Ok(())
}

/// Every lane.
pub async fn lanes(tx: &mut Tx) -> Result<Vec<LaneRow>, StoreError> {
    tx.all(LANES, args![]).await
}

/// One lane.
pub async fn lane(tx: &mut Tx, channel: &str, lane: &str) -> Result<Option<LaneRow>, StoreError> {
    tx.first(LANE, args![channel, lane]).await
}

/// Leases lanes that are due for a poll. Of those that are due at one time, as all that waited for
/// one limit are, the one that was read longest ago comes first, so that none is always the last.
pub async fn take_due(
    tx: &mut Tx,
    owner: &str,
    now: Instant,
    limit: i64,
) -> Result<Vec<LaneRow>, StoreError> {
    let due: Vec<LaneRow> = tx.all(DUE, args![now, limit]).await?;
    let mut taken = Vec::with_capacity(due.len());
    for mut row in due {
        let args = args![&row.channel, &row.lane, owner, now + LEASE, row.fence];
        if tx.exec(LEASE_LANE, args).await? > 0 {
            row.fence += 1;
            taken.push(row);
        }
    }
    Ok(taken)
}

/// Renews a lane's lease. `false`: another instance has it now; stop.
pub async fn renew(tx: &mut Tx, lane: &LaneRow, now: Instant) -> Result<bool, StoreError> {
    Ok(tx.exec(RENEW_LANE, args![&lane.channel, &lane.lane, now + LEASE, lane.fence]).await? > 0)
}

/// Stores the progress of a walk, with the page that made it.
///
/// # Errors
/// `Conflict` if the lease was lost: the page must not be committed.
pub async fn progress(tx: &mut Tx, lane: &LaneRow, now: Instant) -> Result<(), StoreError> {
    let args = args![
        &lane.channel,
        &lane.lane,
        lane.cursor.as_deref(),
        lane.resume.as_deref(),
        lane.walk_start,
        lane.covered_to,
        now + LEASE,
        lane.fence,
        lane.walk_floor,
        lane.walk_hole.as_deref(),
        lane.reads_from,
    ];
    if tx.exec(PROGRESS, args).await? == 0 { Err(StoreError::Conflict) } else { Ok(()) }
}

/// Stores the end of a poll that began at `started` and gives the lane back until `next_at`, or
/// until the wake that came meanwhile.
pub async fn finish(
    tx: &mut Tx,
    lane: &LaneRow,
    cursor: &Cursor,
    started: Instant,
    next_at: Instant,
) -> Result<(), StoreError> {
    let args = args![
        &lane.channel,
        &lane.lane,
        &cursor.0,
        lane.covered_to,
        started,
        next_at,
        lane.fence,
        lane.reads_from,
        lane.next_at,
    ];
    if tx.exec(FINISH, args).await? == 0 { Err(StoreError::Conflict) } else { Ok(()) }
}

/// Gives a lane back after a failed poll.
pub async fn fail(tx: &mut Tx, lane: &LaneRow, next_at: Instant) -> Result<(), StoreError> {
    tx.exec(FAIL, args![&lane.channel, &lane.lane, next_at, lane.fence]).await?;
    Ok(())
}

/// Gives a lane back that was not read, through no fault of its channel.
pub async fn put_off(tx: &mut Tx, lane: &LaneRow, next_at: Instant) -> Result<(), StoreError> {
    tx.exec(PUT_OFF, args![&lane.channel, &lane.lane, next_at, lane.fence]).await?;
    Ok(())
}

/// Whether another lane of the channel failed when it was last read.
pub async fn others_fail(tx: &mut Tx, channel: &str, lane: &str) -> Result<bool, StoreError> {
    let row: Option<(String,)> = tx.first(OTHERS_FAIL, args![channel, lane]).await?;
    Ok(row.is_some())
}

/// Makes a lane due at `at`, unless it is due before. One that is being read is then read again:
/// what woke it may be too young for the answer that is on its way.
pub async fn wake(tx: &mut Tx, channel: &str, lane: &str, at: Instant) -> Result<(), StoreError> {
    tx.exec(WAKE, args![channel, lane, at]).await?;
    Ok(())
}

/// Makes every lane of a channel due at once. Gives how many were not due before.
pub async fn wake_all(tx: &mut Tx, channel: &str, now: Instant) -> Result<u64, StoreError> {
    tx.exec(WAKE_ALL, args![channel, now]).await
}

/// Makes every lane of a channel due at once, as though none had ever failed.
pub async fn start_over(tx: &mut Tx, channel: &str, now: Instant) -> Result<(), StoreError> {
    tx.exec(START_OVER, args![channel, now]).await?;
    Ok(())
}

/// Says that an instance lives; gives the newest word of any other within the last minute.
pub async fn instance_seen(
    tx: &mut Tx,
    name: &str,
    now: Instant,
) -> Result<Option<Instant>, StoreError> {
    tx.exec(SEEN, args![name, now]).await?;
    let row: Option<(Option<i64>,)> = tx.first(NEWEST_SEEN, args![name, now - 60_000]).await?;
    Ok(row.and_then(|(at,)| at).map(Instant))
}

/// A value that the product made for itself once, `fresh` if it is not there yet.
pub async fn kept(tx: &mut Tx, name: &str, fresh: &[u8]) -> Result<Vec<u8>, StoreError> {
    tx.exec(KEEP, args![name, fresh]).await?;
    let row: Option<(Vec<u8>,)> = tx.first(KEPT, args![name]).await?;
    Ok(row.map_or_else(|| fresh.to_vec(), |(value,)| value))
}
