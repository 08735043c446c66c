//! Triage: judges mentions in batches and opens, raises or leaves the cases they belong to.

use super::around::Known;
use super::casework::{Work, WorkError, key_for};
use super::storm::Arrivals;
use super::{Deps, Did, StepResult, clocks, suggest};
use crate::classify::{About, Around, Correction, Input, Learned, Likeness, Scope, Settings};
use crate::domain::case::CaseEvent;
use crate::domain::first_look::REMIND_EVERY;
use crate::domain::ledger::Disposition;
use crate::domain::obligation::{Before, Obligation, Owing, Standing};
use crate::domain::{Bands, Brand, CaseId, Instant, Lang, MentionId, Risk, Verdict};
use crate::store::mentions::{Judged, MentionRow};
use crate::store::{StoreError, Tx, looks, mentions, traces};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::panic::resume_unwind;

/// How many mentions one transaction judges.
pub const BATCH: i64 = 500;
/// A share smaller than this is not worth a thread.
const SMALL: usize = 50;
/// More cores than this are left to the rest of the house.
const MOST_CORES: usize = 8;

/// Takes a batch of mentions that wait, judges them and stores verdicts, cases, events and alerts
/// together.
pub async fn step(deps: &Deps) -> StepResult<Did> {
    let now = deps.now();
    let (mut tx, rows, count) = take(deps).await?;
    if count == 0 {
        return Ok(Did::default());
    }
    let looks = Looks::of(&mut tx, &rows).await?;
    let mut work = Work::new(deps, now);
    let keys: Vec<_> = rows.iter().map(|(row, _)| key_for(row)).collect();
    work.find(&mut tx, &keys).await?;
    let mut judged = BTreeMap::new();
    let mut left = Vec::new();
    let mut arrivals = Arrivals::default();
    let mut tombstones = Vec::new();
    for (row, verdict) in rows {
        let row = &row;
        let id = row.mention_id()?;
        work.know(id, row.moves);
        if row.gone_at.is_some() {
            withdraw(&mut work, row, id)?;
            tombstones.push(row.id.clone());
        } else if let Some(outcome) = judge(deps, &mut work, &looks, row, id, verdict, now)? {
            left.extend(outcome.case.and_then(|_| suggest::left(deps, row, id)));
            arrivals.note(row, &outcome, now);
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
    traces::keep(&mut tx, &left).await?;
    mentions::done_with(&mut tx, &tombstones).await?;
    arrivals.save(deps, &mut tx, now).await?;
    tx.commit().await?;
    deps.tell(cases);
    Ok(Did::batch(count, BATCH))
}

/// A mention with what is said of it; `None` where its brand is not configured any more.
type Read = (MentionRow, Option<Verdict>);

/// The batch with its verdicts in the transaction that will store them, and how many were looked
/// at.
///
/// SQLite has one writer, so there the batch is judged before the transaction begins, and what
/// changed meanwhile is left for the next round. On PostgreSQL the locked rows are nobody else's.
async fn take(deps: &Deps) -> StepResult<(Tx, Vec<Read>, usize)> {
    if !deps.store.is_sqlite() {
        let mut tx = deps.store.begin().await?;
        let rows = mentions::take_untriaged(&mut tx, BATCH).await?;
        let known = Known::of(&mut tx, &rows).await?;
        let verdicts = verdicts(deps, &rows, &known);
        let count = rows.len();
        return Ok((tx, rows.into_iter().zip(verdicts).collect(), count));
    }
    let rows = waiting(deps).await?;
    if rows.is_empty() {
        return Ok((deps.store.read().await?, Vec::new(), 0));
    }
    let known = Known::of(&mut deps.store.read().await?, &rows).await?;
    let verdicts = verdicts(deps, &rows, &known);
    let count = rows.len();
    let mut tx = deps.store.begin().await?;
    let ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    let still: HashSet<_> = mentions::still_untriaged(&mut tx, &ids).await?.into_iter().collect();
    let read = rows.into_iter().zip(verdicts).filter(|(row, _)| still.contains(&row.stamp()));
    Ok((tx, read.collect(), count))
}

/// What waits: what was just stored, else what the store shows.
async fn waiting(deps: &Deps) -> StepResult<Vec<MentionRow>> {
    let fresh = deps.fresh.take(usize::try_from(BATCH).unwrap_or(0));
    if !fresh.is_empty() {
        return Ok(fresh);
    }
    let rows = mentions::take_untriaged(&mut deps.store.read().await?, BATCH).await?;
    deps.fresh.forget(&rows);
    Ok(rows)
}

/// The channels whose first look waits for a choice, with the time at which it is asked for again.
struct Looks(HashMap<String, Instant>);

impl Looks {
    /// Those that matter to a batch.
    async fn of(tx: &mut Tx, rows: &[Read]) -> StepResult<Looks> {
        if !rows.iter().any(|(row, _)| row.first_look) {
            return Ok(Looks(HashMap::new()));
        }
        let waiting = looks::waiting(tx).await?.into_iter();
        Ok(Looks(waiting.map(|(c, began)| (c, Instant(began) + REMIND_EVERY)).collect()))
    }

    /// When the choice that a mention waits for is asked for again; `None` if it waits for none.
    fn wait(&self, row: &MentionRow) -> Option<Instant> {
        self.0.get(&row.channel).filter(|_| row.first_look).copied()
    }
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
    looks: &Looks,
    row: &MentionRow,
    id: MentionId,
    verdict: Option<Verdict>,
    now: Instant,
) -> StepResult<Option<Judged>> {
    let stands = row.disposition()?;
    let (Some(brand), Some(verdict)) = (deps.brands.get(&row.brand), verdict) else {
        return Ok(orphan(work, row, id, stands));
    };
    let (alert_at, look_at) = brand.thresholds(campaign(deps, brand, row).as_deref());
    let owing = brand.owing_at(&verdict, alert_at, look_at);
    let case = case_of(row)?;
    let mut outcome = Judged {
        id: row.id.clone(),
        disposition: stands,
        moves: row.moves,
        case,
        rule: owing.err().unwrap_or_default().to_owned(),
        bands: Bands::default(),
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
            let waits = looks.wait(row);
            owe(work, brand, row, id, owing, &outcome.verdict, case, waits, now)?;
        }
        (Disposition::Open, Ok(owing)) => {
            let Some(case) = case else { return Ok(Some(outcome)) };
            let due = clocks::due(work, brand, row, owing, &outcome.verdict, case, now);
            let (severity, grave) = (outcome.verdict.severity, turned_grave(row, &outcome.verdict));
            work.update(case, |file| file.stakes.raise(&outcome.verdict.risk));
            let raised = CaseEvent::Raised { mention: id, owing, severity, due, grave };
            not_refused(work.apply(case, raised))?;
        }
        // An edit after the end is looked at again: what complains is owed as that, whatever else
        // owes anything as a look.
        (Disposition::Answered | Disposition::Waived | Disposition::Closed, Ok(owing)) => {
            if let Some(case) = case.filter(|case| clocks::edited_since(work, *case, id, row, now))
            {
                let owing = if owing == Owing::Complaint { owing } else { Owing::Look };
                owe(work, brand, row, id, owing, &outcome.verdict, case, None, now)?;
            }
        }
        (Disposition::Open, Err(_)) => outcome.rule = String::new(),
        _ => {}
    }
    // Copies are looked for among what is owed: whoever reads a case wants to know of its like.
    if outcome.case.is_some() {
        outcome.bands = Likeness::of(&row.text).bands();
    }
    Ok(Some(outcome))
}

/// Whether a changed text names what is heard through a mute too, and did not before.
fn turned_grave(row: &MentionRow, verdict: &Verdict) -> bool {
    let before: Option<Vec<Risk>> = row.risk.as_deref().and_then(|r| serde_json::from_str(r).ok());
    let before = before.unwrap_or_default();
    let is_new = |risk: &Risk| verdict.risk.contains(risk) && !before.contains(risk);
    [Risk::Safety, Risk::Legal].iter().any(is_new)
}

/// The campaign that a mention names, if any of the brand's has thresholds of its own.
fn campaign(deps: &Deps, brand: &Brand, row: &MentionRow) -> Option<String> {
    let own = brand.campaigns.iter().any(|c| c.alert_at.is_some() || c.look_at.is_some());
    let scope = deps.scopes.get(&brand.name).filter(|_| own)?;
    scope.campaign(&row.text, Instant(row.created_at))
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
    let bands = Bands::default();
    Some(Judged { id: row.id.clone(), disposition, moves, case: None, verdict, rule, bands })
}

fn owe(
    work: &mut Work<'_>,
    brand: &Brand,
    row: &MentionRow,
    id: MentionId,
    owing: Owing,
    verdict: &Verdict,
    case: CaseId,
    waits: Option<Instant>,
    now: Instant,
) -> StepResult<()> {
    work.update(case, |file| file.stakes.begin(&file.case, &verdict.risk));
    let (since, heard_at) = clocks::written(row, now);
    let due = waits.unwrap_or_else(|| clocks::due(work, brand, row, owing, verdict, case, now));
    // A deadline that had passed before anybody here could know of it rings no alert of its own.
    let late = brand.silence(since, heard_at).is_some() && due <= now;
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
            language: verdict.language,
            since,
            heard_at,
            due,
            first_look: waits.is_some(),
            overdue_told: late,
            before: Before::default(),
            standing: Standing::Owed,
        }),
    ))
}

/// The verdicts on a batch, in its order; `None` where the brand is not configured any more.
///
/// Judging is most of what triage costs, so the batch is shared out to the machine's cores.
fn verdicts(deps: &Deps, rows: &[MentionRow], known: &Known) -> Vec<Option<Verdict>> {
    let corrections = deps.corrections.now();
    let judge = |row: &MentionRow| {
        let (brand, scope) = (deps.brands.get(&row.brand)?, deps.scopes.get(&row.brand)?);
        let learned = corrections.get(&row.brand).and_then(|taught| learned(brand, taught));
        Some(verdict(deps, scope, learned, row, known.around(row, brand)))
    };
    if rows.len() <= SMALL {
        return rows.iter().map(judge).collect();
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let share = rows.len().div_ceil(cores.min(MOST_CORES)).max(SMALL);
    std::thread::scope(|scope| {
        let hands: Vec<_> = rows
            .chunks(share)
            .map(|rows| scope.spawn(|| rows.iter().map(&judge).collect::<Vec<_>>()))
            .collect();
        hands
            .into_iter()
            .flat_map(|hand| hand.join().unwrap_or_else(|p| resume_unwind(p)))
            .collect()
    })
}

/// Whether a mention is about the brand whatever it says: the network addressed it to us (comments
/// on our own pages among them), or it can be meant for nobody else.
pub fn is_to_us(addressed: bool, visibility: &str, kind: &str) -> bool {
    addressed || visibility == "private" || matches!(kind, "review" | "direct" | "mail")
}

/// A brand's own correction, unless it is switched off.
fn learned<'a>(brand: &Brand, correction: &'a Correction) -> Option<Learned<'a>> {
    let settings = Settings { alert_at: brand.alert_at, look_at: brand.look_at };
    brand.learn.then_some(Learned { correction, settings })
}

fn verdict(
    deps: &Deps,
    scope: &Scope,
    learned: Option<Learned<'_>>,
    row: &MentionRow,
    around: Around<'_>,
) -> Verdict {
    let about = About {
        scope: Some(scope),
        addressed: is_to_us(row.addressed, &row.visibility, &row.kind),
        at: Instant(row.created_at),
    };
    let input = Input {
        text: &row.text,
        language: row.language.as_deref().and_then(Lang::parse),
        rating: row.rating.and_then(|r| u8::try_from(r).ok()),
        attachments: row.attachment_count(),
        around,
        about: &about,
    };
    let verdict = deps.classifier.judge_for(&input, learned);
    verdict.with(&row.marks())
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
