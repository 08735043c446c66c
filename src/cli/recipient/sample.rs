//! The sample of an alert: sent by the real path, changed in place, each step shown.

use crate::cli::failure::Failure;
use crate::cli::{house, out};
use crate::domain::text::one_line;
use crate::domain::time::DAY;
use crate::domain::{AlertId, CaseId};
use crate::fetch::{Peer, Purpose};
use crate::links::{Act, Button};
use crate::notify::Sample;
use crate::pipeline::{Deps, Recipient};
use crate::speech::Catalogue;
use crate::wire::{Acts, Alert, Delivered, Fault, Reached, Talk};
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
    let change = Sample::change(alert);
    match edit(deps, recipient, &change, &delivered.remote).await {
        Ok(true) => out::line("changed in place: yes")?,
        Ok(false) => out::line("changed in place: cannot be; a short word follows instead")?,
        Err(fault) => {
            let why = format!("the sample at {name} was not changed: {}", fault.why);
            return Err(Failure::outside(why));
        }
    }
    // PagerDuty vouches for who acknowledges, and tells nobody anything.
    let answers = matches!(meta.acts, Acts::Outbound { .. } | Acts::Either);
    if answers && recipient.is_vouched_for() {
        let label = Catalogue::of(recipient.language).get("action.take");
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
    let now = deps.now();
    let mut brands = deps.brands.values();
    let brand = brands.find(|b| b.recipients.contains(&recipient.name));
    let zone = recipient.zone.clone().or_else(|| brand.map(|b| b.zone.clone()));
    let button = Button { act: Act::Take, case: CaseId(0), expires: now + DAY };
    let sample = Sample {
        key: format!("sample.{}", AlertId(deps.ids.next(now))),
        language: recipient.language,
        brand: brand.map_or("ascolto", |b| b.name.as_str()),
        now,
        zone: zone.unwrap_or(TimeZone::UTC),
        inbox: deps.links.inbox(),
        button: deps.signer.sign_button(button, &recipient.name),
    };
    sample.alert()
}
