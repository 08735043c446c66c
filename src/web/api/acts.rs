//! `POST /api/v1/cases/{id}/{act}`, `/api/v1/replies/{id}/decide` and `/api/v1/alerts/{id}/ack`: what
//! programs do for agents.

use super::cases::case_id;
use super::render;
use crate::domain::obligation::Owing;
use crate::domain::{AlertId, CaseId, Instant};
use crate::pipeline::acts::{self, Act};
use crate::pipeline::promises::DateAct;
use crate::pipeline::standing;
use crate::store::cases::{self, CaseFile};
use crate::store::outbox;
use crate::web::auth::{Caller, Scope};
use crate::web::front::Shared;
use crate::web::idempotent::once;
use crate::web::problem::Problem;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Largest body: a reply of the longest text, escaped.
pub(super) const BODY_LIMIT: usize = 1 << 20;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Until {
    until: Instant,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Noted {
    #[serde(default, alias = "reason")]
    note: String,
}

/// An act that ends what is owed, with a note.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ended {
    #[serde(default, alias = "reason")]
    note: String,
    /// The case's `seen` when it was read: what came to be owed since stays owed. Left out, all
    /// that is owed now is meant.
    #[serde(default)]
    seen: Option<i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Where {
    #[serde(default)]
    url: String,
    /// As in `Ended`.
    #[serde(default)]
    seen: Option<i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Moved {
    /// The private contact happened.
    #[serde(default)]
    happened: bool,
    #[serde(default)]
    url: String,
    /// As in `Ended`, where it happened.
    #[serde(default)]
    seen: Option<i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HandOver {
    #[serde(default)]
    to: String,
    #[serde(default)]
    reference: String,
    /// The ticket system to which it goes, by its name in configuration; "" for the brand's first.
    system: Option<String>,
    /// What is said to the people there.
    #[serde(default)]
    note: String,
    /// It is taken back instead.
    #[serde(default)]
    back: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Publish {
    draft_rev: i64,
    text: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    Complaint,
    Question,
    NotComplaint,
    NotAboutUs,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Judged {
    verdict: Verdict,
    #[serde(default)]
    note: String,
    /// As in `Ended`.
    #[serde(default)]
    seen: Option<i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FollowUp {
    at: Instant,
    #[serde(default)]
    note: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    number: u32,
    #[serde(default)]
    url: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Corrected {
    number: u32,
    due: Instant,
    #[serde(default, alias = "reason")]
    note: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Dropped {
    number: u32,
    #[serde(default, alias = "reason")]
    note: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Decision {
    posted: bool,
    #[serde(default)]
    url: String,
}

/// Reads a body; an empty one says the same as `{}`.
pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let body = if body.iter().all(u8::is_ascii_whitespace) { b"{}" } else { body };
    serde_json::from_slice(body).map_err(|e| {
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, format!("the body does not do: {e}"))
    })
}

/// What is to be done, by its name in the address.
enum Wanted {
    /// An act, and up to where the case's log was read, if the caller says so.
    Change(Act, Option<i64>),
    Draft(String),
    Publish(Publish),
}

fn wanted(name: &str, body: &[u8]) -> Result<Wanted, Problem> {
    let mut seen = None;
    let act = match name {
        "take" => read::<Nothing>(body).map(|_| Act::Take)?,
        "release" => read::<Nothing>(body).map(|_| Act::Release)?,
        "moved" => match read(body)? {
            Moved { happened: true, url, seen: up_to } => {
                seen = up_to;
                Act::Contacted(url)
            }
            Moved { happened: false, .. } => Act::Moved,
        },
        "hand-over" => match read(body)? {
            HandOver { back: true, .. } => Act::TakeBack,
            HandOver { system: Some(system), note, .. } => Act::File { system, note },
            HandOver { to, reference, .. } => Act::HandOver { to, reference },
        },
        "snooze" => Act::Snooze(read::<Until>(body)?.until),
        "waive" | "close" => {
            let ended: Ended = read(body)?;
            seen = ended.seen;
            if name == "waive" { Act::Waive(ended.note) } else { Act::Close(ended.note) }
        }
        "reopen" => Act::Reopen(read::<Noted>(body)?.note),
        "note" => Act::Note(read::<Text>(body)?.text),
        "answered" => {
            let answered: Where = read(body)?;
            seen = answered.seen;
            Act::Answered(answered.url)
        }
        "verdict" => {
            let Judged { verdict, note, seen: up_to } = read(body)?;
            seen = up_to;
            match verdict {
                Verdict::Complaint => Act::Called(Owing::Complaint, note),
                Verdict::Question => Act::Called(Owing::Question, note),
                Verdict::NotComplaint => Act::NotComplaint(note),
                Verdict::NotAboutUs => Act::NotAboutUs(note),
            }
        }
        "follow-up" => {
            let FollowUp { at, note } = read(body)?;
            Act::Date(DateAct::FollowUp { at, note })
        }
        "kept" => {
            let Kept { number, url } = read(body)?;
            Act::Date(DateAct::Kept { number, url })
        }
        "correct" => {
            let Corrected { number, due, note } = read(body)?;
            Act::Date(DateAct::Correct { number, due, note })
        }
        "drop" => {
            let Dropped { number, note } = read(body)?;
            Act::Date(DateAct::Drop { number, note })
        }
        "draft" => return Ok(Wanted::Draft(read::<Text>(body)?.text)),
        "publish" => return Ok(Wanted::Publish(read(body)?)),
        other => {
            return Err(Problem::missing(format!(
                "nothing can be done by the name of `{other}`; take, release, snooze, waive, \
                 draft, publish, answered, moved, hand-over, verdict, note, follow-up, kept, \
                 correct, drop, close, reopen can"
            )));
        }
    };
    Ok(Wanted::Change(act, seen))
}

/// Does one act; answers with the case as it stands then.
pub async fn act(
    State(front): State<Shared>,
    caller: Caller,
    Path((id, name)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    caller.must(Scope::Act)?;
    let id = case_id(&id)?;
    let deps = &front.web.deps;
    once(&front, &caller, request, BODY_LIMIT, async |body| {
        match wanted(&name, &body)? {
            Wanted::Change(act, seen) => {
                acts::act_as_seen(deps, id, &caller.agent, act, seen).await?;
                Ok((StatusCode::OK, json!({ "case": head(&front, id).await? })))
            }
            Wanted::Draft(text) => {
                let rev = acts::draft(deps, id, &caller.agent, &text).await?;
                let case = head(&front, id).await?;
                Ok((StatusCode::OK, json!({ "draft_rev": rev, "case": case })))
            }
            Wanted::Publish(Publish { draft_rev, text }) => {
                let reply = acts::publish(deps, id, &caller.agent, draft_rev, &text).await?;
                let case = head(&front, id).await?;
                // Posting follows; the reply tells how it goes.
                Ok((StatusCode::ACCEPTED, json!({ "reply": reply, "case": case })))
            }
        }
    })
    .await
}

async fn head(front: &Shared, id: CaseId) -> Result<Value, Problem> {
    let mut tx = front.web.deps.store.read().await?;
    let loaded = cases::load(&mut tx, &[id]).await?;
    let told = |file: &CaseFile| {
        render::case(file, standing::weights(&front.web.deps, &file.case.brand), front.now())
    };
    Ok(loaded.first().map_or(Value::Null, told))
}

/// A person's word on a reply of which nobody knows whether it stands there.
pub async fn decide(
    State(front): State<Shared>,
    caller: Caller,
    Path(reply): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    caller.must(Scope::Act)?;
    let deps = &front.web.deps;
    once(&front, &caller, request, BODY_LIMIT, async |body| {
        let Decision { posted, url } = read(&body)?;
        acts::decide(deps, &reply, &caller.agent, posted, &url).await?;
        Ok((StatusCode::OK, json!({ "reply": reply, "posted": posted })))
    })
    .await
}

/// Somebody has seen what an alert told: the level of its case is told no more, the next one still
/// comes. Answers with the case as it stands then.
pub async fn acknowledge(
    State(front): State<Shared>,
    caller: Caller,
    Path(alert): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    caller.must(Scope::Act)?;
    let id: AlertId = alert
        .parse()
        .map_err(|why: String| Problem::missing(format!("there is no such alert: {why}")))?;
    let deps = &front.web.deps;
    once(&front, &caller, request, BODY_LIMIT, async |body| {
        read::<Nothing>(&body)?;
        let row = outbox::by_id(&mut deps.store.read().await?, id).await?;
        let row = row.ok_or_else(|| Problem::missing(format!("there is no alert {id}")))?;
        let Some(case) = row.case_id else {
            let why = "this alert is about no case; nothing follows from acknowledging it";
            return Err(Problem::new(StatusCode::CONFLICT, why));
        };
        let case = case_id(&case)?;
        acts::act(deps, case, &caller.agent, Act::Acknowledge).await?;
        Ok((StatusCode::OK, json!({ "alert": id, "case": head(&front, case).await? })))
    })
    .await
}
