//! Alerts: re-read the thread, then tell the recipient, at least once and with one key.

use super::casework::Work;
use super::thread::{self, Reread};
use super::{Deps, Did, StepResult, backoff, drafting, health, promises};
use crate::domain::obligation::{Owing, Standing, VoidReason};
use crate::domain::reason::Reason;
use crate::domain::text::cut_graphemes;
use crate::domain::time::{DAY, HOUR, MINUTE, SECOND};
use crate::domain::{AlertId, Brand, CaseId, Instant, Lang, Risk, Topic, Why};
use crate::fetch::{Peer, Purpose};
use crate::links::{Act, Action};
use crate::speech::Catalogue;
use crate::store::cases::{CaseFile, DraftRow};
use crate::store::mentions::MentionRow;
use crate::store::outbox::{AlertRow, NewAlert, Outcome};
use crate::store::{cases, credentials, outbox};
use crate::wire::{Alert, AlertCase, Next};
use std::collections::{BTreeSet, HashMap, HashSet};

/// How many alerts one step delivers.
const BATCH: i64 = 100;
/// A thread read this recently needs no second look before an alert (invariant 7).
const FRESH: i64 = 60 * SECOND;
/// Alarm wins over certainty: a look may hold an alert up no longer than this.
const LOOK: std::time::Duration = std::time::Duration::from_secs(10);
/// An alert that could not be delivered for a day is given up, and the others are told.
const GIVE_UP: i64 = DAY;
/// An action link works this long.
const LINK_LIFE: i64 = 3 * DAY;

/// Delivers the alerts that are due.
pub async fn step(deps: &Deps) -> StepResult<Did> {
    let now = deps.now();
    if !outbox::any_due(&mut deps.store.read().await?, now).await? {
        return Ok(Did::default());
    }
    // An alert carries the draft, so drafts come first; only what was due by now, since triage
    // may ask for more without an end.
    while drafting::step(deps).await?.more {}
    let mut tx = deps.store.begin().await?;
    let due = outbox::take_due(&mut tx, &deps.instance, now, BATCH).await?;
    if due.is_empty() {
        return Ok(Did::default());
    }
    tx.commit().await?;
    let ids: Vec<CaseId> =
        due.iter().filter_map(case_id).collect::<BTreeSet<_>>().into_iter().collect();
    let unread = look(deps, &ids, now).await?;
    let mut tx = deps.store.read().await?;
    let files: HashMap<CaseId, CaseFile> =
        cases::load(&mut tx, &ids).await?.into_iter().map(|f| (f.case.id, f)).collect();
    let drafts = cases::drafts(&mut tx, &ids).await?;
    let mentions = thread::of_cases(&mut tx, &ids).await?;
    let mut dead = HashSet::new();
    if due.iter().any(|row| row.case_id.is_none()) {
        let all = credentials::all(&mut tx).await?;
        dead.extend(all.into_iter().filter(|c| c.is_dead()).map(|c| c.channel));
    }
    drop(tx);
    let count = due.len();
    let deliveries = due.into_iter().map(|row| {
        let case = case_id(&row);
        let unread = case.is_some_and(|id| unread.contains(&id));
        let file = case.and_then(|id| files.get(&id));
        let rows = case.and_then(|id| mentions.get(&id)).map_or(&[][..], Vec::as_slice);
        let draft = case.and_then(|id| drafts.get(&id));
        let dead = dead.contains(&row.channel);
        async move {
            let outcome = deliver(deps, &row, file, rows, draft, unread, dead, now).await;
            (row, outcome)
        }
    });
    let settled = deps.side_by_side(deliveries.collect()).await;
    let mut tx = deps.store.begin().await?;
    outbox::settle(&mut tx, &settled, deps.now()).await?;
    let told: Vec<NewAlert> =
        settled.iter().flat_map(|(row, o)| tell_others(deps, row, o)).collect();
    outbox::add(&mut tx, &told, deps.now()).await?;
    tx.commit().await?;
    deps.tell(ids);
    Ok(Did::batch(count, BATCH))
}

fn case_id(row: &AlertRow) -> Option<CaseId> {
    row.case_id.as_ref()?.parse().ok()
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
    let mut tx = deps.store.begin().await?;
    let mut work = Work::new(deps, now);
    let seen: Vec<CaseId> = reads.iter().map(|r| r.case).collect();
    work.load(&mut tx, &seen).await?;
    for read in &reads {
        thread::record(deps, &mut tx, &mut work, read).await?;
    }
    work.save(&mut tx, |_| false).await?;
    tx.commit().await?;
    Ok(unread)
}

/// Why an alert about this case is not needed any more, if so.
fn meanwhile(file: &CaseFile, reason: Reason) -> Option<Reason> {
    if let Some(silence) = promises::meanwhile(&file.case, reason) {
        return silence;
    }
    let complaint = file.case.owed().any(|o| o.owing == Owing::Complaint);
    if complaint || matches!(reason, Reason::ReplyUnknown | Reason::ReplyFailed) {
        return None;
    }
    let mut met = false;
    let mut withdrawn = false;
    for o in &file.case.obligations {
        match &o.standing {
            Standing::Met { .. } => met = true,
            Standing::Void { reason: VoidReason::Withdrawn, .. } => withdrawn = true,
            _ => {}
        }
    }
    Some(match (met, withdrawn) {
        (true, _) => Reason::AnsweredMeanwhile,
        (false, true) => Reason::WithdrawnMeanwhile,
        (false, false) => Reason::EndedMeanwhile,
    })
}

async fn deliver(
    deps: &Deps,
    row: &AlertRow,
    file: Option<&CaseFile>,
    mentions: &[MentionRow],
    draft: Option<&DraftRow>,
    unread: bool,
    dead: bool,
    now: Instant,
) -> Outcome {
    let Ok(reason) = row.reason.parse::<Reason>() else {
        return Outcome::Failed(format!("`{}` is no reason of this version", row.reason));
    };
    if let Some(silence) = file.and_then(|f| meanwhile(f, reason)) {
        return Outcome::Silent(silence);
    }
    let Some(recipient) = deps.recipients.get(&row.recipient) else {
        return Outcome::Failed(format!("recipient {} is not configured", row.recipient));
    };
    let words = Catalogue::of(recipient.language);
    let alert = Alert {
        key: row.key.clone(),
        reason,
        language: recipient.language,
        title: match file {
            Some(f) => promises::title(&f.case, mentions, reason, words),
            None => {
                let values = [("reason", words.reason(reason)), ("name", row.title.as_str())];
                words.fill("alert.title_other", &values)
            }
        },
        case: file
            .and_then(|f| describe(deps, f, mentions, draft, words, &row.recipient, reason, now)),
        body: health::said(deps, row, reason, words, dead, now),
        at: now,
        not_rechecked: unread,
        urgent: matches!(reason, Reason::ChannelDeaf | Reason::ChannelQuiet),
    };
    let peer = Peer::Notifier(recipient.notifier);
    let talk = match deps.engine.ctx(peer, &recipient.link).await {
        Ok(owned) => recipient.notifier.send(&alert, &owned.cx()),
        Err(fault) => return Outcome::Failed(fault.why),
    };
    let talk = deps.engine.begin(peer, &recipient.link, talk, Purpose::Alert, None);
    match talk.finish().await {
        Ok(delivered) => Outcome::Sent(delivered.remote),
        Err(fault) => match fault.next {
            Next::Throttled { until, .. } => Outcome::Later(until, fault.why),
            Next::Retry { .. } | Next::Expired if now - Instant(row.created_at) < GIVE_UP => {
                let after = match fault.next {
                    Next::Retry { after: Some(ms) } => ms,
                    _ => backoff(row.attempts - 1, 5 * SECOND, HOUR, deps.ids.number()),
                };
                Outcome::Later(now + after, fault.why)
            }
            _ => Outcome::Failed(fault.why),
        },
    }
}

/// The case as an alert tells it.
fn describe(
    deps: &Deps,
    file: &CaseFile,
    mentions: &[MentionRow],
    draft: Option<&DraftRow>,
    words: &'static Catalogue,
    recipient: &str,
    reason: Reason,
    now: Instant,
) -> Option<AlertCase> {
    let owed = file.case.owed().max_by_key(|o| o.since).or(file.case.obligations.last())?;
    let id = owed.mention.to_string();
    let row = mentions.iter().find(|r| r.id == id)?;
    let private = row.visibility == "private";
    let promised = promises::told(&file.case, reason);
    let due = promised.map_or(file.case.deadline().unwrap_or(owed.due), |c| c.due);
    let zone = deps.brands.get(&file.case.brand).map(|b| b.calendar.zone.clone());
    let due_text = due
        .timestamp()
        .to_zoned(zone.unwrap_or(jiff::tz::TimeZone::UTC))
        .strftime("%Y-%m-%d %H:%M %Z")
        .to_string();
    let mut why: Vec<Why> =
        row.why.as_deref().and_then(|j| serde_json::from_str(j).ok()).unwrap_or_default();
    // What says no more than that it was written to us is no news to whom it is told.
    why.retain(|why| !why.words.is_empty() || !why.cue.starts_with("about."));
    let sign = |act| {
        deps.links.act(&deps.signer.sign(&Action {
            act,
            case: file.case.id,
            recipient: recipient.to_owned(),
            expires: now + LINK_LIFE,
            nonce: deps.ids.bytes(),
        }))
    };
    // Where nothing is owed but what we promised, nothing is to take, and the draft is an old one.
    let owes = promised.is_none() || file.case.owed().next().is_some();
    let draft = draft.filter(|_| owes);
    let mut actions = Vec::new();
    if owes {
        actions.push((words.get("action.take").to_owned(), sign(Act::Take)));
    }
    if draft.is_some_and(|d| !d.text.is_empty()) && !private {
        let publish = Act::Publish { draft_rev: file.draft_rev };
        actions.push((words.get("action.publish").to_owned(), sign(publish)));
    }
    if owes {
        actions.push((words.get("action.waive").to_owned(), sign(Act::Waive)));
    }
    Some(AlertCase {
        id: file.case.id.to_string(),
        brand: file.case.brand.clone(),
        network: file.case.network.clone(),
        author: if file.author_handle.is_empty() {
            file.author_name.clone()
        } else {
            format!("@{}", file.author_handle)
        },
        text: match (private, row.text.trim()) {
            (true, _) => String::new(),
            (false, "") => words.get("alert.no_text").to_owned(),
            (false, text) => cut_graphemes(text, 1_000),
        },
        language: Lang::parse(row.judged_language.as_deref().unwrap_or("und"))
            .unwrap_or(Lang::UNKNOWN),
        severity: file.case.severity(),
        topic: row.topic.as_deref().and_then(|t| t.parse().ok()).unwrap_or(Topic::Other),
        risk: row
            .risk
            .as_deref()
            .and_then(|j| serde_json::from_str::<Vec<Risk>>(j).ok())
            .unwrap_or_default(),
        why: if private { Vec::new() } else { why },
        due,
        due_text,
        draft: if private {
            String::new()
        } else {
            draft.map(|d| d.text.clone()).unwrap_or_default()
        },
        url: row.url.clone(),
        link: deps.links.case(file.case.id),
        actions,
    })
}

/// Alerts about a channel: one for each recipient of its brand, in the recipient's language, or the
/// record that there is none. `cause` tells one occasion from the next.
pub fn about_channel(
    deps: &Deps,
    brand: &Brand,
    channel: &str,
    reason: Reason,
    cause: Instant,
    body: impl Fn(&'static Catalogue) -> String,
) -> Vec<NewAlert> {
    about(deps, brand, channel, channel, reason, cause, body)
}

/// The same about a brand as a whole.
pub fn about_brand(
    deps: &Deps,
    brand: &Brand,
    reason: Reason,
    cause: Instant,
    body: impl Fn(&'static Catalogue) -> String,
) -> Vec<NewAlert> {
    about(deps, brand, "", &brand.title, reason, cause, body)
}

fn about(
    deps: &Deps,
    brand: &Brand,
    channel: &str,
    title: &str,
    reason: Reason,
    cause: Instant,
    body: impl Fn(&'static Catalogue) -> String,
) -> Vec<NewAlert> {
    let now = deps.now();
    let of = if channel.is_empty() { brand.name.as_str() } else { channel };
    let alert = |recipient: &str, told: Reason, due_at: Option<Instant>| {
        let language = deps.recipients.get(recipient).map_or(brand.language, |r| r.language);
        NewAlert {
            id: AlertId(deps.ids.next(now)),
            key: format!("{of}.{}.{reason}.{recipient}", cause.0),
            brand: brand.name.clone(),
            case: None,
            channel: channel.to_owned(),
            recipient: recipient.to_owned(),
            reason: told,
            title: title.to_owned(),
            body: body(Catalogue::of(language)),
            due_at,
        }
    };
    if brand.recipients.is_empty() {
        return vec![alert("", Reason::NoRecipient, None)];
    }
    brand.recipients.iter().map(|recipient| alert(recipient, reason, Some(now))).collect()
}

/// When a recipient fails for good, the brand's others hear of it, with the case.
fn tell_others(deps: &Deps, row: &AlertRow, outcome: &Outcome) -> Vec<NewAlert> {
    let Outcome::Failed(why) = outcome else { return Vec::new() };
    let (Some(brand), false) =
        (deps.brands.get(&row.brand), row.reason == Reason::RecipientDead.as_str())
    else {
        return Vec::new();
    };
    let now = deps.now();
    // One word an hour about a dead recipient is enough; the case itself is told each time.
    let hour = now.0 / HOUR;
    let about = case_id(row).map_or(String::new(), |id| deps.links.case(id));
    let others = brand.recipients.iter().filter(|r| **r != row.recipient);
    others
        .map(|other| NewAlert {
            id: AlertId(deps.ids.next(now)),
            key: format!(
                "{}.dead.{hour}.{}.{other}",
                row.recipient,
                row.case_id.as_deref().unwrap_or("")
            ),
            brand: brand.name.clone(),
            case: None,
            channel: row.channel.clone(),
            recipient: other.clone(),
            reason: Reason::RecipientDead,
            title: row.recipient.clone(),
            body: format!("{why} {about}").trim_end().to_owned(),
            due_at: Some(now + MINUTE / 60),
        })
        .collect()
}
