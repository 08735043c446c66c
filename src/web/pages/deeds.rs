//! What an agent does on the case page: one form field names the act, the rest is what it needs.

use super::case::{self, Notice};
use super::customer;
use super::render::Page;
use super::session::Posted;
use super::view;
use crate::domain::obligation::Owing;
use crate::domain::{CaseId, Instant};
use crate::links::Act as Link;
use crate::pipeline::acts::{self, Act, ActError};
use crate::pipeline::promises::DateAct;
use crate::store::cases;
use crate::web::front::Shared;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

/// Carries out what the form asks and shows the case as it stands then.
pub async fn act(State(front): State<Shared>, Path(id): Path<String>, posted: Posted) -> Response {
    let page = Page::in_language(posted.agent.language);
    let Ok(case) = id.parse::<CaseId>() else {
        return page.says(StatusCode::NOT_FOUND, "screen.not_found");
    };
    let refused = match carry_out(&front, case, &posted).await {
        Ok(()) => {
            let done = posted.field("do");
            let done: String = url::form_urlencoded::byte_serialize(done.as_bytes()).collect();
            return Redirect::to(&format!("/cases/{case}?done={done}")).into_response();
        }
        Err(refused) => refused,
    };
    let words = page.words;
    let (status, text) = match &refused {
        ActError::Unknown(_) => (StatusCode::NOT_FOUND, words.get("screen.not_found").to_owned()),
        ActError::Stale(_) => {
            (StatusCode::CONFLICT, words.get("screen.publish_changed").to_owned())
        }
        ActError::NotAllowed(why) => {
            (StatusCode::CONFLICT, words.fill("screen.not_saved", &[("why", why)]))
        }
        ActError::Invalid(why) => {
            let text = words.fill("screen.not_saved", &[("why", why)]);
            (StatusCode::UNPROCESSABLE_ENTITY, text)
        }
        ActError::Store(e) => {
            tracing::error!(error = %e, "an act failed");
            let text = words.fill("screen.not_saved", &[("why", &e.to_string())]);
            (StatusCode::SERVICE_UNAVAILABLE, text)
        }
    };
    // What was typed stays in the editor; where the draft changed, the newer one is shown below
    // the notice and the agent reads it first.
    let stale = matches!(refused, ActError::Stale(_));
    let typed = (!stale && posted.has("text")).then(|| posted.field("text").to_owned());
    let notice = Notice { text, bad: true, typed, proposed: None };
    case::render(&front, &posted.agent, &page, &id, status, notice).await
}

async fn carry_out(front: &Shared, case: CaseId, posted: &Posted) -> Result<(), ActError> {
    let deps = &front.web.deps;
    let agent = &posted.agent.name;
    let words = Page::in_language(posted.agent.language).words;
    let note = posted.field("note").trim().to_owned();
    let reason = || match note.is_empty() {
        true => Err(ActError::Invalid(words.get("screen.reason_needed").to_owned())),
        false => Ok(note.clone()),
    };
    if let Some((act, said)) = shared(posted) {
        // What an alert's link does too is done by one way, which reads what is said beside it.
        let done = acts::carry_out(deps, act, case, agent, &said, seen(posted)?).await;
        return done.map_err(|e| match e {
            ActError::Invalid(why) => {
                ActError::Invalid(acts::wanted(act).map_or(why, |key| words.get(key).to_owned()))
            }
            e => e,
        });
    }
    let change = match posted.field("do") {
        "release" => Act::Release,
        "moved" => Act::Moved,
        "contacted" => Act::Contacted(posted.field("url").trim().to_owned()),
        "take_back" => Act::TakeBack,
        "hand_over" => Act::HandOver {
            to: posted.field("to").trim().to_owned(),
            reference: posted.field("reference").trim().to_owned(),
        },
        "file" => Act::File { system: posted.field("system").to_owned(), note },
        "is_complaint" => Act::Called(Owing::Complaint, note),
        "is_question" => Act::Called(Owing::Question, note),
        "close" => Act::Close(reason()?),
        "reopen" => Act::Reopen(reason()?),
        "note" => Act::Note(reason()?),
        "follow_up" => Act::Date(DateAct::FollowUp { at: date(front, case, posted).await?, note }),
        "kept" => {
            let url = posted.field("url").trim().to_owned();
            Act::Date(DateAct::Kept { number: number(posted), url })
        }
        "correct" => {
            let (number, due) = (number(posted), date(front, case, posted).await?);
            Act::Date(DateAct::Correct { number, due, note: reason()? })
        }
        "drop" => Act::Date(DateAct::Drop { number: number(posted), note: reason()? }),
        "draft" => {
            return acts::draft(deps, case, agent, posted.field("text")).await.map(|_| ());
        }
        "publish" => {
            let rev: i64 = posted.field("draft_rev").parse().unwrap_or(-1);
            let text = posted.field("text");
            return acts::publish(deps, case, agent, rev, text).await.map(|_| ());
        }
        "link" | "unlink" | "mute" | "unmute" => return customer::act(front, case, posted).await,
        "posted" | "not_posted" => {
            let stands = posted.field("do") == "posted";
            let (reply, url) = (posted.field("reply"), posted.field("url").trim());
            return acts::decide(deps, reply, agent, stands, url).await;
        }
        _ => return Err(ActError::Invalid(words.get("screen.forbidden").to_owned())),
    };
    acts::act_as_seen(deps, case, agent, change, seen(posted)?).await
}

/// Up to where the page that was sent showed the case; every form of it says so.
fn seen(posted: &Posted) -> Result<Option<i64>, ActError> {
    match posted.field("seen") {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|_| {
            ActError::Invalid(format!("`seen` is `{text}`, but must be a number; reload the case"))
        }),
    }
}

/// The acts that alerts offer too, with what is said beside them.
fn shared(posted: &Posted) -> Option<(Link, String)> {
    let note = || posted.field("note").to_owned();
    Some(match posted.field("do") {
        "take" => (Link::Take, String::new()),
        "ack" => (Link::Ack, String::new()),
        "waive" => (Link::Waive, note()),
        "not_complaint" => (Link::NotComplaint, note()),
        "not_about_us" => (Link::NotAboutUs, note()),
        "answered" => (Link::Answered, posted.field("url").to_owned()),
        "snooze" => (Link::Snooze, posted.field("until").to_owned()),
        _ => return None,
    })
}

/// The number of a promise or follow-up; no case has one of 0.
fn number(posted: &Posted) -> u32 {
    posted.field("number").parse().unwrap_or(0)
}

/// The day and time of the form, in the zone of the case's brand.
async fn date(front: &Shared, case: CaseId, posted: &Posted) -> Result<Instant, ActError> {
    let words = Page::in_language(posted.agent.language).words;
    let wrong = || ActError::Invalid(words.get("screen.date_wrong").to_owned());
    let written: jiff::civil::DateTime = posted.field("at").trim().parse().map_err(|_| wrong())?;
    let deps = &front.web.deps;
    let loaded = cases::load(&mut deps.store.read().await?, &[case]).await?;
    let brand = loaded.first().map(|file| file.case.brand.clone()).unwrap_or_default();
    let there = view::zone(deps, &brand).to_ambiguous_zoned(written).compatible();
    there.map(|at| Instant(at.timestamp().as_millisecond())).map_err(|_| wrong())
}
