//! `apply`: the one function that changes a case.

use super::*;
use crate::domain::escalation::Ack;
use crate::domain::time::DAY;

/// Applies one event at `now`.
///
/// Returns the changed case and what must follow, or why the event may not happen. Text from
/// outside reaches this function only as `Owed`, `Raised` and `Withdrawn`: none of them lowers or
/// ends a debt but the author's own deletion (invariant 8).
pub fn apply(
    mut case: Case,
    event: CaseEvent,
    now: Instant,
) -> Result<(Case, Vec<Effect>), NotAllowed> {
    let (state, name) = (case.state(), event.name());
    if !edges::allowed(state, name) {
        return Err(NotAllowed(format!(
            "this case is {state}; `{name}` does not apply to it. Reload it to see what happened"
        )));
    }
    let mut effects = Vec::new();
    match event {
        CaseEvent::Owed(new) => owed(&mut case, new, &mut effects),
        CaseEvent::Raised { mention, owing, severity, due, grave } => {
            let weighs = (owing, severity, grave);
            raised::raise(&mut case, mention, weighs, due, &mut effects)?;
        }
        CaseEvent::Called { owing, debts, .. } => {
            raised::called(&mut case, owing, &debts, &mut effects)?;
        }
        CaseEvent::Withdrawn { mention } => {
            let gone = |o: &&mut Obligation| o.mention == mention && o.is_owed();
            for o in case.obligations.iter_mut().filter(gone) {
                o.standing = void(VoidReason::Withdrawn, "author", "", now);
                effects.push(becomes(o, Disposition::Withdrawn));
            }
        }
        CaseEvent::Answered { evidence, at, covers } => {
            for o in case.obligations.iter_mut() {
                if o.is_owed() && covers.contains(&o.mention) {
                    o.standing = Standing::Met { evidence: evidence.clone(), at };
                    // What a colleague answered elsewhere before our time stays in the baseline:
                    // to count only that part of it would flatter the share.
                    o.first_look &= matches!(evidence, Evidence::Native { .. });
                    effects.push(becomes(o, Disposition::Answered));
                }
            }
            if effects.is_empty() {
                return Err(NotAllowed("nothing that is owed here was answered by it".to_owned()));
            }
        }
        CaseEvent::Taken { by, until } => take(&mut case, by, until, now, &mut effects)?,
        CaseEvent::Released { by } => {
            if let Some((owner, _)) = case.taken_from(&by) {
                return Err(NotAllowed(format!(
                    "{owner} has taken this case; only {owner} can release it"
                )));
            }
            case.attention = Attention::Free;
            // To take was to acknowledge; nobody goes after it any more.
            case.escalation.acked = None;
        }
        CaseEvent::TakeRanOut => expire(&mut case, now, Reason::TakeRanOut, &mut effects)?,
        CaseEvent::SnoozeOver => expire(&mut case, now, Reason::SnoozeOver, &mut effects)?,
        CaseEvent::MoveLapsed => expire(&mut case, now, Reason::StillOwed, &mut effects)?,
        CaseEvent::Snoozed { by, until } => {
            later(until, now)?;
            soon(until, now)?;
            not_of_another(&case, &by)?;
            case.attention = Attention::Snoozed { by, until };
        }
        CaseEvent::Moved { by, until } => {
            later(until, now)?;
            not_of_another(&case, &by)?;
            case.attention = Attention::Moved { by, until };
        }
        CaseEvent::Voided { reason, by, note, spares } => {
            if note.trim().is_empty() && matches!(reason, VoidReason::Waived | VoidReason::Closed) {
                return Err(NotAllowed(
                    "say why no answer is needed: the reason stands in the ledger".to_owned(),
                ));
            }
            not_of_another(&case, &by)?;
            let meant = |o: &&mut Obligation| o.is_owed() && !spares.contains(&o.mention);
            for o in case.obligations.iter_mut().filter(meant) {
                o.standing = void(reason, &by, &note, now);
                // Whoever ends one by hand has opened it.
                o.first_look = false;
                effects.push(becomes(o, disposition_of(reason)));
            }
            if effects.is_empty() {
                return Err(NotAllowed("nothing that is owed here was ended by it".to_owned()));
            }
        }
        CaseEvent::Opened { debts, .. } => open(&mut case, &debts, now, &mut effects)?,
        CaseEvent::BeforeUs { by, note } => {
            let waits = |o: &&mut Obligation| o.first_look && o.is_owed();
            for o in case.obligations.iter_mut().filter(waits) {
                o.standing = void(VoidReason::Waived, &by, &note, now);
                effects.push(becomes(o, Disposition::Waived));
            }
            if effects.is_empty() {
                return Err(NotAllowed(NOTHING_WAITS.to_owned()));
            }
        }
        CaseEvent::Reopened { due, .. } => reopen(&mut case, due, now, &mut effects)?,
        CaseEvent::HandedOver { by, to, reference } => {
            if to.trim().is_empty() {
                return Err(NotAllowed("say to whom it was handed over".to_owned()));
            }
            not_of_another(&case, &by)?;
            case.handed_over = Some(HandedOver { by, to, at: now, reference, closed_at: None });
        }
        CaseEvent::TakenBack { .. } => {
            if case.handed_over.take().is_none() {
                return Err(NotAllowed("this case was handed over to nobody".to_owned()));
            }
        }
        CaseEvent::TicketFiled { to, reference } => {
            let ticket = ticket(&mut case, &to)?;
            (ticket.reference, ticket.closed_at) = (reference, None);
        }
        CaseEvent::TicketClosed { to } => ticket(&mut case, &to)?.closed_at = Some(now),
        CaseEvent::TicketOpened { to } => ticket(&mut case, &to)?.closed_at = None,
        CaseEvent::Overdue => {
            let passed = |o: &&mut Obligation| {
                o.is_owed() && !o.first_look && !o.overdue_told && o.due <= now
            };
            let mut ring = false;
            for o in case.obligations.iter_mut().filter(passed) {
                o.overdue_told = true;
                ring |= o.owing == Owing::Complaint;
            }
            case.told_at = now;
            effects.extend(ring.then_some(Effect::Alert(Reason::Overdue)));
        }
        CaseEvent::NotResolved => {
            if case.resolution.late_at().is_none_or(|at| now < at) {
                return Err(NotAllowed("its resolution is not late".to_owned()));
            }
            case.resolution.told = true;
            effects.push(Effect::Alert(Reason::NotResolved));
        }
        CaseEvent::StillOwed => {
            case.told_at = now;
            effects.extend(rings(&case).then_some(Effect::Alert(Reason::StillOwed)));
        }
        CaseEvent::Escalated { level } => {
            let holds = case.escalation.level;
            // A later complaint comes to levels of its own.
            let later = case.escalation.next.is_some_and(|next| next.level <= level);
            if level == 0 || level < holds && !later {
                return Err(NotAllowed(format!("it has come to level {holds} already")));
            }
            (case.escalation.level, case.escalation.rang) = (level.max(holds), level);
            case.escalation.acked = None;
            effects.extend(rings(&case).then_some(Effect::Alert(Reason::Escalated)));
        }
        CaseEvent::Acknowledged { by } => {
            if let Some(Ack { by, at }) = &case.escalation.acked {
                return Err(NotAllowed(format!(
                    "{by} has acknowledged it at {at}; nothing more is needed until the next level"
                )));
            }
            case.escalation.acked = Some(Ack { by, at: now });
        }
        CaseEvent::Commitment(event) => commit::apply(&mut case, event, now, &mut effects)?,
    }
    if case.owed().next().is_none() {
        case.attention = Attention::Free;
    }
    if !rings(&case) {
        case.escalation = Escalation::default();
    }
    if effects.iter().any(|e| matches!(e, Effect::Alert(_))) {
        case.told_at = now;
    }
    debug_assert!(edges::lands(state, name, case.state()), "{state} --{name}--> {}", case.state());
    Ok((case, effects))
}

fn owed(case: &mut Case, new: Obligation, effects: &mut Vec<Effect>) {
    let reason = told_as(case, &new);
    effects.push(becomes(&new, Disposition::Open));
    let waits = new.first_look;
    let ring = new.owing == Owing::Complaint && !waits;
    match case.obligations.iter_mut().find(|o| o.mention == new.mention) {
        Some(again) => *again = new.following(again),
        None => case.obligations.push(new),
    }
    // A new word from the customer ends a snooze and a wait for private contact, not a take.
    if !matches!(case.attention, Attention::Taken { .. }) {
        case.attention = Attention::Free;
        // What was acknowledged was said before this.
        case.escalation.acked = None;
    }
    effects.extend((!waits).then_some(Effect::Draft));
    if ring {
        effects.push(Effect::Alert(reason));
    }
}

/// How a debt that begins is told: what a person had ended, and a text that was answered before it
/// was changed, are opened again.
fn told_as(case: &Case, new: &Obligation) -> Reason {
    let answered = |o: &Obligation| o.mention == new.mention && !o.is_owed();
    match case.state() {
        _ if case.obligations.is_empty() => Reason::NewComplaint,
        State::Waived | State::Closed | State::NotOwed => Reason::Reopened,
        _ if case.obligations.iter().any(answered) => Reason::Reopened,
        _ => Reason::Again,
    }
}

/// Why a first look cannot be opened where none waits.
const NOTHING_WAITS: &str = "nothing of a first look waits here";

/// Opens debts of a first look: each that is owed gets its deadline, as if it were heard now.
fn open(
    case: &mut Case,
    debts: &[(MentionId, Instant)],
    now: Instant,
    effects: &mut Vec<Effect>,
) -> Result<(), NotAllowed> {
    let mut any = false;
    for o in case.obligations.iter_mut().filter(|o| o.first_look) {
        let Some((_, due)) = debts.iter().find(|(mention, _)| *mention == o.mention) else {
            continue;
        };
        (o.first_look, any) = (false, true);
        if o.is_owed() {
            (o.due, o.overdue_told) = (*due, false);
        }
    }
    if !any {
        return Err(NotAllowed(NOTHING_WAITS.to_owned()));
    }
    case.told_at = now;
    effects.extend(case.opened().next().map(|_| Effect::Draft));
    Ok(())
}

fn take(
    case: &mut Case,
    by: String,
    until: Instant,
    now: Instant,
    effects: &mut Vec<Effect>,
) -> Result<(), NotAllowed> {
    later(until, now)?;
    not_of_another(case, &by)?;
    // To take a case is to open it; it cannot be overdue before its take runs out.
    for o in case.obligations.iter_mut().filter(|o| o.first_look) {
        o.first_look = false;
        o.due = o.due.max(until);
        effects.extend(o.is_owed().then_some(Effect::Draft));
    }
    case.escalation.acked = Some(Ack { by: by.clone(), at: now });
    case.attention = Attention::Taken { by, until };
    Ok(())
}

fn expire(
    case: &mut Case,
    now: Instant,
    reason: Reason,
    effects: &mut Vec<Effect>,
) -> Result<(), NotAllowed> {
    if let Attention::Taken { until, .. }
    | Attention::Snoozed { until, .. }
    | Attention::Moved { until, .. } = case.attention
        && now < until
    {
        return Err(NotAllowed(format!("it runs until {until}")));
    }
    case.attention = Attention::Free;
    case.escalation.acked = None;
    effects.extend(rings(case).then_some(Effect::Alert(reason)));
    Ok(())
}

fn reopen(
    case: &mut Case,
    due: Instant,
    now: Instant,
    effects: &mut Vec<Effect>,
) -> Result<(), NotAllowed> {
    // What a person ended comes back; where all was answered, the latest answer did not do.
    let by_person = |o: &Obligation| match &o.standing {
        Standing::Void { reason, .. } => *reason != VoidReason::Withdrawn,
        _ => false,
    };
    let latest_answer = case.obligations.iter().filter_map(|o| match &o.standing {
        Standing::Met { at, .. } => Some(*at),
        _ => None,
    });
    let latest_answer = latest_answer.max();
    let any_by_person = case.obligations.iter().any(by_person);
    for o in case.obligations.iter_mut() {
        let back = match &o.standing {
            Standing::Met { at, .. } => !any_by_person && Some(*at) == latest_answer,
            _ => by_person(o),
        };
        if back {
            o.reopen(due, now);
            effects.push(becomes(o, Disposition::Open));
        }
    }
    if effects.is_empty() {
        return Err(NotAllowed("the customer took it back; nothing is left to answer".to_owned()));
    }
    effects.push(Effect::Draft);
    effects.extend(rings(case).then_some(Effect::Alert(Reason::Reopened)));
    Ok(())
}

/// Whether anything that stands is worth an alert of its own.
pub(super) fn rings(case: &Case) -> bool {
    case.opened().any(|o| o.owing == Owing::Complaint)
}

/// The hand-over to that system.
fn ticket<'a>(case: &'a mut Case, to: &str) -> Result<&'a mut HandedOver, NotAllowed> {
    let there = case.handed_over.as_mut().filter(|handed| handed.to == to);
    there.ok_or_else(|| NotAllowed(format!("this case is not handed over to {to} any more")))
}

fn later(until: Instant, now: Instant) -> Result<(), NotAllowed> {
    if until <= now {
        return Err(NotAllowed(format!("{until} has passed; name a time after {now}")));
    }
    Ok(())
}

fn soon(until: Instant, now: Instant) -> Result<(), NotAllowed> {
    let last = now + LONGEST_SNOOZE;
    if until > last {
        let days = LONGEST_SNOOZE / DAY;
        return Err(NotAllowed(format!(
            "{until} is more than {days} days away; name a time up to {last}, or plan a follow-up"
        )));
    }
    Ok(())
}

fn not_of_another(case: &Case, by: &str) -> Result<(), NotAllowed> {
    match case.taken_from(by) {
        Some((owner, until)) => {
            Err(NotAllowed(format!("{owner} has taken this case until {until}; ask {owner}")))
        }
        None => Ok(()),
    }
}

fn void(reason: VoidReason, by: &str, note: &str, at: Instant) -> Standing {
    Standing::Void { reason, by: by.to_owned(), note: note.to_owned(), at }
}

fn becomes(o: &Obligation, disposition: Disposition) -> Effect {
    Effect::Becomes { mention: o.mention, disposition }
}

fn disposition_of(reason: VoidReason) -> Disposition {
    match reason {
        VoidReason::Waived => Disposition::Waived,
        VoidReason::Closed => Disposition::Closed,
        VoidReason::Withdrawn => Disposition::Withdrawn,
        VoidReason::NotComplaint | VoidReason::NotAboutUs => Disposition::NotOwed,
    }
}
