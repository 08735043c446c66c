//! Makes a ticket: look for it, make it, keep where it stands; and what follows when that fails.

use super::{Folder, TRIES, case_id, compose, is_wanted, not_after, reference};
use crate::domain::case::CaseEvent;
use crate::domain::reason::Reason;
use crate::domain::time::{DAY, HOUR, MINUTE, SECOND};
use crate::domain::{AlertId, Brand, Instant};
use crate::fetch::{Peer, Purpose};
use crate::pipeline::casework::Work;
use crate::pipeline::{Deps, Handover, StepResult, backoff};
use crate::speech::Catalogue;
use crate::store::StoreError;
use crate::store::handovers::{self, HandoverRow};
use crate::store::outbox::{self, NewAlert};
use crate::wire::{Fault, Filed, Next, Ticket};
use serde_json::json;

/// Where an answer was lost, the ticket is looked for after these times, each counted from the one
/// before: 5 seconds, 30 seconds and 2 minutes after the loss. Searches lag behind.
const LOOKS: [i64; 3] = [5 * SECOND, 25 * SECOND, 90 * SECOND];
/// A system that fails for so long is given up, and people are told.
const GIVE_UP: i64 = DAY;
/// So often it is tried however old the hand-over is.
const LEAST: i64 = 12;
/// Longest time between two tries.
const LONGEST: i64 = 15 * MINUTE;

/// What a look for the ticket came to.
enum Look {
    /// It stands there.
    There(Filed),
    /// It was not found.
    Absent,
    /// The system cannot be searched.
    Blind,
}

/// Makes the ticket of a hand-over, unless it stands there already or is not wanted any more.
pub(super) async fn file(
    deps: &Deps,
    handover: &Handover,
    mut row: HandoverRow,
    folder: &Folder,
) -> StepResult<()> {
    let wanted = is_wanted(&folder.file.case, &row.system);
    if !wanted && !row.doubt {
        return end(deps, &row).await;
    }
    let ticket = compose::ticket(deps, handover, &row, folder);
    let look = match find(deps, handover, &ticket).await {
        Ok(look) => look,
        Err(fault) => return failed(deps, row, fault, !handover.system.meta().dedups).await,
    };
    let can_look = !matches!(look, Look::Blind);
    if let Look::There(filed) = look {
        return record(deps, handover, &row, &filed).await;
    }
    if !wanted {
        return end(deps, &row).await;
    }
    if row.doubt && can_look && !handover.system.meta().dedups {
        row.looks += 1;
        let next = usize::try_from(row.looks).ok().and_then(|looks| LOOKS.get(looks));
        if let Some(wait) = next {
            return later(deps, &row, deps.now() + *wait).await;
        }
    }
    let mut tx = deps.store.begin().await?;
    if !handovers::sending(&mut tx, &row).await? {
        return Ok(());
    }
    tx.commit().await?;
    (row.doubt, row.looks) = (true, 0);
    match create(deps, handover, &ticket).await {
        Ok(filed) => record(deps, handover, &row, &filed).await,
        Err(fault) => {
            // A definite refusal made nothing; all else may have.
            row.doubt = !(fault.may_resend() || fault.is_final());
            failed(deps, row, fault, can_look && !handover.system.meta().dedups).await
        }
    }
}

async fn find(deps: &Deps, handover: &Handover, ticket: &Ticket) -> Result<Look, Fault> {
    let (peer, link) = (Peer::Tickets(handover.system), &handover.link);
    let owned = deps.engine.ctx(peer, link).await?;
    let talk = handover.system.find(ticket, &owned.cx());
    let Some(talk) = talk else { return Ok(Look::Blind) };
    let found = deps.engine.begin(peer, link, talk, Purpose::Alert, not_after(deps));
    Ok(found.finish().await?.map_or(Look::Absent, Look::There))
}

async fn create(deps: &Deps, handover: &Handover, ticket: &Ticket) -> Result<Filed, Fault> {
    let (peer, link) = (Peer::Tickets(handover.system), &handover.link);
    let owned = deps.engine.ctx(peer, link).await?;
    let talk = handover.system.create(ticket, &owned.cx());
    deps.engine.begin(peer, link, talk, Purpose::Alert, not_after(deps)).finish().await
}

/// Keeps where the ticket stands, with the case.
async fn record(
    deps: &Deps,
    handover: &Handover,
    row: &HandoverRow,
    filed: &Filed,
) -> StepResult<()> {
    for _ in 1..TRIES {
        match record_once(deps, handover, row, filed).await {
            Err(StoreError::Conflict) => {}
            done => return done,
        }
    }
    record_once(deps, handover, row, filed).await
}

async fn record_once(
    deps: &Deps,
    handover: &Handover,
    row: &HandoverRow,
    filed: &Filed,
) -> StepResult<()> {
    let (now, id) = (deps.now(), case_id(row)?);
    let mut tx = deps.store.begin().await?;
    let mut work = Work::new(deps, now);
    work.load(&mut tx, &[id]).await?;
    let wanted = work.file(id).is_some_and(|file| is_wanted(&file.case, &row.system));
    let asked = handover.system.meta().reads_back.then(|| now + super::watch::EVERY);
    let due_at = if wanted { asked } else { Some(now) };
    if !handovers::filed(&mut tx, row, filed, due_at, now).await? {
        // Another instance has it; by the key it finds the same ticket.
        return Ok(());
    }
    let (to, reference) = (row.system.clone(), reference(filed));
    let data = json!({ "to": to, "reference": reference });
    if work.apply(id, CaseEvent::TicketFiled { to, reference }).is_err() {
        work.note(id, "ticket_filed", &row.system, data);
    }
    work.save(&mut tx, |_| false).await?;
    tx.commit().await?;
    deps.tell([id]);
    Ok(())
}

/// It is not wanted any more, and nothing of it stands there.
async fn end(deps: &Deps, row: &HandoverRow) -> StepResult<()> {
    let mut tx = deps.store.begin().await?;
    handovers::end(&mut tx, row, "ended", "").await?;
    tx.commit().await
}

async fn later(deps: &Deps, row: &HandoverRow, at: Instant) -> StepResult<()> {
    let mut tx = deps.store.begin().await?;
    handovers::later(&mut tx, row, at).await?;
    tx.commit().await
}

/// A question came to nothing: it is tried again, or given up where that can never do. `looks`: where
/// the ticket may stand there, the next try only looks for it.
async fn failed(deps: &Deps, mut row: HandoverRow, fault: Fault, looks: bool) -> StepResult<()> {
    let now = deps.now();
    row.fault = fault.why;
    match fault.next {
        Next::Throttled { until, .. } if now - Instant(row.created_at) < GIVE_UP => {
            later(deps, &row, until.clamp(now + SECOND, now + HOUR)).await
        }
        Next::Retry { .. } | Next::Expired | Next::Bug
            if now - Instant(row.created_at) < GIVE_UP || row.tries < LEAST =>
        {
            let seed = deps.ids.number();
            let wait = match fault.next {
                Next::Retry { after: Some(ms) } => ms,
                // It may stand there: it is looked for soon, whatever failed before.
                _ if row.doubt && row.looks == 0 && looks => LOOKS[0],
                _ => backoff(row.tries, 5 * SECOND, LONGEST, seed),
            };
            row.tries += 1;
            let wait = wait.max(backoff(row.tries - LEAST, SECOND, LONGEST, seed));
            later(deps, &row, now + wait).await
        }
        _ => {
            let why = row.fault.clone();
            give_up(deps, &row, &why).await
        }
    }
}

/// Gives a hand-over up: the case says so, and the brand's recipients are told what to do.
pub(super) async fn give_up(deps: &Deps, row: &HandoverRow, why: &str) -> StepResult<()> {
    for _ in 1..TRIES {
        match give_up_once(deps, row, why).await {
            Err(StoreError::Conflict) => {}
            done => return done,
        }
    }
    give_up_once(deps, row, why).await
}

async fn give_up_once(deps: &Deps, row: &HandoverRow, why: &str) -> StepResult<()> {
    let (now, id) = (deps.now(), case_id(row)?);
    let mut tx = deps.store.begin().await?;
    // Whether it may stand there all the same is kept: a later try looks first.
    if !handovers::later(&mut tx, row, now).await? {
        return Ok(());
    }
    handovers::end(&mut tx, row, "failed", why).await?;
    let mut work = Work::new(deps, now);
    work.load(&mut tx, &[id]).await?;
    work.note(id, "ticket_failed", &row.system, json!({ "to": row.system, "why": why }));
    work.save(&mut tx, |_| false).await?;
    if let Some(brand) = deps.brands.get(&row.brand) {
        outbox::add(&mut tx, &alerts(deps, brand, row, why, now), now).await?;
    }
    tx.commit().await?;
    deps.tell([id]);
    Ok(())
}

/// One alert for each recipient of the brand, or the record that there is none.
fn alerts(deps: &Deps, brand: &Brand, row: &HandoverRow, why: &str, now: Instant) -> Vec<NewAlert> {
    let link = case_id(row).map_or_else(|_| deps.links.inbox(), |id| deps.links.case(id));
    let why = why.trim_end_matches('.');
    let alert = |recipient: &str, told: Reason, due_at: Option<Instant>| {
        let language = deps.recipients.get(recipient).map_or(brand.language, |r| r.language);
        let values = [("name", row.system.as_str()), ("why", why), ("link", link.as_str())];
        NewAlert {
            id: AlertId(deps.ids.next(now)),
            key: format!("{}.{}.{}.{recipient}", row.id, now.0, Reason::HandoverFailed),
            brand: brand.name.clone(),
            case: None,
            channel: String::new(),
            recipient: recipient.to_owned(),
            reason: told,
            title: row.system.clone(),
            body: Catalogue::of(language).fill("alert.handover_failed", &values),
            due_at,
            live: String::new(),
        }
    };
    if brand.recipients.is_empty() {
        return vec![alert("", Reason::NoRecipient, None)];
    }
    brand.recipients.iter().map(|r| alert(r, Reason::HandoverFailed, Some(now))).collect()
}
