//! Re-reading threads: answered by a colleague in the network's own app? Edited? Deleted?

use super::casework::Work;
use super::hands::{self, Errand, Taken};
use super::runner::StepName;
use super::{Deps, Did, StepResult, promises, recheck};
use crate::domain::case::{Case, CaseEvent};
use crate::domain::commitment::Source;
use crate::domain::obligation::Evidence;
use crate::domain::time::{DAY, HOUR, MINUTE, SECOND};
use crate::domain::{CaseId, Instant, MentionRef, Visibility};
use crate::fetch::{Peer, Purpose};
use crate::store::cases::CaseFile;
use crate::store::mentions::MentionRow;
use crate::store::rereads::RereadRow;
use crate::store::{StoreError, Tx, mentions, own, rereads};
use crate::wire::{Fault, Next, ThreadEntry, ThreadView};
use std::collections::HashMap;

/// Open threads are re-read this often, where the limit allows it.
const EVERY: i64 = 15 * MINUTE;
/// Those where nothing is owed but what we promised or planned: each costs, and a late answer is
/// looked for once more before anybody is told that a promise is broken.
const EVERY_PROMISED: i64 = 6 * HOUR;
/// How many threads of a channel are re-read at once; more would show late that the limit is near.
const AT_ONCE: i64 = 4;

/// What stands at a mention's thread now, as far as the network shows it.
pub struct Reread {
    /// The case.
    pub case: CaseId,
    /// The mention that was asked about.
    pub mention: MentionRow,
    /// The thread; `None` where the network cannot show one.
    pub view: Option<ThreadView>,
    /// Our own author ids there.
    pub own: Vec<String>,
}

/// The channels of which threads are due.
pub(super) struct Rereads;

impl Errand for Rereads {
    const STEP: StepName = StepName::Thread;
    const AT_ONCE: i64 = 20;
    type Piece = RereadRow;

    fn take(deps: &Deps, most: i64) -> impl Future<Output = StepResult<Taken<RereadRow>>> + Send {
        take(deps, most)
    }

    fn carry_out(deps: &Deps, row: RereadRow) -> impl Future<Output = StepResult<()>> + Send {
        turn(deps, row)
    }
}

/// Re-reads open threads that nobody looked at for a while: a native answer shows here first.
pub async fn step(deps: &Deps) -> StepResult<Did> {
    hands::step::<Rereads>(deps).await
}

/// Leases channels of which threads are due, so many at most.
async fn take(deps: &Deps, most: i64) -> StepResult<Taken<RereadRow>> {
    let mut tx = deps.store.begin().await?;
    let due = rereads::take_due(&mut tx, &deps.instance, deps.now(), most).await?;
    if !due.is_empty() {
        tx.commit().await?;
    }
    Ok(Taken::batch(due, most))
}

/// A channel's turn: a few of its threads, those first that have waited longest.
async fn turn(deps: &Deps, row: RereadRow) -> StepResult<()> {
    let now = deps.now();
    if !deps.channels.contains_key(&row.channel) {
        // Gone from the configuration: asked about again in an hour.
        return give_back(deps, &row, now + HOUR).await;
    }
    let mut tx = deps.store.read().await?;
    let ids = rereads::threads(&mut tx, &row.channel, now, AT_ONCE).await?;
    let mentions = of_cases(&mut tx, &ids).await?;
    drop(tx);
    let due = ids.iter().filter_map(|id| Some((*id, mentions.get(id)?)));
    let reads =
        due.map(|(id, rows)| async move { (id, reread(deps, id, rows, Purpose::Reread).await) });
    let reads = deps.side_by_side(reads.collect()).await;
    match settle(deps, &row, &ids, reads).await {
        // Somebody did something about one of these cases meanwhile: all are still due.
        Err(StoreError::Conflict) => give_back(deps, &row, deps.now()).await,
        outcome => outcome,
    }
}

/// Stores what a channel's turn showed. A thread for which the limit leaves nothing stays due, and
/// its channel waits until there is room again; one that cannot be read for another reason is
/// tried again in its turn.
async fn settle(
    deps: &Deps,
    row: &RereadRow,
    ids: &[CaseId],
    reads: Vec<(CaseId, Result<Reread, Fault>)>,
) -> StepResult<()> {
    let now = deps.now();
    let (mut seen, mut held) = (Vec::new(), Vec::new());
    let mut room: Option<Instant> = None;
    for (id, read) in reads {
        match read {
            Ok(read) => seen.push(read),
            Err(Fault { next: Next::Throttled { until, .. }, .. }) => {
                held.push(id);
                room = room.max(Some(until));
            }
            Err(_) => {}
        }
    }
    let mut tx = deps.store.begin().await?;
    let mut work = Work::new(deps, now);
    work.load(&mut tx, ids).await?;
    for id in ids.iter().filter(|id| !held.contains(id)) {
        work.update(*id, |file| file.reread_at = now + every(&file.case));
    }
    for read in &seen {
        record(deps, &mut tx, &mut work, read).await?;
    }
    let changed = work.save(&mut tx, |_| false).await?;
    // A budget is looked at each day, since a person may raise it.
    let next_at = room.map_or(now, |until| until.clamp(now + SECOND, now + DAY));
    if next_at > now + HOUR {
        // The choice about a first look is not held up by a budget that is used up.
        rereads::leave_past(&mut tx, &row.channel, now).await?;
    }
    rereads::give_back(&mut tx, row, next_at).await?;
    tx.commit().await?;
    deps.tell(changed);
    Ok(())
}

async fn give_back(deps: &Deps, row: &RereadRow, next_at: Instant) -> StepResult<()> {
    let mut tx = deps.store.begin().await?;
    rereads::give_back(&mut tx, row, next_at).await?;
    tx.commit().await
}

/// The mentions of some cases.
pub async fn of_cases(tx: &mut Tx, ids: &[CaseId]) -> StepResult<HashMap<CaseId, Vec<MentionRow>>> {
    let mut found: HashMap<CaseId, Vec<MentionRow>> = HashMap::new();
    for row in mentions::of_cases(tx, ids).await? {
        let case = row.case_id.as_deref().unwrap_or_default();
        let id = case.parse().map_err(|why| StoreError::Broken { row: row.id.clone(), why })?;
        found.entry(id).or_default().push(row);
    }
    Ok(found)
}

/// Where a mention stands, for its network.
pub fn reference(row: &MentionRow) -> MentionRef {
    let private = row.visibility == "private";
    MentionRef {
        origin: row.origin.clone(),
        external_id: row.external_id.clone(),
        thread_id: row.thread_id.clone(),
        author_id: row.author_id.clone(),
        author_handle: row.author_handle.clone(),
        visibility: if private { Visibility::Private } else { Visibility::Public },
        url: row.url.clone(),
        created_at: Instant(row.created_at),
    }
}

/// Asks the network for the thread of a case's newest mention. Touches no row.
///
/// # Errors
/// The fault by which the thread could not be read.
pub async fn reread(
    deps: &Deps,
    case: CaseId,
    rows: &[MentionRow],
    purpose: Purpose,
) -> Result<Reread, Fault> {
    let newest = rows.iter().rfind(|r| r.gone_at.is_none()).or(rows.last());
    let Some(mention) = newest.cloned() else {
        return Err(Fault::bug("a case without a mention"));
    };
    let Some(channel) = deps.channels.get(&mention.channel) else {
        return Err(Fault::refused(format!("channel {} is not configured", mention.channel)));
    };
    let peer = Peer::Network(channel.network);
    let owned = deps.engine.ctx(peer, &channel.link).await?;
    let of = reference(&mention);
    let own = owned.cx().own.to_vec();
    let view = match channel.network.thread(&of, &owned.cx()) {
        None => None,
        Some(talk) => {
            let talk = deps.engine.begin(peer, &channel.link, talk, purpose, None);
            match talk.finish().await {
                Ok(view) => Some(view),
                Err(f) if f.next == Next::Gone => {
                    Some(ThreadView { gone: true, ..ThreadView::default() })
                }
                Err(f) => return Err(f),
            }
        }
    };
    Ok(Reread { case, mention, view, own })
}

/// Draws the consequences of a thread as it stands now: withdrawn, edited, answered natively.
pub async fn record(
    deps: &Deps,
    tx: &mut Tx,
    work: &mut Work<'_>,
    read: &Reread,
) -> StepResult<()> {
    let Some(view) = &read.view else { return Ok(()) };
    let now = deps.now();
    let row = &read.mention;
    work.update(read.case, |file| {
        file.checked_at = file.checked_at.max(now);
        file.reread_at = file.reread_at.max(now + every(&file.case));
    });
    if view.gone {
        // The tombstone is triage's to act on, with every other deletion.
        mentions::gone(tx, &row.brand, &row.network, &row.origin, &row.external_id, now).await?;
        // Where nothing is owed any more it is triage's alone: the log would say it at each look.
        if work.file(read.case).is_some_and(|f| f.case.owed().next().is_some()) {
            let withdrawn = CaseEvent::Withdrawn { mention: row.mention_id()? };
            drop(work.apply(read.case, withdrawn));
        }
        return Ok(());
    }
    if let Some(fresh) = &view.mention {
        recheck::shown(deps, tx, row).await?;
        let key = [(fresh.origin.as_str(), fresh.external_id.as_str())];
        let known = mentions::known(tx, &row.brand, &row.network, &key).await?;
        let restarred = |k: &mentions::Known| {
            fresh.rating.is_some_and(|stars| k.rating != Some(i64::from(stars)))
        };
        let reworded = |k: &mentions::Known| k.text != fresh.text && !fresh.text.is_empty();
        if let Some(known) = known.first().filter(|k| reworded(k) || restarred(k)) {
            let text = if fresh.text.is_empty() { &known.text } else { &fresh.text };
            mentions::revise(tx, known, text, fresh.rating, fresh.edited_at, now).await?;
        }
    }
    let Some(file) = work.file(read.case).cloned() else { return Ok(()) };
    for entry in answers(view, &read.own, &file.case.author) {
        let key = [(row.origin.as_str(), entry.external_id.as_str())];
        let ours = own::among(tx, &row.network, &key).await?;
        // A reply of ours is recorded by the one who posted it.
        if ours.iter().any(|(.., reply)| reply.is_some()) {
            continue;
        }
        answered(work, &file, entry);
        let evidence = native(entry);
        let answer = promises::Answer {
            text: &entry.text,
            language: entry.language,
            at: entry.created_at,
            evidence,
            source: Source::Native(entry.external_id.clone()),
            topic: row.topic.as_deref().and_then(|topic| topic.parse().ok()),
        };
        promises::answered(deps, work, read.case, &answer);
    }
    Ok(())
}

/// How often a thread is re-read.
fn every(case: &Case) -> i64 {
    if case.owed().next().is_some() { EVERY } else { EVERY_PROMISED }
}

/// What a colleague's answer proves.
fn native(entry: &ThreadEntry) -> Evidence {
    Evidence::Native { external_id: entry.external_id.clone(), url: entry.url.clone() }
}

/// Of a thread's posts, those of the brand that answer the author: the chain of what they answer
/// leads to a post of the author, if need be over the brand's own.
fn answers<'v>(view: &'v ThreadView, own: &[String], author: &str) -> Vec<&'v ThreadEntry> {
    let by_id: HashMap<&str, &ThreadEntry> =
        view.entries.iter().map(|e| (e.external_id.as_str(), e)).collect();
    let leads = |entry: &ThreadEntry| {
        let mut parent = entry.parent_id.as_deref();
        // A thread is no deeper than it has posts; a loop of parents must not hang us.
        for _ in 0..=view.entries.len() {
            match parent.and_then(|id| by_id.get(id)) {
                Some(e) if e.author_id == author => return true,
                Some(e) if own.contains(&e.author_id) => parent = e.parent_id.as_deref(),
                _ => return false,
            }
        }
        false
    };
    let mut found: Vec<_> = view
        .entries
        .iter()
        .filter(|e| own.contains(&e.author_id) && e.author_id != author && leads(e))
        .collect();
    found.sort_by_key(|e| e.created_at);
    found
}

/// A native answer meets what had been written when it was posted.
fn answered(work: &mut Work<'_>, file: &CaseFile, entry: &ThreadEntry) {
    let covers: Vec<_> =
        file.case.owed().filter(|o| o.since <= entry.created_at).map(|o| o.mention).collect();
    let evidence = native(entry);
    let event = CaseEvent::Answered { evidence, at: entry.created_at, covers };
    // Refused where nothing that is owed was answered by it: the ordinary case of an old answer.
    drop(work.apply(file.case.id, event));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(id: &str, author: &str, parent: Option<&str>) -> ThreadEntry {
        ThreadEntry {
            external_id: id.into(),
            parent_id: parent.map(str::to_owned),
            author_id: author.into(),
            author_handle: author.into(),
            text: String::new(),
            language: None,
            created_at: Instant(0),
            edited_at: None,
            url: String::new(),
        }
    }

    #[test]
    fn only_the_brand_answers_and_only_this_author() {
        let entries = vec![
            entry("1", "jo", None),
            entry("2", "brand", Some("1")),
            entry("3", "brand", Some("2")),
            entry("4", "ann", Some("1")),
            entry("5", "brand", Some("4")),
            entry("6", "passer-by", Some("1")),
            entry("7", "brand", Some("8")),
            entry("8", "brand", Some("7")),
        ];
        let view = ThreadView { entries, ..ThreadView::default() };
        let found = answers(&view, &["brand".to_owned()], "jo");
        let ids: Vec<_> = found.iter().map(|e| e.external_id.as_str()).collect();
        assert_eq!(ids, ["2", "3"]);
    }
}
