//! `Arrivals`: what triage leaves for the next look, in the commit that stores the verdicts.

use crate::domain::storm::OLDEST;
use crate::domain::{EventId, Instant};
use crate::pipeline::{Deps, StepResult};
use crate::store::mentions::{Judged, MentionRow};
use crate::store::{Tx, tides};
use std::collections::BTreeMap;

/// The complaints of a batch.
#[derive(Default)]
pub(in crate::pipeline) struct Arrivals {
    /// By brand, when the oldest was written.
    oldest: BTreeMap<String, Instant>,
}

impl Arrivals {
    /// Notes a mention that was judged, if it complains and is owed an answer.
    pub fn note(&mut self, row: &MentionRow, judged: &Judged, now: Instant) {
        let owed = judged.case.is_some() && judged.verdict.is_complaint();
        let at = Instant(row.created_at).min(now);
        if !owed || row.first_look || now - at > OLDEST {
            return;
        }
        let oldest = self.oldest.entry(row.brand.clone()).or_insert(at);
        *oldest = at.min(*oldest);
    }

    /// Stores it.
    pub async fn save(&self, deps: &Deps, tx: &mut Tx, now: Instant) -> StepResult<()> {
        let came: Vec<(EventId, &str, Instant)> = self
            .oldest
            .iter()
            .map(|(brand, at)| (EventId(deps.ids.next(now)), brand.as_str(), *at))
            .collect();
        tides::arrived(tx, &came).await
    }
}
