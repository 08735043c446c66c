//! How channels fare, told to people: in their language, with whom to ask and where to reconnect.

use super::{Channel, Deps, StepResult, reconnect};
use crate::domain::reason::Reason;
use crate::domain::text::one_line;
use crate::domain::{AlertId, Brand, Instant};
use crate::links::Connect;
use crate::speech::Catalogue;
use crate::store::outbox::{AlertRow, NewAlert};
use crate::store::{Tx, credentials, lanes, outbox};

/// Stands between a time and what it is about; no time holds it.
const BETWEEN: &str = ": ";
/// Longest name of an owner in an alert; the configuration may say more.
const LONGEST_NAME: usize = 100;

/// Alerts whoever is concerned about a channel. `mark` tells this occasion from others of the same
/// reason: what was told once with it is not told again. `what` is the fault, the time, or both a
/// time and what it is about ([`timed`]), that [`said`] puts into words at delivery.
pub(super) async fn tell(
    deps: &Deps,
    tx: &mut Tx,
    channel: &Channel,
    reason: Reason,
    mark: &str,
    what: &str,
    now: Instant,
) -> StepResult<()> {
    let alerts: Vec<NewAlert> = concerned(deps, channel)
        .into_iter()
        .map(|recipient| NewAlert {
            id: AlertId(deps.ids.next(now)),
            key: format!("{}.{mark}.{reason}.{recipient}", channel.name),
            brand: channel.brand.clone(),
            case: None,
            channel: channel.name.clone(),
            recipient: recipient.to_owned(),
            reason,
            title: channel.name.clone(),
            body: what.to_owned(),
            due_at: Some(now),
            live: String::new(),
        })
        .collect();
    outbox::add(tx, &alerts, now).await
}

/// The brand's recipients, and the channel's owner where the configuration names one of them.
fn concerned<'a>(deps: &'a Deps, channel: &'a Channel) -> Vec<&'a str> {
    let brand = deps.brands.get(&channel.brand);
    let mut all: Vec<&str> =
        brand.into_iter().flat_map(|b| b.recipients.iter().map(String::as_str)).collect();
    if let Some(owner) = channel.owner.as_deref()
        && deps.recipients.contains_key(owner)
        && !all.contains(&owner)
    {
        all.push(owner);
    }
    all
}

/// A time as the brand's people read it.
pub(super) fn time(at: Instant, brand: &Brand) -> String {
    let there = at.timestamp().to_zoned(brand.zone.clone());
    there.strftime("%Y-%m-%d %H:%M %Z").to_string()
}

/// A time and what it is about, as [`tell`] takes them both.
pub(super) fn timed(at: Instant, brand: &Brand, what: &str) -> String {
    format!("{}{BETWEEN}{what}", time(at, brand))
}

/// Marks a channel whose credential is refused, and tells of it once.
pub(super) async fn dead(
    deps: &Deps,
    tx: &mut Tx,
    channel: &Channel,
    why: &str,
    now: Instant,
) -> StepResult<()> {
    if !credentials::die(tx, &channel.name, why, now).await? {
        return Ok(());
    }
    let before = lanes::channel(tx, &channel.name).await?;
    let since = before.and_then(|c| c.fault_at).map_or(now, Instant);
    lanes::mark_channel(tx, &channel.name, "deaf", why, Some(since), None).await?;
    tell(deps, tx, channel, Reason::ChannelDeaf, &now.0.to_string(), why, now).await
}

/// Takes a channel's mark off, and tells whoever was told that it is deaf.
pub(super) async fn back(
    deps: &Deps,
    tx: &mut Tx,
    channel: &Channel,
    now: Instant,
) -> StepResult<()> {
    let Some(before) = lanes::channel(tx, &channel.name).await? else { return Ok(()) };
    if !matches!(before.state.as_str(), "failing" | "deaf") {
        return Ok(());
    }
    lanes::mark_channel(tx, &channel.name, "hearing", "", None, None).await?;
    if before.state == "deaf" {
        tell(deps, tx, channel, Reason::ChannelBack, &now.0.to_string(), "", now).await?;
    }
    Ok(())
}

/// What an alert about a channel says to its recipient. `dead`: its credential is refused. A link
/// is made anew for every attempt, so that each works for its whole day.
pub(super) fn said(
    deps: &Deps,
    row: &AlertRow,
    reason: Reason,
    words: &Catalogue,
    dead: bool,
    now: Instant,
) -> String {
    let (name, what) = (row.channel.as_str(), row.body.as_str());
    let (time, of) = what.split_once(BETWEEN).unwrap_or(("", what));
    let first = match reason {
        Reason::ChannelDeaf => {
            let why = what.trim_end_matches('.');
            words.fill("alert.channel_deaf", &[("name", name), ("why", why)])
        }
        Reason::ChannelBack => words.fill("alert.channel_back", &[("name", name)]),
        Reason::CredentialEnds => {
            words.fill("alert.credential_ends", &[("name", name), ("time", what)])
        }
        Reason::ChannelQuiet => {
            let values = [("name", name), ("lanes", of), ("since", time)];
            words.fill("alert.channel_quiet", &values)
        }
        Reason::BudgetSpent => {
            let values = [("name", name), ("limit", of), ("until", time)];
            words.fill("alert.budget_spent", &values)
        }
        _ => return row.body.clone(),
    };
    let Some(channel) = deps.channels.get(name).filter(|_| reason != Reason::ChannelBack) else {
        return first;
    };
    let mut said = vec![first];
    let mut person = |key: &str, place: &str, name: &Option<String>| {
        if let Some(name) = name {
            said.push(words.fill(key, &[(place, &one_line(name, LONGEST_NAME))]));
        }
    };
    person("alert.who_owns", "owner", &channel.owner);
    person("alert.who_granted", "name", &channel.granted_by);
    let ends = dead || reason == Reason::CredentialEnds;
    if ends && !reconnect::asks(channel, now).is_empty() {
        let connect = Connect::new(name, &row.recipient, now, deps.ids.bytes());
        let link = deps.links.connect(&deps.signer.sign_connect(&connect));
        said.push(words.fill("alert.reconnect", &[("link", &link)]));
    }
    said.join(" ")
}
