//! The private contact that a moved case waits for: the same author writes to us privately, on the
//! same network, and is answered there.
//!
//! Runs in the transaction of whatever answers a case or moves it to private. A person can say that
//! the contact happened too (`acts`): it may have been by telephone.

use super::casework::Work;
use super::{StepResult, promises};
use crate::domain::case::{Attention, CaseEvent};
use crate::domain::obligation::{Evidence, Standing};
use crate::domain::{CaseId, Instant};
use crate::store::contacts::{self, Author};
use crate::store::{StoreError, Tx};
use std::collections::BTreeSet;

/// Draws the consequences of the cases that were answered or moved in a batch.
pub(super) async fn settle(
    work: &mut Work<'_>,
    tx: &mut Tx,
    cases: BTreeSet<CaseId>,
) -> StepResult<()> {
    for id in cases {
        let Some(file) = work.file(id) else { continue };
        // Who has no id is nobody known, so no two of them are the same.
        if file.case.author.is_empty() {
            continue;
        }
        if matches!(file.case.attention, Attention::Moved { .. }) {
            happened_before(work, tx, id).await?;
        } else {
            waited_for(work, tx, id).await?;
        }
    }
    Ok(())
}

/// A case was answered: if it is a private one, it is what the author's moved cases waited for.
async fn waited_for(work: &mut Work<'_>, tx: &mut Tx, private: CaseId) -> StepResult<()> {
    let Some(file) = work.file(private) else { return Ok(()) };
    let met = file.case.obligations.iter().filter_map(|o| match &o.standing {
        Standing::Met { at, .. } => Some(*at),
        _ => None,
    });
    let Some(at) = met.max() else { return Ok(()) };
    let waiting = contacts::waiting(tx, private, at).await?;
    let mut found = Vec::with_capacity(waiting.len());
    for row in waiting {
        let case: CaseId = row.id.parse().map_err(|why| broken(&row.id, why))?;
        found.push((case, Instant(row.wrote_at)));
    }
    let ids: Vec<CaseId> = found.iter().map(|(case, _)| *case).collect();
    work.load(tx, &ids).await?;
    for (case, wrote_at) in found {
        happened(work, case, private, wrote_at, at);
    }
    Ok(())
}

/// A case was moved to private: the contact may have happened by then.
async fn happened_before(work: &mut Work<'_>, tx: &mut Tx, moved: CaseId) -> StepResult<()> {
    let Some(file) = work.file(moved) else { return Ok(()) };
    let Some(since) = file.case.owed().map(|o| o.since).min() else { return Ok(()) };
    let (brand, network) = (file.case.brand.clone(), file.case.network.clone());
    let (origin, id) = (file.case.origin.clone(), file.case.author.clone());
    let author = Author { brand: &brand, network: &network, origin: &origin, id: &id };
    let Some(row) = contacts::happened(tx, &author, moved, since).await? else { return Ok(()) };
    let private: CaseId = row.case_id.parse().map_err(|why| broken(&row.case_id, why))?;
    happened(work, moved, private, Instant(row.wrote_at), Instant(row.answered_at));
    Ok(())
}

/// Meets what was owed there when the customer wrote privately.
fn happened(work: &mut Work<'_>, moved: CaseId, private: CaseId, wrote_at: Instant, at: Instant) {
    let Some(file) = work.file(moved) else { return };
    if !matches!(file.case.attention, Attention::Moved { .. }) {
        return;
    }
    let covers = file.case.owed().filter(|o| o.since <= wrote_at).map(|o| o.mention).collect();
    let evidence = Evidence::Moved { by: String::new(), case: Some(private), url: String::new() };
    // Refused where all that is owed was written after it.
    if work.apply(moved, CaseEvent::Answered { evidence: evidence.clone(), at, covers }).is_ok() {
        promises::keep(work, moved, evidence, at);
    }
}

fn broken(row: &str, why: String) -> StoreError {
    StoreError::Broken { row: row.to_owned(), why }
}
