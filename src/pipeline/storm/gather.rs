//! Gathers complaints into storms: those that stand take what belongs to them, and what is left may
//! begin new ones.

use crate::domain::silence::hour_of;
use crate::domain::storm::{
    QUIET, Sign, StormKind, Tide, Usual, WEEKS, WINDOW, alike, breaks, densest, lasts,
};
use crate::domain::time::DAY;
use crate::domain::{Brand, CaseId, Instant, StormId, Topic};
use crate::pipeline::{Deps, StepResult};
use crate::store::storms::StormRow;
use crate::store::tides::Complaint;
use crate::store::{StoreError, Tx, storms, tides};
use std::collections::{BTreeMap, BTreeSet};

/// Most bands by which a storm knows what belongs to it: those that most of its first members share.
const BANDS: usize = 100;
/// Copies are counted no further.
const COPIES: i64 = 20_000;

/// A band with its place.
type Band = (usize, i64);

/// A storm that begins, and its members by their places in a list.
struct Begun {
    kind: StormKind,
    topic: Option<Topic>,
    bands: Vec<Band>,
    members: Vec<usize>,
}

/// Looks through the complaints written since an hour before `since`. `all` are the storms of the
/// brand; those that begin are added to it. Gives the cases that became members.
pub(super) async fn gather(
    deps: &Deps,
    tx: &mut Tx,
    brand: &Brand,
    added: Instant,
    since: Instant,
    all: &mut Vec<StormRow>,
    now: Instant,
) -> StepResult<Vec<CaseId>> {
    // A network's clock may be ahead of ours.
    let (from, to) = (since - WINDOW, now + WINDOW);
    let own = brand.campaigns.iter().filter_map(|campaign| campaign.storm_at);
    let least = i64::from(own.chain([brand.storm_at]).min().unwrap_or(brand.storm_at));
    let stands = all.iter().any(|storm| storm.ended_at.is_none());
    if !stands && tides::how_many(tx, &brand.name, "", from, to, least).await? < least {
        return Ok(Vec::new());
    }
    let hours = Tide::needs(added, from, to);
    let tide = Tide::new(added, tides::tide(tx, &brand.name, &hours).await?);
    let mut joined = Vec::new();
    for (campaign, rest) in by_campaign(deps, tx, brand, from, to).await? {
        let rest = take_in(all, &campaign, rest, &mut joined, now)?;
        let least = brand.storm_least(&campaign);
        let mut begun = copies(tx, brand, added, &rest, least).await?;
        let taken = begun.iter().flat_map(|storm| storm.members.iter().copied()).collect();
        begun.extend(unusual(&rest, taken, least, &tide));
        for storm in begun {
            let row = row_of(deps, brand, &campaign, &storm, &rest, now)?;
            storms::begin(tx, &row).await?;
            joined.extend(storm.members.iter().map(|n| (rest[*n].case, row.id.clone())));
            all.push(row);
        }
    }
    storms::join(tx, &joined).await?;
    for storm in all.iter_mut().filter(|storm| storm.ended_at.is_none()) {
        go_on(tx, brand, storm, &tide, now).await?;
    }
    Ok(joined.into_iter().map(|(case, _)| case).collect())
}

/// The complaints of no storm, by the campaign that they name if it has a threshold of its own.
async fn by_campaign(
    deps: &Deps,
    tx: &mut Tx,
    brand: &Brand,
    from: Instant,
    to: Instant,
) -> StepResult<BTreeMap<String, Vec<Complaint>>> {
    let own =
        |name: &String| brand.campaigns.iter().any(|c| c.name == *name && c.storm_at.is_some());
    let any = brand.campaigns.iter().any(|campaign| campaign.storm_at.is_some());
    let scope = deps.scopes.get(&brand.name).filter(|_| any);
    let mut all: BTreeMap<String, Vec<Complaint>> = BTreeMap::new();
    for complaint in tides::loose(tx, &brand.name, from, to, any).await? {
        let named = scope.and_then(|scope| scope.campaign(&complaint.text, complaint.sign.at));
        all.entry(named.filter(own).unwrap_or_default()).or_default().push(complaint);
    }
    Ok(all)
}

/// The storms that stand take what belongs to them: what says the same, then what is of their topic,
/// then all. Gives what is left.
fn take_in(
    all: &mut [StormRow],
    campaign: &str,
    mut rest: Vec<Complaint>,
    joined: &mut Vec<(CaseId, String)>,
    now: Instant,
) -> StepResult<Vec<Complaint>> {
    for kind in StormKind::ALL {
        for storm in all.iter_mut() {
            let stands = storm.ended_at.is_none() && storm.campaign == campaign;
            if !stands || storm.kind()? != *kind {
                continue;
            }
            let bands = bands_of(storm)?;
            // What was written after it was quiet for long enough is none of it, though nobody has
            // said so yet.
            let (topic, ends) = (storm.topic(), Instant(storm.last_at) + QUIET);
            let belongs = |sign: &Sign| match kind {
                StormKind::Like => bands_in(sign).any(|band| bands.contains(&band)),
                StormKind::Topic => Some(sign.topic) == topic,
                StormKind::Rate => true,
            };
            let (mine, others): (Vec<_>, Vec<_>) =
                rest.into_iter().partition(|c| c.sign.at < ends && belongs(&c.sign));
            rest = others;
            if *kind == StormKind::Like && !mine.is_empty() {
                storm.last_at = now.0;
            }
            joined.extend(mine.into_iter().map(|c| (c.case, storm.id.clone())));
        }
    }
    Ok(rest)
}

/// The storms that copies begin.
async fn copies(
    tx: &mut Tx,
    brand: &Brand,
    added: Instant,
    rest: &[Complaint],
    least: u32,
) -> StepResult<Vec<Begun>> {
    let signs: Vec<&Sign> = rest.iter().map(|complaint| &complaint.sign).collect();
    let mut begun = Vec::new();
    for members in alike(&signs) {
        let group: Vec<&Sign> = members.iter().map(|n| signs[*n]).collect();
        let Some(dense) = densest(&group).filter(|dense| dense.people >= least) else { continue };
        let bands = shared(&group);
        // Some brands hear the same words each day.
        let first = (hour_of(added) + 1).max(hour_of(dense.from) - WEEKS * 168);
        let mut usual = None;
        if let Some(most) = bands.first() {
            let from = (dense.from - WEEKS * 7 * DAY).max(added);
            let n = tides::copies(tx, &brand.name, *most, from, dense.from, COPIES).await?;
            usual = Usual::of_any(n, hour_of(dense.from) - first);
        }
        if breaks(StormKind::Like, dense.people, least, usual) {
            begun.push(Begun { kind: StormKind::Like, topic: None, bands, members });
        }
    }
    Ok(begun)
}

/// The storms that a topic begins, or the mere number; `taken` are members of others.
fn unusual(rest: &[Complaint], mut taken: BTreeSet<usize>, least: u32, tide: &Tide) -> Vec<Begun> {
    let topics = Topic::ALL.iter().filter(|topic| **topic != Topic::Other);
    let tries = topics.map(|topic| (StormKind::Topic, Some(*topic)));
    let mut begun = Vec::new();
    for (kind, topic) in tries.chain([(StormKind::Rate, None)]) {
        let is_of = |n: &usize| topic.is_none_or(|topic| rest[*n].sign.topic == topic);
        let mut members: Vec<usize> =
            (0..rest.len()).filter(|n| !taken.contains(n)).filter(is_of).collect();
        let signs: Vec<&Sign> = members.iter().map(|n| &rest[*n].sign).collect();
        let Some(dense) = densest(&signs) else { continue };
        if breaks(kind, dense.people, least, tide.usual(dense.from, topic)) {
            members.retain(|n| rest[*n].sign.at >= dense.from);
            taken.extend(members.iter().copied());
            begun.push(Begun { kind, topic, bands: Vec::new(), members });
        }
    }
    begun
}

/// A storm that begins, as a row.
fn row_of(
    deps: &Deps,
    brand: &Brand,
    campaign: &str,
    storm: &Begun,
    rest: &[Complaint],
    now: Instant,
) -> StepResult<StormRow> {
    let began_at = storm.members.iter().map(|n| rest[*n].sign.at).min().unwrap_or(now);
    let id = StormId(deps.ids.next(now)).to_string();
    let bands = serde_json::to_string(&storm.bands)
        .map_err(|e| StoreError::Broken { row: id.clone(), why: e.to_string() })?;
    Ok(StormRow {
        id,
        brand: brand.name.clone(),
        kind: storm.kind.to_string(),
        topic: storm.topic.map(|topic| topic.to_string()).unwrap_or_default(),
        campaign: campaign.to_owned(),
        bands,
        began_at: began_at.0,
        last_at: now.0,
        told_members: 0,
        told_at: 0,
        stirred: false,
        ended_at: None,
    })
}

/// Stores that a storm goes on, where it does: something that says the same came, or an hour still
/// brings far more than is usual.
async fn go_on(
    tx: &mut Tx,
    brand: &Brand,
    storm: &mut StormRow,
    tide: &Tide,
    now: Instant,
) -> StepResult<()> {
    if storm.kind()? != StormKind::Like {
        let since = now - WINDOW;
        let complaints = tides::of_storm(tx, &brand.name, since, &storm.id).await?;
        let complaints = u32::try_from(complaints).unwrap_or(u32::MAX);
        let usual = tide.usual(since, storm.topic());
        if lasts(complaints, brand.storm_least(&storm.campaign), usual) {
            storm.last_at = now.0;
        }
    }
    storms::lasts(tx, &storm.id, Instant(storm.last_at)).await
}

/// The bands of a complaint with their places.
fn bands_in(sign: &Sign) -> impl Iterator<Item = Band> {
    sign.bands.iter().enumerate().filter_map(|(place, band)| Some((place, (*band)?)))
}

/// The bands that a storm's first members share.
fn bands_of(storm: &StormRow) -> StepResult<BTreeSet<Band>> {
    serde_json::from_str(&storm.bands)
        .map_err(|e| StoreError::Broken { row: storm.id.clone(), why: e.to_string() })
}

/// The bands that at least two of a group have, the most frequent first.
fn shared(group: &[&Sign]) -> Vec<Band> {
    let mut all: BTreeMap<Band, usize> = BTreeMap::new();
    for band in group.iter().flat_map(|sign| bands_in(sign)) {
        *all.entry(band).or_default() += 1;
    }
    let mut all: Vec<(Band, usize)> = all.into_iter().filter(|(_, n)| *n > 1).collect();
    all.sort_by_key(|(band, n)| (std::cmp::Reverse(*n), *band));
    all.into_iter().take(BANDS).map(|(band, _)| band).collect()
}
