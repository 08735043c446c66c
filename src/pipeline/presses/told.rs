//! What whoever pressed is told, in the recipient's language: what came of it, or how it stands.

use super::meant::{Meant, Unclear};
use crate::domain::CaseId;
use crate::domain::case::{Attention, Case};
use crate::domain::obligation::{Evidence, Standing, VoidReason};
use crate::domain::text::one_line;
use crate::links::Act;
use crate::pipeline::notify::live;
use crate::pipeline::{Deps, StepResult};
use crate::speech::Catalogue;
use crate::store::cases::{CaseFile, DraftRow};
use crate::store::{Tx, cases, mentions, replies};
use crate::wire::Answer;

/// So much of a draft stands in the words about it; the page has all of it.
const DRAFT: usize = 300;
/// So much of a fault's words.
const WHY: usize = 300;

/// Nothing was done; the words say why, and `link` where more can be seen.
fn nothing(text: String, link: String) -> Answer {
    Answer { text, done: false, form: None, link }
}

/// It was done, now or before.
fn all(text: String) -> Answer {
    Answer { text, done: true, form: None, link: String::new() }
}

/// Somebody presses more often than anybody would.
pub(super) fn often(words: &Catalogue) -> Answer {
    nothing(words.get("press.often").to_owned(), String::new())
}

/// Nobody knows who pressed; `id` is what to register.
pub(super) fn stranger(id: &str, words: &Catalogue) -> Answer {
    nothing(words.fill("press.stranger", &[("id", id)]), String::new())
}

/// The press means nothing that could be done. Where nothing is behind it, as behind a sample whose
/// service knows marks alone, the agent learns at least that it arrived.
pub(super) fn unclear(
    deps: &Deps,
    unclear: &Unclear<'_>,
    agent: &str,
    words: &Catalogue,
) -> Answer {
    let (key, case) = match unclear {
        Unclear::Forged => ("press.forged", None),
        Unclear::NoCase => ("press.no_case", None),
        Unclear::Expired(_, case) => ("press.expired", Some(*case)),
        Unclear::Publishes(_, case) => ("press.mark", Some(*case)),
    };
    let case = case.filter(|case| case.0 > 0);
    let link = case.map_or_else(|| deps.links.inbox(), |case| deps.links.case(case));
    let mut text = words.get(key).to_owned();
    if matches!(unclear, Unclear::NoCase) {
        text = format!("{text} {}", sample(agent, words).text);
    }
    nothing(text, link)
}

/// There is no such case.
pub(super) fn no_case(deps: &Deps, words: &Catalogue) -> Answer {
    nothing(words.get("press.no_case").to_owned(), deps.links.inbox())
}

/// The button of a sample: it proves that presses arrive, and who pressed.
pub(super) fn sample(agent: &str, words: &Catalogue) -> Answer {
    all(words.fill("press.sample", &[("name", agent)]))
}

/// It was done; says how the case stands now.
pub(super) async fn done(deps: &Deps, meant: &Meant<'_>, words: &Catalogue) -> StepResult<Answer> {
    let own = match meant.act {
        Act::Woken { .. } => Some("press.noted"),
        Act::Ack => Some("press.seen"),
        Act::HandOver => Some("press.handed_over"),
        Act::Publish { .. } | Act::Edit { .. } => Some("press.publishing"),
        _ => None,
    };
    let mut tx = deps.store.read().await?;
    let file = load(&mut tx, meant.case).await?;
    // What was to be published may stand there by now.
    let published = matches!(meant.act, Act::Publish { .. } | Act::Edit { .. })
        && file.as_ref().is_some_and(|f| f.case.owed().next().is_none());
    Ok(all(match (own.filter(|_| !published), file) {
        (Some(key), _) => words.get(key).to_owned(),
        (None, Some(file)) => stands(&file.case, words),
        (None, None) => words.get("press.noted").to_owned(),
    }))
}

/// Another draft stands now than the one that was seen. What is private stands on the page alone.
pub(super) async fn stale(
    deps: &Deps,
    case: CaseId,
    draft: &DraftRow,
    words: &Catalogue,
) -> StepResult<Answer> {
    let mut tx = deps.store.read().await?;
    let rows = mentions::of_case(&mut tx, case).await?;
    let rev = draft.rev.to_string();
    let text = if rows.iter().any(|row| row.visibility == "private") {
        words.fill("press.stale_unseen", &[("rev", &rev)])
    } else {
        let text = one_line(&draft.text, DRAFT);
        words.fill("press.stale", &[("rev", &rev), ("text", &text)])
    };
    Ok(nothing(text, deps.links.case(case)))
}

/// Nothing is owed any more: says what became of it.
pub(super) fn over(deps: &Deps, case: &Case, words: &Catalogue) -> Answer {
    let how = stands(case, words);
    nothing(words.fill("press.not_done", &[("how", &how)]), deps.links.case(case.id))
}

/// It was refused: says who was first and what came of it, or why else.
pub(super) async fn not_done(
    deps: &Deps,
    meant: &Meant<'_>,
    agent: &str,
    why: &str,
    words: &Catalogue,
) -> StepResult<Answer> {
    let mut tx = deps.store.read().await?;
    let Some(file) = load(&mut tx, meant.case).await? else {
        return Ok(match meant.act {
            Act::Woken { .. } => nothing(why_not(why, words), deps.links.inbox()),
            _ => no_case(deps, words),
        });
    };
    let under_way = replies::under_way(&mut tx, meant.case).await?;
    let case = &file.case;
    if case.taken_from(agent).is_some() || case.owed().next().is_none() {
        return Ok(over(deps, case, words));
    }
    let publishes = matches!(meant.act, Act::Publish { .. } | Act::Edit { .. });
    let text = match under_way.filter(|_| publishes) {
        Some(reply) => words.fill("press.under_way", &[("name", &one_line(&reply.by_agent, 60))]),
        None => why_not(why, words),
    };
    Ok(nothing(text, deps.links.case(meant.case)))
}

/// Whether an agent has done already what is meant.
pub(super) async fn was_done(deps: &Deps, meant: &Meant<'_>, agent: &str) -> StepResult<bool> {
    let mut tx = deps.store.read().await?;
    let Some(file) = load(&mut tx, meant.case).await? else { return Ok(false) };
    match meant.act {
        Act::Publish { .. } | Act::Edit { .. } => published(&mut tx, &file.case, agent).await,
        act => Ok(did(&file.case, act, agent)),
    }
}

/// Whether a reply of this agent is on its way or stands there.
async fn published(tx: &mut Tx, case: &Case, agent: &str) -> StepResult<bool> {
    if let Some(reply) = replies::under_way(tx, case.id).await? {
        return Ok(reply.by_agent == agent);
    }
    if case.owed().next().is_some() {
        return Ok(false);
    }
    for o in &case.obligations {
        let Standing::Met { evidence: Evidence::Reply { reply, .. }, .. } = &o.standing else {
            continue;
        };
        let row = replies::by_id(tx, &reply.to_string()).await?;
        if row.is_some_and(|row| row.by_agent == agent) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a case stands as this agent's act leaves it.
fn did(case: &Case, act: Act, agent: &str) -> bool {
    let ends = |wanted: &dyn Fn(&Standing) -> bool| {
        case.owed().next().is_none() && case.obligations.iter().any(|o| wanted(&o.standing))
    };
    let void = |wanted: VoidReason| {
        ends(
            &|standing| matches!(standing, Standing::Void { reason, by, .. } if *reason == wanted && by == agent),
        )
    };
    match act {
        Act::Take => matches!(&case.attention, Attention::Taken { by, .. } if by == agent),
        Act::Snooze => matches!(&case.attention, Attention::Snoozed { by, .. } if by == agent),
        Act::Ack => case.escalation.acked.as_ref().is_some_and(|ack| ack.by == agent),
        Act::HandOver => case.handed_over.as_ref().is_some_and(|handed| handed.by == agent),
        Act::Waive => void(VoidReason::Waived),
        Act::NotComplaint => void(VoidReason::NotComplaint),
        Act::NotAboutUs => void(VoidReason::NotAboutUs),
        Act::Answered => ends(
            &|standing| matches!(standing, Standing::Met { evidence: Evidence::Word { by, .. }, .. } if by == agent),
        ),
        Act::Woken { .. } | Act::Publish { .. } | Act::Edit { .. } => false,
    }
}

async fn load(tx: &mut Tx, case: CaseId) -> StepResult<Option<CaseFile>> {
    Ok(cases::load(tx, &[case]).await?.into_iter().next())
}

/// How a case stands, and where its answer is.
fn stands(case: &Case, words: &Catalogue) -> String {
    match live::said(case, words) {
        (title, body) if body.is_empty() => title,
        (title, body) => format!("{title}. {body}"),
    }
}

fn why_not(why: &str, words: &Catalogue) -> String {
    words.fill("press.refused", &[("why", &one_line(why, WHY))])
}
