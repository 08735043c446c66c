//! Triage: judges mentions in batches and opens, raises or leaves the cases they belong to.

use super::casework::{Work, WorkError, key_for};
use super::{Deps, Did, StepResult};
use crate::classify::{About, Input};
use crate::domain::case::CaseEvent;
use crate::domain::ledger::Disposition;
use crate::domain::obligation::{Obligation, Owing, Standing};
use crate::domain::{Brand, CaseId, Instant, Lang, MentionId, Verdict};
use crate::store::mentions::{Judged, MentionRow};
use crate::store::{StoreError, mentions};
use std::collections::BTreeMap;

/// How many mentions one transaction judges.
pub const BATCH: i64 = 500;

/// Takes a batch of mentions that wait, judges them and stores verdicts, cases, events and alerts
/// together.
pub async fn step(deps: &Deps) -> StepResult<Did> {
    let now = deps.now();
    let mut tx = deps.store.begin().await?;
    let rows = mentions::take_untriaged(&mut tx, BATCH).await?;
    if rows.is_empty() {
        return Ok(Did::default());
    }
    let mut work = Work::new(deps, now);
    let keys: Vec<_> = rows.iter().map(key_for).collect();
    work.find(&mut tx, &keys).await?;
    let mut judged = BTreeMap::new();
    let mut tombstones = Vec::new();
    for row in &rows {
        let id = row.mention_id()?;
        work.know(id, row.moves);
        if row.gone_at.is_some() {
            withdraw(&mut work, row, id)?;
            tombstones.push(row.id.clone());
        } else if let Some(outcome) = judge(deps, &mut work, row, id, now)? {
            judged.insert(id, outcome);
        } else {
            tombstones.push(row.id.clone());
        }
    }
    for (id, outcome) in &mut judged {
        if let Some((disposition, moves)) = work.moved(*id) {
            outcome.disposition = disposition;
            outcome.moves = moves;
        }
    }
    let cases = work.save(&mut tx, |id| judged.contains_key(id)).await?;
    let judged: Vec<Judged> = judged.into_values().collect();
    mentions::save_judged(&mut tx, &judged).await?;
    mentions::done_with(&mut tx, &tombstones).await?;
    tx.commit().await?;
    deps.tell(cases);
    Ok(Did::batch(rows.len(), BATCH))
}

/// The customer took it back.
fn withdraw(work: &mut Work<'_>, row: &MentionRow, id: MentionId) -> StepResult<()> {
    match case_of(row)? {
        Some(case) => not_refused(work.apply(case, CaseEvent::Withdrawn { mention: id })),
        None => {
            if row.disposition()? != Disposition::Withdrawn {
                work.move_mention(row, id, Disposition::Withdrawn, "withdrawn", "{}");
            }
            Ok(())
        }
    }
}

/// Judges one mention; `None` where its brand is not configured any more and nothing can be said.
fn judge(
    deps: &Deps,
    work: &mut Work<'_>,
    row: &MentionRow,
    id: MentionId,
    now: Instant,
) -> StepResult<Option<Judged>> {
    let stands = row.disposition()?;
    let Some(brand) = deps.brands.get(&row.brand) else {
        return Ok(orphan(work, row, id, stands));
    };
    let verdict = verdict(deps, brand, row);
    let owing = brand.owing(&verdict);
    let case = case_of(row)?;
    let mut outcome = Judged {
        id: row.id.clone(),
        disposition: stands,
        moves: row.moves,
        case,
        rule: owing.err().unwrap_or_default().to_owned(),
        verdict,
    };
    match (stands, owing) {
        (Disposition::Withdrawn, _) => {}
        (Disposition::Untriaged, Err(rule)) => {
            let data = format!("{{\"rule\":\"{rule}\",\"model\":\"{}\"}}", outcome.verdict.model);
            work.move_mention(row, id, Disposition::NotOwed, "triaged", &data);
        }
        // An edit that owes something after all, or raises what is owed. Text lowers nothing, so
        // an `Err` on what is open changes nothing (invariant 8).
        (Disposition::Untriaged | Disposition::NotOwed, Ok(owing)) => {
            let case = work.case_of(row);
            outcome.case = Some(case);
            owe(work, brand, row, id, owing, &outcome.verdict, case, now)?;
        }
        (Disposition::Open, Ok(owing)) => {
            let Some(case) = case else { return Ok(Some(outcome)) };
            let due = due(brand, owing, &outcome.verdict, row, now);
            let severity = outcome.verdict.severity;
            not_refused(work.apply(case, CaseEvent::Raised { mention: id, owing, severity, due }))?;
        }
        // An edit after the end that complains is looked at again.
        (
            Disposition::Answered | Disposition::Waived | Disposition::Closed,
            Ok(Owing::Complaint),
        ) => {
            if let Some(case) = case.filter(|_| row.version > 1) {
                owe(work, brand, row, id, Owing::Complaint, &outcome.verdict, case, now)?;
            }
        }
        (Disposition::Open, Err(_)) => outcome.rule = String::new(),
        _ => {}
    }
    Ok(Some(outcome))
}

/// A mention whose brand left the configuration: a person can still see it, nobody is alerted.
fn orphan(
    work: &mut Work<'_>,
    row: &MentionRow,
    id: MentionId,
    stands: Disposition,
) -> Option<Judged> {
    if stands != Disposition::Untriaged {
        return None;
    }
    work.move_mention(row, id, Disposition::NotOwed, "triaged", "{\"rule\":\"brand_removed\"}");
    let verdict = Verdict {
        relevance: crate::domain::Relevance::NotAbout,
        kind: crate::domain::Kind::Other,
        probability: crate::domain::PerMillion(0),
        severity: 0,
        topic: crate::domain::Topic::Other,
        language: Lang::UNKNOWN,
        risk: Vec::new(),
        why: Vec::new(),
        look: false,
        sorted_out: None,
        model: "none".to_owned(),
    };
    let rule = "brand_removed".to_owned();
    let (disposition, moves) = (stands, row.moves);
    Some(Judged { id: row.id.clone(), disposition, moves, case: None, verdict, rule })
}

fn owe(
    work: &mut Work<'_>,
    brand: &Brand,
    row: &MentionRow,
    id: MentionId,
    owing: Owing,
    verdict: &Verdict,
    case: CaseId,
    now: Instant,
) -> StepResult<()> {
    not_refused(work.apply(
        case,
        CaseEvent::Owed(Obligation {
            mention: id,
            owing,
            severity: if owing == Owing::Complaint {
                verdict.severity.max(1)
            } else {
                verdict.severity
            },
            since: Instant(row.created_at),
            heard_at: Instant(row.heard_at),
            due: due(brand, owing, verdict, row, now),
            first_look: row.first_look,
            overdue_told: false,
            standing: Standing::Owed,
        }),
    ))
}

fn due(brand: &Brand, owing: Owing, verdict: &Verdict, row: &MentionRow, now: Instant) -> Instant {
    // What was edited is late from the edit on, not from before anybody could see it.
    let since = if row.version > 1 { now } else { Instant(row.created_at) };
    let heard = Instant(row.heard_at);
    brand.sla.first_answer_due(&brand.calendar, owing, verdict.severity, since, heard.max(since))
}

fn verdict(deps: &Deps, brand: &Brand, row: &MentionRow) -> Verdict {
    let direct =
        row.visibility == "private" || matches!(row.kind.as_str(), "review" | "direct" | "mail");
    let about = About {
        names: &brand.terms,
        handles: &brand.handles,
        addressed: row.addressed || direct,
        context: &brand.context,
        exclusions: &brand.exclusions,
    };
    deps.classifier.judge(&Input {
        text: &row.text,
        language: row.language.as_deref().and_then(Lang::parse),
        rating: row.rating.and_then(|r| u8::try_from(r).ok()),
        attachments: row.attachment_count(),
        reply_to_us: false,
        about: &about,
    })
}

fn case_of(row: &MentionRow) -> StepResult<Option<CaseId>> {
    let parse =
        |id: &String| id.parse().map_err(|why| StoreError::Broken { row: row.id.clone(), why });
    row.case_id.as_ref().map(parse).transpose()
}

/// The table of moves lets triage do all that it does; a refusal here is a bug to be seen.
fn not_refused(result: Result<(), crate::domain::case::NotAllowed>) -> StepResult<()> {
    result.map_err(|e| match WorkError::from(e) {
        WorkError::Store(e) => e,
        WorkError::NotAllowed(e) => StoreError::Broken { row: "a case".to_owned(), why: e.0 },
    })
}
