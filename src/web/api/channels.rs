//! `GET /api/v1/channels` and `GET /api/v1/ledger`: what we hear, how well, and the account of it.

use super::{Ask, render};
use crate::domain::Instant;
use crate::store::ledger::{self, Ledger, Options};
use crate::store::{coverage, credentials, lanes, looks, rhythm};
use crate::web::auth::{Caller, Scope};
use crate::web::front::Shared;
use crate::web::problem::Problem;
use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};

/// Every channel with its lanes and gaps and its first looks, the newest first.
pub async fn channels(State(front): State<Shared>, caller: Caller) -> Result<Json<Value>, Problem> {
    caller.must(Scope::Read)?;
    let mut tx = front.web.deps.store.read().await?;
    let (channels, all, gaps, past, silences) = (
        lanes::channels(&mut tx).await?,
        lanes::lanes(&mut tx).await?,
        coverage::gaps(&mut tx).await?,
        looks::all(&mut tx).await?,
        rhythm::standing(&mut tx).await?,
    );
    let credentials = credentials::all(&mut tx).await?;
    let told: Vec<Value> = channels
        .iter()
        .map(|c| {
            let own = all.iter().filter(|l| l.channel == c.name).map(|l| {
                let holes = gaps.iter().filter(|g| g.channel == c.name && g.lane == l.lane);
                let silence = silences.iter().find(|s| s.channel == c.name && s.lane == l.lane);
                json!({
                    "lane": l.lane,
                    "polled": l.polled,
                    "covered_to": l.polled.then_some(Instant(l.covered_to)),
                    "last_poll": l.finished_at.map(Instant),
                    "next_poll": l.polled.then_some(Instant(l.next_at)),
                    "failures": l.failures,
                    "doubtful_since": silence.map(|s| Instant(s.since)),
                    "gaps": holes.map(gap).collect::<Vec<_>>(),
                })
            });
            let configured = front.web.deps.channels.get(&c.name);
            let credential = credentials.iter().find(|row| row.channel == c.name);
            json!({
                "name": c.name,
                "brand": c.brand,
                "network": c.network,
                "state": c.state,
                "fault": c.fault,
                "fault_at": c.fault_at.map(Instant),
                "heard_at": c.heard_at.map(Instant),
                "configured": configured.is_some(),
                "granted_by": configured.and_then(|c| c.granted_by.as_deref()),
                "owner": configured.and_then(|c| c.owner.as_deref()),
                "credential": credential.map(|row| json!({
                    "state": row.state,
                    "since": row.since.map(Instant),
                    "fault": row.fault,
                    "asked_at": row.asked_at.map(Instant),
                    "ends_at": row.ends_at.map(Instant),
                })),
                "lanes": own.collect::<Vec<_>>(),
                "first_looks": past.iter().filter(|l| l.channel == c.name).map(render::first_look)
                    .collect::<Vec<_>>(),
            })
        })
        .collect();
    let brands = front.web.deps.brands.values();
    let not_heard: Vec<_> = brands.flat_map(|b| &b.public).collect();
    Ok(Json(json!({ "channels": told, "not_heard": not_heard })))
}

fn gap(g: &coverage::GapRow) -> Value {
    json!({
        "id": g.id,
        "from": Instant(g.from_at),
        "to": Instant(g.to_at),
        "reason": g.reason,
        "state": g.state,
        "found_at": Instant(g.found_at),
        "ended_at": g.ended_at.map(Instant),
        "backfilled": g.backfilled,
        "note": g.note,
    })
}

/// What may be asked of the ledger.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    day: Option<String>,
    channel: Option<String>,
    as_of: Option<Instant>,
    #[serde(default)]
    verify: bool,
}

/// The account of what was heard and what became of it.
pub async fn ledger(
    State(front): State<Shared>,
    caller: Caller,
    Ask(asked): Ask<Asked>,
) -> Result<Json<Ledger>, Problem> {
    caller.must(Scope::Read)?;
    let Asked { day, channel, as_of, verify } = asked;
    let mut tx = front.web.deps.store.read().await?;
    let all = channel.is_none();
    let options = Options { day, channel, as_of, verify };
    let ledger = ledger::check(&mut tx, front.now(), &options).await?;
    let brands = front.web.deps.brands.values().filter(|_| all);
    Ok(Json(ledger.with_public(brands.flat_map(|b| b.public.clone()))))
}
