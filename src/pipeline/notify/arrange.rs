//! Arranges the alerts that are due: one a live alert, none that quiet hours or the recipient's rate
//! hold back, together what waited together.

use super::{BATCH, case_id, describe, ids};
use crate::domain::delivery::{self, Fate, Night, Rate, Wake};
use crate::domain::reason::Reason;
use crate::domain::rota::resolve;
use crate::domain::{AlertId, Brand, CaseId, Instant, Risk};
use crate::pipeline::{Deps, Did, Recipient, StepResult, stand_in, thread};
use crate::store::outbox::{AlertRow, NewAlert};
use crate::store::{Tx, cases, held, outbox};
use std::collections::{BTreeMap, HashMap};

/// What came of it.
pub(super) struct Arranged {
    /// What goes now, leased.
    pub(super) go: Vec<AlertRow>,
    /// How many rows were dealt with.
    pub(super) handled: usize,
    /// Whether more is due at once.
    pub(super) more: bool,
}

/// Decides about the alerts that are due.
pub(super) async fn arrange(deps: &Deps, tx: &mut Tx, now: Instant) -> StepResult<Arranged> {
    let gathered = gather(deps, tx, now).await?;
    let due = outbox::due(tx, now, BATCH).await?;
    let Did { rows, more } = Did::batch(due.len(), BATCH);
    let (due, old) = newest(due);
    held::supersede(tx, &old).await?;
    let mut plan = Plan::default();
    let due = quiet(deps, tx, due, now, &mut plan).await?;
    let mut go = rated(deps, tx, due, now, &mut plan).await?;
    let more = more || !plan.new.is_empty();
    plan.store(tx, now).await?;
    outbox::lease(tx, &deps.instance, now, &mut go).await?;
    Ok(Arranged { go, handled: rows + gathered, more })
}

/// Lets one alert tell of several that waited for the same. Gives how many they were.
async fn gather(deps: &Deps, tx: &mut Tx, now: Instant) -> StepResult<usize> {
    let mut count = 0;
    for waited in held::due(tx, now).await? {
        // What waited alone is told as what it is.
        if waited.stories < 2 {
            continue;
        }
        // By night each is looked at by itself: among them may be what wakes.
        let asleep = night_of(deps, &waited.recipient, &waited.brand, now).is_some();
        if waited.held == RATE && asleep {
            continue;
        }
        let reason = if waited.held == QUIET { Reason::QuietDigest } else { Reason::ManyAtOnce };
        let (live, new) =
            group_for(deps, tx, &waited.recipient, &waited.brand, reason, now).await?;
        count += held::gather(tx, &waited, &live, now).await?;
        outbox::add(tx, new.as_slice(), now).await?;
    }
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
}

/// Why alerts wait, as the store keeps it.
const QUIET: &str = "quiet";
const RATE: &str = "rate";

/// The alert that tells of several to a recipient: the one that has not gone yet, else a new one.
async fn group_for(
    deps: &Deps,
    tx: &mut Tx,
    recipient: &str,
    brand: &str,
    reason: Reason,
    now: Instant,
) -> StepResult<(String, Option<NewAlert>)> {
    if let Some(live) = held::open_group(tx, recipient, reason, now).await? {
        return Ok((live, None));
    }
    let live = format!("{reason}.{recipient}.{}", now.0);
    let new = group_alert(deps, &live, live.clone(), brand, recipient, reason, now);
    Ok((live, Some(new)))
}

fn group_alert(
    deps: &Deps,
    live: &str,
    key: String,
    brand: &str,
    recipient: &str,
    reason: Reason,
    now: Instant,
) -> NewAlert {
    NewAlert {
        id: AlertId(deps.ids.next(now)),
        key,
        brand: brand.to_owned(),
        case: None,
        channel: String::new(),
        recipient: recipient.to_owned(),
        reason,
        title: String::new(),
        body: String::new(),
        due_at: Some(now),
        live: live.to_owned(),
    }
}

/// Which of two alerts of the same goes: doubt about a reply before all, what only brings up to date
/// behind all.
fn weight(row: &AlertRow) -> u8 {
    match row.reason.parse::<Reason>() {
        Ok(Reason::ReplyUnknown | Reason::ReplyFailed) => 2,
        Ok(Reason::CaseMoved) => 0,
        _ => 1,
    }
}

/// Whether it is about a date that we gave or set. Either may turn out needless where the other does
/// not: that, and what is told of the debts beside it.
fn is_dated(row: &AlertRow) -> bool {
    let reason = row.reason.parse::<Reason>();
    matches!(reason, Ok(Reason::PromiseNear | Reason::PromiseBroken | Reason::FollowUpDue))
}

/// One of each live alert, and the ids of those of which it says all. What brings up to date is not
/// among them: whether it is needed shows once the other one has gone.
fn newest(due: Vec<AlertRow>) -> (Vec<AlertRow>, Vec<String>) {
    let pair = |row: &AlertRow| (row.live.clone(), row.recipient.clone());
    let mut best: BTreeMap<(String, String), (u8, String, bool)> = BTreeMap::new();
    for row in due.iter().filter(|row| !row.live.is_empty()) {
        let rank = (weight(row), row.id.clone(), is_dated(row));
        let place = best.entry(pair(row)).or_insert_with(|| rank.clone());
        if *place < rank {
            *place = rank;
        }
    }
    let (mut rows, mut old) = (Vec::with_capacity(due.len()), Vec::new());
    for row in due {
        let best = best.get(&pair(&row));
        let first = best.is_none_or(|(_, id, _)| *id == row.id);
        if row.live.is_empty() || first {
            rows.push(row);
        } else if weight(&row) > 0 && best.is_some_and(|(.., dated)| *dated == is_dated(&row)) {
            old.push(row.id);
        }
    }
    (rows, old)
}

/// What is to be stored of the decisions.
#[derive(Default)]
struct Plan {
    waits: Vec<(String, Instant, &'static str)>,
    members: Vec<(String, String)>,
    new: Vec<NewAlert>,
    wakes: Vec<(AlertId, &'static str, Instant)>,
}

impl Plan {
    async fn store(self, tx: &mut Tx, now: Instant) -> StepResult<()> {
        held::hold(tx, &self.waits).await?;
        held::group(tx, &self.members).await?;
        outbox::add(tx, &self.new, now).await?;
        held::mark_wakes(tx, &self.wakes).await
    }

    /// It waits for the morning. What can be changed in place then is no message, and a digest is
    /// none of those that a digest tells.
    fn wait(&mut self, deps: &Deps, row: &AlertRow, night: Night) {
        let alone = row.is_group() || edits(deps, row);
        self.waits.push((row.id.clone(), night.to, if alone { "" } else { QUIET }));
    }

    /// The same is told to the person on call at once. The key is the one that an alert to that
    /// person would have anyway: there is one, however many wait behind it.
    fn wake(
        &mut self,
        deps: &Deps,
        row: &AlertRow,
        on_call: &str,
        wake: Wake,
        night: Night,
        now: Instant,
    ) {
        let id = AlertId(deps.ids.next(now));
        let cause = stand_in::cause(row);
        self.new.push(NewAlert {
            id,
            key: format!("{cause}{on_call}"),
            brand: row.brand.clone(),
            case: case_id(row),
            channel: row.channel.clone(),
            recipient: on_call.to_owned(),
            reason: row.reason.parse().unwrap_or(Reason::StillOwed),
            title: row.title.clone(),
            body: row.body.clone(),
            due_at: Some(now),
            live: row.live.clone(),
        });
        self.wakes.push((id, wake.as_str(), night.from));
    }

    /// It is told in the one alert of a night that is changed in place.
    fn put_into_night(&mut self, deps: &Deps, row: &AlertRow, night: Instant, now: Instant) {
        let live = format!("night.{}.{}", row.recipient, night.0);
        let key = format!("{live}.{}", row.id);
        let (brand, recipient) = (&row.brand, &row.recipient);
        self.members.push((row.id.clone(), live.clone()));
        let new = group_alert(deps, &live, key, brand, recipient, Reason::WokenAgain, now);
        self.new.push(new);
    }
}

/// Whether an alert only brings up to date, where that changes what stands and is no message.
fn edits(deps: &Deps, row: &AlertRow) -> bool {
    let recipient = deps.recipients.get(&row.recipient);
    row.reason == Reason::CaseMoved.as_str() && recipient.is_some_and(|r| r.notifier.meta().edits)
}

/// Holds back what quiet hours hold, wakes whom it must, and gives the rest.
async fn quiet(
    deps: &Deps,
    tx: &mut Tx,
    due: Vec<AlertRow>,
    now: Instant,
    plan: &mut Plan,
) -> StepResult<Vec<AlertRow>> {
    let nights: Vec<Option<Night>> = due.iter().map(|row| night(deps, row, now)).collect();
    let asleep = due.iter().zip(&nights).filter(|(_, night)| night.is_some());
    let risks = risks(tx, &ids(asleep.map(|(row, _)| row))).await?;
    let mut woken: BTreeMap<String, i64> = BTreeMap::new();
    let mut go = Vec::with_capacity(due.len());
    for (mut row, night) in due.into_iter().zip(nights) {
        let brand = deps.brands.get(&row.brand);
        if let (Some(brand), true) = (brand, row.wake.is_empty()) {
            let risks = case_id(&row).and_then(|id| risks.get(&id)).map_or(&[][..], Vec::as_slice);
            let reason = row.reason.parse::<Reason>().unwrap_or(Reason::CaseMoved);
            let wake = match reason {
                Reason::CaseMoved => None,
                reason => Wake::of(&brand.wakes, reason, risks),
            };
            let on_call = on_call(deps, brand, now);
            match delivery::fate(night, wake, &row.recipient, on_call.as_deref()) {
                Fate::Goes => {}
                Fate::Waits(night) => {
                    plan.wait(deps, &row, night);
                    continue;
                }
                Fate::WaitsBehind(wake, night) => {
                    plan.wait(deps, &row, night);
                    plan.wake(deps, &row, &on_call.unwrap_or_default(), wake, night, now);
                    continue;
                }
                Fate::Wakes(wake, night) => {
                    row.wake = wake.as_str().to_owned();
                    row.night = Some(night.from.0);
                }
            }
        }
        if let (Ok(wake), Some(began)) = (row.wake.parse::<Wake>(), row.night.map(Instant)) {
            let before = match woken.get(&row.recipient) {
                Some(before) => *before,
                None => held::woken_since(tx, &row.recipient, began, now).await?,
            };
            // What was tried before is only tried again.
            if row.attempts == 0 && !delivery::rings_alone(wake, before) {
                plan.put_into_night(deps, &row, began, now);
                continue;
            }
            woken.insert(row.recipient.clone(), before + 1);
        }
        go.push(row);
    }
    Ok(go)
}

/// Who alone is woken of a brand now; `None` where all are, also while its rota has nobody.
fn on_call(deps: &Deps, brand: &Brand, now: Instant) -> Option<String> {
    let who = resolve(brand.on_call.as_deref()?, &deps.rotas, now)?;
    deps.recipients.contains_key(&who).then_some(who)
}

/// The quiet hours of an alert's recipient around now, if any. The one alert of a night goes: it
/// stands for what woke.
fn night(deps: &Deps, row: &AlertRow, now: Instant) -> Option<Night> {
    if row.reason == Reason::WokenAgain.as_str() {
        return None;
    }
    night_of(deps, &row.recipient, &row.brand, now)
}

fn night_of(deps: &Deps, recipient: &str, brand: &str, now: Instant) -> Option<Night> {
    let recipient = deps.recipients.get(recipient).filter(|r| !r.quiet.is_empty())?;
    let brand = deps.brands.get(brand)?;
    // Who sleeps, sleeps by the clocks where it lives.
    delivery::night(&recipient.quiet, recipient.zone.as_ref().unwrap_or(&brand.zone), now)
}

/// The risks of the complaints that stand in some cases.
async fn risks(tx: &mut Tx, ids: &[CaseId]) -> StepResult<HashMap<CaseId, Vec<Risk>>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let files = cases::load(tx, ids).await?;
    let mentions = thread::of_cases(tx, ids).await?;
    let of = |file: &cases::CaseFile| {
        let rows = mentions.get(&file.case.id).map_or(&[][..], Vec::as_slice);
        (file.case.id, describe::risks(file, rows))
    };
    Ok(files.iter().map(of).collect())
}

/// How many messages a recipient gets at most, where an alert counts as one. What wakes always rings:
/// held back it would wait for the morning, and of one night it is few anyhow.
fn limit(recipient: Option<&Recipient>, row: &AlertRow) -> Option<Rate> {
    let rate = recipient?.at_most?;
    row.wake.is_empty().then_some(rate)
}

/// Whether somebody may be hurt where an alert calls: that waits for no room.
fn is_grave(row: &AlertRow, risks: &HashMap<CaseId, Vec<Risk>>) -> bool {
    let of_case = case_id(row).and_then(|id| risks.get(&id));
    row.reason != Reason::CaseMoved.as_str()
        && of_case.is_some_and(|risks| risks.contains(&Risk::Safety))
}

/// Holds back what is beyond a recipient's rate, and gives the rest. Where all do not fit, the last
/// place is for one alert that tells of all others.
async fn rated(
    deps: &Deps,
    tx: &mut Tx,
    due: Vec<AlertRow>,
    now: Instant,
    plan: &mut Plan,
) -> StepResult<Vec<AlertRow>> {
    let mut go = Vec::with_capacity(due.len());
    let mut limited: BTreeMap<String, (Rate, Vec<AlertRow>)> = BTreeMap::new();
    for row in due {
        match limit(deps.recipients.get(&row.recipient), &row) {
            Some(rate) if !edits(deps, &row) => {
                let entry = limited.entry(row.recipient.clone());
                entry.or_insert_with(|| (rate, Vec::new())).1.push(row);
            }
            _ => go.push(row),
        }
    }
    for (name, (rate, mut rows)) in limited {
        let told = held::sent_since(tx, &name, now - rate.window_ms, now).await?;
        let mut room = rate.room(told.sent);
        if rows.len() > room {
            let risks = risks(tx, &ids(rows.iter())).await?;
            let (grave, rest): (Vec<_>, Vec<_>) =
                rows.into_iter().partition(|row| is_grave(row, &risks));
            room = room.saturating_sub(grave.len());
            go.extend(grave);
            rows = rest;
        }
        let (mut groups, mut ones): (Vec<_>, Vec<_>) =
            rows.into_iter().partition(AlertRow::is_group);
        let later = groups.split_off(room.min(groups.len()));
        let room = room - groups.len();
        let rest = ones.split_off(delivery::one_by_one(room, ones.len()));
        let next = rate.next(told.oldest.map(Instant), now);
        plan.waits.extend(later.into_iter().map(|row| (row.id, next, "")));
        if room == 0 {
            plan.waits.extend(rest.into_iter().map(|row| (row.id, next, RATE)));
        } else if let Some(first) = rest.first() {
            let reason = Reason::ManyAtOnce;
            let (live, new) = group_for(deps, tx, &name, &first.brand, reason, now).await?;
            plan.members.extend(rest.into_iter().map(|row| (row.id, live.clone())));
            plan.new.extend(new);
        }
        go.append(&mut groups);
        go.append(&mut ones);
    }
    Ok(go)
}

#[cfg(test)]
mod tests;
