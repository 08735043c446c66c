//! Who gets the alert of a recipient that fails for good, where a brand's escalation says so: its
//! fallback, and where that fails too its last resort.

use super::Deps;
use crate::domain::escalation::resolve;
use crate::domain::reason::Reason;
use crate::domain::time::HOUR;
use crate::domain::{AlertId, Brand, CaseId, Instant};
use crate::store::outbox::{AlertRow, NewAlert};

/// What the key of an alert ends with that went to a fallback; no name holds a plus.
const FALLBACK: &str = "+fallback";
/// The same for the last resort.
const LAST_RESORT: &str = "+last_resort";

/// The alert once more for who stands in, with a word that its recipient cannot be reached. `None`
/// where nobody is left who would, or the brand has no escalation: its other recipients are told.
pub(super) fn alerts(
    deps: &Deps,
    row: &AlertRow,
    case: CaseId,
    why: &str,
) -> Option<Vec<NewAlert>> {
    let now = deps.now();
    let (key, who) = next(deps, row, now)?;
    let reason: Reason = row.reason.parse().ok()?;
    let again = NewAlert {
        id: AlertId(deps.ids.next(now)),
        key,
        brand: row.brand.clone(),
        case: Some(case),
        channel: String::new(),
        recipient: who.clone(),
        reason,
        title: row.title.clone(),
        body: row.body.clone(),
        due_at: Some(now),
        live: row.live.clone(),
    };
    // One word an hour about a dead recipient is enough.
    let dead = NewAlert {
        id: AlertId(deps.ids.next(now)),
        key: format!("{}.dead.{}..{who}", row.recipient, now.0 / HOUR),
        case: None,
        channel: row.channel.clone(),
        reason: Reason::RecipientDead,
        title: row.recipient.clone(),
        body: why.to_owned(),
        live: String::new(),
        ..again.clone()
    };
    Some(vec![again, dead])
}

/// Who stands in for a recipient where no other one of its brand is left to be told.
pub(super) fn anybody(deps: &Deps, brand: &Brand, recipient: &str, now: Instant) -> Option<String> {
    let policy = brand.escalation.as_ref()?;
    let names = policy.fallback.iter().chain(&policy.last_resort);
    let there = |who: &String| who != recipient && deps.recipients.contains_key(who);
    names.filter_map(|name| resolve(name, &deps.rotas, now)).find(there)
}

/// The key of an alert without whom it goes to: that of what happened.
pub(super) fn cause(row: &AlertRow) -> &str {
    let ends = [FALLBACK, LAST_RESORT, row.recipient.as_str()];
    ends.into_iter().find_map(|end| row.key.strip_suffix(end)).unwrap_or(&row.key)
}

/// Who is next after a recipient, and the key under which that one is told: once for each event of
/// a case, however many of its recipients fail.
fn next(deps: &Deps, row: &AlertRow, now: Instant) -> Option<(String, String)> {
    let policy = deps.brands.get(&row.brand)?.escalation.as_ref()?;
    let (base, may_fall_back) = match row.key.strip_suffix(FALLBACK) {
        Some(base) => (base, false),
        None if row.key.ends_with(LAST_RESORT) => return None,
        None => (row.key.strip_suffix(&row.recipient)?, true),
    };
    let there = |name: &Option<String>| {
        let who = resolve(name.as_deref()?, &deps.rotas, now)?;
        (who != row.recipient && deps.recipients.contains_key(&who)).then_some(who)
    };
    let fallback = there(&policy.fallback).filter(|_| may_fall_back);
    let fallback = fallback.map(|who| (format!("{base}{FALLBACK}"), who));
    fallback.or_else(|| there(&policy.last_resort).map(|who| (format!("{base}{LAST_RESORT}"), who)))
}
