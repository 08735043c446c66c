//! Publishing: each part of an approved reply is posted at most once (invariant 4).

use super::casework::Work;
use super::thread::{self, Reread};
use super::{Deps, Did, StepResult, backoff, promises};
use crate::domain::case::{Case, CaseEvent};
use crate::domain::commitment::Source;
use crate::domain::obligation::Evidence;
use crate::domain::reason::{Cause, Reason};
use crate::domain::time::{MINUTE, SECOND};
use crate::domain::{CaseId, Instant, Lang, MentionId, ReplyId};
use crate::fetch::{Peer, Purpose};
use crate::store::mentions::MentionRow;
use crate::store::replies::{PartRow, PartState, ReplyRow};
use crate::store::{StoreError, lanes, mentions, replies};
use crate::wire::{Fault, Part, Seen, Sent};

/// How many parts one step handles.
const BATCH: i64 = 20;
/// No byte of a post leaves later than this after `sending` was committed.
const SEND_WITHIN: i64 = 30 * SECOND;
/// After an attempt of which nobody knows, the thread is looked at after these waits; then a
/// person decides.
const LOOKS: [i64; 4] = [5 * SECOND, 30 * SECOND, 2 * MINUTE, 10 * MINUTE];

/// A part with all that is needed to act on it.
struct Job {
    part: PartRow,
    reply: ReplyRow,
    case: CaseId,
    mention: MentionRow,
    rows: Vec<MentionRow>,
    held: bool,
}

/// Acts on the parts that are due: posts what is approved, looks for what is unknown.
pub async fn step(deps: &Deps) -> StepResult<Did> {
    let now = deps.now();
    let mut tx = deps.store.begin().await?;
    let due = replies::take_due(&mut tx, &deps.instance, now, BATCH).await?;
    if due.is_empty() {
        return Ok(Did::default());
    }
    let mut jobs = Vec::with_capacity(due.len());
    for part in due {
        jobs.push(job(&mut tx, part).await?);
    }
    tx.commit().await?;
    let count = jobs.len();
    let acted = jobs.into_iter().map(|job| act(deps, job)).collect();
    for outcome in deps.side_by_side(acted).await {
        match outcome {
            // The lease was lost, or the case changed under us: the row is taken up again.
            Ok(()) | Err(StoreError::Conflict) => {}
            Err(e) => return Err(e),
        }
    }
    Ok(Did::batch(count, BATCH))
}

async fn job(tx: &mut crate::store::Tx, part: PartRow) -> StepResult<Job> {
    let broken = |why: &str| StoreError::Broken { row: part.reply_id.clone(), why: why.to_owned() };
    let reply = replies::by_id(tx, &part.reply_id).await?.ok_or_else(|| broken("no reply"))?;
    let case: CaseId = reply.case_id.parse().map_err(|_| broken("no case"))?;
    let rows = mentions::of_case(tx, case).await?;
    let mention = rows.iter().find(|r| r.id == reply.mention_id).cloned();
    let mention = mention.ok_or_else(|| broken("the mention it answers is gone"))?;
    let held = lanes::brand(tx, &reply.brand).await?.is_some_and(|b| b.held);
    Ok(Job { part, reply, case, mention, rows, held })
}

async fn act(deps: &Deps, mut job: Job) -> StepResult<()> {
    match job.part.state.parse() {
        Ok(PartState::Approved) => post(deps, job).await,
        // The process died between `sending` and the record: nobody knows what stands there.
        Ok(PartState::Sending) => {
            job.part.state = PartState::Unknown.to_string();
            job.part.fault = "the process stopped while it was being posted".to_owned();
            look(deps, job).await
        }
        Ok(PartState::Unknown | PartState::Pending) => look(deps, job).await,
        _ => {
            job.part.due_at = None;
            settle(deps, &job).await
        }
    }
}

async fn settle(deps: &Deps, job: &Job) -> StepResult<()> {
    let mut tx = deps.store.begin().await?;
    replies::settle(&mut tx, &job.part).await?;
    tx.commit().await?;
    deps.tell([job.case]);
    Ok(())
}

/// Puts an approved part off; nothing of it has left.
async fn later(deps: &Deps, mut job: Job, wait: i64, why: &str) -> StepResult<()> {
    job.part.state = PartState::Approved.to_string();
    job.part.due_at = Some((deps.now() + wait).0);
    job.part.fault = why.to_owned();
    settle(deps, &job).await
}

async fn post(deps: &Deps, job: Job) -> StepResult<()> {
    if job.held {
        return later(deps, job, 10 * SECOND, "publishing of this brand is on hold").await;
    }
    let Some(channel) = deps.channels.get(&job.reply.channel) else {
        let why = format!("channel {} is not configured", job.reply.channel);
        return refuse(deps, job, &why).await;
    };
    // No read, no post (invariant 7).
    let read = match thread::reread(deps, job.case, &job.rows, Purpose::Reply).await {
        Ok(read) => read,
        Err(fault) => {
            let wait = backoff(job.part.attempts, 15 * SECOND, 10 * MINUTE, deps.ids.number());
            let why = format!("the thread cannot be re-read before posting: {}", fault.why);
            return later(deps, job, wait, &why).await;
        }
    };
    if let Some(why) = overtaken(deps, &job, &read).await? {
        return refuse(deps, job, why.as_str()).await;
    }
    let now = deps.now();
    let mut tx = deps.store.begin().await?;
    if !replies::sending(&mut tx, &job.part, now + SEND_WITHIN, now).await? {
        return Ok(());
    }
    tx.commit().await?;
    let mut job = job;
    job.part.state = PartState::Sending.to_string();
    job.part.sent_at.get_or_insert(now.0);
    let peer = Peer::Network(channel.network);
    let sent = match deps.engine.ctx(peer, &channel.link).await {
        Err(fault) => Err(fault),
        Ok(owned) => {
            let part = Part { text: job.part.text.clone() };
            let of = thread::reference(&job.mention);
            match channel.network.post(&part, &of, &job.part.key, &owned.cx()) {
                None => Err(Fault::refused(format!(
                    "{} takes replies only by hand: {}",
                    channel.network.meta().title,
                    job.mention.url
                ))),
                Some(talk) => {
                    let not_after = Some(now + SEND_WITHIN);
                    deps.engine
                        .begin(peer, &channel.link, talk, Purpose::Reply, not_after)
                        .finish()
                        .await
                }
            }
        }
    };
    match sent {
        Ok(Sent::Done { external_id, url }) => {
            posted(deps, job, external_id, url, deps.now()).await
        }
        Ok(Sent::Queued) => {
            job.part.state = PartState::Pending.to_string();
            job.part.due_at = Some((deps.now() + LOOKS[0]).0);
            settle(deps, &job).await
        }
        Err(fault) if fault.may_resend() => {
            let wait = match fault.next {
                crate::wire::Next::Throttled { until, .. } => until - deps.now(),
                crate::wire::Next::Retry { after: Some(ms) } => ms,
                _ => backoff(job.part.attempts, 5 * SECOND, 10 * MINUTE, deps.ids.number()),
            };
            later(deps, job, wait.max(SECOND), &fault.why).await
        }
        Err(fault) if fault.is_final() => refuse(deps, job, &fault.why).await,
        Err(fault) => {
            job.part.state = PartState::Unknown.to_string();
            job.part.due_at = Some((deps.now() + LOOKS[0]).0);
            job.part.fault = fault.why;
            settle(deps, &job).await
        }
    }
}

/// Draws the consequences of the thread as it stands now. Gives why the reply must not go out.
async fn overtaken(deps: &Deps, job: &Job, read: &Reread) -> StepResult<Option<Cause>> {
    // Of a reply in several parts the first stands there already: it goes on.
    if job.part.part > 1 {
        return Ok(None);
    }
    let mut tx = deps.store.begin().await?;
    let mut work = Work::new(deps, deps.now());
    work.load(&mut tx, &[job.case]).await?;
    thread::record(deps, &mut tx, &mut work, read).await?;
    let owed =
        work.file(job.case).is_some_and(|f| is_awaited(&f.case, Instant(job.reply.created_at)));
    work.save(&mut tx, |_| false).await?;
    tx.commit().await?;
    let gone = read.view.as_ref().is_some_and(|v| v.gone);
    Ok(match (gone, owed) {
        (true, _) => Some(Cause::DeletedFirst),
        (false, false) => Some(Cause::EndedFirst),
        (false, true) => None,
    })
}

/// Whether a reply that was approved at `at` is still waited for: something that was heard by then is
/// owed, or something that was promised by then is to be kept.
fn is_awaited(case: &Case, at: Instant) -> bool {
    case.owed().any(|o| o.heard_at <= at)
        || case.commitments.iter().any(|c| c.is_awaited() && c.made_at <= at)
}

/// Looks whether a part stands there. A hit sets it posted; "absent" alone never resends.
async fn look(deps: &Deps, mut job: Job) -> StepResult<()> {
    let seen = match deps.channels.get(&job.reply.channel) {
        None => None,
        Some(channel) => {
            let peer = Peer::Network(channel.network);
            match deps.engine.ctx(peer, &channel.link).await {
                Err(_) => None,
                Ok(owned) => {
                    let part = Part { text: job.part.text.clone() };
                    let of = thread::reference(&job.mention);
                    let since = Instant(job.part.sent_at.unwrap_or(job.reply.created_at));
                    match channel.network.find(&part, &of, &job.part.key, since, &owned.cx()) {
                        None => None,
                        Some(talk) => {
                            let talk =
                                deps.engine.begin(peer, &channel.link, talk, Purpose::Reply, None);
                            talk.finish().await.ok()
                        }
                    }
                }
            }
        }
    };
    if let Some(Seen::There { external_id, url, at }) = seen {
        let mut tx = deps.store.read().await?;
        let other =
            replies::is_evidence(&mut tx, &external_id, &job.part, &job.reply.channel).await?;
        drop(tx);
        if !other {
            return posted(deps, job, external_id, url, at).await;
        }
    }
    job.part.looks += 1;
    let next = usize::try_from(job.part.looks).ok().and_then(|n| LOOKS.get(n));
    job.part.due_at = next.map(|wait| (deps.now() + *wait).0);
    if next.is_some() {
        return settle(deps, &job).await;
    }
    let mut tx = deps.store.begin().await?;
    replies::settle(&mut tx, &job.part).await?;
    let mut work = Work::new(deps, deps.now());
    work.load(&mut tx, &[job.case]).await?;
    work.note(job.case, "reply_unknown", "publish", serde_json::json!({ "reply": job.reply.id }));
    work.ring(job.case, Reason::ReplyUnknown, None);
    let changed = work.save(&mut tx, |_| false).await?;
    tx.commit().await?;
    deps.tell(changed);
    Ok(())
}

/// Records that a part stands there; with the last one the case is answered, all together.
async fn posted(
    deps: &Deps,
    mut job: Job,
    external_id: String,
    url: String,
    at: Instant,
) -> StepResult<()> {
    let now = deps.now();
    job.part.state = PartState::Posted.to_string();
    job.part.due_at = None;
    job.part.external_id.clone_from(&external_id);
    job.part.url = url;
    job.part.posted_at = Some(at.0);
    job.part.fault = String::new();
    let mut tx = deps.store.begin().await?;
    replies::settle(&mut tx, &job.part).await?;
    complete(deps, &mut tx, &job.reply, &job.mention, &job.part, now).await?;
    tx.commit().await?;
    deps.tell([job.case]);
    Ok(())
}

/// What follows when a part stands there: the next one is due, or the case is answered.
pub(super) async fn complete(
    deps: &Deps,
    tx: &mut crate::store::Tx,
    reply: &ReplyRow,
    mention: &MentionRow,
    part: &PartRow,
    now: Instant,
) -> StepResult<()> {
    let broken = |why: String| StoreError::Broken { row: reply.id.clone(), why };
    if !part.external_id.is_empty() {
        let id = Some(reply.id.clone());
        mentions::remember_own(tx, &mention.network, &mention.origin, &part.external_id, id, now)
            .await?;
    }
    let parts = replies::parts(tx, &reply.id).await?;
    if parts.iter().any(|p| p.part > part.part) {
        return replies::go_on(tx, part, now).await;
    }
    replies::end(tx, &reply.id, "", now).await?;
    let case: CaseId = reply.case_id.parse().map_err(broken)?;
    let first = parts.first().unwrap_or(part);
    let mut work = Work::new(deps, now);
    work.load(tx, &[case]).await?;
    let covers: Vec<MentionId> = work.file(case).map_or_else(Vec::new, |f| {
        f.case.owed().filter(|o| o.heard_at.0 <= reply.created_at).map(|o| o.mention).collect()
    });
    let reply_id: ReplyId = reply.id.parse().map_err(broken)?;
    let evidence = Evidence::Reply {
        reply: reply_id,
        external_id: first.external_id.clone(),
        url: first.url.clone(),
    };
    let at = Instant(part.posted_at.unwrap_or(now.0));
    let answer = promises::Answer {
        text: &reply.text,
        language: mention.judged_language.as_deref().and_then(Lang::parse),
        at,
        evidence: evidence.clone(),
        source: Source::Reply(reply_id),
        topic: mention.topic.as_deref().and_then(|topic| topic.parse().ok()),
    };
    // Answered natively in between, or nothing was owed but a promise: the reply stands there too,
    // and the log says so.
    if work.apply(case, CaseEvent::Answered { evidence, at, covers }).is_err() {
        work.note(case, "reply_posted", "publish", serde_json::json!({ "reply": reply.id }));
    }
    promises::answered(deps, &mut work, case, &answer);
    work.save(tx, |_| false).await?;
    Ok(())
}

/// It does not stand there and will not by itself: the case stays owed and people are told.
async fn refuse(deps: &Deps, mut job: Job, why: &str) -> StepResult<()> {
    let now = deps.now();
    job.part.state = PartState::Refused.to_string();
    job.part.due_at = None;
    job.part.fault = why.to_owned();
    let mut tx = deps.store.begin().await?;
    replies::settle(&mut tx, &job.part).await?;
    replies::end(&mut tx, &job.reply.id, why, now).await?;
    let mut work = Work::new(deps, now);
    work.load(&mut tx, &[job.case]).await?;
    work.note(
        job.case,
        "reply_refused",
        "publish",
        serde_json::json!({ "reply": job.reply.id, "why": why }),
    );
    if work.file(job.case).is_some_and(|f| f.case.owed().next().is_some()) {
        work.ring(job.case, Reason::ReplyFailed, None);
    }
    let changed = work.save(&mut tx, |_| false).await?;
    tx.commit().await?;
    deps.tell(changed);
    Ok(())
}
