//! Storing what was heard: mentions once each, and every entry counted in the intake book.

use super::{Deps, StepResult, recheck};
use crate::domain::ledger::Disposition;
use crate::domain::silence::{self, hour_of};
use crate::domain::{Brand, EventId, Instant, Mention, MentionId};
use crate::store::coverage::{self, Intake};
use crate::store::mentions::{MentionRow, NewMention};
use crate::store::{Tx, mentions, own, rhythm};
use crate::wire::Heard;
use std::collections::{BTreeSet, HashMap, HashSet};

/// Where something was heard.
pub struct Source<'a> {
    /// The brand.
    pub brand: &'a Brand,
    /// The channel.
    pub channel: &'a str,
    /// The network.
    pub network: &'a str,
    /// The lane.
    pub lane: &'a str,
    /// What it brings is addressed to us.
    pub addressed: bool,
    /// Mentions written before this are of a first look that waits for a choice; `None`: there is
    /// none.
    pub first_look_before: Option<Instant>,
    /// Our own author ids there.
    pub own: &'a [String],
}

/// Stores a page's entries and its counts in the transaction of the page.
///
/// Gives the counts and the mentions that were new, as they stand in the store.
pub async fn store(
    deps: &Deps,
    tx: &mut Tx,
    from: &Source<'_>,
    heard: Vec<Heard>,
    now: Instant,
) -> StepResult<(Intake, Vec<MentionRow>)> {
    let day = now.day_in(&from.brand.zone);
    let mut count = Intake::default();
    let mut unreadable = Vec::new();
    let mut fresh: Vec<Mention> = Vec::new();
    let mut place: HashMap<(String, String), usize> = HashMap::new();
    for entry in heard {
        match entry {
            Heard::Mention(m) | Heard::Edited(m) => {
                if from.own.contains(&m.author.id) {
                    count.own += 1;
                    mentions::remember_own(tx, from.network, &m.origin, &m.external_id, None, now)
                        .await?;
                    continue;
                }
                let raw = m.native.as_ref().map(|n| n.get().as_bytes().to_vec());
                match m.checked() {
                    // Of repeats within a page the last one is the newest text.
                    Ok(m) => match place.get(&(m.origin.clone(), m.external_id.clone())) {
                        Some(at) => {
                            count.again += 1;
                            fresh[*at] = m;
                        }
                        None => {
                            place.insert((m.origin.clone(), m.external_id.clone()), fresh.len());
                            fresh.push(m);
                        }
                    },
                    Err(why) => unreadable.push((raw.unwrap_or_default(), why)),
                }
            }
            Heard::Own { origin, external_id } => {
                count.own += 1;
                mentions::remember_own(tx, from.network, &origin, &external_id, None, now).await?;
            }
            Heard::Gone { origin, external_id } => {
                let brand = &from.brand.name;
                if mentions::gone(tx, brand, from.network, &origin, &external_id, now).await? {
                    count.gone += 1;
                }
            }
            Heard::Repost { origin, of, reach } => {
                count.repost += 1;
                mentions::add_reach(tx, &from.brand.name, from.network, &origin, &of, reach)
                    .await?;
            }
            Heard::Broken { raw, why } => unreadable.push((raw, why)),
        }
    }
    for (raw, why) in &unreadable {
        let id = EventId(deps.ids.next(now));
        mentions::quarantine(tx, id, from.channel, from.lane, &day, now, why, raw).await?;
        count.unreadable += 1;
    }
    let new = store_mentions(deps, tx, from, fresh, &day, now, &mut count).await?;
    if !count.is_empty() {
        let id = EventId(deps.ids.next(now));
        coverage::book(tx, id, from.channel, from.lane, &day, now, count).await?;
    }
    Ok((count, new))
}

async fn store_mentions(
    deps: &Deps,
    tx: &mut Tx,
    from: &Source<'_>,
    mut fresh: Vec<Mention>,
    day: &str,
    now: Instant,
    count: &mut Intake,
) -> StepResult<Vec<MentionRow>> {
    // Our own posts by id: a network may show them under an author we do not know.
    let keys: Vec<_> = fresh.iter().map(|m| (m.origin.as_str(), m.external_id.as_str())).collect();
    let ours: HashSet<(String, String)> =
        own::among(tx, from.network, &keys).await?.into_iter().map(|(o, id, _)| (o, id)).collect();
    if !ours.is_empty() {
        let before = fresh.len();
        fresh.retain(|m| !ours.contains(&(m.origin.clone(), m.external_id.clone())));
        count.own += i64::try_from(before - fresh.len()).unwrap_or(0);
    }
    remember_hours(tx, from, &fresh, now).await?;
    let rows: Vec<NewMention<'_>> = fresh
        .iter()
        .map(|m| NewMention {
            id: MentionId(deps.ids.next(now)),
            brand: &from.brand.name,
            channel: from.channel,
            mention: m,
            heard_at: now,
            heard_day: day,
            first_look: from.first_look_before.is_some_and(|start| m.created_at < start),
            addressed: from.addressed,
        })
        .collect();
    let new: HashSet<String> = mentions::insert(tx, &rows).await?.into_iter().collect();
    count.new += i64::try_from(new.len()).unwrap_or(0);
    if new.len() < rows.len() {
        let old: Vec<&Mention> =
            rows.iter().filter(|r| !new.contains(&r.id.to_string())).map(|r| r.mention).collect();
        edits(tx, from, &old, now, count).await?;
    }
    let payloads: Vec<_> = rows
        .iter()
        .filter_map(|r| Some((r.id, r.mention.native.as_ref()?.get())))
        .filter(|(id, _)| new.contains(&id.to_string()))
        .collect();
    mentions::keep_payloads(tx, &payloads).await?;
    recheck::promise(deps, tx, from.channel, &new, now).await?;
    let given: Vec<_> = rows.iter().map(|r| (r.id.to_string(), r.first_look)).collect();
    let kept = given.into_iter().zip(fresh).filter(|((id, _), _)| new.contains(id));
    Ok(kept.map(|((id, first_look), m)| row(from, id, first_look, m, now)).collect())
}

/// A new mention as it stands in the store.
fn row(from: &Source<'_>, id: String, first_look: bool, m: Mention, now: Instant) -> MentionRow {
    MentionRow {
        id,
        brand: from.brand.name.clone(),
        channel: from.channel.to_owned(),
        network: m.network,
        origin: m.origin,
        external_id: m.external_id,
        kind: m.kind.as_str().to_owned(),
        visibility: m.visibility.as_str().to_owned(),
        author_id: m.author.id,
        author_handle: m.author.handle,
        author_name: m.author.name,
        text: m.text,
        language: m.language.map(|l| l.to_string()),
        rating: m.rating.map(i64::from),
        created_at: m.created_at.0,
        edited_at: m.edited_at.map(|at| at.0),
        url: m.url,
        thread_id: m.thread_id,
        parent_id: m.parent_id,
        attachments: serde_json::to_string(&m.attachments).unwrap_or_default(),
        marks: mentions::marked(&m.marks),
        heard_at: now.0,
        first_look,
        addressed: from.addressed,
        version: 1,
        gone_at: None,
        blanked: None,
        disposition: Disposition::Untriaged.as_str().to_owned(),
        moves: 0,
        case_id: None,
        judged: None,
        probability: None,
        severity: None,
        topic: None,
        judged_language: None,
        risk: None,
        why: None,
    }
}

/// Notes when the lane was spoken to, by which its silence is judged later. What was heard before
/// counts too: of two lanes that show the same mention both hear.
async fn remember_hours(
    tx: &mut Tx,
    from: &Source<'_>,
    fresh: &[Mention],
    now: Instant,
) -> StepResult<()> {
    // Nobody judges the silence of what is no lane, so nothing would ever forget its hours.
    if from.lane == recheck::LANE {
        return Ok(());
    }
    // An author's clock may be ahead of ours.
    let written = fresh.iter().map(|m| m.created_at.min(now));
    let recent = written.filter(|at| now - *at < silence::MEMORY);
    let mut newest = None;
    let hours: BTreeSet<i64> =
        recent.inspect(|at| newest = newest.max(Some(*at))).map(hour_of).collect();
    match newest {
        Some(newest) => rhythm::note(tx, from.channel, from.lane, hours, newest, now).await,
        None => Ok(()),
    }
}

/// Of mentions that were there already, stores the changed ones and counts the rest as again.
async fn edits(
    tx: &mut Tx,
    from: &Source<'_>,
    old: &[&Mention],
    now: Instant,
    count: &mut Intake,
) -> StepResult<()> {
    let keys: Vec<_> = old.iter().map(|m| (m.origin.as_str(), m.external_id.as_str())).collect();
    let known = mentions::known(tx, &from.brand.name, from.network, &keys).await?;
    let known: HashMap<_, _> =
        known.iter().map(|k| ((k.origin.as_str(), k.external_id.as_str()), k)).collect();
    for m in old {
        let Some(k) = known.get(&(m.origin.as_str(), m.external_id.as_str())) else { continue };
        // Other stars are an edit too, with or without words.
        let restarred = m.rating.is_some_and(|stars| k.rating != Some(i64::from(stars)));
        let changed = !k.gone && (k.text != m.text || restarred);
        if changed && mentions::revise(tx, k, &m.text, m.rating, m.edited_at, now).await? {
            count.edited += 1;
        } else {
            count.again += 1;
        }
    }
    Ok(())
}
