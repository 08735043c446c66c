//! "This is owed": a person takes what triage sorted out, or let pass, for a complaint or a
//! question after all; and what people say of the mentions of a blind sample.

use super::acts::ActError;
use super::casework::{Work, key_for};
use super::{Deps, clocks, learn, suggest};
use crate::classify::Likeness;
use crate::domain::case::CaseEvent;
use crate::domain::label::{Label, Source};
use crate::domain::ledger::Disposition;
use crate::domain::obligation::{Before, Obligation, Owing, Standing};
use crate::domain::sample::Said;
use crate::domain::{CaseId, Instant, Kind, MentionId};
use crate::store::mentions::MentionRow;
use crate::store::{StoreError, Tx, labels, mentions, samples, traces, unowed};
use serde_json::json;
use std::collections::BTreeMap;

/// How often an act is tried when somebody else changes the case at the same moment.
const TRIES: usize = 5;

/// Opens a case for a mention for which nothing is owed, in an agent's name. Gives the case.
///
/// # Errors
/// `Unknown`, `NotAllowed` with what to do instead, or a failure of the store.
pub async fn owe(
    deps: &Deps,
    id: MentionId,
    agent: &str,
    owing: Owing,
) -> Result<CaseId, ActError> {
    for _ in 1..TRIES {
        match owe_once(deps, id, agent, owing).await {
            Err(ActError::Store(StoreError::Conflict)) => {}
            done => return done,
        }
    }
    owe_once(deps, id, agent, owing).await
}

async fn owe_once(
    deps: &Deps,
    id: MentionId,
    agent: &str,
    owing: Owing,
) -> Result<CaseId, ActError> {
    let now = deps.now();
    let mut tx = deps.store.begin().await?;
    let row = readable(&mut tx, id).await?;
    let case = open(deps, &mut tx, &row, id, agent, owing, now).await?;
    let label = Label { source: Source::Verdict, ..label_of(owing, agent) };
    labels::keep(&mut tx, &BTreeMap::from([(id, Some(label))]), now, now + learn::EVERY).await?;
    tx.commit().await?;
    deps.tell([case]);
    Ok(case)
}

/// Keeps what a person says of a mention of the blind sample. A complaint, or a question where the
/// brand owes answers to them, opens a case; gives it.
///
/// # Errors
/// `Unknown` where it is in no sample, `NotAllowed` where somebody said it before.
pub async fn label(
    deps: &Deps,
    id: MentionId,
    agent: &str,
    said: Said,
) -> Result<Option<CaseId>, ActError> {
    for _ in 1..TRIES {
        match label_once(deps, id, agent, said).await {
            Err(ActError::Store(StoreError::Conflict)) => {}
            done => return done,
        }
    }
    label_once(deps, id, agent, said).await
}

async fn label_once(
    deps: &Deps,
    id: MentionId,
    agent: &str,
    said: Said,
) -> Result<Option<CaseId>, ActError> {
    let now = deps.now();
    let mut tx = deps.store.begin().await?;
    if samples::drawn(&mut tx, id).await?.is_none() {
        return Err(ActError::Unknown(format!("mention {id} in a sample")));
    }
    let row = readable(&mut tx, id).await?;
    if !samples::label(&mut tx, id, said, agent, now).await? {
        return Err(ActError::NotAllowed(
            "somebody has looked at this one meanwhile; go on with the next".to_owned(),
        ));
    }
    let kept = BTreeMap::from([(id, Some(taught(said, agent)))]);
    labels::keep(&mut tx, &kept, now, now + learn::EVERY).await?;
    let owing = match said {
        Said::Complaint => Some(Owing::Complaint),
        Said::Question if owes_questions(deps, &row) => Some(Owing::Question),
        _ => None,
    };
    // Between the draw and the look somebody else may have seen that it is owed.
    let case = match owing.filter(|_| row.case_id.is_none()) {
        Some(owing) => Some(open(deps, &mut tx, &row, id, agent, owing, now).await?),
        None => None,
    };
    tx.commit().await?;
    deps.tell(case);
    Ok(case)
}

/// A mention that people can still read.
async fn readable(tx: &mut Tx, id: MentionId) -> Result<MentionRow, ActError> {
    let row = mentions::by_id(tx, id).await?;
    let row = row.ok_or_else(|| ActError::Unknown(format!("mention {id}")))?;
    if row.gone_at.is_some() || row.blanked.is_some() {
        return Err(ActError::NotAllowed(
            "its author took it back, or its network asked for its deletion; nothing is left to \
             answer"
                .to_owned(),
        ));
    }
    Ok(row)
}

fn owes_questions(deps: &Deps, row: &MentionRow) -> bool {
    deps.brands.get(&row.brand).is_some_and(|b| b.owes.contains(&Kind::Question))
}

/// Opens a case for it, or takes up the one of its thread and author.
async fn open(
    deps: &Deps,
    tx: &mut Tx,
    row: &MentionRow,
    id: MentionId,
    agent: &str,
    owing: Owing,
    now: Instant,
) -> Result<CaseId, ActError> {
    if let Some(case) = &row.case_id {
        return Err(ActError::NotAllowed(format!(
            "it belongs to case {case} already; reopen that instead"
        )));
    }
    if row.disposition()? != Disposition::NotOwed {
        return Err(ActError::NotAllowed(format!(
            "it is {}: only what owes nothing can be called owed",
            row.disposition
        )));
    }
    let Some(brand) = deps.brands.get(&row.brand) else {
        return Err(ActError::NotAllowed(format!("brand {} is not configured", row.brand)));
    };
    let mut work = Work::new(deps, now);
    work.find(tx, &[key_for(row)]).await?;
    work.know(id, row.moves);
    let case = work.case_of(row);
    let severity = match owing {
        Owing::Complaint => row.severity.and_then(|s| u8::try_from(s).ok()).unwrap_or(1).max(1),
        _ => 0,
    };
    let (since, heard_at) = clocks::written(row, now);
    let mut debt = Obligation {
        mention: id,
        owing,
        severity,
        language: row.language(),
        since,
        heard_at,
        due: now,
        first_look: false,
        overdue_told: false,
        before: Before::default(),
        standing: Standing::Owed,
    };
    // Until now nobody was to answer it.
    if let Some(file) = work.file(case) {
        debt.due = brand.sla.due(&brand.calendar, &file.case.owed_anew(&debt, now));
    }
    work.update(case, |file| file.stakes.begin(&file.case, &row.risks()));
    work.apply_as(case, CaseEvent::Owed(debt), agent)?;
    let (rule, sorted_as) = unowed::rule(tx, id).await?;
    work.note(case, "called_owed", agent, json!({ "rule": rule, "sorted_as": sorted_as }));
    work.save(tx, |_| false).await?;
    traces::keep(tx, suggest::left(deps, row, id).as_slice()).await?;
    unowed::owed(tx, id, case, Likeness::of(&row.text).bands()).await?;
    Ok(case)
}

fn label_of(owing: Owing, agent: &str) -> Label {
    let complaint = owing == Owing::Complaint;
    Label {
        complaint: Some(complaint),
        about: Some(true),
        kind: Some(if complaint { Kind::Complaint } else { Kind::Question }),
        source: Source::Sample,
        by: agent.to_owned(),
    }
}

/// What a look at the sample teaches.
fn taught(said: Said, agent: &str) -> Label {
    match said {
        Said::Complaint => label_of(Owing::Complaint, agent),
        Said::Question => label_of(Owing::Question, agent),
        Said::Neither => {
            Label { complaint: Some(false), kind: None, ..label_of(Owing::Question, agent) }
        }
        Said::NotAboutUs => Label {
            complaint: None,
            about: Some(false),
            kind: None,
            ..label_of(Owing::Question, agent)
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_teaches_what_was_said_and_no_more() {
        let said = |said| {
            let Label { complaint, about, kind, source, .. } = taught(said, "ada");
            assert_eq!(source, Source::Sample);
            (complaint, about, kind)
        };
        assert_eq!(said(Said::Complaint), (Some(true), Some(true), Some(Kind::Complaint)));
        assert_eq!(said(Said::Question), (Some(false), Some(true), Some(Kind::Question)));
        assert_eq!(said(Said::Neither), (Some(false), Some(true), None));
        assert_eq!(said(Said::NotAboutUs), (None, Some(false), None));
    }
}
