//! Delivers one alert: anew, as a change of the one that stands, or as a short word that follows it.

use super::describe::{self, describe};
use super::group::Group;
use super::live;
use super::offers;
use crate::domain::case::Attention;
use crate::domain::circuit::{Asked, RECIPIENT};
use crate::domain::customer::CustomerFacts;
use crate::domain::delivery::{self, Wake};
use crate::domain::obligation::{Owing, Standing, VoidReason};
use crate::domain::reason::Reason;
use crate::domain::time::{DAY, MINUTE, SECOND};
use crate::domain::{AlertId, CaseId, Instant};
use crate::fetch::{Peer, Purpose};
use crate::links::Act;
use crate::pipeline::{Deps, Recipient, backoff, customer, health, promises, standing};
use crate::speech::Catalogue;
use crate::store::cases::{CaseFile, DraftRow};
use crate::store::circuits::CircuitRow;
use crate::store::live::LiveRow;
use crate::store::mentions::MentionRow;
use crate::store::outbox::{AlertRow, Outcome};
use crate::wire::{Alert, Delivered, Fault, Next};

/// An alert that could not be delivered for a day is given up, and the others are told.
const GIVE_UP: i64 = DAY;
/// So often it is tried however old it is, over more than two hours: it may have waited for a day
/// before anybody was to hear of it.
const TRIES: i64 = 12;
/// Where a recipient asks for more patience than this, who stands in hears of the alert meanwhile.
const PATIENCE: i64 = 15 * MINUTE;
/// An alert that goes later than this says how its case stands by then.
const LATE: i64 = MINUTE;

/// What is known around an alert.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    /// Its case.
    pub(super) file: Option<&'a CaseFile>,
    /// The case's mentions.
    pub(super) mentions: &'a [MentionRow],
    /// The case's draft.
    pub(super) draft: Option<&'a DraftRow>,
    /// What is known of its customer.
    pub(super) customer: Option<&'a CustomerFacts>,
    /// What stands of the same at the recipient.
    pub(super) stands: Option<&'a LiveRow>,
    /// What it tells of, where that is several things.
    pub(super) group: Option<&'a Group>,
    /// The thread could not be read before.
    pub(super) unread: bool,
    /// The credential of its channel is refused.
    pub(super) dead: bool,
    /// Its brand's publishing is on hold.
    pub(super) held: bool,
    /// The one person who reads what its recipient gets was removed.
    pub(super) left: bool,
    /// Its recipient failed so often that it is passed over now.
    pub(super) shut: Option<&'a CircuitRow>,
    /// Now.
    pub(super) now: Instant,
}

/// What stands at the recipient once an alert was delivered.
#[derive(Clone, Debug)]
pub(super) struct Stands {
    /// The key of the alert that began it.
    pub(super) key: String,
    /// How the case stood when it was told.
    pub(super) says: String,
    /// How many entries its log had then; 0 where it is of no case.
    pub(super) seen: i64,
    /// It said its last: nothing more is owed.
    pub(super) ended: bool,
    /// Cases of which it said, among others, that they ended.
    pub(super) over: Vec<CaseId>,
    /// What stood there before cannot be changed any more: this began anew in its place.
    pub(super) anew: bool,
}

/// How an attempt ended.
pub(super) struct Said {
    /// For the outbox.
    pub(super) outcome: Outcome,
    /// What stands there now, where the alert can be changed later; `None`: what stood before.
    pub(super) stands: Option<Stands>,
    /// Whether it can be reached, where that showed.
    pub(super) asked: Option<Asked>,
    /// It goes so late that others must hear of it before.
    pub(super) late: bool,
}

impl From<Outcome> for Said {
    fn from(outcome: Outcome) -> Said {
        Said { outcome, stands: None, asked: None, late: false }
    }
}

/// How an alert came to stand there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// It was sent.
    Sent,
    /// What stood there was changed in place.
    Edited,
    /// It was sent, since what stood there could not be changed.
    Anew,
}

/// Tries to deliver an alert.
pub(super) async fn deliver(deps: &Deps, row: &AlertRow, known: Known<'_>) -> Said {
    let Ok(reason) = row.reason.parse::<Reason>() else {
        let why = format!("`{}` is no reason of this version", row.reason);
        return Outcome::Failed(why).into();
    };
    if let Some(silence) = silence(reason, &known) {
        return Outcome::Silent(silence).into();
    }
    let Some(recipient) = deps.recipients.get(&row.recipient) else {
        let why = format!("recipient {} is not configured", row.recipient);
        return Outcome::Failed(why).into();
    };
    if let (true, Some(agent)) = (known.left, &recipient.agent) {
        let why = format!("its agent {agent} was removed; correct `agent` in the configuration");
        return Outcome::Failed(why).into();
    }
    if let Some(shut) = known.shut {
        return passed_over(row, shut, known.now).into();
    }
    let alert = compose(deps, row, reason, recipient, &known);
    let stood = |way: Way| known.stands.filter(|_| way != Way::Anew);
    let stands = |way: Way| Stands {
        key: stood(way).map_or(&row.key, |stands| &stands.key).clone(),
        says: known.file.map_or_else(String::new, |file| delivery::stands(&file.case)),
        seen: known.file.map_or(0, |file| file.events),
        ended: known.file.is_some_and(|file| file.case.owed().next().is_none()),
        over: known.group.map_or_else(Vec::new, |group| group.ended.clone()),
        anew: way == Way::Anew,
    };
    match send(deps, recipient, &alert, known.stands).await {
        Ok((delivered, way)) => {
            let edited = way == Way::Edited;
            let outcome = if edited { Outcome::Edited } else { Outcome::Sent(delivered.remote) };
            let stands = (!row.live.is_empty()).then(|| stands(way));
            Said { stands, asked: Some(Asked::Answered), ..outcome.into() }
        }
        Err(fault) => failed(deps, row, fault, known.now),
    }
}

/// Says it to the recipient: in the place of what stands there, or anew.
async fn send(
    deps: &Deps,
    recipient: &Recipient,
    alert: &Alert,
    stands: Option<&LiveRow>,
) -> Result<(Delivered, Way), Fault> {
    let notifier = recipient.notifier;
    let peer = Peer::Notifier(notifier);
    let begin = |talk| deps.engine.begin(peer, &recipient.link, talk, Purpose::Alert, None);
    let (talk, edits) = {
        let owned = deps.engine.ctx(peer, &recipient.link).await?;
        let edit = stands.and_then(|stands| notifier.edit(alert, &stands.remote, &owned.cx()));
        let edits = edit.is_some();
        (edit.unwrap_or_else(|| notifier.send(alert, &owned.cx())), edits)
    };
    let fault = match begin(talk).finish().await {
        Ok(delivered) => return Ok((delivered, if edits { Way::Edited } else { Way::Sent })),
        Err(fault) => fault,
    };
    if !edits || !cannot_be_changed(&fault) {
        return Err(fault);
    }
    // Somebody deleted it there, or it is too old: that says nothing against the recipient, unless
    // a new one is refused too.
    let talk = {
        let owned = deps.engine.ctx(peer, &recipient.link).await?;
        notifier.send(&Alert { of: None, ..alert.clone() }, &owned.cx())
    };
    Ok((begin(talk).finish().await?, Way::Anew))
}

/// Whether a change was refused for good, as far as that alert goes. A refused credential refuses a new
/// one as well.
fn cannot_be_changed(fault: &Fault) -> bool {
    match fault.next {
        Next::Gone | Next::Refused | Next::Expired | Next::Bug => true,
        Next::Retry { .. } | Next::Throttled { .. } | Next::Auth => false,
    }
}

/// What becomes of an alert to a recipient that is left alone for a while: it waits, and where that one
/// failed often who stands in is told at once.
fn passed_over(row: &AlertRow, shut: &CircuitRow, now: Instant) -> Outcome {
    let until = Instant(shut.shut_until);
    let CircuitRow { failures, fault, .. } = shut;
    let why = format!("passed over until {until}: it failed {failures} times in a row: {fault}");
    if is_given_up(row, now) { Outcome::Failed(why) } else { Outcome::Later(until, why) }
}

/// Whether an alert was tried for long enough.
fn is_given_up(row: &AlertRow, now: Instant) -> bool {
    now - Instant(row.created_at) >= GIVE_UP && row.attempts >= TRIES
}

/// What becomes of an alert that was not delivered.
fn failed(deps: &Deps, row: &AlertRow, fault: Fault, now: Instant) -> Said {
    let (asked, wait) = match fault.next {
        // It was reached, and asks for patience.
        Next::Throttled { until, .. } => {
            let late = until - Instant(row.created_at) > PATIENCE;
            let outcome = match is_given_up(row, now) {
                true => Outcome::Failed(fault.why),
                false => Outcome::Later(until.max(now + SECOND), fault.why),
            };
            return Said { late, ..outcome.into() };
        }
        Next::Retry { after } => (Asked::Unreachable, after),
        Next::Expired => (Asked::Unreachable, None),
        Next::Auth | Next::Gone | Next::Refused | Next::Bug => {
            return Said { asked: Some(Asked::Failed), ..Outcome::Failed(fault.why).into() };
        }
    };
    let longest = RECIPIENT.pause_ms;
    let tries = row.attempts - 1;
    let wait = wait.unwrap_or_else(|| backoff(tries, 5 * SECOND, longest, deps.ids.number()));
    let outcome = match is_given_up(row, now) {
        true => Outcome::Failed(fault.why),
        false => Outcome::Later(now + wait, fault.why),
    };
    Said { asked: Some(asked), ..outcome.into() }
}

/// Why an alert is not needed any more, if so.
fn silence(reason: Reason, known: &Known<'_>) -> Option<Reason> {
    let ended = known.group.is_some_and(|group| group.lines.is_empty());
    if reason.is_group() {
        return (ended && known.stands.is_none()).then_some(Reason::EndedMeanwhile);
    }
    let file = known.file?;
    if reason != Reason::CaseMoved {
        // Whoever is muted may have been so only since this was due.
        let muted = standing::is_hushed(file, known.now) && !reason.is_ours();
        return meanwhile(file, reason).or_else(|| muted.then_some(Reason::Muted));
    }
    // Nothing to bring up to date, or it says so already.
    let told = known.stands.is_none_or(|stands| stands.says == delivery::stands(&file.case));
    told.then_some(Reason::Superseded)
}

/// Why an alert that asks for an answer to this case is not needed any more, if so.
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

/// The alert in the recipient's language, before its notifier gives it its form.
fn compose(
    deps: &Deps,
    row: &AlertRow,
    reason: Reason,
    recipient: &Recipient,
    known: &Known<'_>,
) -> Alert {
    let words = Catalogue::of(recipient.language);
    let Known { file, now, .. } = *known;
    let woke = row.wake.parse::<Wake>().ok();
    // By night a storm rings when it is first told; that it grows changes what stands.
    let grows = reason == Reason::WokenAgain || (reason == Reason::Storm && woke.is_some());
    let rings = reason != Reason::CaseMoved && !(grows && known.stands.is_some());
    let (title, mut body) = match (file, known.group) {
        (Some(file), _) if reason == Reason::CaseMoved => live::said(&file.case, words),
        (Some(_), _) if reason == Reason::Escalated => {
            let level = [("level", row.title.as_str())];
            (words.fill("alert.escalated", &level), String::new())
        }
        (Some(file), _) => {
            (promises::title(&file.case, known.mentions, reason, words), String::new())
        }
        (None, Some(group)) => group.said(deps, row, reason, words),
        (None, None) => {
            let values = [("reason", words.reason(reason)), ("name", row.title.as_str())];
            let title = words.fill("alert.title_other", &values);
            (title, health::said(deps, row, reason, words, known.dead, now))
        }
    };
    let mut case = file.and_then(|f| describe(deps, f, known, recipient, reason));
    if let (Some(case), Some(facts)) = (&mut case, known.customer) {
        case.customer = customer::said(facts, words);
    }
    // What moved while it could not be told was missed by nobody: it is said here.
    let late = rings && now - Instant(row.created_at) > LATE;
    if let Some(file) = file.filter(|file| late && file.case.attention != Attention::Free) {
        body = live::said(&file.case, words).0;
    }
    if let (Some(wake), true) = (woke, rings) {
        let why = words.fill("alert.woke", &[("why", words.wake(wake))]);
        body = format!("{why} {body}").trim_end().to_owned();
        if let Ok(alert) = row.id.parse::<AlertId>() {
            let act = Act::Woken { alert };
            let offer = offers::offer(deps, act, CaseId(0), &row.recipient, words, now);
            match &mut case {
                // Third, since a phone shows no more of them.
                Some(case) => case.actions.insert(case.actions.len().min(2), offer),
                None => body = format!("{body} {}: {}", offer.label, offer.url),
            }
        }
    }
    let brand = deps.brands.get(&row.brand);
    let risks = file.map_or_else(Vec::new, |f| describe::risks(f, known.mentions));
    let wakes = brand.and_then(|b| Wake::of(&b.wakes, reason, &risks)).is_some();
    Alert {
        key: row.key.clone(),
        of: known.stands.map(|stands| stands.key.clone()),
        reason,
        language: recipient.language,
        title,
        case,
        body,
        lines: known.group.map_or_else(Vec::new, |group| group.lines(words)),
        at: now,
        not_rechecked: known.unread,
        urgent: rings
            && (wakes
                || woke.is_some()
                || matches!(reason, Reason::ChannelDeaf | Reason::ChannelQuiet | Reason::Storm)),
        rings,
    }
}
