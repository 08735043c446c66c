//! Hand-overs: a case goes to a ticket system once, and what becomes of the ticket is read back.
//!
//! A hand-over is a row with a due time, made in the commit of whoever handed the case over. The
//! ticket is looked for by its key before it is made, and again where an answer was lost: few
//! systems know a request that came twice. A ticket that is closed there is no public answer, so the
//! case carries it as a flag and stays owed.

mod compose;
mod file;
mod press;
mod watch;

pub(in crate::pipeline) use press::{ended, hand_over, taken_back, ticket};
pub use watch::called;

use super::hands::{self, Errand, Taken};
use super::runner::StepName;
use super::{Deps, Did, StepResult};
use crate::domain::case::Case;
use crate::domain::time::SECOND;
use crate::domain::{CaseId, Instant};
use crate::store::cases::{CaseFile, DraftRow};
use crate::store::handovers::{self, HandoverRow};
use crate::store::mentions::MentionRow;
use crate::store::{StoreError, cases, mentions};
use crate::wire::Filed;

/// No question is put later than so long after its row was leased, so that the last answer is here
/// before another instance may take the row.
const ASKS_FOR: i64 = 30 * SECOND;
/// How often an outcome is stored anew when somebody else changes the case at the same moment.
const TRIES: usize = 5;

/// The hand-overs.
pub(super) struct Handovers;

impl Errand for Handovers {
    const STEP: StepName = StepName::Handover;
    const AT_ONCE: i64 = 8;
    type Piece = HandoverRow;

    fn take(deps: &Deps, most: i64) -> impl Future<Output = StepResult<Taken<HandoverRow>>> + Send {
        take(deps, most)
    }

    fn carry_out(deps: &Deps, row: HandoverRow) -> impl Future<Output = StepResult<()>> + Send {
        carry_out(deps, row)
    }
}

/// Makes tickets that are due, and asks how those stand that were made.
pub async fn step(deps: &Deps) -> StepResult<Did> {
    hands::step::<Handovers>(deps).await
}

/// Leases hand-overs that are due, so many at most.
async fn take(deps: &Deps, most: i64) -> StepResult<Taken<HandoverRow>> {
    let mut tx = deps.store.begin().await?;
    let due = handovers::take_due(&mut tx, &deps.instance, deps.now(), most).await?;
    if !due.is_empty() {
        tx.commit().await?;
    }
    Ok(Taken::batch(due, most))
}

async fn carry_out(deps: &Deps, row: HandoverRow) -> StepResult<()> {
    let Some(folder) = Folder::read(deps, &row).await? else {
        // No case of ours: nothing can be said of it.
        let mut tx = deps.store.begin().await?;
        handovers::end(&mut tx, &row, "ended", "there is no such case").await?;
        return tx.commit().await;
    };
    let handover = deps.handovers.get(&row.system);
    match (row.state.as_str(), handover) {
        ("due", Some(handover)) => file::file(deps, handover, row, &folder).await,
        ("due", None) => {
            let why = format!(
                "{0} is not configured any more; write a section [handover.{0}]",
                row.system
            );
            file::give_up(deps, &row, &why).await
        }
        (_, Some(handover)) => watch::look(deps, handover, row, &folder).await,
        (_, None) => watch::unknown(deps, &row).await,
    }
}

/// What is known of a case that is handed over.
struct Folder {
    file: CaseFile,
    mentions: Vec<MentionRow>,
    draft: Option<DraftRow>,
}

impl Folder {
    async fn read(deps: &Deps, row: &HandoverRow) -> StepResult<Option<Folder>> {
        let id = case_id(row)?;
        let mut tx = deps.store.read().await?;
        let Some(file) = cases::load(&mut tx, &[id]).await?.pop() else { return Ok(None) };
        let mentions = mentions::of_case(&mut tx, id).await?;
        let draft = cases::draft(&mut tx, id).await?;
        Ok(Some(Folder { file, mentions, draft }))
    }
}

/// The case of a hand-over.
fn case_id(row: &HandoverRow) -> Result<CaseId, StoreError> {
    row.case_id
        .parse()
        .map_err(|why| StoreError::Broken { row: format!("handover {}", row.id), why })
}

/// Whether a ticket of this system is still wanted: the case owes something, and is handed over
/// there.
fn is_wanted(case: &Case, system: &str) -> bool {
    let there = case.handed_over.as_ref().is_some_and(|handed| handed.to == system);
    there && case.owed().next().is_some()
}

/// What a ticket is called, and where it is, for people.
fn reference(filed: &Filed) -> String {
    format!("{} {}", filed.name, filed.url).trim().to_owned()
}

/// Until when questions about a row may be put that was leased a moment ago.
fn not_after(deps: &Deps) -> Option<Instant> {
    Some(deps.now() + ASKS_FOR)
}
