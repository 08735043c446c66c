//! What the case page says of whose case it is and how urgent: each part of its priority, the
//! authors that people put together, who else it may be; and the buttons for it.

use super::render::Page;
use super::session::{LoggedIn, Posted};
use super::view::{self, When};
use crate::domain::customer::CustomerFacts;
use crate::domain::person::{AuthorKey, TraceKind};
use crate::domain::priority::{Part, Weighed, Weights, place};
use crate::domain::time::DAY;
use crate::domain::{CaseId, Instant};
use crate::pipeline::acts::ActError;
use crate::pipeline::persons::{self, Customer, Folder, Lead, Suggestion};
use crate::pipeline::{Deps, customer};
use crate::speech::Catalogue;
use crate::store::cases::CaseFile;
use crate::store::strikes::NewestRow;
use crate::store::{StoreError, Tx};
use crate::web::front::Shared;
use jiff::tz::TimeZone;
use serde::Serialize;

/// The longest mute that the page offers.
const LONGEST_MUTE: i64 = 366;

/// Whose case it is, and whether its reader is a lead.
pub struct Read {
    folder: Folder,
    lead: bool,
    /// What the company's own system says.
    facts: CustomerFacts,
}

/// Reads whose case it is.
pub async fn read(
    deps: &Deps,
    tx: &mut Tx,
    file: &CaseFile,
    agent: &LoggedIn,
) -> Result<Read, StoreError> {
    let customer = Customer::of_author(tx, &AuthorKey::of(&file.case)).await?;
    let folder = Folder::read(deps, tx, customer).await?;
    let facts = customer::of_file(deps, tx, file).await?.unwrap_or_default();
    Ok(Read { folder, lead: Lead::of(tx, &agent.name).await?.is_some(), facts })
}

/// The priority, part by part.
#[derive(Serialize)]
pub struct Urgency {
    points: i64,
    /// As if it were due then.
    urgent: When,
    parts: Vec<Portion>,
}

#[derive(Serialize)]
struct Portion {
    what: String,
    points: i64,
}

/// How urgent a case is; `None` where nothing has a deadline.
pub fn urgency(
    file: &CaseFile,
    weights: &Weights,
    words: &'static Catalogue,
    zone: &TimeZone,
) -> Option<Urgency> {
    file.case.deadline()?;
    let priority = weights.priority(&file.case, &file.stakes);
    let urgent = view::when(place(&file.case, file.points).1.0, zone, words);
    let parts = priority.parts.iter().map(|part| portion(part, words, zone)).collect();
    Some(Urgency { points: priority.points, urgent, parts })
}

fn portion(weighed: &Weighed, words: &'static Catalogue, zone: &TimeZone) -> Portion {
    let day = |at: Instant| view::when(at.0, zone, words).text;
    let what = match weighed.part {
        Part::Severity(n) => words.fill("screen.weigh_severity", &[("what", words.severity(n))]),
        Part::Risk(risk) => words.fill("screen.weigh_risk", &[("what", words.risk(risk))]),
        Part::Strikes(n, since) => {
            let since = since.map(day).unwrap_or_default();
            words.fill("screen.weigh_strikes", &[("count", &n.to_string()), ("time", &since)])
        }
        Part::Reach(n) => words.fill("screen.weigh_reach", &[("count", &n.to_string())]),
        Part::Window(at) => words.fill("screen.weigh_window", &[("time", &day(at))]),
        Part::Customer(value) => {
            words.fill("screen.weigh_customer", &[("what", words.customer(value))])
        }
    };
    Portion { what, points: weighed.points }
}

/// The customer as the page shows it.
#[derive(Serialize)]
pub struct Shown {
    /// How many complaints count; empty for none.
    strikes: String,
    /// Until when nobody is told, on whose word and why; empty where people are.
    muted: String,
    /// What the company's own system says; empty where that is nothing.
    known: String,
    /// Where a person sees the customer there.
    link: String,
    /// The reader may mute.
    lead: bool,
    /// The authors, where there are several.
    authors: Vec<Author>,
    links: Vec<Link>,
    suggestions: Vec<Author>,
}

#[derive(Serialize)]
struct Author {
    who: String,
    network: String,
    case: String,
    /// Why it is suggested.
    because: String,
}

#[derive(Serialize)]
struct Link {
    id: String,
    by: String,
    when: When,
}

/// What is shown of whose case it is.
pub fn shown(read: &Read, words: &'static Catalogue, zone: &TimeZone, now: Instant) -> Shown {
    let folder = &read.folder;
    let time = |at: i64| view::when(at, zone, words).text;
    let strikes = folder.strikes.map_or(String::new(), |s| {
        let (count, since) = (s.count.to_string(), time(s.since.0));
        words.fill("screen.strikes", &[("count", &count), ("time", &since)])
    });
    let muted = folder.muted(now).map_or(String::new(), |m| {
        let until = time(m.until);
        words.fill(
            "screen.muted_until",
            &[("time", &until), ("name", &m.by_agent), ("why", &m.reason)],
        )
    });
    let several = folder.newest.len() > 1;
    let authors = folder.newest.iter().filter(|_| several);
    let links = folder.standing_links().into_iter().map(|l| Link {
        id: l.id.clone(),
        by: l.by_agent.clone(),
        when: view::when(l.at, zone, words),
    });
    Shown {
        strikes,
        muted,
        known: customer::said(&read.facts, words),
        link: view::link(&read.facts.link).to_owned(),
        lead: read.lead,
        authors: authors.map(|a| author(a, String::new(), words)).collect(),
        links: links.collect(),
        suggestions: folder
            .suggestions
            .iter()
            .map(|s| author(&s.newest, because(s, words), words))
            .collect(),
    }
}

fn author(row: &NewestRow, because: String, words: &'static Catalogue) -> Author {
    let (name, handle) = view::author(&row.author_name, &row.author_handle);
    let who = format!("{name} {handle}").trim().to_owned();
    Author {
        who: if who.is_empty() { words.get("screen.nameless").to_owned() } else { who },
        network: row.network.clone(),
        case: row.case_id.clone(),
        because,
    }
}

/// What both left, in words.
fn because(suggestion: &Suggestion, words: &'static Catalogue) -> String {
    let told = suggestion.because.iter().map(|(kind, borne_by)| {
        let key = match kind {
            TraceKind::Mail => "screen.trace_mail",
            TraceKind::Number => "screen.trace_number",
            TraceKind::Handle => "screen.trace_handle",
            TraceKind::Name => "screen.trace_name",
        };
        words.fill(key, &[("count", &borne_by.to_string())])
    });
    told.collect::<Vec<_>>().join(", ")
}

/// Carries out what a form of this part asks.
pub async fn act(front: &Shared, case: CaseId, posted: &Posted) -> Result<(), ActError> {
    let (deps, id, agent) = (&front.web.deps, case.to_string(), &posted.agent);
    match posted.field("do") {
        "link" => persons::link(deps, &id, posted.field("with"), &agent.name).await.map(|_| ()),
        "unlink" => {
            let link = Some(posted.field("link"));
            persons::unlink(deps, &id, link, &agent.name).await.map(|_| ())
        }
        wanted => {
            let lead = {
                let mut tx = deps.store.read().await?;
                Lead::of(&mut tx, &agent.name).await?
            };
            let Some(lead) = lead else {
                let words = Page::in_language(agent.language).words;
                return Err(ActError::NotAllowed(words.get("screen.lead_needed").to_owned()));
            };
            if wanted == "unmute" {
                return persons::unmute(deps, &id, &lead).await;
            }
            let days: i64 = posted.field("days").parse().unwrap_or(1);
            let until = front.now() + days.clamp(1, LONGEST_MUTE) * DAY;
            persons::mute(deps, &id, &lead, posted.field("note"), until).await
        }
    }
}
