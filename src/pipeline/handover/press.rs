//! A person hands a case over: which system is meant, and the row that will make the ticket.

use super::reference;
use crate::domain::case::CaseEvent;
use crate::domain::{CaseId, HandoverId, Instant};
use crate::pipeline::acts::{Act, ActError};
use crate::pipeline::casework::Work;
use crate::pipeline::{Deps, Handover, StepResult};
use crate::store::cases::CaseFile;
use crate::store::handovers::{self, HandoverRow, NewHandover};
use crate::store::{StoreError, Tx};
use std::collections::{BTreeMap, BTreeSet};

/// The longest note that is kept, in letters.
const LONGEST: usize = 4_000;

/// The ticket system that an agent means by what was written; where nothing was, the brand's first.
/// `None`: none that is configured, or one in which the ticket stands already, so that only its
/// reference is noted.
///
/// # Errors
/// `NotAllowed` where the brand's cases may not go there, with what to write.
fn meant<'d>(
    deps: &'d Deps,
    brand: &str,
    to: &str,
    reference: &str,
) -> Result<Option<&'d Handover>, ActError> {
    let allowed = deps.brands.get(brand).map_or(&[][..], |b| b.handovers.as_slice());
    let to = match (to.trim(), reference.trim()) {
        ("", "") => allowed.first().map_or("", String::as_str),
        (to, "") => to,
        _ => return Ok(None),
    };
    let Some(handover) = deps.handovers.get(to) else { return Ok(None) };
    if !allowed.iter().any(|name| name == to) {
        return Err(ActError::NotAllowed(format!(
            "cases of {brand} are not handed over to {to}; write it into handovers below \
             [brand.{brand}], or choose another one"
        )));
    }
    Ok(Some(handover))
}

/// The ticket system that an act means, and what is said to its people. `None`: it is another act, or
/// a hand-over that no system takes.
///
/// # Errors
/// As of [`meant`]; `NotAllowed` where a system is asked for and there is none of that name.
pub(in crate::pipeline) fn ticket<'d>(
    deps: &'d Deps,
    brand: &str,
    act: &Act,
) -> Result<Option<(&'d Handover, String)>, ActError> {
    match act {
        Act::HandOver { to, reference } => {
            let handover = meant(deps, brand, to, reference)?;
            Ok(handover.map(|handover| (handover, String::new())))
        }
        Act::File { system, note } => match meant(deps, brand, system, "")? {
            Some(handover) => Ok(Some((handover, note.clone()))),
            None => {
                let allowed = deps.brands.get(brand).map_or(&[][..], |b| b.handovers.as_slice());
                let there = match allowed {
                    [] => format!(
                        "write a section [handover.NAME], and its name into handovers below \
                         [brand.{brand}]"
                    ),
                    names => format!("there is {}", names.join(", ")),
                };
                let what = format!("`{}` is no ticket system here; {there}", system.trim());
                Err(ActError::NotAllowed(what))
            }
        },
        _ => Ok(None),
    }
}

/// Hands a case over to a ticket system, in the transaction of the act: one live ticket of a case
/// and a system, however often it is pressed. `false`: it is there already, and nothing changed.
///
/// # Errors
/// `NotAllowed` where the case cannot be handed over now.
pub(in crate::pipeline) async fn hand_over(
    deps: &Deps,
    tx: &mut Tx,
    work: &mut Work<'_>,
    id: CaseId,
    agent: &str,
    handover: &Handover,
    note: &str,
    now: Instant,
) -> Result<bool, ActError> {
    let unknown = || ActError::Unknown(format!("case {id}"));
    let case = &work.file(id).ok_or_else(unknown)?.case;
    let (brand, to) = (case.brand.clone(), handover.name.clone());
    let is_there = case.handed_over.as_ref().is_some_and(|handed| handed.to == to);
    let mut there = handovers::of_case(tx, id).await?;
    there.retain(|row| row.system == to);
    let live = there.iter().rev().find(|row| row.is_live());
    if live.is_some() && is_there {
        return Ok(false);
    }
    let known = live.map_or_else(String::new, |row| reference(&row.filed()));
    let by = agent.to_owned();
    work.apply(id, CaseEvent::HandedOver { by, to: to.clone(), reference: known })?;
    if live.is_some() {
        return Ok(true);
    }
    let note: String = note.trim().chars().take(LONGEST).collect();
    let failed = |row: &&HandoverRow| row.state == "failed";
    let stored = match there.last().filter(failed) {
        Some(row) => handovers::again(tx, &row.id, &note, agent, now).await?,
        None => {
            // A second ticket must not be taken for the first, which is done with.
            let key = match there.len() {
                0 => format!("ascolto-{id}"),
                before => format!("ascolto-{id}-{}", before + 1),
            };
            let by = agent.to_owned();
            let new = HandoverId(deps.ids.next(now));
            let new = NewHandover { id: new, case: id, brand, system: to, key, note, by };
            handovers::add(tx, &new, now).await?
        }
    };
    if stored { Ok(true) } else { Err(ActError::Store(StoreError::Conflict)) }
}

/// A case was taken back from where it was handed over to: whoever works on its ticket is told.
pub(in crate::pipeline) async fn taken_back(
    tx: &mut Tx,
    id: CaseId,
    now: Instant,
) -> StepResult<()> {
    handovers::stir(tx, id, now).await
}

/// Of cases that stand otherwise than before, those that owe nothing any more: whoever works on
/// their tickets is told.
pub(in crate::pipeline) async fn ended(
    tx: &mut Tx,
    files: &BTreeMap<CaseId, CaseFile>,
    shifted: &BTreeSet<CaseId>,
    now: Instant,
) -> StepResult<()> {
    for file in shifted.iter().filter_map(|id| files.get(id)) {
        if file.case.handed_over.is_some() && file.case.owed().next().is_none() {
            handovers::stir(tx, file.case.id, now).await?;
        }
    }
    Ok(())
}
