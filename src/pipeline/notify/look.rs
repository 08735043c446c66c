//! The look before an alert: threads are read once more, since somebody may have answered there
//! (invariant 7).

use crate::domain::time::SECOND;
use crate::domain::{CaseId, Instant};
use crate::fetch::Purpose;
use crate::pipeline::casework::Work;
use crate::pipeline::thread::{self, Reread};
use crate::pipeline::{Deps, StepResult};
use crate::store::{StoreError, cases};
use std::collections::HashSet;

/// A thread read this recently needs no second look before an alert.
const FRESH: i64 = 60 * SECOND;
/// Alarm wins over certainty: a look may hold an alert up no longer than this.
const LOOK: std::time::Duration = std::time::Duration::from_secs(10);
/// So often what a look showed is written down, where somebody else changes a case at the same time.
const TRIES: usize = 3;

/// Re-reads the threads that were not read within a minute. Gives those that could not be read
/// within ten seconds or for want of budget: their alerts go out marked.
pub(super) async fn look(deps: &Deps, ids: &[CaseId], now: Instant) -> StepResult<HashSet<CaseId>> {
    let mut tx = deps.store.read().await?;
    let stale: Vec<CaseId> = cases::load(&mut tx, ids)
        .await?
        .into_iter()
        .filter(|f| now - f.checked_at >= FRESH)
        .map(|f| f.case.id)
        .collect();
    let mentions = thread::of_cases(&mut tx, &stale).await?;
    drop(tx);
    let stale = stale.iter().filter_map(|id| Some((*id, mentions.get(id)?)));
    let looks = stale.map(|(id, rows)| async move {
        let read = thread::reread(deps, id, rows, Purpose::Look);
        (id, tokio::time::timeout(LOOK, read).await.ok().and_then(Result::ok))
    });
    let looks = deps.side_by_side(looks.collect()).await;
    let mut unread = HashSet::new();
    let mut reads: Vec<Reread> = Vec::new();
    for (id, read) in looks {
        match read {
            Some(read) => reads.push(read),
            None => drop(unread.insert(id)),
        }
    }
    // A network that shows no threads changes nothing; only what was seen is written down.
    reads.retain(|r| r.view.is_some());
    if reads.is_empty() {
        return Ok(unread);
    }
    for _ in 0..TRIES {
        match keep_looks(deps, &reads, now).await {
            Ok(()) => return Ok(unread),
            // Somebody did something about one of these cases meanwhile. The alerts are leased: to
            // begin the step anew would hold them up for a minute.
            Err(StoreError::Conflict) => {}
            Err(error) => return Err(error),
        }
    }
    unread.extend(reads.iter().map(|read| read.case));
    Ok(unread)
}

/// Writes down what the threads showed.
async fn keep_looks(deps: &Deps, reads: &[Reread], now: Instant) -> StepResult<()> {
    let mut tx = deps.store.begin().await?;
    let mut work = Work::new(deps, now);
    let seen: Vec<CaseId> = reads.iter().map(|r| r.case).collect();
    work.load(&mut tx, &seen).await?;
    for read in reads {
        thread::record(deps, &mut tx, &mut work, read).await?;
    }
    work.save(&mut tx, |_| false).await?;
    tx.commit().await
}
