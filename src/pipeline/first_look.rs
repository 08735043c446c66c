//! The first look at a new channel: one message with its figures, one choice, and what follows
//! from it.
//!
//! Its row has the one due time of all that it found: while it is read that is looked after every
//! minute, then the choice is asked for and asked for again, then the choice is carried out.

use super::acts::ActError;
use super::casework::Work;
use super::{Deps, Did, StepResult, notify};
use crate::domain::case::{Case, CaseEvent};
use crate::domain::first_look::{self, Figures, Opening, REMIND_EVERY};
use crate::domain::obligation::Obligation;
use crate::domain::reason::{Cause, Reason};
use crate::domain::time::{DAY, HOUR, MINUTE};
use crate::domain::{Brand, CaseId, EventId, Instant};
use crate::speech::Catalogue;
use crate::store::events::Entry;
use crate::store::looks::LookRow;
use crate::store::{StoreError, Tx, events, lanes, looks, outbox};
use serde_json::json;

/// How many first looks one transaction handles.
const LOOKS: i64 = 20;
/// How many cases one transaction opens or ends.
const BATCH: i64 = 200;
/// How often it is looked whether all is read.
const AGAIN: i64 = MINUTE;
/// After so long the figures are told with what was read until then.
const PATIENCE: i64 = DAY;
/// So long after a choice nothing that was judged before it can still come in.
const SETTLE: i64 = 2 * MINUTE;

/// Does what is due about first looks.
pub async fn step(deps: &Deps) -> StepResult<Did> {
    let now = deps.now();
    let mut tx = deps.store.read().await?;
    if !looks::any_due(&mut tx, now).await? {
        return Ok(Did::default());
    }
    drop(tx);
    let mut tx = deps.store.begin().await?;
    let due = looks::take_due(&mut tx, now, LOOKS).await?;
    let mut changed = Vec::new();
    for look in &due {
        match look.opening() {
            Some(opening) => changed.extend(carry_out(deps, &mut tx, look, opening, now).await?),
            None if look.state == "asked" => remind(deps, &mut tx, look, now).await?,
            None => read_out(deps, &mut tx, look, now).await?,
        }
    }
    tx.commit().await?;
    let more = !changed.is_empty();
    deps.tell(changed);
    Ok(Did { rows: due.len(), more })
}

/// Tells the figures once all is read and judged.
async fn read_out(deps: &Deps, tx: &mut Tx, look: &LookRow, now: Instant) -> StepResult<()> {
    let began = Instant(look.began_at);
    let reading = looks::is_reading(tx, look).await?;
    if reading && now - began < PATIENCE {
        return looks::later(tx, look, Some(now + AGAIN)).await;
    }
    let found = looks::figures(tx, look).await?;
    let brand = deps.brands.get(&look.brand);
    let (Some(brand), false) = (brand, reading && found.mentions == 0) else {
        return looks::later(tx, look, Some(now + HOUR)).await;
    };
    if found.mentions == 0 {
        return looks::empty(tx, look).await;
    }
    let ask_again = (began + REMIND_EVERY).max(now + DAY);
    looks::ask(tx, look, &found, now, ask_again).await?;
    tell(deps, tx, brand, look, Reason::FirstLook, began, |words| {
        format!("{} {}", figures(words, look, &found, now), ask(deps, words, look))
    })
    .await
}

/// Asks once more for a choice that nobody made.
async fn remind(deps: &Deps, tx: &mut Tx, look: &LookRow, now: Instant) -> StepResult<()> {
    looks::later(tx, look, Some(now + REMIND_EVERY)).await?;
    // Where agents dealt with all of it one by one nothing is left to choose.
    let waits = looks::cases(tx, look, Opening::Nothing.since(now), 1).await?;
    let (false, Some(brand)) = (waits.is_empty(), deps.brands.get(&look.brand)) else {
        return Ok(());
    };
    let found = looks::figures(tx, look).await?;
    let cause = look.due_at.map_or(now, Instant);
    tell(deps, tx, brand, look, Reason::FirstLookWaits, cause, |words| {
        format!("{} {}", figures(words, look, &found, now), ask(deps, words, look))
    })
    .await
}

async fn tell(
    deps: &Deps,
    tx: &mut Tx,
    brand: &Brand,
    look: &LookRow,
    reason: Reason,
    cause: Instant,
    body: impl Fn(&'static Catalogue) -> String,
) -> StepResult<()> {
    let alerts = notify::about_channel(deps, brand, &look.channel, reason, cause, body);
    outbox::add(tx, &alerts, deps.now()).await
}

/// What a first look found, in a sentence.
pub fn figures(words: &Catalogue, look: &LookRow, found: &Figures, now: Instant) -> String {
    // A feed may show what is older than was asked for.
    let since = found.first_at.map_or(Instant(look.since), |at| at.min(Instant(look.since)));
    let days = first_look::days(since, Instant(look.began_at));
    let oldest = found.oldest_at.map_or(0, |at| (now - at) / DAY);
    let key = if found.unanswered > 0 { "alert.first_look" } else { "alert.first_look_answered" };
    words.fill(
        key,
        &[
            ("days", &days.to_string()),
            ("mentions", &found.mentions.to_string()),
            ("complaints", &found.complaints.to_string()),
            ("unanswered", &found.unanswered.to_string()),
            ("oldest", &oldest.to_string()),
        ],
    )
}

fn ask(deps: &Deps, words: &Catalogue, look: &LookRow) -> String {
    let (inbox, link) = (deps.links.inbox_of(&look.channel), deps.links.first_look(&look.channel));
    words.fill("alert.first_look_choose", &[("inbox", &inbox), ("link", &link)])
}

/// A person chooses how much of a channel's first look to open; the step carries it out.
///
/// # Errors
/// `Unknown` where there is no such channel, `NotAllowed` where nothing waits for a choice.
pub async fn choose(
    deps: &Deps,
    channel: &str,
    agent: &str,
    opening: Opening,
) -> Result<(), ActError> {
    let now = deps.now();
    let mut tx = deps.store.begin().await?;
    let all = looks::of_channel(&mut tx, channel).await?;
    let Some(look) = all.first() else {
        return Err(match lanes::channel(&mut tx, channel).await? {
            None => ActError::Unknown(format!("channel {channel}")),
            Some(_) => ActError::NotAllowed(format!("{channel} has had no first look")),
        });
    };
    if !looks::choose(&mut tx, channel, opening, agent, now).await? {
        return Err(ActError::NotAllowed(match look.state.as_str() {
            "reading" => format!(
                "the first look at {channel} is still being read; its message comes when it is done"
            ),
            "empty" => format!("the first look at {channel} found nothing to choose about"),
            chosen => format!("{} chose for {channel} already: {chosen}", look.chosen_by),
        }));
    }
    let subject = format!("channel:{channel}");
    let entry = Entry {
        id: EventId(deps.ids.next(now)),
        brand: look.brand.clone(),
        seq: events::last_seq(&mut tx, &subject).await? + 1,
        subject,
        moves: None,
        kind: "first_look_chosen".to_owned(),
        at: now,
        actor: agent.to_owned(),
        data: json!({ "open": opening }).to_string(),
    };
    events::append(&mut tx, &[entry]).await?;
    tx.commit().await?;
    deps.bell.notify_waiters();
    Ok(())
}

/// Opens what was chosen and ends the rest, some cases at a time. Gives those that changed.
async fn carry_out(
    deps: &Deps,
    tx: &mut Tx,
    look: &LookRow,
    opening: Opening,
    now: Instant,
) -> StepResult<Vec<CaseId>> {
    let chosen_at = look.chosen_at.map_or(now, Instant);
    let since = opening.since(chosen_at);
    let ids = looks::cases(tx, look, since, BATCH).await?;
    if ids.is_empty() {
        let settled = chosen_at + SETTLE;
        looks::later(tx, look, (now < settled).then_some(settled)).await?;
        return Ok(ids);
    }
    let brand = deps.brands.get(&look.brand);
    let mut work = Work::new(deps, now);
    work.load(tx, &ids).await?;
    for id in &ids {
        for event in events_of(&work, *id, look, brand, since, now) {
            work.apply(*id, event)
                .map_err(|e| StoreError::Broken { row: id.to_string(), why: e.0 })?;
        }
    }
    work.save(tx, |_| false).await
}

/// What a choice means for one case.
fn events_of(
    work: &Work<'_>,
    id: CaseId,
    look: &LookRow,
    brand: Option<&Brand>,
    since: Instant,
    now: Instant,
) -> Vec<CaseEvent> {
    let Some(file) = work.file(id) else { return Vec::new() };
    let waiting = || file.case.obligations.iter().filter(|o| o.first_look);
    let debts: Vec<_> = waiting()
        .filter(|o| o.since >= since)
        .map(|o| (o.mention, due(brand, &file.case, o, now)))
        .collect();
    let by = &look.chosen_by;
    let mut events = Vec::new();
    if !debts.is_empty() {
        events.push(CaseEvent::Opened { by: by.clone(), debts });
    }
    if waiting().any(|o| o.is_owed() && o.since < since) {
        events.push(CaseEvent::BeforeUs { by: by.clone(), note: Cause::BeforeOurTime.to_string() });
    }
    events
}

/// Whatever is opened is due as if it were written now: until then nobody was to answer it.
fn due(brand: Option<&Brand>, case: &Case, o: &Obligation, now: Instant) -> Instant {
    brand.map_or(now + DAY, |b| b.sla.due(&b.calendar, &case.owed_anew(o, now)))
}
