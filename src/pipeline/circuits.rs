//! Circuits: notes how those did whom we ask or tell outside, so that who fails again and again is
//! passed over for a while.

use super::StepResult;
use crate::domain::Instant;
use crate::domain::circuit::{Asked, Rule};
use crate::domain::text::one_line;
use crate::store::Tx;
use crate::store::circuits::{self, CircuitRow};

/// So much of a fault is kept, in graphemes.
const LONGEST: usize = 300;

/// Under which name a recipient's circuit is kept.
pub(super) fn of_recipient(name: &str) -> String {
    format!("recipient:{name}")
}

/// Notes how questions to somebody ended, in order, each with what went wrong. Gives how it stands then.
pub(super) async fn note(
    tx: &mut Tx,
    name: &str,
    rule: Rule,
    came: &[(Asked, &str)],
    now: Instant,
) -> StepResult<CircuitRow> {
    let before = circuits::one(tx, name).await?;
    let before =
        before.unwrap_or_else(|| CircuitRow { name: name.to_owned(), ..CircuitRow::default() });
    let mut row = before.clone();
    for (asked, fault) in came {
        let circuit = row.circuit().after(rule, *asked, now);
        (row.failures, row.shut_until) = (circuit.failures, circuit.shut_until.0);
        if *asked != Asked::Answered {
            (row.fault, row.failed_at) = (one_line(fault, LONGEST), now.0);
        }
    }
    if row != before {
        circuits::keep(tx, &row).await?;
    }
    Ok(row)
}
