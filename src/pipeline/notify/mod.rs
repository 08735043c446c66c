//! Alerts: re-read the thread, then tell the recipient, at least once and with one key.
//!
//! Of a case at most one alert stands at a recipient; whatever comes later changes it in place.
//! `arrange` decides what goes, what waits and what is told together, `describe` and `group` what
//! is said, `deliver` says it, and `live` brings up to date what stands.

mod about;
mod arrange;
mod deliver;
mod describe;
mod group;
pub(super) mod live;
mod offers;

pub(super) use about::deaf_recipient;
pub use about::{about_brand, about_channel};

use super::casework::Work;
use super::thread::{self, Reread};
use super::{Deps, Did, StepResult, circuits, customer, drafting, lookup, storm};
use crate::domain::circuit::RECIPIENT;
use crate::domain::reason::Reason;
use crate::domain::time::SECOND;
use crate::domain::{CaseId, Instant};
use crate::fetch::Purpose;
use crate::store::cases::CaseFile;
use crate::store::circuits::CircuitRow;
use crate::store::live::LiveRow;
use crate::store::outbox::{AlertRow, NewAlert, Outcome};
use crate::store::{StoreError, Tx, access, cases, credentials, held, lanes, outbox};
use arrange::Arranged;
use deliver::{Known, Said};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// How many alerts one step delivers.
const BATCH: i64 = 100;
/// A thread read this recently needs no second look before an alert (invariant 7).
const FRESH: i64 = 60 * SECOND;
/// Alarm wins over certainty: a look may hold an alert up no longer than this.
const LOOK: std::time::Duration = std::time::Duration::from_secs(10);
/// So often what a look showed is written down, where somebody else changes a case at the same time.
const TRIES: usize = 3;

/// Delivers the alerts that are due.
pub async fn step(deps: &Deps) -> StepResult<Did> {
    let now = deps.now();
    if !outbox::any_due(&mut deps.store.read().await?, now).await? {
        return Ok(Did::default());
    }
    // An alert says who the customer is, and a private draft may.
    lookup::before_alerts(deps).await?;
    // An alert carries the draft, so drafts come first; only what was due by now, since triage
    // may ask for more without an end.
    while drafting::step(deps).await?.more {}
    storm::settle(deps, now).await?;
    let mut tx = deps.store.begin().await?;
    if !held::turn(&mut tx).await? {
        return Ok(Did::default());
    }
    let Arranged { go: due, handled, more } = arrange::arrange(deps, &mut tx, now).await?;
    if handled == 0 {
        return Ok(Did::default());
    }
    tx.commit().await?;
    let done = Did { rows: handled, more };
    if due.is_empty() {
        return Ok(done);
    }
    let unread = look(deps, &ids(due.iter().filter(|row| asks(row))), now).await?;
    let ids = ids(due.iter());
    let mut tx = deps.store.read().await?;
    let files: HashMap<CaseId, CaseFile> =
        cases::load(&mut tx, &ids).await?.into_iter().map(|f| (f.case.id, f)).collect();
    let drafts = cases::drafts(&mut tx, &ids).await?;
    let mentions = thread::of_cases(&mut tx, &ids).await?;
    let all: Vec<&CaseFile> = files.values().collect();
    let customers = customer::for_alerts(deps, &mut tx, &all).await?;
    let standing: HashMap<(String, String), LiveRow> = crate::store::live::of_alerts(&mut tx, &due)
        .await?
        .into_iter()
        .map(|row| ((row.live.clone(), row.recipient.clone()), row))
        .collect();
    let mut groups = HashMap::new();
    for row in due.iter().filter(|row| row.is_group()) {
        groups.insert(row.id.clone(), group::read(deps, &mut tx, row).await?);
    }
    let mut dead = HashSet::new();
    if due.iter().any(|row| row.case_id.is_none()) {
        let all = credentials::all(&mut tx).await?;
        dead.extend(all.into_iter().filter(|c| c.is_dead()).map(|c| c.channel));
    }
    let failing = crate::store::circuits::failing(&mut tx).await?.into_iter();
    let shut: HashMap<String, CircuitRow> =
        failing.filter(|c| c.circuit().is_shut(now)).map(|c| (c.name.clone(), c)).collect();
    let brands = lanes::brands(&mut tx).await?;
    let on_hold: HashSet<String> = brands.into_iter().filter(|b| b.held).map(|b| b.name).collect();
    let mut left: HashSet<String> = HashSet::new();
    if due.iter().any(|row| agent_of(deps, row).is_some()) {
        left.extend(access::removed_agents(&mut tx).await?);
    }
    drop(tx);
    let deliveries = due.into_iter().map(|row| {
        let case = case_id(&row);
        let known = Known {
            file: case.and_then(|id| files.get(&id)),
            mentions: case.and_then(|id| mentions.get(&id)).map_or(&[][..], Vec::as_slice),
            draft: case.and_then(|id| drafts.get(&id)),
            customer: case.and_then(|id| customers.get(&id)),
            stands: standing.get(&(row.live.clone(), row.recipient.clone())),
            group: groups.get(&row.id),
            unread: case.is_some_and(|id| unread.contains(&id)),
            dead: dead.contains(&row.channel),
            shut: shut.get(&circuits::of_recipient(&row.recipient)),
            held: on_hold.contains(&row.brand),
            left: agent_of(deps, &row).is_some_and(|agent| left.contains(agent)),
            now,
        };
        async move {
            let said = deliver::deliver(deps, &row, known).await;
            (row, said)
        }
    });
    let told = deps.side_by_side(deliveries.collect()).await;
    settle(deps, told).await?;
    deps.tell(ids);
    Ok(done)
}

/// Stores how the attempts ended, what stands at the recipients from now on, and who else must hear
/// of what failed.
async fn settle(deps: &Deps, told: Vec<(AlertRow, Said)>) -> StepResult<()> {
    let now = deps.now();
    let mut tx = deps.store.begin().await?;
    note(&mut tx, &told, now).await?;
    let (settled, stands): (Vec<(AlertRow, Outcome)>, Vec<_>) =
        told.into_iter().map(|(row, said)| ((row, said.outcome), said.stands)).unzip();
    outbox::settle(&mut tx, &settled, now).await?;
    live::keep(deps, &mut tx, &settled, &stands, now).await?;
    let (mut others, mut wakes) = (Vec::new(), Vec::new());
    for (row, outcome) in &settled {
        let instead = about::tell_others(deps, row, outcome);
        wakes.extend(wakes_instead(row, &instead));
        others.extend(instead);
    }
    outbox::add(&mut tx, &others, now).await?;
    held::wake(&mut tx, &wakes, now).await?;
    tx.commit().await
}

/// Notes of each recipient that was spoken to whether it can be reached. What is only tried again says
/// nothing of that yet.
async fn note(tx: &mut Tx, told: &[(AlertRow, Said)], now: Instant) -> StepResult<()> {
    let mut came: BTreeMap<&str, Vec<Option<&str>>> = BTreeMap::new();
    for (row, said) in told.iter().filter(|(_, said)| said.asked) {
        let fault = match &said.outcome {
            Outcome::Sent(_) | Outcome::Edited => None,
            Outcome::Failed(why) => Some(why.as_str()),
            Outcome::Silent(_) | Outcome::Later(..) => continue,
        };
        came.entry(&row.recipient).or_default().push(fault);
    }
    for (recipient, came) in came {
        circuits::note(tx, &circuits::of_recipient(recipient), RECIPIENT, &came, now).await?;
    }
    Ok(())
}

/// Whom it was to wake cannot be reached: whoever is told in the place of that one is woken, with the
/// case where there is one.
fn wakes_instead<'a>(row: &'a AlertRow, instead: &[NewAlert]) -> Vec<(String, &'a str, Instant)> {
    let Some(night) = row.night.filter(|_| !row.wake.is_empty()) else { return Vec::new() };
    let with_case = instead.iter().any(|alert| alert.case.is_some());
    let woken = instead.iter().filter(|alert| alert.case.is_some() == with_case);
    woken.map(|alert| (alert.key.clone(), row.wake.as_str(), Instant(night))).collect()
}

/// The one person who reads what an alert's recipient gets, where that is one.
fn agent_of<'d>(deps: &'d Deps, row: &AlertRow) -> Option<&'d str> {
    deps.recipients.get(&row.recipient)?.agent.as_deref()
}

fn case_id(row: &AlertRow) -> Option<CaseId> {
    row.case_id.as_ref()?.parse().ok()
}

/// The cases of some alerts, each once.
fn ids<'a>(rows: impl Iterator<Item = &'a AlertRow>) -> Vec<CaseId> {
    rows.filter_map(case_id).collect::<BTreeSet<_>>().into_iter().collect()
}

/// Whether an alert asks somebody to act, so that its thread is read once more before.
fn asks(row: &AlertRow) -> bool {
    row.reason != Reason::CaseMoved.as_str()
}

/// Re-reads the threads that were not read within a minute. Gives those that could not be read
/// within ten seconds or for want of budget: their alerts go out marked.
async fn look(deps: &Deps, ids: &[CaseId], now: Instant) -> StepResult<HashSet<CaseId>> {
    let mut tx = deps.store.read().await?;
    let stale: Vec<CaseId> = cases::load(&mut tx, ids)
        .await?
        .into_iter()
        .filter(|f| now - f.checked_at >= FRESH)
        .map(|f| f.case.id)
        .collect();
    let mentions = thread::of_cases(&mut tx, &stale).await?;
    drop(tx);
    let stale = stale.iter().filter_map(|id| Some((*id, mentions.get(id)?)));
    let looks = stale.map(|(id, rows)| async move {
        let read = thread::reread(deps, id, rows, Purpose::Look);
        (id, tokio::time::timeout(LOOK, read).await.ok().and_then(Result::ok))
    });
    let looks = deps.side_by_side(looks.collect()).await;
    let mut unread = HashSet::new();
    let mut reads: Vec<Reread> = Vec::new();
    for (id, read) in looks {
        match read {
            Some(read) => reads.push(read),
            None => drop(unread.insert(id)),
        }
    }
    // A network that shows no threads changes nothing; only what was seen is written down.
    reads.retain(|r| r.view.is_some());
    if reads.is_empty() {
        return Ok(unread);
    }
    for _ in 0..TRIES {
        match keep_looks(deps, &reads, now).await {
            Ok(()) => return Ok(unread),
            // Somebody did something about one of these cases meanwhile. The alerts are leased: to
            // begin the step anew would hold them up for a minute.
            Err(StoreError::Conflict) => {}
            Err(error) => return Err(error),
        }
    }
    unread.extend(reads.iter().map(|read| read.case));
    Ok(unread)
}

/// Writes down what the threads showed.
async fn keep_looks(deps: &Deps, reads: &[Reread], now: Instant) -> StepResult<()> {
    let mut tx = deps.store.begin().await?;
    let mut work = Work::new(deps, now);
    let seen: Vec<CaseId> = reads.iter().map(|r| r.case).collect();
    work.load(&mut tx, &seen).await?;
    for read in reads {
        thread::record(deps, &mut tx, &mut work, read).await?;
    }
    work.save(&mut tx, |_| false).await?;
    tx.commit().await
}
