//! From a mention to the clock of what is owed for it: when that starts, whether it follows an answer
//! of ours, and what an edit does to it.

use super::casework::Work;
use crate::domain::deadline::Owed;
use crate::domain::obligation::{Evidence, Owing, Standing};
use crate::domain::{Brand, CaseId, Instant, MentionId, Verdict};
use crate::store::mentions::MentionRow;

/// When what stands was written, and when we heard of it. A text that was changed is as old as its
/// change: whoever answered before that has not seen it.
pub(super) fn written(row: &MentionRow, now: Instant) -> (Instant, Instant) {
    match row.version {
        1 => (Instant(row.created_at), Instant(row.heard_at)),
        _ => (edited_at(row, now), now),
    }
}

/// When a mention was last changed, as far as its network tells.
fn edited_at(row: &MentionRow, now: Instant) -> Instant {
    row.edited_at.map_or(now, Instant).max(Instant(row.created_at)).min(now)
}

/// When the answer to a mention is due, by the brand's policy.
///
/// The clock of a changed text starts now: it was not late before anybody could see it.
pub(super) fn due(
    work: &Work<'_>,
    brand: &Brand,
    row: &MentionRow,
    owing: Owing,
    verdict: &Verdict,
    case: CaseId,
    now: Instant,
) -> Instant {
    let (wrote, heard_at) = written(row, now);
    let debt = Owed {
        network: &row.network,
        language: verdict.language,
        owing,
        severity: verdict.severity,
        since: if row.version > 1 { now } else { wrote },
        heard_at,
        next: work.file(case).is_some_and(|f| f.case.follows_answer(wrote)),
    };
    brand.sla.due(&brand.calendar, &debt)
}

/// Whether a mention was changed after what was owed for it had ended. A colleague who answered in
/// the network's own app after the change has seen it.
pub(super) fn edited_since(
    work: &Work<'_>,
    case: CaseId,
    id: MentionId,
    row: &MentionRow,
    now: Instant,
) -> bool {
    let debts = work.file(case).map_or(&[][..], |f| f.case.obligations.as_slice());
    let seen = |standing: &Standing| match standing {
        Standing::Met { evidence: Evidence::Native { .. }, at } => *at >= edited_at(row, now),
        _ => false,
    };
    row.version > 1 && !debts.iter().any(|o| o.mention == id && seen(&o.standing))
}
