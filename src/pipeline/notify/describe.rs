//! What an alert says of a case: what was written, when the answer is due, what can be done.

use crate::domain::obligation::Owing;
use crate::domain::reason::Reason;
use crate::domain::text::cut_graphemes;
use crate::domain::time::DAY;
use crate::domain::{CaseId, Instant, Lang, Risk, Topic, Why};
use crate::links::{Act, Action, Button};
use crate::pipeline::{Deps, acts, promises};
use crate::speech::Catalogue;
use crate::store::cases::{CaseFile, DraftRow};
use crate::store::mentions::MentionRow;
use crate::wire::{AlertAct, AlertCase};
use jiff::tz::TimeZone;

/// An action link works this long.
const LINK_LIFE: i64 = 3 * DAY;

/// The case as an alert tells it.
pub(super) fn describe(
    deps: &Deps,
    file: &CaseFile,
    mentions: &[MentionRow],
    draft: Option<&DraftRow>,
    words: &'static Catalogue,
    recipient: &str,
    reason: Reason,
    now: Instant,
) -> Option<AlertCase> {
    let owed = file.case.owed().max_by_key(|o| o.since).or(file.case.obligations.last())?;
    let id = owed.mention.to_string();
    let row = mentions.iter().find(|r| r.id == id)?;
    let private = row.visibility == "private";
    // What its author took back is told to nobody once more.
    let gone = row.gone_at.is_some();
    let promised = promises::told(&file.case, reason);
    let due = promised.map_or(file.case.deadline().unwrap_or(owed.due), |c| c.due);
    // Where nothing is owed but what we promised, the draft is that of an answer that stands.
    let owes = file.case.owed().next().is_some();
    let draft = draft.filter(|_| (owes || promised.is_none()) && !gone);
    let due_text = shown(deps, &file.case.brand, due);
    let since = file.stakes.strikes_since;
    let strikes_since = since.map_or(String::new(), |at| at.day_in(&zone(deps, &file.case.brand)));
    let mut why: Vec<Why> =
        row.why.as_deref().and_then(|j| serde_json::from_str(j).ok()).unwrap_or_default();
    // What says no more than that it was written to us is no news to whom it is told.
    why.retain(|why| !why.words.is_empty() || !why.cue.starts_with("about."));
    let mut actions = Vec::new();
    if owes {
        let offer = |act| offer(deps, act, file.case.id, recipient, words, now);
        actions.push(offer(Act::Take));
        if draft.is_some_and(|d| !d.text.is_empty()) && !private {
            actions.push(offer(Act::Publish { draft_rev: file.draft_rev }));
        }
        if file.case.escalation.level > 0 && file.case.escalation.acked.is_none() {
            actions.push(offer(Act::Ack));
        }
        actions.push(offer(Act::Waive));
    }
    Some(AlertCase {
        id: file.case.id.to_string(),
        brand: file.case.brand.clone(),
        network: file.case.network.clone(),
        author: author(file),
        text: match (private, row.text.trim()) {
            (true, _) => String::new(),
            _ if gone => words.get("stands.withdrawn").to_owned(),
            (false, "") => words.get("alert.no_text").to_owned(),
            (false, text) => cut_graphemes(text, 1_000),
        },
        language: Lang::parse(row.judged_language.as_deref().unwrap_or("und"))
            .unwrap_or(Lang::UNKNOWN),
        severity: file.case.severity(),
        strikes: file.stakes.strikes,
        strikes_since,
        customer: String::new(),
        topic: row.topic.as_deref().and_then(|t| t.parse().ok()).unwrap_or(Topic::Other),
        risk: risks_of(row),
        why: if private || gone { Vec::new() } else { why },
        due,
        due_text,
        draft: if private {
            String::new()
        } else {
            draft.map(|d| d.text.clone()).unwrap_or_default()
        },
        url: row.url.clone(),
        link: deps.links.case(file.case.id),
        private,
        reply_limit: None,
        window_text: String::new(),
        actions,
    })
}

/// An act as an alert to this recipient offers it.
pub(super) fn offer(
    deps: &Deps,
    act: Act,
    case: CaseId,
    recipient: &str,
    words: &Catalogue,
    now: Instant,
) -> AlertAct {
    let expires = now + LINK_LIFE;
    let token = deps.signer.sign(&Action {
        act,
        case,
        recipient: recipient.to_owned(),
        expires,
        nonce: deps.ids.bytes(),
    });
    AlertAct {
        name: act.name(),
        label: words.get(&format!("action.{}", act.name())).to_owned(),
        asks: acts::asks(act),
        url: deps.links.act(&token),
        button: deps.signer.sign_button(Button { act, case, expires }, recipient),
    }
}

/// Who wrote, as shown on the network.
pub(super) fn author(file: &CaseFile) -> String {
    if file.author_handle.is_empty() {
        file.author_name.clone()
    } else {
        format!("@{}", file.author_handle)
    }
}

/// A time on the clocks of a brand's zone.
pub(super) fn shown(deps: &Deps, brand: &str, at: Instant) -> String {
    let there = at.timestamp().to_zoned(zone(deps, brand));
    there.strftime("%Y-%m-%d %H:%M %Z").to_string()
}

/// A brand's zone; UTC for one that left the configuration.
fn zone(deps: &Deps, brand: &str) -> TimeZone {
    deps.brands.get(brand).map_or(TimeZone::UTC, |b| b.zone.clone())
}

/// The risks of the complaints that stand in a case; what only has to be looked at wakes nobody.
pub(super) fn risks(file: &CaseFile, mentions: &[MentionRow]) -> Vec<Risk> {
    let complaints = file.case.owed().filter(|o| o.owing == Owing::Complaint);
    let ids: Vec<String> = complaints.map(|o| o.mention.to_string()).collect();
    mentions.iter().filter(|row| ids.contains(&row.id)).flat_map(risks_of).collect()
}

fn risks_of(row: &MentionRow) -> Vec<Risk> {
    row.risk.as_deref().and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default()
}
