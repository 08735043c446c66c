//! What a button or a link of an alert does, with what was said beside it: one way for both.

use super::{Act, ActError, act_as_seen, publish};
use crate::domain::case::LONGEST_SNOOZE;
use crate::domain::time::HOUR;
use crate::domain::{CaseId, Instant};
use crate::links::Act as Link;
use crate::pipeline::Deps;
use crate::pipeline::woken::in_vain;
use crate::store::{cases, drafts};
use crate::wire::Asks;
use jiff::civil::{Date, DateTime, Time};

/// The hour of a business morning where a brand works around the clock.
const MORNING: i8 = 9;

/// What whoever presses must say besides.
pub fn asks(act: Link) -> Asks {
    match act {
        Link::Take | Link::Ack | Link::Woken { .. } => Asks::Nothing,
        Link::Publish { .. } => Asks::Sure,
        Link::Edit { .. } => Asks::Text,
        Link::Waive | Link::NotComplaint | Link::NotAboutUs => Asks::Reason,
        Link::Snooze => Asks::Until,
        Link::Answered => Asks::Link,
        Link::HandOver => Asks::Nothing,
    }
}

/// Carries an act out on behalf of an agent, or of a recipient whose link was confirmed. `said` is
/// what was written beside it: a reason, until when, a text, a link. `seen` is as of
/// [`act_as_seen`].
///
/// # Errors
/// As of [`act_as_seen`] and [`publish`]; `Invalid` where a reason or a text is missing, with what to write.
pub async fn carry_out(
    deps: &Deps,
    what: Link,
    case: CaseId,
    agent: &str,
    said: &str,
    seen: Option<i64>,
) -> Result<(), ActError> {
    let said = said.trim();
    let reason = || match said {
        "" => Err(ActError::Invalid("a reason is needed: write why".to_owned())),
        said => Ok(said.to_owned()),
    };
    let change = match what {
        Link::Take => Act::Take,
        Link::Ack => Act::Acknowledge,
        Link::Waive => Act::Waive(reason()?),
        Link::NotComplaint => Act::NotComplaint(said.to_owned()),
        Link::NotAboutUs => Act::NotAboutUs(said.to_owned()),
        Link::Answered => Act::Answered(link(said)?),
        Link::Snooze => Act::Snooze(until(deps, case, said).await?),
        Link::HandOver => Act::HandOver { to: said.to_owned(), reference: String::new() },
        Link::Woken { alert } => return in_vain(deps, alert, agent).await,
        Link::Edit { draft_rev } => {
            return publish(deps, case, agent, draft_rev, said).await.map(|_| ());
        }
        Link::Publish { draft_rev } => return publish_shown(deps, case, agent, draft_rev).await,
    };
    act_as_seen(deps, case, agent, change, seen).await
}

/// Publishes the draft of this revision word by word as the alert showed it.
async fn publish_shown(deps: &Deps, case: CaseId, agent: &str, rev: i64) -> Result<(), ActError> {
    let mut tx = deps.store.read().await?;
    let draft = drafts::draft(&mut tx, case).await?;
    drop(tx);
    let draft = draft.ok_or_else(|| ActError::NotAllowed("there is no draft".to_owned()))?;
    if draft.rev != rev {
        return Err(ActError::Stale(draft));
    }
    publish(deps, case, agent, rev, &draft.text).await.map(|_| ())
}

/// A link that somebody wrote: an address of the web, or nothing.
fn link(said: &str) -> Result<String, ActError> {
    let is_link = |s: &str| {
        url::Url::parse(s).is_ok_and(|u| matches!(u.scheme(), "http" | "https") && u.has_host())
    };
    if said.is_empty() || is_link(said) {
        return Ok(said.to_owned());
    }
    Err(ActError::Invalid("that is no link: paste one that begins with https://".to_owned()))
}

/// Until when something is put off: a number of hours (`1h`), `morning` (the brand's next business
/// morning), a day (`2026-11-25`, from when the brand opens) or a time (`2026-11-25 14:30`), on the
/// clocks of the brand's zone.
async fn until(deps: &Deps, case: CaseId, said: &str) -> Result<Instant, ActError> {
    let now = deps.now();
    let hours = said.strip_suffix('h').and_then(|n| n.parse::<i64>().ok());
    if let Some(hours) = hours.filter(|n| (1..=LONGEST_SNOOZE / HOUR).contains(n)) {
        return Ok(now + hours * HOUR);
    }
    let mut tx = deps.store.read().await?;
    let loaded = cases::load(&mut tx, &[case]).await?;
    let file = loaded.first().ok_or_else(|| ActError::Unknown(format!("case {case}")))?;
    let brand = deps.brands.get(&file.case.brand).ok_or_else(|| {
        ActError::NotAllowed(format!("brand {} is not configured any more", file.case.brand))
    })?;
    let begins = |day: Date| -> Option<Instant> {
        let at = |time: DateTime| {
            let there = time.to_zoned(brand.zone.clone()).ok()?;
            Some(Instant(there.timestamp().as_millisecond()))
        };
        let open = brand.calendar.next_open(at(day.to_datetime(Time::midnight()))?);
        let there = open.timestamp().to_zoned(brand.zone.clone());
        // Who works around the clock opens at no hour; nobody means midnight by a morning.
        let never_shut = there.time() == Time::midnight();
        if never_shut { at(there.date().at(MORNING, 0, 0, 0)) } else { Some(open) }
    };
    let wrong = || {
        ActError::Invalid(
            "until when? write 1h, morning, a day (2026-11-25) or a time (2026-11-25 14:30)"
                .to_owned(),
        )
    };
    let at = if said == "morning" {
        let today = now.timestamp().to_zoned(brand.zone.clone()).date();
        today.tomorrow().ok().and_then(begins)
    } else if let Ok(day) = said.parse::<Date>() {
        begins(day)
    } else {
        let time = said.parse::<DateTime>().ok();
        let zoned = time.and_then(|t| t.to_zoned(brand.zone.clone()).ok());
        zoned.map(|z| Instant(z.timestamp().as_millisecond()))
    };
    let at = at.ok_or_else(wrong)?;
    if at <= now {
        return Err(ActError::Invalid(format!("{said} is over already; write a later time")));
    }
    Ok(at)
}
