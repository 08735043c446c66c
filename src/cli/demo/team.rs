//! The rehearsed team of the headless demo: two agents who answer as a small team would.

use crate::cli::failure::Failure;
use crate::domain::CaseId;
use crate::domain::obligation::Owing;
use crate::domain::time::MINUTE;
use crate::pipeline::Deps;
use crate::pipeline::acts::{self, Act, ActError};
use crate::store::cases;
use std::collections::BTreeSet;

/// How long a case waits before somebody looks at it.
const AFTER: i64 = 25 * MINUTE;
/// Who answers.
const AGENT: &str = "ada";

/// What the team has in hand.
#[derive(Default)]
pub(super) struct Team {
    seen: BTreeSet<CaseId>,
}

impl Team {
    /// Answers what has waited long enough: complaints and questions with the draft, as written;
    /// of what only needs a look, the person decides that no answer is needed. Every seventh case
    /// is left alone, so that the day ends with something owed.
    pub(super) async fn work(&mut self, deps: &Deps) -> Result<(), Failure> {
        let now = deps.now();
        let mut tx = deps.store.read().await?;
        let open = cases::open(&mut tx, "", 200).await?;
        drop(tx);
        for file in open {
            let id = file.case.id;
            let owed_since = file.case.owed().map(|o| o.heard_at).max();
            if owed_since.is_none_or(|at| now - at < AFTER) || !self.seen.insert(id) {
                continue;
            }
            if self.seen.len().is_multiple_of(7) {
                continue;
            }
            let mut tx = deps.store.read().await?;
            let draft = cases::draft(&mut tx, id).await?;
            drop(tx);
            let done = match (file.case.owing(), draft) {
                (Some(Owing::Complaint | Owing::Question), Some(draft))
                    if !draft.text.is_empty() =>
                {
                    acts::act(deps, id, AGENT, Act::Take).await?;
                    acts::publish(deps, id, AGENT, draft.rev, &draft.text).await.map(drop)
                }
                _ => {
                    acts::act(
                        deps,
                        id,
                        AGENT,
                        Act::Waive("looked at: nothing to answer".to_owned()),
                    )
                    .await
                }
            };
            match done {
                // A colleague was faster, or the customer took it back: the case says so.
                Ok(()) | Err(ActError::NotAllowed(_) | ActError::Stale(_)) => {}
                Err(e) => return Err(e.into()),
            }
        }
        Ok(())
    }
}
