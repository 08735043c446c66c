//! The clock's work on cases: deadlines, levels, takes and snoozes that run out, reminders.

use super::casework::Work;
use super::{Deps, Did, StepResult};
use crate::domain::CaseId;
use crate::domain::case::{CaseEvent, CommitmentEvent, EventName, next_due};
use crate::store::{StoreError, Tx, cases};

/// How many cases one transaction handles.
const BATCH: i64 = 100;

/// Lets the clock act on the cases whose time has come.
pub async fn step(deps: &Deps) -> StepResult<Did> {
    let now = deps.now();
    let mut tx = deps.store.begin().await?;
    let ids = cases::take_due(&mut tx, now, BATCH).await?;
    if ids.is_empty() {
        return Ok(Did::default());
    }
    let mut work = Work::new(deps, now);
    let mut broken = load(&mut work, &mut tx, &ids).await?;
    for id in &ids {
        // Stored anew whatever happens: a row of an older version or configuration that is not due
        // by the rules of now would else be taken again and again, before all others.
        work.update(*id, |_| {});
        // Each event moves the next due time on; a handful settles any case.
        for _ in 0..8 {
            let due = work.file(*id).and_then(|f| next_due(&f.case)).filter(|(at, _)| *at <= now);
            let Some((_, timer)) = due else { break };
            let event = match timer {
                EventName::TakeRanOut => CaseEvent::TakeRanOut,
                EventName::SnoozeOver => CaseEvent::SnoozeOver,
                EventName::MoveLapsed => CaseEvent::MoveLapsed,
                EventName::Overdue => CaseEvent::Overdue,
                EventName::NotResolved => CaseEvent::NotResolved,
                EventName::Escalated => match work.rises(*id) {
                    Some(level) => CaseEvent::Escalated { level },
                    None => continue,
                },
                EventName::PromiseNear => CaseEvent::Commitment(CommitmentEvent::Near),
                EventName::PromiseBroken => CaseEvent::Commitment(CommitmentEvent::Broken),
                EventName::FollowUpDue => CaseEvent::Commitment(CommitmentEvent::FollowUpDue),
                _ => CaseEvent::StillOwed,
            };
            if let Err(refused) = work.apply(*id, event) {
                broken = Some(StoreError::Broken { row: id.to_string(), why: refused.0 });
                break;
            }
        }
    }
    let changed = work.save(&mut tx, |_| false).await?;
    tx.commit().await?;
    deps.tell(changed);
    broken.map_or_else(|| Ok(Did::batch(ids.len(), BATCH)), Err)
}

/// Loads the cases; one that cannot be read stops the clock of no other. Gives what is wrong with
/// it.
async fn load(work: &mut Work<'_>, tx: &mut Tx, ids: &[CaseId]) -> StepResult<Option<StoreError>> {
    match work.load(tx, ids).await {
        Err(StoreError::Broken { .. }) => {}
        other => return other.map(|()| None),
    }
    let mut broken = None;
    for id in ids {
        match work.load(tx, &[*id]).await {
            Err(error @ StoreError::Broken { .. }) => broken = Some(error),
            other => other?,
        }
    }
    Ok(broken)
}
