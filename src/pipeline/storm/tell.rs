//! What is told of a storm: one alert a recipient, changed in place as it grows and once it is over.

use crate::domain::reason::Reason;
use crate::domain::storm::{QUIET, StormKind, next_word};
use crate::domain::text::one_line;
use crate::domain::{AlertId, Brand, Instant};
use crate::pipeline::{Deps, StepResult, health};
use crate::speech::Catalogue;
use crate::store::outbox::NewAlert;
use crate::store::storms::{Figures, StormRow};
use crate::store::{Tx, outbox, storms};

/// Graphemes of a campaign's name.
const NAME: usize = 60;

/// Tells of a storm if it is time, and ends it once it was quiet for long enough. Gives when that is
/// to be looked at again.
pub(super) async fn tell(
    deps: &Deps,
    tx: &mut Tx,
    brand: &Brand,
    storm: &StormRow,
    now: Instant,
) -> StepResult<Option<Instant>> {
    let figures = storms::figures(tx, &storm.id, now).await?;
    let quiet = Instant(storm.last_at) + QUIET;
    let over = storm.ended_at.map(Instant).or_else(|| (quiet <= now).then_some(now));
    let ends = over.is_some() && storm.ended_at.is_none();
    let (told, told_at) = (storm.told_members, Instant(storm.told_at));
    let word = next_word(told, told_at, figures.members, storm.stirred);
    if ends || word.is_some_and(|at| at <= now) {
        say(deps, tx, brand, storm, figures, over.is_some(), now).await?;
        storms::told(tx, &storm.id, figures.members, now, over).await?;
        return Ok(over.is_none().then_some(quiet));
    }
    Ok([over.is_none().then_some(quiet), word].into_iter().flatten().min())
}

/// Alerts the brand's recipients, those of the first level of its escalation, and whoever would have
/// been told of members one by one.
async fn say(
    deps: &Deps,
    tx: &mut Tx,
    brand: &Brand,
    storm: &StormRow,
    figures: Figures,
    over: bool,
    now: Instant,
) -> StepResult<()> {
    let reason = if over { Reason::StormOver } else { Reason::Storm };
    let mut recipients = brand.recipients.clone();
    let first = first_level(deps, brand, now);
    for other in first.into_iter().chain(storms::concerned(tx, &storm.id).await?) {
        if !recipients.contains(&other) {
            recipients.push(other);
        }
    }
    let link = deps.links.storm(storm.storm_id()?);
    let kind = storm.kind()?;
    let alert = |recipient: &str, told: Reason, due_at: Option<Instant>| {
        let language = deps.recipients.get(recipient).map_or(brand.language, |r| r.language);
        NewAlert {
            id: AlertId(deps.ids.next(now)),
            key: format!("{}.{}.{reason}.{recipient}", storm.id, now.0),
            brand: brand.name.clone(),
            case: None,
            channel: String::new(),
            recipient: recipient.to_owned(),
            reason: told,
            title: brand.title.clone(),
            body: body(Catalogue::of(language), brand, storm, kind, figures, over, &link),
            due_at,
            live: storm.id.clone(),
        }
    };
    let alerts: Vec<NewAlert> = if recipients.is_empty() {
        vec![alert("", Reason::NoRecipient, None)]
    } else {
        recipients.iter().map(|recipient| alert(recipient, reason, Some(now))).collect()
    };
    outbox::add(tx, &alerts, now).await
}

/// Those of the first level of a brand's escalation.
fn first_level(deps: &Deps, brand: &Brand, now: Instant) -> Vec<String> {
    let known = |who: &str| deps.recipients.contains_key(who);
    let policy = brand.escalation.as_ref();
    policy.map_or_else(Vec::new, |policy| policy.told(1, &deps.rotas, known, now))
}

fn body(
    words: &Catalogue,
    brand: &Brand,
    storm: &StormRow,
    kind: StormKind,
    figures: Figures,
    over: bool,
    link: &str,
) -> String {
    let [count, owed, overdue, ended] =
        [figures.members, figures.owed, figures.overdue, figures.members - figures.owed]
            .map(|n| n.to_string());
    let since = health::time(Instant(storm.began_at), brand);
    let topic = storm.topic().map_or("", |topic| words.topic(topic));
    let head = match kind {
        StormKind::Like => "alert.storm_like",
        StormKind::Topic => "alert.storm_topic",
        StormKind::Rate => "alert.storm_rate",
    };
    let mut said =
        vec![words.fill(head, &[("count", &count), ("since", &since), ("topic", topic)])];
    if !storm.campaign.is_empty() {
        let name = one_line(&storm.campaign, NAME);
        said.push(words.fill("alert.storm_campaign", &[("name", &name)]));
    }
    if over {
        let last = health::time(Instant(storm.last_at), brand);
        said.push(words.fill("alert.storm_over", &[("last", &last)]));
    }
    let values = [("owed", &*owed), ("overdue", &*overdue), ("ended", &*ended), ("link", link)];
    said.push(words.fill("alert.storm_owed", &values));
    said.join(" ")
}
