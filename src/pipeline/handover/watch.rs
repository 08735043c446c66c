//! Reads back how tickets stand, and says the last word where a case ended here.

use super::{Folder, TRIES, case_id, compose, is_wanted, not_after};
use crate::domain::case::CaseEvent;
use crate::domain::time::{DAY, HOUR, MINUTE, SECOND};
use crate::fetch::{Peer, Purpose};
use crate::pipeline::casework::Work;
use crate::pipeline::{Deps, Handover, StepResult, backoff};
use crate::store::StoreError;
use crate::store::handovers::{self, HandoverRow};
use crate::wire::{Fault, Next, Reached, TicketCall, TicketState};
use serde_json::json;

/// How often a ticket is asked about that is open there.
pub(super) const EVERY: i64 = 15 * MINUTE;
/// How often one is asked about that is closed there: it may be opened again.
const CLOSED: i64 = 4 * HOUR;
/// Longest time between two tries where a system does not answer.
const LONGEST: i64 = 6 * HOUR;
/// So often the last word is tried.
const WORDS: i64 = 12;
/// A call names no more tickets.
const MOST: usize = 100;

/// Asks how a ticket stands, or says the last word to the people there.
pub(super) async fn look(
    deps: &Deps,
    handover: &Handover,
    row: HandoverRow,
    folder: &Folder,
) -> StepResult<()> {
    if !is_wanted(&folder.file.case, &row.system) {
        return tell(deps, handover, row, folder).await;
    }
    match ask(deps, handover, &row).await {
        Ok(Some(state)) => settle(deps, &row, state).await,
        Ok(None) => {
            let mut tx = deps.store.begin().await?;
            handovers::seen(&mut tx, &row, &row.state, None, deps.now()).await?;
            tx.commit().await
        }
        Err(fault) if fault.next == Next::Gone => settle(deps, &row, TicketState::Gone).await,
        Err(fault) => put_off(deps, row, fault).await,
    }
}

async fn ask(
    deps: &Deps,
    handover: &Handover,
    row: &HandoverRow,
) -> Result<Option<TicketState>, Fault> {
    let (peer, link) = (Peer::Tickets(handover.system), &handover.link);
    let owned = deps.engine.ctx(peer, link).await?;
    let talk = handover.system.state(&row.filed(), &owned.cx());
    let Some(talk) = talk else { return Ok(None) };
    let asked = deps.engine.begin(peer, link, talk, Purpose::Poll, not_after(deps));
    asked.finish().await.map(Some)
}

/// It could not be asked, or told, this time.
async fn put_off(deps: &Deps, mut row: HandoverRow, fault: Fault) -> StepResult<()> {
    let now = deps.now();
    let until = match fault.next {
        Next::Throttled { until, .. } => until.clamp(now + SECOND, now + DAY),
        Next::Retry { after: Some(ms) } => now + ms.clamp(MINUTE, DAY),
        _ => now + backoff(row.tries, EVERY, LONGEST, deps.ids.number()),
    };
    row.fault = fault.why;
    row.tries += 1;
    let mut tx = deps.store.begin().await?;
    handovers::later(&mut tx, &row, until).await?;
    tx.commit().await
}

/// Its system is not configured any more: it is looked at again in a day.
pub(super) async fn unknown(deps: &Deps, row: &HandoverRow) -> StepResult<()> {
    let fault = format!("{} is not configured any more", row.system);
    let row = HandoverRow { fault, ..row.clone() };
    let mut tx = deps.store.begin().await?;
    handovers::later(&mut tx, &row, deps.now() + DAY).await?;
    tx.commit().await
}

/// Keeps how a ticket stands there; what changed is noted on the case, which stays owed.
async fn settle(deps: &Deps, row: &HandoverRow, state: TicketState) -> StepResult<()> {
    for _ in 1..TRIES {
        match settle_once(deps, row, state).await {
            Err(StoreError::Conflict) => {}
            done => return done,
        }
    }
    settle_once(deps, row, state).await
}

async fn settle_once(deps: &Deps, row: &HandoverRow, state: TicketState) -> StepResult<()> {
    let (now, id) = (deps.now(), case_id(row)?);
    let to = row.system.clone();
    let mut tx = deps.store.begin().await?;
    let all = handovers::of_case(&mut tx, id).await?;
    let other = all.iter().any(|one| one.id != row.id && one.system == to && one.is_live());
    let asked = |wait: i64| row.due_at.map(|_| now + wait);
    let (kept, event) = match (row.state.as_str(), state) {
        // What the newer ticket says counts.
        ("closed", TicketState::Open) if other => {
            (handovers::seen(&mut tx, row, "closed", asked(CLOSED), now).await?, None)
        }
        ("closed", TicketState::Open) => {
            let kept = handovers::seen(&mut tx, row, "filed", asked(EVERY), now).await?;
            (kept, Some(CaseEvent::TicketOpened { to }))
        }
        (_, TicketState::Open) => {
            (handovers::seen(&mut tx, row, "filed", asked(EVERY), now).await?, None)
        }
        ("closed", TicketState::Closed) => {
            (handovers::seen(&mut tx, row, "closed", asked(CLOSED), now).await?, None)
        }
        (_, TicketState::Closed) => {
            let kept = handovers::seen(&mut tx, row, "closed", asked(CLOSED), now).await?;
            (kept, Some(CaseEvent::TicketClosed { to }))
        }
        (_, TicketState::Gone) => (handovers::end(&mut tx, row, "gone", "").await?, None),
    };
    if !kept {
        return Ok(());
    }
    let mut work = Work::new(deps, now);
    work.load(&mut tx, &[id]).await?;
    match (event, state) {
        (Some(event), _) => {
            let kind = event.name();
            if work.apply(id, event).is_err() {
                let data = json!({ "to": row.system });
                work.note(id, kind.as_str(), &row.system, data);
            }
        }
        (None, TicketState::Gone) => {
            work.note(id, "ticket_gone", &row.system, json!({ "to": row.system }));
        }
        (None, _) => return tx.commit().await,
    }
    work.save(&mut tx, |_| false).await?;
    tx.commit().await?;
    deps.tell([id]);
    Ok(())
}

/// Says to the people there how the case ended here, once.
async fn tell(
    deps: &Deps,
    handover: &Handover,
    row: HandoverRow,
    folder: &Folder,
) -> StepResult<()> {
    let text = compose::word(deps, handover, folder);
    let (told, fault) = match say(deps, handover, &row, &text).await {
        Ok(told) => (told, String::new()),
        // Said once more it would be noise; it may have arrived.
        Err(fault) if fault.reached == Reached::Perhaps => (true, fault.why),
        Err(fault)
            if matches!(fault.next, Next::Retry { .. } | Next::Throttled { .. })
                && row.tries < WORDS =>
        {
            return put_off(deps, row, fault).await;
        }
        Err(fault) => (false, fault.why),
    };
    for _ in 1..TRIES {
        match end(deps, &row, told, &fault).await {
            Err(StoreError::Conflict) => {}
            done => return done,
        }
    }
    end(deps, &row, told, &fault).await
}

/// Whether there was anything to say it by.
async fn say(
    deps: &Deps,
    handover: &Handover,
    row: &HandoverRow,
    text: &str,
) -> Result<bool, Fault> {
    let (peer, link) = (Peer::Tickets(handover.system), &handover.link);
    let owned = deps.engine.ctx(peer, link).await?;
    let key = format!("{}-ended", row.key);
    let talk = handover.system.tell(&row.filed(), &key, text, &owned.cx());
    let Some(talk) = talk else { return Ok(false) };
    deps.engine.begin(peer, link, talk, Purpose::Alert, not_after(deps)).finish().await?;
    Ok(true)
}

async fn end(deps: &Deps, row: &HandoverRow, told: bool, fault: &str) -> StepResult<()> {
    let (now, id) = (deps.now(), case_id(row)?);
    let mut tx = deps.store.begin().await?;
    if !handovers::end(&mut tx, row, "ended", fault).await? {
        return Ok(());
    }
    if told {
        let mut work = Work::new(deps, now);
        work.load(&mut tx, &[id]).await?;
        work.note(id, "ticket_told", &row.system, json!({ "to": row.system }));
        work.save(&mut tx, |_| false).await?;
    }
    tx.commit().await?;
    deps.tell([id]);
    Ok(())
}

/// What a call from a ticket system comes to: tickets are asked about now, or stand as it says.
pub async fn called(deps: &Deps, system: &str, call: TicketCall) -> StepResult<()> {
    match call {
        TicketCall::Moved(mut ids) => {
            ids.truncate(MOST);
            let mut tx = deps.store.begin().await?;
            if handovers::wake(&mut tx, system, &ids, deps.now()).await? > 0 {
                tx.commit().await?;
                deps.bell.notify_waiters();
            }
        }
        TicketCall::Told(tickets) => {
            for (remote, state) in tickets.into_iter().take(MOST) {
                let mut tx = deps.store.read().await?;
                let row = handovers::by_remote(&mut tx, system, &remote).await?;
                drop(tx);
                if let Some(row) = row {
                    settle(deps, &row, state).await?;
                }
            }
        }
        TicketCall::Refuse(_) => {}
    }
    Ok(())
}
