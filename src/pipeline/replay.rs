//! Replay: recorded mentions go the whole way, page by page, as if a network had just told them.

use super::intake::{self, Source};
use super::{Deps, StepResult};
use crate::domain::{Brand, Instant, Mention};
use crate::store::coverage::Intake;
use crate::wire::Heard;

/// How many mentions are committed together.
pub const PAGE: usize = 500;

/// Where the mentions enter.
#[derive(Clone, Copy)]
pub struct Entrance<'a> {
    /// Whom they concern.
    pub brand: &'a Brand,
    /// The channel that hears them.
    pub channel: &'a str,
    /// The lane that they are booked under.
    pub lane: &'a str,
    /// They are about the brand whatever they say.
    pub addressed: bool,
    /// A manual clock moves to the time at which the newest mention of each page was written, so
    /// that each is heard when it was fresh, but never past this. `None`: the clock is left alone.
    pub follow: Option<Instant>,
}

/// What was fed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fed {
    /// Entries, readable or not.
    pub entries: u64,
    /// What the intake book gained.
    pub intake: Intake,
}

/// Stores mentions by pages; `each` is told after every page. Triage and all that follows is left
/// to the steps: `runner::drain` runs them to the end.
///
/// # Errors
/// When the store fails; the pages before are committed.
pub async fn feed(
    deps: &Deps,
    to: &Entrance<'_>,
    mentions: impl Iterator<Item = Heard>,
    mut each: impl FnMut(&Fed),
) -> StepResult<Fed> {
    let mut fed = Fed::default();
    let mut page = Vec::with_capacity(PAGE);
    for entry in mentions {
        page.push(entry);
        if page.len() == PAGE {
            store(deps, to, std::mem::take(&mut page), &mut fed).await?;
            each(&fed);
        }
    }
    if !page.is_empty() {
        store(deps, to, page, &mut fed).await?;
        each(&fed);
    }
    Ok(fed)
}

async fn store(deps: &Deps, to: &Entrance<'_>, page: Vec<Heard>, fed: &mut Fed) -> StepResult<()> {
    if let Some(latest) = to.follow {
        let newest = page.iter().filter_map(mention).map(|m| m.created_at).max();
        let newest = newest.unwrap_or(latest).min(latest);
        deps.clock.advance((newest - deps.now()).max(0));
    }
    fed.entries += page.len() as u64;
    let mut tx = deps.store.begin().await?;
    let mut stored = Vec::new();
    for (network, entries) in by_network(page) {
        let source = Source {
            brand: to.brand,
            channel: to.channel,
            network: &network,
            lane: to.lane,
            addressed: to.addressed,
            first_look_before: None,
            own: &[],
        };
        let (count, rows) = intake::store(deps, &mut tx, &source, entries, deps.now()).await?;
        fed.intake.add(count);
        stored.extend(rows);
    }
    tx.commit().await?;
    deps.heard(stored);
    deps.bell.notify_waiters();
    Ok(())
}

fn mention(entry: &Heard) -> Option<&Mention> {
    match entry {
        Heard::Mention(m) | Heard::Edited(m) => Some(m),
        _ => None,
    }
}

/// A recording may hold several networks, whose ids are name spaces of their own. What names none
/// goes with its neighbour.
fn by_network(page: Vec<Heard>) -> Vec<(String, Vec<Heard>)> {
    let mut runs: Vec<(String, Vec<Heard>)> = Vec::new();
    for entry in page {
        let network = mention(&entry).map(|m| m.network.clone());
        match runs.last_mut() {
            Some((last, entries)) if network.as_ref().is_none_or(|n| n == last) => {
                entries.push(entry);
            }
            _ => runs.push((network.unwrap_or_default(), vec![entry])),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_kept_apart_in_order() {
        let heard = |network: &str| {
            let json = format!(
                r#"{{"network":"{network}","external_id":"1","kind":"post","visibility":"public",
                "author":{{"id":"a"}},"created_at":"2026-11-20T09:00:00Z","url":"","thread_id":""}}"#
            );
            Heard::Mention(serde_json::from_str(&json).unwrap())
        };
        let broken = || Heard::Broken { raw: Vec::new(), why: "torn".to_owned() };
        let runs = by_network(vec![heard("a"), broken(), heard("a"), heard("b"), heard("a")]);
        let shape: Vec<_> = runs.iter().map(|(n, e)| (n.as_str(), e.len())).collect();
        assert_eq!(shape, [("a", 3), ("b", 1), ("a", 1)]);
        assert_eq!(by_network(vec![broken(), heard("a")]).len(), 2);
    }
}
