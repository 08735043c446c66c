//! What whoever comes too late is told, in their language: how the case stands, and what stands
//! against what they wanted.

use super::ActError;
use crate::domain::CaseId;
use crate::domain::case::{Case, State, link_of};
use crate::links::Act as Link;
use crate::pipeline::notify::live;
use crate::pipeline::{Deps, StepResult};
use crate::speech::Catalogue;
use crate::store::{Tx, cases, lanes, replies};

/// How a case stands, in a sentence: who took it, where its answer is.
pub fn stands(case: &Case, words: &Catalogue) -> String {
    let (state, more) = live::said(case, words);
    let said = words.fill("link.stands", &[("state", &state)]);
    format!("{said} {more}").trim_end().to_owned()
}

/// The same of a case that is not at hand; empty where there is none.
pub async fn stands_now(deps: &Deps, id: CaseId, words: &Catalogue) -> StepResult<String> {
    let loaded = cases::load(&mut deps.store.read().await?, &[id]).await?;
    Ok(loaded.first().map_or_else(String::new, |file| stands(&file.case, words)))
}

/// What is to be written so that an act can be done, by its key in the catalogue.
pub fn wanted(what: Link) -> Option<&'static str> {
    match what {
        Link::Waive => Some("link.need_reason"),
        Link::Snooze => Some("link.need_time"),
        Link::Answered => Some("link.need_link"),
        _ => None,
    }
}

/// Why an act came to nothing, for whoever wanted it done: what happened to the case meanwhile where
/// that explains it, else what the refusal says.
pub async fn against(
    deps: &Deps,
    what: Link,
    id: CaseId,
    agent: &str,
    refused: &ActError,
    words: &Catalogue,
) -> StepResult<String> {
    let not_done = |why: &str| words.fill("link.not_done", &[("why", why)]);
    Ok(match refused {
        ActError::Stale(_) => words.get("link.changed").to_owned(),
        ActError::Unknown(_) => words.get("link.no_case").to_owned(),
        ActError::Store(e) => not_done(&e.to_string()),
        ActError::Invalid(why) => match wanted(what) {
            Some(key) => words.get(key).to_owned(),
            None => not_done(why),
        },
        ActError::NotAllowed(why) => {
            let mut tx = deps.store.read().await?;
            let explained = explained(deps, &mut tx, what, id, agent, words).await?;
            match (explained, what) {
                (Some(explained), _) => not_done(&explained),
                // What nothing else forbids is put off to a time that is too far away.
                (None, Link::Snooze) => words.get("link.need_time").to_owned(),
                (None, _) => not_done(why),
            }
        }
    })
}

/// What of the case explains that an act is not allowed.
async fn explained(
    deps: &Deps,
    tx: &mut Tx,
    what: Link,
    id: CaseId,
    agent: &str,
    words: &Catalogue,
) -> StepResult<Option<String>> {
    let Some(file) = cases::load(tx, &[id]).await?.pop() else { return Ok(None) };
    let case = &file.case;
    let theirs = case.taken_from(agent).is_some();
    let waits = what == Link::Snooze && case.state() == State::Moved;
    if case.owed().next().is_none() || theirs || waits {
        return Ok(Some(stands(case, words)));
    }
    if let (Link::Ack, Some(ack)) = (what, &case.escalation.acked) {
        let name = link_of(&ack.by).unwrap_or(&ack.by);
        return Ok(Some(words.fill("link.acked", &[("name", name)])));
    }
    if !matches!(what, Link::Publish { .. } | Link::Edit { .. }) {
        return Ok(None);
    }
    if lanes::brand(tx, &case.brand).await?.is_some_and(|brand| brand.held) {
        let title = deps.brands.get(&case.brand).map_or(case.brand.as_str(), |b| b.title.as_str());
        return Ok(Some(words.fill("link.held", &[("brand", title)])));
    }
    let under_way = replies::under_way(tx, id).await?;
    Ok(under_way.map(|_| words.get("link.under_way").to_owned()))
}
