//! What is handed over by a program or by a person: it goes the way of what a network tells.

use super::intake::{self, Source};
use super::{Channel, Deps, StepResult};
use crate::domain::{Brand, Instant, Mention};
use crate::store::Tx;
use crate::store::coverage::Intake;
use crate::store::mentions::MentionRow;
use crate::wire::Heard;
use std::collections::BTreeMap;

/// The lane of what is handed over, as `app` makes it known.
const LANE: &str = "ingest";
/// Most mentions of one insert.
const CHUNK: usize = 500;

/// Stores mentions that were handed over to a channel, all in one transaction. Gives the counts and
/// what was new, for `Deps::heard` once that is committed.
pub async fn store(
    deps: &Deps,
    tx: &mut Tx,
    brand: &Brand,
    channel: &Channel,
    mentions: Vec<Mention>,
    now: Instant,
) -> StepResult<(Intake, Vec<MentionRow>)> {
    // An id is unique within its network, so each network's mentions are a page of their own.
    let mut pages: BTreeMap<String, Vec<Mention>> = BTreeMap::new();
    for mention in mentions {
        pages.entry(mention.network.clone()).or_default().push(mention);
    }
    let (mut sum, mut stored) = (Intake::default(), Vec::new());
    for (network, mut page) in pages {
        let source = Source {
            brand,
            channel: &channel.name,
            network: &network,
            lane: LANE,
            addressed: true,
            first_look_before: None,
            own: &channel.link.own,
        };
        while !page.is_empty() {
            let rest = page.split_off(page.len().min(CHUNK));
            let heard = page.into_iter().map(Heard::Mention).collect();
            let (count, rows) = intake::store(deps, tx, &source, heard, now).await?;
            sum.add(count);
            stored.extend(rows);
            page = rest;
        }
    }
    Ok((sum, stored))
}
