//! After the attempts: how they ended, what stands at the recipient from now on, whether it can be
//! reached, and who else must hear of what it did not get.

use super::deliver::Said;
use super::{about, live};
use crate::domain::Instant;
use crate::domain::circuit::{Asked, RECIPIENT};
use crate::domain::reason::Reason;
use crate::pipeline::{Deps, StepResult, circuits};
use crate::store::circuits::CircuitRow;
use crate::store::outbox::{AlertRow, NewAlert, Outcome};
use crate::store::{Tx, held, outbox};

/// Stores what came of alerts to one recipient. `on_trial`: one of them was to show whether it can be
/// reached again.
pub(super) async fn settle(
    deps: &Deps,
    recipient: &str,
    told: Vec<(AlertRow, Said)>,
    on_trial: bool,
) -> StepResult<()> {
    let now = deps.now();
    let mut tx = deps.store.begin().await?;
    let circuit = note(&mut tx, recipient, &told, on_trial, now).await?;
    let (mut others, mut wakes) = (Vec::new(), Vec::new());
    for (row, said) in &told {
        let Some(why) = missed(row, said, &circuit) else { continue };
        let instead = about::tell_others(deps, row, why);
        wakes.extend(wakes_instead(row, &instead));
        others.extend(instead);
    }
    outbox::add(&mut tx, &others, now).await?;
    held::wake(&mut tx, &wakes, now).await?;
    let (settled, stands): (Vec<(AlertRow, Outcome)>, Vec<_>) =
        told.into_iter().map(|(row, said)| ((row, said.outcome), said.stands)).unzip();
    outbox::settle(&mut tx, &settled, now).await?;
    live::keep(deps, &mut tx, &settled, &stands, now).await?;
    if on_trial && circuit.failures == 0 {
        // It can be reached again: what waited for that goes now.
        outbox::hasten(&mut tx, recipient, now).await?;
    }
    tx.commit().await
}

/// Why others must be told of an alert: it failed, or it waits for long, or for who failed again and
/// again. What only brings up to date is missed by nobody.
fn missed<'a>(row: &AlertRow, said: &'a Said, circuit: &CircuitRow) -> Option<&'a str> {
    match &said.outcome {
        Outcome::Failed(why) => Some(why),
        Outcome::Later(_, why) => {
            let waits = said.late || circuit.circuit().is_failing(RECIPIENT);
            (waits && row.reason != Reason::CaseMoved.as_str()).then_some(why)
        }
        Outcome::Sent(_) | Outcome::Edited | Outcome::Silent(_) => None,
    }
}

/// Notes whether the recipient can be reached. Gives how it stands.
async fn note(
    tx: &mut Tx,
    recipient: &str,
    told: &[(AlertRow, Said)],
    on_trial: bool,
    now: Instant,
) -> StepResult<CircuitRow> {
    let mut asked: Vec<(Asked, &str)> = Vec::new();
    let reached = told.iter().any(|(_, said)| said.asked == Some(Asked::Answered));
    for (_, said) in told {
        let why = match &said.outcome {
            Outcome::Failed(why) | Outcome::Later(_, why) => why.as_str(),
            Outcome::Sent(_) | Outcome::Edited | Outcome::Silent(_) => "",
        };
        match said.asked {
            // That it takes others tells of this alert alone; and what many met side by side was one
            // trouble.
            Some(Asked::Unreachable) if reached => {}
            Some(Asked::Unreachable) if asked.iter().any(|(a, _)| *a == Asked::Unreachable) => {}
            Some(how) => asked.push((how, why)),
            None => {}
        }
    }
    let name = circuits::of_recipient(recipient);
    let row = circuits::note(tx, &name, RECIPIENT, &asked, now).await?;
    if !on_trial || !asked.is_empty() {
        return Ok(row);
    }
    // The one on trial was not needed any more: the next one tries.
    let row = CircuitRow { shut_until: now.0, ..row };
    crate::store::circuits::keep(tx, &row).await?;
    Ok(row)
}

/// Whom it was to wake cannot be reached: whoever is told in the place of that one is woken, with the
/// case where there is one.
fn wakes_instead<'a>(row: &'a AlertRow, instead: &[NewAlert]) -> Vec<(String, &'a str, Instant)> {
    let Some(night) = row.night.filter(|_| !row.wake.is_empty()) else { return Vec::new() };
    let with_case = instead.iter().any(|alert| alert.case.is_some());
    let woken = instead.iter().filter(|alert| alert.case.is_some() == with_case);
    woken.map(|alert| (alert.key.clone(), row.wake.as_str(), Instant(night))).collect()
}
