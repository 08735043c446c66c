//! Drafts that agents write, and texts that they approve for publication.

use super::ActError;
use crate::domain::{CaseId, MentionId, ReplyId};
use crate::fetch::Peer;
use crate::pipeline::casework::Work;
use crate::pipeline::{Deps, drafting, thread};
use crate::store::cases::DraftRow;
use crate::store::replies::NewReply;
use crate::store::{Tx, cases, lanes, mentions, replies};
use crate::wire::Fault;
use serde_json::json;
use sha2::{Digest, Sha256};

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
    if file.case.owed().next().is_none() && !file.case.is_awaited() {
        return Err(ActError::NotAllowed(format!(
            "nothing is owed or promised here: the case is {}",
            file.case.state()
        )));
    }
    if let Some((by, until)) = file.case.taken_from(agent) {
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
    let refused = |f: Fault| ActError::Invalid(f.why);
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
