//! What people say of alerts that woke them: kept as a label of its own, so that a brand sees what it
//! lists in vain in `wakes`. It changes no case and teaches the classifier nothing.

use super::Deps;
use super::acts::ActError;
use super::casework::Work;
use crate::domain::{AlertId, CaseId};
use crate::store::{live, outbox};
use serde_json::json;

/// Keeps that an alert should not have woken anybody; said twice it counts once.
///
/// # Errors
/// `Unknown`, and `NotAllowed` for an alert that broke no quiet hours.
pub async fn in_vain(deps: &Deps, alert: AlertId, agent: &str) -> Result<(), ActError> {
    let now = deps.now();
    let mut tx = deps.store.begin().await?;
    let row = outbox::by_id(&mut tx, alert).await?;
    let row = row.ok_or_else(|| ActError::Unknown(format!("alert {alert}")))?;
    if row.wake.is_empty() {
        return Err(ActError::NotAllowed(
            "this alert broke no quiet hours, so it woke nobody; there is nothing to say of it"
                .to_owned(),
        ));
    }
    if !live::say_woken(&mut tx, alert, agent, now).await? {
        return Ok(());
    }
    let case = row.case_id.as_ref().and_then(|id| id.parse::<CaseId>().ok());
    let mut work = Work::new(deps, now);
    if let Some(case) = case {
        work.load(&mut tx, &[case]).await?;
        if work.file(case).is_some() {
            let data = json!({ "alert": row.id, "wake": row.wake });
            work.note(case, "woken_in_vain", agent, data);
        }
    }
    work.save(&mut tx, |_| false).await?;
    tx.commit().await?;
    deps.tell(case);
    Ok(())
}
