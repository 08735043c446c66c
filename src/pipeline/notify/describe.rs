//! What an alert says of a case: what was written, when the answer is due, what can be done.

use super::deliver::Known;
use super::offers::{self, Room};
use crate::domain::case::{Attention, Case};
use crate::domain::obligation::Owing;
use crate::domain::reason::Reason;
use crate::domain::text::cut_graphemes;
use crate::domain::{Instant, Lang, Risk, Topic, Why};
use crate::fetch::Peer;
use crate::links::Act;
use crate::pipeline::{Channel, Deps, Recipient, acts, promises};
use crate::speech::Catalogue;
use crate::store::cases::CaseFile;
use crate::store::mentions::MentionRow;
use crate::wire::{AlertCase, AlertStands};
use jiff::tz::TimeZone;

/// The case as an alert tells it.
pub(super) fn describe(
    deps: &Deps,
    file: &CaseFile,
    known: &Known<'_>,
    recipient: &Recipient,
    reason: Reason,
) -> Option<AlertCase> {
    let case = &file.case;
    let owed = case.owed().max_by_key(|o| o.since).or(case.obligations.last())?;
    let id = owed.mention.to_string();
    let row = known.mentions.iter().find(|r| r.id == id)?;
    let words = Catalogue::of(recipient.language);
    let private = row.visibility == "private";
    // What its author took back is told to nobody once more.
    let gone = row.gone_at.is_some();
    let promised = promises::told(case, reason);
    let due = promised.map_or(case.deadline().unwrap_or(owed.due), |c| c.due);
    // Where nothing is owed but what we promised, the draft is that of an answer that stands.
    let owes = case.owed().next().is_some();
    let draft = known.draft.filter(|_| (owes || promised.is_none()) && !gone && !private);
    let draft = draft.map(|d| d.text.clone()).unwrap_or_default();
    let reader = reader_zone(deps, Some(recipient), &case.brand);
    let since = file.stakes.strikes_since;
    let strikes_since = since.map_or(String::new(), |at| at.day_in(&zone(deps, &case.brand)));
    let mut why: Vec<Why> =
        row.why.as_deref().and_then(|j| serde_json::from_str(j).ok()).unwrap_or_default();
    // What says no more than that it was written to us is no news to whom it is told.
    why.retain(|why| !why.words.is_empty() || !why.cue.starts_with("about."));
    let channel = deps.channels.get(&row.channel).filter(|c| c.network.meta().can.reply);
    let window = channel.filter(|_| owes).and_then(|c| c.network.reply_window_ms());
    // One of unknown fate is under way until a person has looked.
    let publishes = !private && !gone && !known.held && reason != Reason::ReplyUnknown;
    let actor = offers::actor(recipient);
    // One press hands it over to the brand's first ticket system; its page has them all.
    let system = deps.brands.get(&case.brand).and_then(|brand| brand.handovers.first());
    let system = system.filter(|to| case.handed_over.as_ref().is_none_or(|there| there.to != **to));
    let room = Room {
        hands_over: system.is_some(),
        takes_replies: channel.is_some(),
        reply: channel.filter(|_| publishes).map(|_| file.draft_rev),
        drafted: !draft.is_empty(),
        actor: actor.as_deref(),
    };
    let offer = |act| {
        let mut offer = offers::offer(deps, act, case.id, &recipient.name, words, known.now);
        offer.label = label(deps, act, file, channel, system, words).unwrap_or(offer.label);
        offer
    };
    Some(AlertCase {
        id: case.id.to_string(),
        brand: case.brand.clone(),
        network: case.network.clone(),
        author: author(file),
        text: match (private, row.text.trim()) {
            (true, _) => String::new(),
            _ if gone => words.get("stands.withdrawn").to_owned(),
            (false, "") => words.get("alert.no_text").to_owned(),
            (false, text) => cut_graphemes(text, 1_000),
        },
        language: Lang::parse(row.judged_language.as_deref().unwrap_or("und"))
            .unwrap_or(Lang::UNKNOWN),
        severity: case.severity(),
        strikes: file.stakes.strikes,
        strikes_since,
        customer: String::new(),
        topic: row.topic.as_deref().and_then(|t| t.parse().ok()).unwrap_or(Topic::Other),
        risk: row.risks(),
        why: if private || gone { Vec::new() } else { why },
        due,
        due_text: shown(&reader, due),
        draft,
        url: row.url.clone(),
        link: deps.links.case(case.id),
        private,
        reply_limit: channel.map(|c| longest(deps, c)),
        window_text: window.map_or_else(String::new, |ms| shown(&reader, owed.since + ms)),
        actions: offers::allowed(case, &room).into_iter().map(offer).collect(),
        stands: stands(case),
    })
}

/// Whether somebody still has to do something about a case.
fn stands(case: &Case) -> AlertStands {
    match (case.owed().next(), &case.attention) {
        (None, _) => AlertStands::Ended,
        (Some(_), Attention::Free) => AlertStands::Open,
        (Some(_), _) => AlertStands::Taken,
    }
}

/// What an act is called where more is to be said than its name: what becomes public says where, and as
/// whom; what is handed over, to which ticket system.
fn label(
    deps: &Deps,
    act: Act,
    file: &CaseFile,
    channel: Option<&Channel>,
    system: Option<&String>,
    words: &Catalogue,
) -> Option<String> {
    match act {
        Act::Publish { .. } => Some(acts::publishing(deps, file, channel?, words)),
        Act::HandOver => Some(words.fill("action.hand_over_to", &[("name", system?)])),
        _ => None,
    }
}

/// The longest reply there, in the network's own count and as far as its session has said so.
fn longest(deps: &Deps, channel: &Channel) -> usize {
    let owned = deps.engine.glance(Peer::Network(channel.network), &channel.link);
    channel.network.length(&owned.cx()).limit
}

/// Who wrote, as shown on the network.
pub(super) fn author(file: &CaseFile) -> String {
    if file.author_handle.is_empty() {
        file.author_name.clone()
    } else {
        format!("@{}", file.author_handle)
    }
}

/// A time on the clocks of a zone.
pub(super) fn shown(zone: &TimeZone, at: Instant) -> String {
    let there = at.timestamp().to_zoned(zone.clone());
    there.strftime("%Y-%m-%d %H:%M %Z").to_string()
}

/// The zone of whoever reads an alert: what the recipient's section says, else the brand's.
pub(super) fn reader_zone(deps: &Deps, recipient: Option<&Recipient>, brand: &str) -> TimeZone {
    let own = recipient.and_then(|r| r.zone.clone());
    own.unwrap_or_else(|| zone(deps, brand))
}

/// A brand's zone; UTC for one that left the configuration.
fn zone(deps: &Deps, brand: &str) -> TimeZone {
    deps.brands.get(brand).map_or(TimeZone::UTC, |b| b.zone.clone())
}

/// The risks of the complaints that stand in a case; what only has to be looked at wakes nobody.
pub(super) fn risks(file: &CaseFile, mentions: &[MentionRow]) -> Vec<Risk> {
    let complaints = file.case.owed().filter(|o| o.owing == Owing::Complaint);
    let ids: Vec<String> = complaints.map(|o| o.mention.to_string()).collect();
    mentions.iter().filter(|row| ids.contains(&row.id)).flat_map(MentionRow::risks).collect()
}
