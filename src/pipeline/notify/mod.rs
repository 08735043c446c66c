//! Alerts: re-read the thread, then tell the recipient, at least once and with one key.
//!
//! Of a case at most one alert stands at a recipient; whatever comes later changes it in place.
//! `arrange` decides what goes, what waits and what is told together, `look` reads threads once more,
//! `describe` and `group` say what is said, `deliver` says it, `settle` stores how that ended, and
//! `live` brings up to date what stands. Each recipient is told by itself, so that one that hangs holds
//! up nobody else.

mod about;
mod arrange;
mod deliver;
mod describe;
mod group;
pub(super) mod live;
mod look;
mod offers;
mod settle;

pub(super) use about::deaf_recipient;
pub use about::{about_brand, about_channel};

use super::hands::{self, Errand, Taken};
use super::runner::StepName;
use super::{Deps, Did, StepResult, circuits, customer, drafting, lookup, storm, thread};
use crate::domain::reason::Reason;
use crate::domain::time::MINUTE;
use crate::domain::{CaseId, Instant};
use crate::store::cases::CaseFile;
use crate::store::circuits::CircuitRow;
use crate::store::live::LiveRow;
use crate::store::outbox::{self, AlertRow};
use crate::store::{Tx, access, cases, credentials, held, lanes};
use arrange::Arranged;
use deliver::Known;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

/// How many alerts are arranged at once.
const BATCH: i64 = 100;
/// While one alert is on trial, its recipient is left alone, no longer than this.
const TRIAL: i64 = MINUTE;

/// The alerts.
pub(super) struct Alerts;

impl Errand for Alerts {
    const STEP: StepName = StepName::Notify;
    const AT_ONCE: i64 = 8;
    type Piece = Bundle;

    /// What is due is arranged as one; how many recipients that is for, nobody knows before.
    fn take(deps: &Deps, _: i64) -> impl Future<Output = StepResult<Taken<Bundle>>> + Send {
        take(deps)
    }

    fn carry_out(deps: &Deps, bundle: Bundle) -> impl Future<Output = StepResult<()>> + Send {
        carry_out(deps, bundle)
    }
}

/// Alerts to one recipient, leased.
pub(super) struct Bundle {
    recipient: String,
    rows: Vec<AlertRow>,
    /// The only one that is tried, where the recipient was passed over; the others wait for what comes
    /// of it.
    on_trial: Option<String>,
    /// The cases whose threads could not be read before.
    unread: Arc<HashSet<CaseId>>,
}

/// Delivers the alerts that are due.
pub async fn step(deps: &Deps) -> StepResult<Did> {
    hands::step::<Alerts>(deps).await
}

/// Arranges and leases what is due, and looks at its threads.
async fn take(deps: &Deps) -> StepResult<Taken<Bundle>> {
    let now = deps.now();
    if !outbox::any_due(&mut deps.store.read().await?, now).await? {
        return Ok(Taken::default());
    }
    // An alert says who the customer is, and a private draft may.
    lookup::before_alerts(deps).await?;
    // An alert carries the draft, so drafts come first; only what was due by now, since triage
    // may ask for more without an end.
    while drafting::step(deps).await?.more {}
    storm::settle(deps, now).await?;
    let mut tx = deps.store.begin().await?;
    if !held::turn(&mut tx).await? {
        return Ok(Taken::default());
    }
    let Arranged { go, handled, more } = arrange::arrange(deps, &mut tx, now).await?;
    if handled == 0 {
        return Ok(Taken::default());
    }
    let trials = trials(deps, &mut tx, &go, now).await?;
    tx.commit().await?;
    let unread = look::look(deps, &ids(go.iter().filter(|row| asks(row))), now).await?;
    let unread = Arc::new(unread);
    let mut bundles: BTreeMap<String, Vec<AlertRow>> = BTreeMap::new();
    for row in go {
        bundles.entry(row.recipient.clone()).or_default().push(row);
    }
    let pieces = bundles.into_iter().map(|(recipient, rows)| Bundle {
        on_trial: trials.get(&recipient).cloned(),
        unread: unread.clone(),
        recipient,
        rows,
    });
    Ok(Taken { pieces: pieces.collect(), did: Did { rows: handled, more } })
}

/// Of the alerts to each recipient that was passed over and may be told again, the one that is tried.
/// Any of them, lest one that it takes in no form stand before all others. Meanwhile it is left alone,
/// by other instances too.
async fn trials(
    deps: &Deps,
    tx: &mut Tx,
    go: &[AlertRow],
    now: Instant,
) -> StepResult<HashMap<String, String>> {
    let mut trials = HashMap::new();
    for row in crate::store::circuits::failing(tx).await? {
        if row.circuit().is_shut(now) || !row.circuit().is_doubted() {
            continue;
        }
        let is_there = |alert: &&AlertRow| circuits::of_recipient(&alert.recipient) == row.name;
        let there: Vec<&AlertRow> = go.iter().filter(is_there).collect();
        let any = usize::try_from(deps.ids.number() >> 33).unwrap_or(0).checked_rem(there.len());
        let Some(alert) = any.and_then(|at| there.get(at)) else { continue };
        trials.insert(alert.recipient.clone(), alert.id.clone());
        let row = CircuitRow { shut_until: (now + TRIAL).0, ..row };
        crate::store::circuits::keep(tx, &row).await?;
    }
    Ok(trials)
}

/// Tells one recipient, and stores what came of it.
async fn carry_out(deps: &Deps, bundle: Bundle) -> StepResult<()> {
    let Bundle { recipient, rows: due, on_trial, unread } = bundle;
    let now = deps.now();
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
    let circuit = crate::store::circuits::one(&mut tx, &circuits::of_recipient(&recipient)).await?;
    let shut = circuit.filter(|circuit| circuit.circuit().is_shut(now));
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
            shut: shut.as_ref().filter(|_| on_trial.as_ref() != Some(&row.id)),
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
    settle::settle(deps, &recipient, told, on_trial.is_some()).await?;
    deps.tell(ids);
    Ok(())
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
