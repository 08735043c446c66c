//! Alerts about a channel, a brand or a recipient, where there is no case.

use super::case_id;
use crate::domain::reason::Reason;
use crate::domain::time::{HOUR, SECOND};
use crate::domain::{AlertId, Brand, Instant};
use crate::pipeline::{Deps, stand_in};
use crate::speech::Catalogue;
use crate::store::outbox::{AlertRow, NewAlert};

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
            live: String::new(),
        }
    };
    if brand.recipients.is_empty() {
        return vec![alert("", Reason::NoRecipient, None)];
    }
    brand.recipients.iter().map(|recipient| alert(recipient, reason, Some(now))).collect()
}

/// What is pressed in a recipient's alerts does not reach us, and only a person can mend that: the
/// others of its brands hear of it, once an hour. Where there is nobody else it is told itself,
/// since alerts may arrive all the same.
pub(in crate::pipeline) fn deaf_recipient(
    deps: &Deps,
    recipient: &str,
    why: &str,
) -> Vec<NewAlert> {
    let now = deps.now();
    let hour = now.0 / HOUR;
    let tells = |brand: &&Brand| {
        let mut levels = brand.escalation.iter().flat_map(|e| e.everybody(&deps.rotas));
        brand.recipients.iter().any(|r| r == recipient) || levels.any(|name| name == recipient)
    };
    let mut alerts = Vec::new();
    for brand in deps.brands.values().filter(tells) {
        let others = brand.recipients.iter().filter(|r| *r != recipient).cloned();
        let mut others: Vec<String> = others.collect();
        if others.is_empty() {
            let instead = stand_in::anybody(deps, brand, recipient, now);
            others.push(instead.unwrap_or_else(|| recipient.to_owned()));
        }
        alerts.extend(others.into_iter().map(|other| {
            let language = deps.recipients.get(&other).map_or(brand.language, |r| r.language);
            let values = [("name", recipient), ("why", why.trim_end_matches('.'))];
            NewAlert {
                id: AlertId(deps.ids.next(now)),
                key: format!("{recipient}.deaf.{hour}.{other}"),
                brand: brand.name.clone(),
                case: None,
                channel: String::new(),
                recipient: other,
                reason: Reason::RecipientDead,
                title: recipient.to_owned(),
                body: Catalogue::of(language).fill("press.deaf", &values),
                due_at: Some(now),
                live: String::new(),
            }
        }));
    }
    alerts
}

/// When a recipient does not get an alert, who stands in for it does; without an escalation that says
/// who that is, the brand's others hear of it, with the case.
pub(super) fn tell_others(deps: &Deps, row: &AlertRow, why: &str) -> Vec<NewAlert> {
    let (Some(brand), false) =
        (deps.brands.get(&row.brand), row.reason == Reason::RecipientDead.as_str())
    else {
        return Vec::new();
    };
    let instead = case_id(row).and_then(|case| stand_in::alerts(deps, row, case, why));
    if let Some(instead) = instead {
        return instead;
    }
    let now = deps.now();
    // One word an hour about a dead recipient is enough; the case itself is told each time, and once
    // where the alert waits for longer.
    let hour = row.created_at / HOUR;
    let about = match case_id(row) {
        Some(id) => deps.links.case(id),
        None if row.is_group() => deps.links.inbox(),
        None => String::new(),
    };
    let mut others: Vec<String> =
        brand.recipients.iter().filter(|r| **r != row.recipient).cloned().collect();
    if others.is_empty() {
        others.extend(stand_in::anybody(deps, brand, &row.recipient, now));
    }
    others
        .into_iter()
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
            recipient: other,
            reason: Reason::RecipientDead,
            title: row.recipient.clone(),
            body: format!("{why} {about}").trim_end().to_owned(),
            due_at: Some(now + SECOND),
            live: String::new(),
        })
        .collect()
}
