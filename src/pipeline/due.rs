//! The clock's work on cases: deadlines, levels, takes and snoozes that run out, reminders.

use super::casework::Work;
use super::{Deps, Did, StepResult};
use crate::domain::case::{CaseEvent, CommitmentEvent, EventName, next_due};
use crate::store::{StoreError, cases};

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
    work.load(&mut tx, &ids).await?;
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
            work.apply(*id, event)
                .map_err(|e| StoreError::Broken { row: id.to_string(), why: e.0 })?;
        }
    }
    let changed = work.save(&mut tx, |_| false).await?;
    tx.commit().await?;
    deps.tell(changed);
    Ok(Did::batch(ids.len(), BATCH))
}
