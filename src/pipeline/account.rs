//! The account of a lane's time: what each page of a walk heard, and what it could not (invariant
//! 1). Everything below `covered_to` is coverage or a gap; a newest-first walk works its way down
//! to there, and what it has not reached yet is a gap meanwhile.

use super::{Deps, StepResult};
use crate::domain::Instant;
use crate::domain::coverage::TimeSpan;
use crate::domain::reason::Cause;
use crate::store::Tx;
use crate::store::coverage::Account;
use crate::store::lanes::LaneRow;
use crate::wire::{Lane, Walk};

/// What a page says of the time that it read.
pub(super) struct Read {
    /// What it read, from and to.
    pub span: Option<(Instant, Instant)>,
    /// Why nothing is heard beside it: before it in an ascending lane, below it in the others.
    pub hole: Option<String>,
    /// Where the walk goes on.
    pub resume: Option<String>,
}

fn of<'a>(deps: &'a Deps, row: &'a LaneRow) -> Account<'a> {
    Account { channel: &row.channel, lane: &row.lane, ids: &deps.ids, now: deps.now() }
}

/// Accounts for a page.
pub(super) async fn page(
    deps: &Deps,
    tx: &mut Tx,
    row: &mut LaneRow,
    lane: &Lane,
    read: Read,
    started: Instant,
) -> StepResult<()> {
    if lane.walk == Walk::NewestFirst {
        let top = Instant(*row.walk_start.get_or_insert(started.0)) - lane.settle_ms;
        down(deps, tx, row, top, read).await
    } else {
        let end = started - lane.settle_ms;
        if let Some(reason) = &read.hole {
            // A hole may end later than what has settled: so far nothing is heard there either.
            let resumes = read.span.map_or(end, |(from, _)| from.min(started));
            if row.covered_to == row.reads_from {
                begin_later(row, resumes);
                row.covered_to = row.reads_from;
            }
            lost(deps, tx, row, resumes, reason).await?;
        }
        if let Some((_, to)) = read.span {
            cover(deps, tx, row, to.min(end)).await?;
        }
        if lane.walk == Walk::Ascending {
            row.cursor = read.resume;
        }
        Ok(())
    }
}

/// A page of a newest-first walk that set out from `top`.
async fn down(
    deps: &Deps,
    tx: &mut Tx,
    row: &mut LaneRow,
    top: Instant,
    read: Read,
) -> StepResult<()> {
    let bottom = Instant(row.covered_to);
    if row.walk_floor.is_none() {
        if let Some(whole) = TimeSpan::new(bottom, top) {
            of(deps, row).walking(tx, whole).await?;
        }
        row.walk_floor = Some(top.0);
    }
    let floor = Instant(row.walk_floor.unwrap_or(top.0));
    if let Some((ends, to)) = read.span {
        let from = ends.max(bottom).min(floor);
        let first = floor == top && row.walk_hole.is_none();
        // The first page reaches up to the walk's own beginning.
        let to = if first { floor } else { to.max(from).min(floor) };
        if let Some(apart) = TimeSpan::new(to, floor) {
            let reason = row.walk_hole.take();
            let reason = reason.as_deref().unwrap_or(Cause::PagesApart.as_str());
            of(deps, row).lost(tx, apart, reason).await?;
        }
        if let Some(span) = TimeSpan::new(from, to) {
            of(deps, row).heard(tx, span).await?;
            row.walk_hole = None;
        }
        // A hole may begin above all that has settled: so far nothing is heard there either.
        let hole = first && read.hole.is_some();
        row.walk_floor = Some(if hole { from.max(ends) } else { from }.0);
    }
    if read.hole.is_some() {
        row.walk_hole = read.hole;
    }
    row.resume = read.resume;
    Ok(())
}

/// Accounts for the end of a walk that set out at `began`.
pub(super) async fn end(
    deps: &Deps,
    tx: &mut Tx,
    row: &mut LaneRow,
    lane: &Lane,
    began: Instant,
) -> StepResult<()> {
    let top = began - lane.settle_ms;
    if lane.walk != Walk::NewestFirst {
        return cover(deps, tx, row, top).await;
    }
    let floor = row.walk_floor.map_or(top, Instant);
    if let Some(rest) = TimeSpan::new(Instant(row.covered_to), floor) {
        let hole = row.walk_hole.take();
        match hole {
            Some(reason) => {
                let span = begin_later(row, floor);
                if let Some(past) = span {
                    of(deps, row).forgo(tx, past).await?;
                }
                let from = span.map_or(rest.from, |past| past.to);
                if let Some(lost) = TimeSpan::new(from, floor) {
                    of(deps, row).lost(tx, lost, &reason).await?;
                }
            }
            None => of(deps, row).heard(tx, rest).await?,
        }
    }
    let gaps = of(deps, row).end_of_gaps(tx).await?.unwrap_or(top);
    row.covered_to = row.covered_to.max(top.0).max(gaps.0);
    Ok(())
}

/// A first look begins no earlier than the network shows: what lies below, down to where it was to
/// begin, was before our time and is no hole. Gives that span.
fn begin_later(row: &mut LaneRow, from: Instant) -> Option<TimeSpan> {
    if row.finished_at.is_some() {
        return None;
    }
    let past = TimeSpan::new(Instant(row.reads_from), from.min(Instant(row.added_at)))?;
    row.reads_from = past.to.0;
    Some(past)
}

/// The walk cannot go on where it was: it begins anew from the top, and what it had not reached
/// stays a gap until the new one has come down there.
pub(super) fn anew(row: &mut LaneRow) {
    (row.resume, row.walk_start, row.walk_floor, row.walk_hole) = (None, None, None, None);
}

/// Records a hole from what is accounted for up to `to`.
pub(super) async fn lost(
    deps: &Deps,
    tx: &mut Tx,
    row: &mut LaneRow,
    to: Instant,
    reason: &str,
) -> StepResult<()> {
    if let Some(span) = TimeSpan::new(Instant(row.covered_to), to) {
        of(deps, row).lost(tx, span, reason).await?;
        row.covered_to = to.0;
    }
    Ok(())
}

/// Extends what is heard up to `to`.
async fn cover(deps: &Deps, tx: &mut Tx, row: &mut LaneRow, to: Instant) -> StepResult<()> {
    if let Some(span) = TimeSpan::new(Instant(row.covered_to), to) {
        of(deps, row).heard(tx, span).await?;
        row.covered_to = to.0;
    }
    Ok(())
}
