//! Coverage and gaps of lanes, and the intake book.

use super::db::Tx;
use super::error::StoreError;
use super::lanes::LEASE;
use super::value::{Sql, args, statements, taking};
use crate::domain::coverage::{self, TimeSpan};
use crate::domain::reason::Cause;
use crate::domain::{EventId, GapId, Instant};
use crate::ids::Ids;

/// A hole in a lane's coverage.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct GapRow {
    /// Its id.
    pub id: String,
    /// The channel.
    pub channel: String,
    /// The lane.
    pub lane: String,
    /// First instant not heard.
    pub from_at: i64,
    /// First instant heard again.
    pub to_at: i64,
    /// How it came about.
    pub reason: String,
    /// When it was found.
    pub found_at: i64,
    /// `open`, `closed`, `unrecoverable`.
    pub state: String,
    /// When it ended.
    pub ended_at: Option<i64>,
    /// How many mentions its backfill brought.
    pub backfilled: i64,
    /// Where its backfill goes on.
    pub resume: Option<String>,
    /// When its backfill is tried next.
    pub next_at: i64,
    /// How often it was tried.
    pub attempts: i64,
    /// Why it cannot be recovered.
    pub note: String,
    /// The lease.
    pub fence: i64,
}

impl GapRow {
    /// Its extent.
    pub fn span(&self) -> Option<TimeSpan> {
        TimeSpan::new(Instant(self.from_at), Instant(self.to_at))
    }
}

/// What one page added to the book.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, sqlx::FromRow,
)]
pub struct Intake {
    /// Stored for the first time.
    pub new: i64,
    /// Known already.
    pub again: i64,
    /// Changed by their authors.
    pub edited: i64,
    /// Deleted by their authors.
    pub gone: i64,
    /// Our own posts.
    pub own: i64,
    /// Reposts.
    pub repost: i64,
    /// Quarantined.
    pub unreadable: i64,
}

impl Intake {
    /// Adds another page's counts.
    pub fn add(&mut self, other: Intake) {
        self.new += other.new;
        self.again += other.again;
        self.edited += other.edited;
        self.gone += other.gone;
        self.own += other.own;
        self.repost += other.repost;
        self.unreadable += other.unreadable;
    }

    /// Whether the page held anything at all.
    pub fn is_empty(&self) -> bool {
        *self == Intake::default()
    }
}

statements! {
    SPANS = Sql::same("SELECT from_at, to_at FROM coverage WHERE channel = $1 AND lane = $2 ORDER BY from_at");
    TOUCHING = Sql::same("SELECT from_at, to_at FROM coverage WHERE channel = $1 AND lane = $2 AND from_at <= $4 AND to_at >= $3 ORDER BY from_at");
    CUT = Sql::same("DELETE FROM coverage WHERE channel = $1 AND lane = $2 AND from_at <= $4 AND to_at >= $3");
    ADD = Sql::same("INSERT INTO coverage (channel, lane, from_at, to_at) VALUES ($1, $2, $3, $4)");
    OPEN_GAP = Sql::same("INSERT INTO gaps (id, channel, lane, from_at, to_at, reason, found_at, state, next_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 'open', $8)");
    GAPS = Sql::same("SELECT id, channel, lane, from_at, to_at, reason, found_at, state, ended_at, backfilled, resume, next_at, attempts, note, fence FROM gaps ORDER BY channel, lane, from_at");
    DUE_GAPS = taking!("SELECT id, channel, lane, from_at, to_at, reason, found_at, state, ended_at, backfilled, resume, next_at, attempts, note, fence FROM gaps WHERE state = 'open' AND next_at <= $1 AND until < $1 ORDER BY next_at LIMIT $2");
    LEASE_GAP = Sql::same("UPDATE gaps SET owner = $2, until = $3, fence = fence + 1, attempts = attempts + 1 WHERE id = $1 AND fence = $4");
    GAP_PROGRESS = Sql::same("UPDATE gaps SET resume = $2, backfilled = backfilled + $3, until = $4 WHERE id = $1 AND fence = $5 AND state = 'open'");
    GAP_LATER = Sql::same("UPDATE gaps SET next_at = $2, note = $3, attempts = $5, owner = '', until = 0 WHERE id = $1 AND fence = $4");
    END_GAP = Sql::same("UPDATE gaps SET state = $2, ended_at = $3, note = $4, owner = '', until = 0 WHERE id = $1 AND fence = $5 AND state = 'open'");
    STANDING_GAPS = Sql::same("SELECT id, channel, lane, from_at, to_at, reason, found_at, state, ended_at, backfilled, resume, next_at, attempts, note, fence FROM gaps WHERE channel = $1 AND lane = $2 AND state <> 'closed' AND from_at < $4 AND to_at > $3 ORDER BY from_at");
    RESIZE_GAP = Sql::same("UPDATE gaps SET from_at = $2, to_at = $3 WHERE id = $1 AND state = 'open'");
    CLOSE_GAP = Sql::same("UPDATE gaps SET state = 'closed', ended_at = $2, owner = '', until = 0 WHERE id = $1 AND state = 'open'");
    DROP_GAP = Sql::same("DELETE FROM gaps WHERE id = $1 AND state = 'open'");
    END_OF_GAPS = Sql::same("SELECT MAX(to_at) FROM gaps WHERE channel = $1 AND lane = $2 AND state <> 'closed'");
    EXTENT = Sql::same("SELECT from_at, to_at FROM gaps WHERE id = $1");
    INTAKE = Sql::same("INSERT INTO intake (id, channel, lane, day, at, new, again, edited, gone, own, repost, unreadable) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)");
}

/// The spans of a lane.
pub async fn spans(tx: &mut Tx, channel: &str, lane: &str) -> Result<Vec<TimeSpan>, StoreError> {
    let rows: Vec<(i64, i64)> = tx.all(SPANS, args![channel, lane]).await?;
    Ok(rows.into_iter().filter_map(|(f, t)| TimeSpan::new(Instant(f), Instant(t))).collect())
}

/// Adds a span and merges what it touches.
pub async fn add(tx: &mut Tx, channel: &str, lane: &str, span: TimeSpan) -> Result<(), StoreError> {
    let touching: Vec<(i64, i64)> =
        tx.all(TOUCHING, args![channel, lane, span.from, span.to]).await?;
    let from = touching.iter().map(|(f, _)| *f).chain([span.from.0]).min().unwrap_or(span.from.0);
    let to = touching.iter().map(|(_, t)| *t).chain([span.to.0]).max().unwrap_or(span.to.0);
    tx.exec(CUT, args![channel, lane, span.from, span.to]).await?;
    tx.exec(ADD, args![channel, lane, from, to]).await?;
    Ok(())
}

/// Records a hole; its backfill is due at `next_at`.
pub async fn open_gap(
    tx: &mut Tx,
    id: GapId,
    channel: &str,
    lane: &str,
    span: TimeSpan,
    reason: &str,
    now: Instant,
    next_at: Instant,
) -> Result<(), StoreError> {
    tx.exec(OPEN_GAP, args![id, channel, lane, span.from, span.to, reason, now, next_at]).await?;
    Ok(())
}

/// The reason of the gap below an unfinished newest-first walk.
pub const WALKING: &str = Cause::Walking.as_str();

/// A lane whose time is accounted for.
pub struct Account<'a> {
    /// The channel.
    pub channel: &'a str,
    /// The lane.
    pub lane: &'a str,
    /// Where the ids of new gaps come from.
    pub ids: &'a Ids,
    /// When it happens.
    pub now: Instant,
}

impl Account<'_> {
    /// A span was heard: it becomes coverage, and what it holds of open gaps is a gap no more.
    /// What was declared unrecoverable stays so.
    pub async fn heard(&self, tx: &mut Tx, span: TimeSpan) -> Result<(), StoreError> {
        let standing = self.standing(tx, span).await?;
        let (open, lost): (Vec<_>, Vec<_>) = standing.into_iter().partition(|g| g.state == "open");
        for gap in open {
            self.cut(tx, gap, span).await?;
        }
        let lost: Vec<TimeSpan> = lost.iter().filter_map(GapRow::span).collect();
        for piece in coverage::holes(&lost, span) {
            add(tx, self.channel, self.lane, piece).await?;
        }
        Ok(())
    }

    /// A span was not heard: what of it nothing accounts for yet becomes a gap, to be backfilled
    /// at once.
    pub async fn lost(&self, tx: &mut Tx, span: TimeSpan, reason: &str) -> Result<(), StoreError> {
        self.forgo(tx, span).await?;
        self.open(tx, span, reason, self.now).await
    }

    /// A walk does not come down into a span: what it held open there is no gap any more.
    pub async fn forgo(&self, tx: &mut Tx, span: TimeSpan) -> Result<(), StoreError> {
        for gap in self.standing(tx, span).await? {
            if gap.reason == WALKING {
                self.cut(tx, gap, span).await?;
            }
        }
        Ok(())
    }

    /// A walk sets out from the top of a span: until it has come down, what nothing accounts for
    /// yet is a gap that the walk itself closes, so no backfill is ever due.
    pub async fn walking(&self, tx: &mut Tx, span: TimeSpan) -> Result<(), StoreError> {
        self.open(tx, span, WALKING, Instant(i64::MAX)).await
    }

    /// Where the last gap ends that stands.
    pub async fn end_of_gaps(&self, tx: &mut Tx) -> Result<Option<Instant>, StoreError> {
        let end: Option<(Option<i64>,)> =
            tx.first(END_OF_GAPS, args![self.channel, self.lane]).await?;
        Ok(end.and_then(|(at,)| at).map(Instant))
    }

    async fn standing(&self, tx: &mut Tx, span: TimeSpan) -> Result<Vec<GapRow>, StoreError> {
        tx.all(STANDING_GAPS, args![self.channel, self.lane, span.from, span.to]).await
    }

    /// Opens a gap for each part of a span that neither coverage nor a gap accounts for.
    async fn open(
        &self,
        tx: &mut Tx,
        span: TimeSpan,
        reason: &str,
        next_at: Instant,
    ) -> Result<(), StoreError> {
        let mut known = spans(tx, self.channel, self.lane).await?;
        for gap in self.standing(tx, span).await?.iter().filter_map(GapRow::span) {
            coverage::add(&mut known, gap);
        }
        for hole in coverage::holes(&known, span) {
            let id = GapId(self.ids.next(self.now));
            open_gap(tx, id, self.channel, self.lane, hole, reason, self.now, next_at).await?;
        }
        Ok(())
    }

    /// Takes a span out of an open gap.
    async fn cut(&self, tx: &mut Tx, gap: GapRow, span: TimeSpan) -> Result<(), StoreError> {
        let (from, to) = (Instant(gap.from_at), Instant(gap.to_at));
        let left = [TimeSpan::new(from, span.from), TimeSpan::new(span.to, to)];
        let mut left = left.into_iter().flatten();
        match left.next() {
            Some(first) => tx.exec(RESIZE_GAP, args![&gap.id, first.from, first.to]).await?,
            None if gap.reason == WALKING => tx.exec(DROP_GAP, args![&gap.id]).await?,
            None => tx.exec(CLOSE_GAP, args![&gap.id, self.now]).await?,
        };
        if let Some(rest) = left.next() {
            let (id, next_at) = (GapId(self.ids.next(self.now)), Instant(gap.next_at));
            let (channel, lane) = (self.channel, self.lane);
            open_gap(tx, id, channel, lane, rest, &gap.reason, self.now, next_at).await?;
        }
        Ok(())
    }
}

/// Every gap.
pub async fn gaps(tx: &mut Tx) -> Result<Vec<GapRow>, StoreError> {
    tx.all(GAPS, args![]).await
}

/// Leases gaps whose backfill is due.
pub async fn take_gaps(
    tx: &mut Tx,
    owner: &str,
    now: Instant,
    limit: i64,
) -> Result<Vec<GapRow>, StoreError> {
    let due: Vec<GapRow> = tx.all(DUE_GAPS, args![now, limit]).await?;
    let mut taken = Vec::with_capacity(due.len());
    for mut row in due {
        if tx.exec(LEASE_GAP, args![&row.id, owner, now + LEASE, row.fence]).await? > 0 {
            row.fence += 1;
            row.attempts += 1;
            taken.push(row);
        }
    }
    Ok(taken)
}

/// Stores the progress of a backfill with the page that made it.
pub async fn gap_progress(
    tx: &mut Tx,
    gap: &GapRow,
    resume: Option<&str>,
    new: i64,
    now: Instant,
) -> Result<(), StoreError> {
    let args = args![&gap.id, resume, new, now + LEASE, gap.fence];
    if tx.exec(GAP_PROGRESS, args).await? == 0 { Err(StoreError::Conflict) } else { Ok(()) }
}

/// Tries a backfill again later, with its tries as the row has them now.
pub async fn gap_later(
    tx: &mut Tx,
    gap: &GapRow,
    next_at: Instant,
    note: &str,
) -> Result<(), StoreError> {
    tx.exec(GAP_LATER, args![&gap.id, next_at, note, gap.fence, gap.attempts]).await?;
    Ok(())
}

/// Ends a gap: closed (its span becomes coverage) or unrecoverable with the reason.
pub async fn end_gap(
    tx: &mut Tx,
    gap: &GapRow,
    recovered: bool,
    note: &str,
    now: Instant,
) -> Result<(), StoreError> {
    let state = if recovered { "closed" } else { "unrecoverable" };
    if tx.exec(END_GAP, args![&gap.id, state, now, note, gap.fence]).await? == 0 {
        return Err(StoreError::Conflict);
    }
    // A walk may have read a part of it meanwhile; that part is coverage already.
    let extent: Option<(i64, i64)> = tx.first(EXTENT, args![&gap.id]).await?;
    let extent = extent.and_then(|(from, to)| TimeSpan::new(Instant(from), Instant(to)));
    if recovered && let Some(span) = extent {
        add(tx, &gap.channel, &gap.lane, span).await?;
    }
    Ok(())
}

/// Writes one page's counts into the book.
pub async fn book(
    tx: &mut Tx,
    id: EventId,
    channel: &str,
    lane: &str,
    day: &str,
    now: Instant,
    n: Intake,
) -> Result<(), StoreError> {
    let args = args![
        id,
        channel,
        lane,
        day,
        now,
        n.new,
        n.again,
        n.edited,
        n.gone,
        n.own,
        n.repost,
        n.unreadable,
    ];
    tx.exec(INTAKE, args).await?;
    Ok(())
}
