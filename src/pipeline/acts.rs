//! What agents do to cases: take, draft, publish, waive, reopen and the rest, from wherever they
//! do it (API, pages, action links, command line).

use super::casework::{Work, WorkError};
use super::{Deps, drafting, promises, publish, thread};
use crate::domain::case::{CaseEvent, NotAllowed};
use crate::domain::obligation::{Evidence, Owing, VoidReason};
use crate::domain::time::{DAY, MINUTE};
use crate::domain::{CaseId, Instant, MentionId, ReplyId};
use crate::fetch::Peer;
use crate::store::cases::DraftRow;
use crate::store::replies::NewReply;
use crate::store::{StoreError, Tx, cases, lanes, mentions, replies};
use serde_json::json;
use sha2::{Digest, Sha256};

/// How long a take holds without being renewed.
pub const TAKE: i64 = 30 * MINUTE;
/// How long a case waits for the private contact before it is owed again.
pub const MOVED: i64 = DAY;

/// Why an act was refused.
#[derive(Debug, thiserror::Error)]
pub enum ActError {
    /// There is no such case, reply or brand.
    #[error("there is no {0}; check the id")]
    Unknown(String),
    /// The case does not allow it now.
    #[error("{0}")]
    NotAllowed(String),
    /// The draft was changed meanwhile; this is the current one.
    #[error("the draft was changed meanwhile; read revision {}, then publish it", .0.rev)]
    Stale(DraftRow),
    /// What was sent does not do.
    #[error("{0}")]
    Invalid(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<NotAllowed> for ActError {
    fn from(e: NotAllowed) -> ActError {
        ActError::NotAllowed(e.0)
    }
}

impl From<WorkError> for ActError {
    fn from(e: WorkError) -> ActError {
        match e {
            WorkError::NotAllowed(e) => e.into(),
            WorkError::Store(e) => e.into(),
        }
    }
}

/// An act that changes a case by one event.
#[derive(Clone, Debug)]
pub enum Act {
    /// Take it, or renew the take.
    Take,
    /// Give it back.
    Release,
    /// Put it off until an instant.
    Snooze(Instant),
    /// No answer is needed, with the reason.
    Waive(String),
    /// Close it, with the reason.
    Close(String),
    /// It is no complaint.
    NotComplaint(String),
    /// It is not about us.
    NotAboutUs(String),
    /// The customer was asked into private.
    Moved,
    /// It was answered elsewhere; where, if known.
    Answered(String),
    /// Open it again, with the reason.
    Reopen(String),
    /// A word for the colleagues.
    Note(String),
    /// Something about a promise or follow-up.
    Date(promises::DateAct),
}

/// How often an act is tried when somebody else changes the case at the same moment.
const TRIES: usize = 5;

/// Does one act on behalf of an agent.
///
/// # Errors
/// `Unknown`, `NotAllowed` with what to do instead, or a failure of the store.
pub async fn act(deps: &Deps, id: CaseId, agent: &str, act: Act) -> Result<(), ActError> {
    for _ in 1..TRIES {
        match once(deps, id, agent, act.clone()).await {
            Err(ActError::Store(StoreError::Conflict)) => {}
            done => return done,
        }
    }
    once(deps, id, agent, act).await
}

async fn once(deps: &Deps, id: CaseId, agent: &str, act: Act) -> Result<(), ActError> {
    let now = deps.now();
    let mut tx = deps.store.begin().await?;
    let mut work = Work::new(deps, now);
    work.load(&mut tx, &[id]).await?;
    let Some(file) = work.file(id) else { return Err(ActError::Unknown(format!("case {id}"))) };
    let by = agent.to_owned();
    let void = |reason, note| CaseEvent::Voided { reason, by: by.clone(), note };
    let event = match act {
        Act::Take => CaseEvent::Taken { by, until: now + TAKE },
        Act::Release => CaseEvent::Released { by },
        Act::Snooze(until) => CaseEvent::Snoozed { by, until },
        Act::Waive(note) => void(VoidReason::Waived, note),
        Act::Close(note) => void(VoidReason::Closed, note),
        Act::NotComplaint(note) => void(VoidReason::NotComplaint, note),
        Act::NotAboutUs(note) => void(VoidReason::NotAboutUs, note),
        Act::Moved => CaseEvent::Moved { by, until: now + MOVED },
        Act::Answered(url) => {
            let covers = file.case.owed().map(|o| o.mention).collect();
            CaseEvent::Answered { evidence: Evidence::Word { by, url }, at: now, covers }
        }
        Act::Reopen(note) => {
            let due = reopened_due(deps, &file.case.brand, now);
            CaseEvent::Reopened { by, note, due }
        }
        Act::Date(act) => promises::event(deps, &file.case, by, act, now),
        Act::Note(text) => {
            if text.trim().is_empty() {
                return Err(ActError::Invalid("a note needs a text".to_owned()));
            }
            work.note(id, "note", agent, json!({ "text": text }));
            work.save(&mut tx, |_| false).await?;
            tx.commit().await?;
            deps.tell([id]);
            return Ok(());
        }
    };
    let word = match &event {
        CaseEvent::Answered { evidence, at, .. } => Some((evidence.clone(), *at)),
        _ => None,
    };
    work.apply(id, event)?;
    if let Some((evidence, at)) = word {
        promises::keep(&mut work, id, evidence, at);
    }
    work.save(&mut tx, |_| false).await?;
    tx.commit().await?;
    deps.tell([id]);
    Ok(())
}

fn reopened_due(deps: &Deps, brand: &str, now: Instant) -> Instant {
    deps.brands
        .get(brand)
        .map_or(now + DAY, |b| b.sla.first_answer_due(&b.calendar, Owing::Complaint, 2, now, now))
}

/// Stores a draft that an agent wrote. Gives its revision.
pub async fn draft(deps: &Deps, id: CaseId, agent: &str, text: &str) -> Result<i64, ActError> {
    let text = clean(text)?;
    let now = deps.now();
    let mut tx = deps.store.begin().await?;
    let mut work = Work::new(deps, now);
    work.load(&mut tx, &[id]).await?;
    if work.file(id).is_none() {
        return Err(ActError::Unknown(format!("case {id}")));
    }
    let language =
        cases::draft(&mut tx, id).await?.map_or_else(|| "und".to_owned(), |d| d.language);
    let rev = drafting::keep(&mut tx, &mut work, id, &text, &language, agent, now).await?;
    work.note(id, "drafted", agent, json!({ "rev": rev }));
    work.save(&mut tx, |_| false).await?;
    tx.commit().await?;
    deps.tell([id]);
    Ok(rev)
}

/// Approves a text for publication: the person has seen draft `rev` and wants exactly `text`.
///
/// The reply is stored with its parts and posted by `pipeline::publish`.
///
/// # Errors
/// `Stale` with the current draft if another revision stands now; `NotAllowed` while the brand is
/// on hold, a reply is under way, nothing is owed, or the network takes no replies.
pub async fn publish(
    deps: &Deps,
    id: CaseId,
    agent: &str,
    rev: i64,
    text: &str,
) -> Result<ReplyId, ActError> {
    let text = clean(text)?;
    let (parts, mention) = fit(deps, id, &text).await?;
    let now = deps.now();
    let mut tx = deps.store.begin().await?;
    let mut work = Work::new(deps, now);
    work.load(&mut tx, &[id]).await?;
    let Some(file) = work.file(id).cloned() else {
        return Err(ActError::Unknown(format!("case {id}")));
    };
    if file.draft_rev != rev {
        let current = cases::draft(&mut tx, id).await?;
        let none = DraftRow {
            text: String::new(),
            language: "und".to_owned(),
            made_by: String::new(),
            rev: file.draft_rev,
        };
        return Err(ActError::Stale(current.unwrap_or(none)));
    }
    may_publish(&mut tx, &file.case.brand, id).await?;
    if file.case.owed().next().is_none() && !file.case.awaits() {
        return Err(ActError::NotAllowed(format!(
            "nothing is owed or promised here: the case is {}",
            file.case.state()
        )));
    }
    if let crate::domain::case::Attention::Taken { by, until } = &file.case.attention
        && by != agent
    {
        return Err(ActError::NotAllowed(format!(
            "{by} has taken this case until {until}; ask {by}"
        )));
    }
    let reply = ReplyId(deps.ids.next(now));
    let keyed: Vec<(String, String, String)> = (1..)
        .zip(&parts)
        .map(|(n, text)| (format!("{reply}.{n}"), text.clone(), hash(text)))
        .collect();
    let new = NewReply {
        id: reply,
        case: id,
        brand: &file.case.brand,
        channel: &mention.1,
        mention: mention.0,
        text: &text,
        by: agent,
        parts: &keyed,
    };
    replies::add(&mut tx, &new, now).await?;
    work.note(id, "published", agent, json!({ "reply": reply, "rev": rev, "hash": hash(&text) }));
    work.save(&mut tx, |_| false).await?;
    tx.commit().await?;
    deps.tell([id]);
    Ok(reply)
}

async fn may_publish(tx: &mut Tx, brand: &str, case: CaseId) -> Result<(), ActError> {
    if let Some(b) = lanes::brand(tx, brand).await?.filter(|b| b.held) {
        return Err(ActError::NotAllowed(format!(
            "publishing of {brand} is on hold by {}: {}. Run `ascolto resume {brand}` to go on",
            b.held_by, b.held_why
        )));
    }
    if let Some(r) = replies::under_way(tx, case).await? {
        return Err(ActError::NotAllowed(format!(
            "reply {} of {} is under way; decide about it first",
            r.id, r.by_agent
        )));
    }
    Ok(())
}

/// Cuts the text as its network takes it; gives the parts, the mention and the channel.
async fn fit(
    deps: &Deps,
    id: CaseId,
    text: &str,
) -> Result<(Vec<String>, (MentionId, String)), ActError> {
    let mut tx = deps.store.read().await?;
    let files = cases::load(&mut tx, &[id]).await?;
    let file = files.first().ok_or_else(|| ActError::Unknown(format!("case {id}")))?;
    let rows = mentions::of_case(&mut tx, id).await?;
    drop(tx);
    let owed = file.case.owed().max_by_key(|o| o.since).or(file.case.obligations.last());
    let wanted = owed.map(|o| o.mention.to_string()).unwrap_or_default();
    let row = rows
        .iter()
        .find(|r| r.id == wanted)
        .ok_or_else(|| ActError::Unknown(format!("mention of case {id}")))?;
    let channel = deps.channels.get(&row.channel).ok_or_else(|| {
        ActError::NotAllowed(format!(
            "channel {} is not configured; answer at {}",
            row.channel, row.url
        ))
    })?;
    if !channel.network.meta().can.reply {
        return Err(ActError::NotAllowed(format!(
            "{} takes replies only by hand: answer at {}, then mark the case as answered",
            channel.network.meta().title,
            row.url
        )));
    }
    let refused = |f: crate::wire::Fault| ActError::Invalid(f.why);
    let owned =
        deps.engine.ctx(Peer::Network(channel.network), &channel.link).await.map_err(|f| {
            ActError::NotAllowed(format!("channel {} cannot publish now: {}", channel.name, f.why))
        })?;
    let parts = channel.network.fit(text, &thread::reference(row), &owned.cx()).map_err(refused)?;
    let parts: Vec<String> = parts.into_iter().map(|p| p.text).collect();
    if parts.is_empty() {
        return Err(ActError::Invalid("a reply needs a text".to_owned()));
    }
    Ok((parts, (row.mention_id()?, row.channel.clone())))
}

fn clean(text: &str) -> Result<String, ActError> {
    let mut text = text.trim().to_owned();
    crate::domain::text::clean(&mut text);
    if text.is_empty() {
        return Err(ActError::Invalid("a reply needs a text".to_owned()));
    }
    if text.len() > crate::domain::mention::TEXT_LIMIT {
        return Err(ActError::Invalid(
            "this text is longer than any network takes; shorten it".to_owned(),
        ));
    }
    Ok(text)
}

fn hash(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|b| format!("{b:02x}")).collect()
}

/// A person's word on a reply of which nobody knows whether it stands there.
pub async fn decide(
    deps: &Deps,
    reply: &str,
    agent: &str,
    posted: bool,
    url: &str,
) -> Result<(), ActError> {
    let unknown = || ActError::Unknown(format!("reply {reply}"));
    let now = deps.now();
    let mut tx = deps.store.begin().await?;
    let row = replies::by_id(&mut tx, reply).await?.ok_or_else(unknown)?;
    let case: CaseId = row.case_id.parse().map_err(|_| unknown())?;
    let parts = replies::parts(&mut tx, reply).await?;
    let open = parts.iter().find(|p| matches!(p.state.as_str(), "unknown" | "pending"));
    let Some(part) = open else {
        return Err(ActError::NotAllowed(
            "nothing about this reply is in doubt any more".to_owned(),
        ));
    };
    if !replies::decide(&mut tx, part, posted, url, agent, now).await? {
        return Err(ActError::Store(StoreError::Conflict));
    }
    let mention: MentionId = row.mention_id.parse().map_err(|_| unknown())?;
    let mention = mentions::by_id(&mut tx, mention).await?.ok_or_else(unknown)?;
    if posted {
        let part = crate::store::replies::PartRow {
            url: url.to_owned(),
            posted_at: Some(now.0),
            ..part.clone()
        };
        publish::complete(deps, &mut tx, &row, &mention, &part, now).await?;
    } else {
        replies::end(&mut tx, reply, "a person says that it is not there", now).await?;
    }
    let mut work = Work::new(deps, now);
    work.load(&mut tx, &[case]).await?;
    work.note(case, "decided", agent, json!({ "reply": reply, "posted": posted, "url": url }));
    work.save(&mut tx, |_| false).await?;
    tx.commit().await?;
    deps.tell([case]);
    Ok(())
}

/// Stops or resumes all publishing of a brand.
pub async fn hold(
    deps: &Deps,
    brand: &str,
    held: bool,
    agent: &str,
    why: &str,
) -> Result<(), ActError> {
    let mut tx = deps.store.begin().await?;
    if !lanes::hold(&mut tx, brand, held, agent, why).await? {
        return Err(ActError::Unknown(format!("brand {brand}")));
    }
    tx.commit().await?;
    deps.bell.notify_waiters();
    Ok(())
}
