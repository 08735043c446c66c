//! Rows as JSON: one shape for each thing, wherever the API tells of it.

mod person;

pub use person::person;

use crate::domain::case::Attention;
use crate::domain::customer::CustomerFacts;
use crate::domain::escalation::Escalation;
use crate::domain::obligation::{Obligation, Standing};
use crate::domain::priority::{Priority, Weighed, Weights, place};
use crate::domain::reason::Reason;
use crate::domain::{Commitment, CommitmentState, Instant, PerMillion};
use crate::pipeline::likeness::{Alike, Like};
use crate::store::cases::CaseFile;
use crate::store::handovers::HandoverRow;
use crate::store::inbox::{CaseLine, DraftLine, MentionLine, VersionRow};
use crate::store::looks::LookRow;
use crate::store::replies::{PartRow, ReplyRow};
use crate::store::storms::{Figures, StormRow};
use crate::store::{events::EventRow, outbox::AlertRow};
use serde_json::{Value, json};

fn time(ms: i64) -> Value {
    json!(Instant(ms))
}

fn maybe(ms: Option<i64>) -> Value {
    ms.map_or(Value::Null, time)
}

/// JSON that stands in a column; what cannot be read is told as nothing.
fn stored(column: Option<&str>) -> Value {
    column.and_then(|text| serde_json::from_str(text).ok()).unwrap_or(Value::Null)
}

/// A case in a list.
pub fn case_line(c: &CaseLine, now: Instant) -> Value {
    json!({
        "id": c.id,
        "brand": c.brand,
        "channel": c.channel,
        "network": c.network,
        "author": { "handle": c.author_handle, "name": c.author_name },
        "opened_at": time(c.opened_at),
        "state": c.state,
        "by": c.attention_by,
        "handed_to": (!c.handed_to.is_empty()).then_some(&c.handed_to),
        "owing": c.owing,
        "severity": c.severity,
        "points": c.points,
        "muted": c.muted_until > now.0,
        "deadline": maybe(c.deadline),
        "first_look": c.first_look,
        "draft_rev": c.draft_rev,
    })
}

/// The head of one case, weighed as its brand says.
pub fn case(file: &CaseFile, weights: &Weights, now: Instant) -> Value {
    let (c, stakes) = (&file.case, &file.stakes);
    let attention = match &c.attention {
        Attention::Free => Value::Null,
        Attention::Taken { by, until }
        | Attention::Snoozed { by, until }
        | Attention::Moved { by, until } => json!({ "by": by, "until": until }),
    };
    let handed_over = c
        .handed_over
        .as_ref()
        .map(|h| json!({ "to": h.to, "by": h.by, "at": h.at, "reference": h.reference, "closed_at": h.closed_at }));
    json!({
        "id": c.id,
        "brand": c.brand,
        "channel": c.channel,
        "network": c.network,
        "origin": c.origin,
        "thread": c.thread,
        "author": { "id": c.author, "handle": file.author_handle, "name": file.author_name },
        "opened_at": c.opened_at,
        "state": c.state(),
        "attention": attention,
        "handed_over": handed_over,
        "owing": c.owing(),
        "severity": c.severity(),
        "strikes": { "count": stakes.strikes, "since": stakes.strikes_since },
        "muted": file.muted_until > now,
        "priority": priority(file, weights),
        "deadline": c.deadline(),
        "resolve_by": c.resolution.due,
        "escalation": escalation(&c.escalation),
        "checked_at": (file.checked_at.0 > 0).then_some(file.checked_at),
        "draft_rev": file.draft_rev,
        "rev": file.rev,
        "seen": file.events,
        "obligations": c.obligations.iter().map(obligation).collect::<Vec<_>>(),
        "commitments": c.commitments.iter().map(commitment).collect::<Vec<_>>(),
    })
}

/// What the company's own system says of a customer.
pub fn customer(c: &CustomerFacts) -> Value {
    let order = c.order.as_ref().map(|o| json!({ "number": o.number, "state": o.state }));
    json!({
        "since": c.since.map(|day| day.to_string()),
        "value": c.value,
        "order": order,
        "link": (!c.link.is_empty()).then_some(&c.link),
        "name": (!c.name.is_empty()).then_some(&c.name),
    })
}

fn commitment(c: &Commitment) -> Value {
    let state = match &c.state {
        CommitmentState::Open => json!({ "is": "open" }),
        CommitmentState::Kept { evidence, at } => {
            json!({ "is": "kept", "at": at, "evidence": evidence })
        }
        CommitmentState::Broken { at } => json!({ "is": "broken", "at": at }),
        CommitmentState::Dropped { by, note, at } => {
            json!({ "is": "dropped", "at": at, "by": by, "note": note })
        }
    };
    json!({
        "number": c.number,
        "kind": c.kind,
        "made_at": c.made_at,
        "due": c.due,
        "words": c.words,
        "source": c.source,
        "remind_at": c.remind_at,
        "reminded_at": c.reminded_at,
        "told_at": c.told_at,
        "late": c.is_late(),
        "state": state,
    })
}

/// How far a case has come, and what is next; nothing where nothing escalates.
fn escalation(e: &Escalation) -> Value {
    if e.level == 0 {
        return Value::Null;
    }
    json!({
        "level": e.level,
        "told_at": e.told_at,
        "acknowledged": e.acked,
        "repeat_at": e.repeat_at,
        "next": e.next,
    })
}

/// How urgent a case is, part by part.
fn priority(file: &CaseFile, weights: &Weights) -> Value {
    let Priority { points, parts } = weights.priority(&file.case, &file.stakes);
    let part = |p: &Weighed| json!({ "part": p.part.name(), "points": p.points, "why": p.part.to_string() });
    let urgent_at = file.case.deadline().map(|_| place(&file.case, file.points).1);
    json!({
        "points": points,
        "urgent_at": urgent_at,
        "parts": parts.iter().map(part).collect::<Vec<_>>(),
    })
}

fn obligation(o: &Obligation) -> Value {
    let standing = match &o.standing {
        Standing::Owed => json!({ "is": "owed" }),
        Standing::Met { evidence, at } => json!({ "is": "met", "at": at, "evidence": evidence }),
        Standing::Void { reason, by, note, at } => {
            json!({ "is": "void", "at": at, "reason": reason, "by": by, "note": note })
        }
    };
    json!({
        "mention": o.mention,
        "owing": o.owing,
        "severity": o.severity,
        "since": o.since,
        "heard_at": o.heard_at,
        "due": o.due,
        "first_look": o.first_look,
        "standing": standing,
    })
}

/// One mention with its verdict.
pub fn mention(m: &MentionLine) -> Value {
    let r = &m.row;
    let verdict = r.judged.as_ref().map_or(Value::Null, |kind| {
        let share =
            r.probability.and_then(|p| u32::try_from(p).ok()).map(|p| PerMillion(p).share());
        json!({
            "relevance": m.relevance,
            "kind": kind,
            "probability": share,
            "severity": r.severity,
            "topic": r.topic,
            "language": r.judged_language,
            "risk": stored(r.risk.as_deref()),
            "why": stored(r.why.as_deref()),
            "model": m.model,
            "rule": m.rule,
            "sorted_as": m.sorted_as,
        })
    });
    json!({
        "id": r.id,
        "brand": r.brand,
        "channel": r.channel,
        "network": r.network,
        "origin": r.origin,
        "external_id": r.external_id,
        "kind": r.kind,
        "visibility": r.visibility,
        "author": {
            "id": r.author_id,
            "handle": r.author_handle,
            "name": r.author_name,
            "followers": m.followers,
        },
        "text": r.text,
        "language": r.language,
        "rating": r.rating,
        "created_at": time(r.created_at),
        "edited_at": maybe(r.edited_at),
        "gone_at": maybe(r.gone_at),
        "blanked_at": maybe(m.blanked_at),
        "blanked": r.blanked,
        "heard_at": time(r.heard_at),
        "url": r.url,
        "thread_id": r.thread_id,
        "parent_id": r.parent_id,
        "attachments": stored(Some(&r.attachments)),
        "reach": m.reach,
        "version": r.version,
        "disposition": r.disposition,
        "case": r.case_id,
        "verdict": verdict,
    })
}

/// What says the same as a case; `at_least` where there may be more.
pub fn alike(found: &Alike) -> Value {
    let like = |like: &Like| {
        let r = &like.row;
        json!({
            "mention": r.id,
            "case": r.case_id,
            "channel": r.channel,
            "network": r.network,
            "author": { "id": r.author_id, "handle": r.author_handle, "name": r.author_name },
            "same_author": like.same_author,
            "created_at": time(r.created_at),
            "url": r.url,
        })
    };
    json!({
        "since": found.since,
        "count": found.mentions.len(),
        "authors": found.authors,
        "at_least": found.more,
        "mentions": found.mentions.iter().map(like).collect::<Vec<_>>(),
    })
}

/// An earlier text.
pub fn version(v: &VersionRow) -> Value {
    json!({ "version": v.version, "text": v.text, "until": time(v.stored_at) })
}

/// A draft.
pub fn draft(d: &DraftLine) -> Value {
    json!({
        "rev": d.rev,
        "text": d.text,
        "language": d.language,
        "made_by": d.made_by,
        "at": time(d.at),
    })
}

/// A reply with its parts.
pub fn reply(r: &ReplyRow, parts: &[PartRow]) -> Value {
    let part = |p: &PartRow| {
        json!({
            "part": p.part,
            "text": p.text,
            "state": p.state,
            "external_id": p.external_id,
            "url": p.url,
            "posted_at": maybe(p.posted_at),
            "attempts": p.attempts,
            "looks": p.looks,
            "fault": p.fault,
        })
    };
    json!({
        "id": r.id,
        "mention": r.mention_id,
        "channel": r.channel,
        "by": r.by_agent,
        "text": r.text,
        "created_at": time(r.created_at),
        "ended_at": maybe(r.ended_at),
        "parts": parts.iter().map(part).collect::<Vec<_>>(),
    })
}

/// A ticket in another system.
pub fn ticket(h: &HandoverRow) -> Value {
    json!({
        "id": h.id,
        "system": h.system,
        "key": h.key,
        "state": h.state,
        "name": h.name,
        "url": h.url,
        "by": h.by_agent,
        "note": h.note,
        "created_at": time(h.created_at),
        "filed_at": maybe(h.filed_at),
        "checked_at": maybe(h.checked_at),
        "due_at": maybe(h.due_at),
        "fault": h.fault,
    })
}

/// An alert, sent or not.
pub fn alert(a: &AlertRow) -> Value {
    json!({
        "id": a.id,
        "recipient": a.recipient,
        "reason": a.reason,
        "level": a.title.parse::<u8>().ok().filter(|_| a.reason == Reason::Escalated.as_str()),
        "state": a.state,
        "created_at": time(a.created_at),
        "sent_at": maybe(a.sent_at),
        "due_at": maybe(a.due_at),
        "held": a.held,
        "woke": a.wake,
        "attempts": a.attempts,
        "fault": a.fault,
    })
}

/// A first look: its baseline and what was chosen.
pub fn first_look(l: &LookRow) -> Value {
    json!({
        "channel": l.channel,
        "began_at": time(l.began_at),
        "since": time(l.since),
        "state": l.state,
        "asked_at": maybe(l.asked_at),
        "mentions": l.mentions,
        "complaints": l.complaints,
        "unanswered": l.unanswered,
        "oldest_at": maybe(l.oldest_at),
        "chosen_by": l.chosen_by,
        "chosen_at": maybe(l.chosen_at),
    })
}

/// A storm, and how its members stand.
pub fn storm(s: &StormRow, figures: Figures) -> Value {
    json!({
        "id": s.id,
        "brand": s.brand,
        "kind": s.kind,
        "topic": s.topic,
        "campaign": s.campaign,
        "began_at": time(s.began_at),
        "last_at": time(s.last_at),
        "ended_at": maybe(s.ended_at),
        "members": figures.members,
        "owed": figures.owed,
        "overdue": figures.overdue,
    })
}

/// An entry of the log.
pub fn event(e: &EventRow) -> Value {
    json!({
        "id": e.id,
        "brand": e.brand,
        "subject": e.subject,
        "seq": e.seq,
        "kind": e.kind,
        "at": time(e.at),
        "actor": e.actor,
        "mention": e.mention_id,
        "becomes": e.becomes,
        "data": stored(Some(&e.data)),
    })
}
