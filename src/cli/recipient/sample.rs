//! The sample of an alert: sent by the real path, changed in place, each step shown.

use crate::cli::failure::Failure;
use crate::cli::{house, out};
use crate::domain::reason::Reason;
use crate::domain::text::one_line;
use crate::domain::time::{DAY, HOUR};
use crate::domain::{AlertId, CaseId, Topic};
use crate::fetch::{Peer, Purpose};
use crate::links::{Act, Button};
use crate::pipeline::{Deps, Recipient, acts};
use crate::speech::Catalogue;
use crate::wire::{Acts, Alert, AlertAct, AlertCase, AlertStands, Delivered, Fault, Reached, Talk};
use jiff::tz::TimeZone;

/// Sends a recipient the sample, then changes it.
pub(super) async fn send(deps: &Deps, name: &str) -> Result<(), Failure> {
    let Some(recipient) = deps.recipients.get(name) else {
        let hint = house::instead(name, deps.recipients.keys());
        return Err(Failure::usage(format!("there is no recipient {name}; {hint}")));
    };
    let meta = recipient.notifier.meta();
    out::line(&format!("settings: good ({})", meta.title))?;
    let alert = alert(deps, recipient);
    let delivered = match deliver(deps, recipient, &alert).await {
        Ok(delivered) => delivered,
        Err(fault) => {
            let there = if fault.reached == Reached::Answered { "yes" } else { "no" };
            out::line(&format!("connected: {there}"))?;
            return Err(Failure::outside(format!("{name} was not told: {}", fault.why)));
        }
    };
    out::line("connected: yes")?;
    match one_line(&delivered.remote, 100) {
        remote if remote.is_empty() => out::line("delivered: yes; the receiver names no id")?,
        remote => out::line(&format!("delivered: {remote}"))?,
    }
    let words = Catalogue::of(recipient.language);
    let change = Alert {
        key: format!("{}.changed", alert.key),
        of: Some(alert.key.clone()),
        title: words.get("sample.changed").to_owned(),
        rings: false,
        ..alert
    };
    match edit(deps, recipient, &change, &delivered.remote).await {
        Ok(true) => out::line("changed in place: yes")?,
        Ok(false) => out::line("changed in place: cannot be; a short word follows instead")?,
        Err(fault) => {
            let why = format!("the sample at {name} was not changed: {}", fault.why);
            return Err(Failure::outside(why));
        }
    }
    if meta.acts != Acts::Links {
        let label = words.get("action.take");
        out::say(&format!(
            "press \"{label}\" in it while the service runs: it says whether Ascolto knows you"
        ));
    }
    Ok(())
}

async fn deliver(deps: &Deps, recipient: &Recipient, alert: &Alert) -> Result<Delivered, Fault> {
    let talk = {
        let owned = deps.engine.ctx(Peer::Notifier(recipient.notifier), &recipient.link).await?;
        recipient.notifier.send(alert, &owned.cx())
    };
    say(deps, recipient, talk).await
}

/// Whether it was changed in place.
async fn edit(
    deps: &Deps,
    recipient: &Recipient,
    alert: &Alert,
    remote: &str,
) -> Result<bool, Fault> {
    let talk = {
        let owned = deps.engine.ctx(Peer::Notifier(recipient.notifier), &recipient.link).await?;
        recipient.notifier.edit(alert, remote, &owned.cx())
    };
    let Some(talk) = talk else { return Ok(false) };
    say(deps, recipient, talk).await.map(|_| true)
}

async fn say<'a>(
    deps: &'a Deps,
    recipient: &'a Recipient,
    talk: Box<dyn Talk<Delivered> + 'a>,
) -> Result<Delivered, Fault> {
    let peer = Peer::Notifier(recipient.notifier);
    deps.engine.begin(peer, &recipient.link, talk, Purpose::Alert, None).finish().await
}

/// An alert that nobody can take for a real one; its button says who pressed and does nothing.
fn alert(deps: &Deps, recipient: &Recipient) -> Alert {
    let (now, words) = (deps.now(), Catalogue::of(recipient.language));
    let mut brands = deps.brands.values();
    let brand = brands.find(|b| b.recipients.contains(&recipient.name));
    let due = now + HOUR;
    let zone = brand.map_or(TimeZone::UTC, |b| b.zone.clone());
    let due_text = due.timestamp().to_zoned(zone).strftime("%Y-%m-%d %H:%M %Z").to_string();
    let button = Button { act: Act::Take, case: CaseId(0), expires: now + DAY };
    let take = AlertAct {
        name: Act::Take.name(),
        label: words.get("action.take").to_owned(),
        asks: acts::asks(Act::Take),
        url: deps.links.inbox(),
        button: deps.signer.sign_button(button, &recipient.name),
    };
    Alert {
        key: format!("sample.{}", AlertId(deps.ids.next(now))),
        of: None,
        reason: Reason::NewComplaint,
        language: recipient.language,
        title: words.get("sample.title").to_owned(),
        case: Some(AlertCase {
            id: "sample".to_owned(),
            brand: brand.map_or("ascolto", |b| b.name.as_str()).to_owned(),
            network: "ascolto".to_owned(),
            author: words.get("sample.author").to_owned(),
            text: words.get("sample.text").to_owned(),
            language: recipient.language,
            severity: 1,
            strikes: 0,
            strikes_since: String::new(),
            customer: String::new(),
            topic: Topic::Other,
            risk: Vec::new(),
            why: Vec::new(),
            due,
            due_text,
            draft: words.get("sample.draft").to_owned(),
            url: deps.links.inbox(),
            link: deps.links.inbox(),
            private: false,
            reply_limit: None,
            window_text: String::new(),
            actions: vec![take],
            stands: AlertStands::Open,
        }),
        body: String::new(),
        lines: Vec::new(),
        at: now,
        not_rechecked: false,
        urgent: false,
        rings: true,
    }
}
