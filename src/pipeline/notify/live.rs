//! What stands of a case at its recipients: brought up to date when the case moves, forgotten once
//! it said that nothing is owed any more.

use super::case_id;
use super::deliver::Stands;
use crate::domain::case::{Attention, Case, State, link_of};
use crate::domain::obligation::{Evidence, Owing, Standing};
use crate::domain::reason::Reason;
use crate::domain::text::one_line;
use crate::domain::{AlertId, CaseId, Instant, delivery};
use crate::pipeline::{Deps, StepResult};
use crate::speech::Catalogue;
use crate::store::live::{self, Told};
use crate::store::outbox::{AlertRow, NewAlert, Outcome};
use crate::store::{StoreError, Tx, cases, outbox};
use std::collections::BTreeSet;

/// Longest name of a person on the line of an alert.
const NAME: usize = 60;

/// Lets the alerts that stand of some cases be brought up to date: one for each, however often the
/// case moves until then.
pub(in crate::pipeline) async fn moved(
    deps: &Deps,
    tx: &mut Tx,
    cases: &[CaseId],
    now: Instant,
) -> Result<(), StoreError> {
    if cases.is_empty() {
        return Ok(());
    }
    let standing = live::of_cases(tx, cases, now).await?;
    let updates: Vec<NewAlert> = standing
        .into_iter()
        .map(|row| {
            let id = AlertId(deps.ids.next(now));
            NewAlert {
                id,
                key: format!("{}.moved.{id}", row.live),
                brand: row.brand,
                case: row.case_id.and_then(|id| id.parse().ok()),
                channel: String::new(),
                recipient: row.recipient,
                reason: Reason::CaseMoved,
                title: String::new(),
                body: String::new(),
                due_at: Some(now),
                live: row.live,
            }
        })
        .collect();
    outbox::add(tx, &updates, now).await
}

/// Keeps what stands at the recipients after these attempts.
pub(super) async fn keep(
    deps: &Deps,
    tx: &mut Tx,
    settled: &[(AlertRow, Outcome)],
    stands: &[Option<Stands>],
    now: Instant,
) -> StepResult<()> {
    let mut told = Vec::new();
    let (mut ended, mut replaced) = (Vec::new(), Vec::new());
    for ((row, outcome), stands) in settled.iter().zip(stands) {
        let moved = row.reason == Reason::CaseMoved.as_str();
        let remote = match outcome {
            Outcome::Sent(remote) => remote.as_str(),
            Outcome::Edited => "",
            Outcome::Failed(_) if moved => {
                ended.push((row.live.clone(), row.recipient.clone()));
                continue;
            }
            _ => continue,
        };
        let Some(stands) = stands else { continue };
        ended.extend(stands.over.iter().map(|id| (id.to_string(), row.recipient.clone())));
        if stands.anew {
            replaced.push(row);
        }
        if stands.ended {
            ended.push((row.live.clone(), row.recipient.clone()));
        }
        // Of a case and of a night more may follow; what told several things at once is done.
        let once = [Reason::QuietDigest, Reason::ManyAtOnce].map(Reason::as_str);
        if !once.contains(&row.reason.as_str()) {
            told.push(Told {
                alert: row,
                key: stands.key.clone(),
                remote: remote.to_owned(),
                says: stands.says.clone(),
                seen: stands.seen,
            });
        }
    }
    live::replace(tx, &replaced).await?;
    live::keep(tx, &told, now).await?;
    live::end(tx, &ended).await?;
    // What moved while it was told was told as it stood before.
    let ids: BTreeSet<CaseId> = told.iter().filter_map(|t| case_id(t.alert)).collect();
    let ids: Vec<CaseId> = ids.into_iter().collect();
    let files = cases::load(tx, &ids).await?;
    let late = files.iter().filter(|file| {
        let stands = delivery::stands(&file.case);
        told.iter().any(|t| case_id(t.alert) == Some(file.case.id) && t.says != stands)
    });
    let late: Vec<CaseId> = late.map(|file| file.case.id).collect();
    moved(deps, tx, &late, now).await
}

/// How a case stands, on one line; and what else is to be said of it: where its answer is.
pub(in crate::pipeline) fn said(case: &Case, words: &Catalogue) -> (String, String) {
    let of = |key: &str, by: &str| {
        // Who acted by a link is known by the recipient it was made for.
        let name = one_line(link_of(by).unwrap_or(by), NAME);
        words.fill(&format!("stands.{key}"), &[("name", &name)])
    };
    let plain = |key: &str| (of(key, ""), String::new());
    let state = case.state();
    match state {
        State::Waiting if case.owing() != Some(Owing::Complaint) => plain("partly"),
        State::Waiting => match closed_there(case) {
            Some(to) => (of("ticket_closed", to), String::new()),
            None => plain("waiting"),
        },
        State::Taken | State::Snoozed | State::Moved => match &case.attention {
            Attention::Taken { by, .. }
            | Attention::Snoozed { by, .. }
            | Attention::Moved { by, .. } => {
                let ticket = closed_there(case).map(|to| of("ticket_closed", to));
                (of(state.as_str(), by), ticket.unwrap_or_default())
            }
            Attention::Free => plain("waiting"),
        },
        State::Answered => answered(case, &of, words),
        State::Withdrawn => plain("withdrawn"),
        State::Waived | State::Closed | State::NotOwed => {
            let ends = case.obligations.iter().filter_map(|o| match &o.standing {
                Standing::Void { by, at, .. } => Some((*at, by.as_str())),
                _ => None,
            });
            let by = ends.max_by_key(|(at, _)| *at).map_or("", |(_, by)| by);
            (of(state.as_str(), by), String::new())
        }
    }
}

/// The ticket system in which it was closed, without an answer here.
fn closed_there(case: &Case) -> Option<&str> {
    let handed = case.handed_over.as_ref()?;
    handed.closed_at.map(|_| handed.to.as_str())
}

fn answered(
    case: &Case,
    of: &impl Fn(&str, &str) -> String,
    words: &Catalogue,
) -> (String, String) {
    let answers = case.obligations.iter().filter_map(|o| match &o.standing {
        Standing::Met { evidence, at } => Some((*at, evidence)),
        _ => None,
    });
    let Some((_, evidence)) = answers.max_by_key(|(at, _)| *at) else {
        return (of("answered", ""), String::new());
    };
    let (title, url) = match evidence {
        Evidence::Reply { url, .. } => (of("answered", ""), url),
        Evidence::Native { url, .. } => (of("answered_native", ""), url),
        Evidence::Moved { by, url, .. } if by.is_empty() => (of("answered", ""), url),
        Evidence::Word { by, url } | Evidence::Moved { by, url, .. } => {
            (of("answered_word", by), url)
        }
    };
    let body = match url.as_str() {
        "" => String::new(),
        url => words.fill("alert.answer_at", &[("link", url)]),
    };
    (title, body)
}
