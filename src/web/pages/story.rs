//! The story of a case: what was said by whom, in order, and what was done about it.

use super::case::Rows;
use super::session::LoggedIn;
use super::view::{self, Piece, When};
use crate::domain::obligation::{Evidence, Standing};
use crate::domain::reason::Reason;
use crate::domain::{Attachment, Instant};
use crate::speech::Catalogue;
use crate::store::events::EventRow;
use crate::store::inbox::MentionLine;
use crate::store::outbox::AlertRow;
use crate::store::replies::{PartRow, ReplyRow};
use jiff::tz::TimeZone;
use serde::Serialize;

/// What the page tells.
pub struct Told {
    /// The thread, oldest first.
    pub entries: Vec<Entry>,
    /// What was done, newest first.
    pub history: Vec<Deed>,
    /// Replies on which a person must decide.
    pub doubtful: Vec<String>,
}

/// One thing that was said.
#[derive(Serialize)]
pub struct Entry {
    #[serde(skip)]
    at: i64,
    /// `theirs`, `ours`, `native`.
    who: &'static str,
    name: String,
    when: When,
    pieces: Vec<Piece>,
    url: String,
    marks: Vec<String>,
    attachments: Vec<Hung>,
    versions: Vec<Earlier>,
    parts: Vec<PartView>,
}

/// Something attached: shown as a link, never loaded into the page.
#[derive(Serialize)]
struct Hung {
    kind: String,
    url: String,
}

#[derive(Serialize)]
struct Earlier {
    until: When,
    text: String,
}

#[derive(Serialize)]
struct PartView {
    text: String,
    state: String,
    url: String,
    fault: String,
}

/// One thing that was done.
#[derive(Serialize)]
pub struct Deed {
    #[serde(skip)]
    at: i64,
    when: When,
    what: String,
    by: String,
    more: String,
}

/// Puts the rows of a case in order. `network` is its network's name for people.
pub fn tell(
    rows: &Rows,
    agent: &LoggedIn,
    network: &str,
    words: &'static Catalogue,
    zone: &TimeZone,
) -> Told {
    let mut entries: Vec<Entry> =
        rows.mentions.iter().map(|m| theirs(rows, m, network, words, zone)).collect();
    entries.extend(rows.replies.iter().map(|(r, parts)| ours(r, parts, agent, words, zone)));
    entries.extend(native(rows, words, zone));
    entries.sort_by_key(|e| e.at);
    let mut history: Vec<Deed> = rows.log.iter().map(|e| deed(e, words, zone)).collect();
    history.extend(rows.alerts.iter().map(|a| told(a, words, zone)));
    history.sort_by_key(|d| std::cmp::Reverse(d.at));
    let doubtful = rows
        .replies
        .iter()
        .filter(|(_, parts)| {
            parts
                .iter()
                .any(|p| p.due_at.is_none() && matches!(p.state.as_str(), "unknown" | "pending"))
        })
        .map(|(r, _)| r.id.clone())
        .collect();
    Told { entries, history, doubtful }
}

fn theirs(
    rows: &Rows,
    m: &MentionLine,
    network: &str,
    words: &'static Catalogue,
    zone: &TimeZone,
) -> Entry {
    let r = &m.row;
    let (name, handle) = view::author(&r.author_name, &r.author_handle);
    let name = if r.blanked.is_some() { words.get("screen.nameless").to_owned() } else { name };
    let mut marks = Vec::new();
    // What nobody could read again any more, or was deleted here alone, its author did not delete
    // there, for all that is known.
    if r.gone_at.is_some() && !matches!(r.blanked.as_deref(), Some("stale" | "asked")) {
        marks.push(words.get("screen.deleted").to_owned());
    } else if r.version > 1 {
        marks.push(words.get("screen.edited").to_owned());
    }
    if r.visibility == "private" {
        marks.push(words.get("screen.private").to_owned());
    }
    if let Some(stars) = r.rating.and_then(|n| usize::try_from(n).ok()).filter(|n| *n <= 5) {
        marks.push("★".repeat(stars) + &"☆".repeat(5 - stars));
    }
    let attachments: Vec<Attachment> = serde_json::from_str(&r.attachments).unwrap_or_default();
    let earlier = rows.versions.iter().filter(|v| v.mention_id == r.id && r.blanked.is_none());
    let text = match view::blanked(r, network, words) {
        Some(why) => why,
        None if r.text.trim().is_empty() => words.get("screen.no_text").to_owned(),
        None => r.text.clone(),
    };
    Entry {
        at: r.created_at,
        who: "theirs",
        name: format!("{name} {handle}").trim().to_owned(),
        when: view::when(r.created_at, zone, words),
        pieces: view::marked(&text, &view::why(r)),
        url: view::link(&r.url).to_owned(),
        marks,
        attachments: attachments
            .into_iter()
            .map(|a| Hung { kind: a.kind, url: view::link(&a.url).to_owned() })
            .collect(),
        versions: earlier
            .map(|v| Earlier { until: view::when(v.stored_at, zone, words), text: v.text.clone() })
            .collect(),
        parts: Vec::new(),
    }
}

fn ours(
    r: &ReplyRow,
    parts: &[PartRow],
    agent: &LoggedIn,
    words: &'static Catalogue,
    zone: &TimeZone,
) -> Entry {
    let part = |p: &PartRow| PartView {
        text: p.text.clone(),
        state: p.state.clone(),
        url: view::link(&p.url).to_owned(),
        fault: words.cause(&p.fault).to_owned(),
    };
    let name = if r.by_agent == agent.name { words.get("screen.you") } else { &r.by_agent };
    Entry {
        at: r.created_at,
        who: "ours",
        name: name.to_owned(),
        when: view::when(r.created_at, zone, words),
        pieces: Vec::new(),
        url: String::new(),
        marks: Vec::new(),
        attachments: Vec::new(),
        versions: Vec::new(),
        parts: parts.iter().map(part).collect(),
    }
}

/// Answers that were not given here: a colleague's in the network's app, or a person's word.
fn native(rows: &Rows, words: &'static Catalogue, zone: &TimeZone) -> Vec<Entry> {
    let mut seen = std::collections::HashSet::new();
    let mut found = Vec::new();
    for o in &rows.file.case.obligations {
        let Standing::Met { evidence, at } = &o.standing else { continue };
        let (key, url, name) = match evidence {
            Evidence::Reply { .. } => continue,
            Evidence::Native { external_id, url } => {
                (external_id.clone(), url, words.get("screen.brand_reply").to_owned())
            }
            Evidence::Word { by, url } => (by.clone(), url, by.clone()),
            Evidence::Moved { by, case, url } => {
                let key = case.map_or_else(|| by.clone(), |case| case.to_string());
                let ours = words.get("screen.brand_reply");
                (key, url, if by.is_empty() { ours.to_owned() } else { by.clone() })
            }
        };
        let (kind, private) = match evidence {
            Evidence::Moved { case, .. } => ("screen.contacted", *case),
            _ => ("screen.answered", None),
        };
        if seen.insert((key, *at)) {
            found.push(Entry {
                at: at.0,
                who: "native",
                name,
                when: view::when(at.0, zone, words),
                pieces: vec![Piece { text: words.get(kind).to_owned(), marked: false }],
                url: private.map_or_else(|| view::link(url).to_owned(), |c| format!("/cases/{c}")),
                marks: Vec::new(),
                attachments: Vec::new(),
                versions: Vec::new(),
                parts: Vec::new(),
            });
        }
    }
    found
}

/// A word of the catalogue that may be missing; then the log's own name stands.
fn named(words: &'static Catalogue, table: &str, name: &str) -> String {
    let key = format!("screen.{table}_{name}");
    let text = words.get(&key);
    if text == key { name.replace('_', " ") } else { text.to_owned() }
}

fn deed(e: &EventRow, words: &'static Catalogue, zone: &TimeZone) -> Deed {
    let data: serde_json::Value = serde_json::from_str(&e.data).unwrap_or_default();
    let text = |key: &str| data[key].as_str().filter(|t| !t.is_empty());
    let reason = text("reason").filter(|_| e.kind == "voided");
    let mut more: Vec<String> = reason.map(|r| named(words, "void", r)).into_iter().collect();
    let called = text("owing").filter(|_| e.kind == "called");
    more.extend(called.map(|kind| named(words, "is", kind)));
    let written = |key: &str| {
        // A note is an agent's own words, but for the one that the program writes itself.
        let ours = key == "why" || e.kind == "before_us";
        let words = text(key).map(|t| if ours { words.cause(t) } else { t });
        words.map(str::to_owned)
    };
    more.extend(["note", "text", "why", "to", "reference"].into_iter().filter_map(written));
    if let Some(level) = data["level"].as_u64() {
        more.push(words.fill("screen.level", &[("level", &level.to_string())]));
    }
    if let Some(until) = text("until").and_then(|t| Instant::parse(t).ok()) {
        more.push(format!("→ {}", view::when(until.0, zone, words).text));
    }
    Deed {
        at: e.at,
        when: view::when(e.at, zone, words),
        what: named(words, "event", &e.kind),
        by: e.actor.clone(),
        more: more.join(" · "),
    }
}

fn told(a: &AlertRow, words: &'static Catalogue, zone: &TimeZone) -> Deed {
    let reason = match a.reason.parse() {
        Ok(Reason::Escalated) => words.fill("alert.escalated", &[("level", &a.title)]),
        Ok(reason) => words.reason(reason).to_owned(),
        Err(_) => String::new(),
    };
    let at = a.sent_at.unwrap_or(a.created_at);
    let state = match a.due_at.filter(|_| !a.held.is_empty()) {
        Some(until) => {
            let time = view::when(until, zone, words).text;
            words.fill("screen.alert_held", &[("time", &time)])
        }
        None => named(words, "alert", &a.state),
    };
    Deed {
        at,
        when: view::when(at, zone, words),
        what: format!("{state}: {reason}"),
        by: a.recipient.clone(),
        more: a.fault.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Lang;

    #[test]
    fn what_the_program_notes_is_said_in_the_readers_language_and_what_people_note_is_not() {
        let shown = |kind: &str, language| {
            let row = EventRow {
                id: String::new(),
                brand: "acme".to_owned(),
                subject: String::new(),
                seq: 1,
                mention_id: None,
                kind: kind.to_owned(),
                becomes: None,
                at: 0,
                actor: "ada".to_owned(),
                data: r#"{ "reason": "waived", "note": "before our time" }"#.to_owned(),
            };
            let deed = deed(&row, Catalogue::of(language), &TimeZone::UTC);
            format!("{}: {}", deed.what, deed.more)
        };
        assert_eq!(shown("before_us", Lang::IT), "Non aperto: prima di noi");
        assert_eq!(shown("before_us", Lang::EN), "Not opened: before our time");
        assert_eq!(shown("note", Lang::IT), "Nota: before our time");
    }
}
