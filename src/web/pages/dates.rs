//! The promises and follow-ups of a case, as its page shows them.

use super::view::{self, When};
use crate::domain::case::Case;
use crate::domain::{Commitment, CommitmentKind, CommitmentState};
use crate::speech::Catalogue;
use jiff::tz::TimeZone;
use serde::Serialize;

/// A promise or follow-up.
#[derive(Serialize)]
pub(super) struct Shown {
    number: u32,
    /// What kind it is, in words.
    kind: &'static str,
    /// Whether it can still be kept, corrected or taken out.
    awaits: bool,
    words: String,
    due: When,
    /// The same as a form's field takes it.
    field: String,
    state: &'static str,
    /// It was kept late, or is broken.
    late: bool,
    /// Why it was taken out.
    note: String,
}

/// Those of a case, the newest first.
pub(super) fn shown(case: &Case, words: &'static Catalogue, zone: &TimeZone) -> Vec<Shown> {
    case.commitments.iter().rev().map(|c| one(c, words, zone)).collect()
}

fn one(c: &Commitment, words: &'static Catalogue, zone: &TimeZone) -> Shown {
    let late = c.is_late();
    let (key, note) = match &c.state {
        CommitmentState::Open => ("screen.commitment_open", ""),
        CommitmentState::Kept { .. } if late => ("screen.commitment_kept_late", ""),
        CommitmentState::Kept { .. } => ("screen.commitment_kept", ""),
        CommitmentState::Broken { .. } => ("screen.commitment_broken", ""),
        CommitmentState::Dropped { note, .. } => ("screen.commitment_dropped", note.as_str()),
    };
    let there = c.due.timestamp().to_zoned(zone.clone());
    Shown {
        number: c.number,
        kind: words.get(match c.kind {
            CommitmentKind::Promise => "screen.promise",
            CommitmentKind::FollowUp => "screen.follow_up",
        }),
        awaits: c.is_awaited(),
        words: c.words.clone(),
        due: view::when(c.due.0, zone, words),
        field: there.strftime("%Y-%m-%dT%H:%M").to_string(),
        state: words.get(key),
        late,
        note: note.to_owned(),
    }
}
