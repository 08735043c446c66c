//! What an alert offers to do about its case: all that the case allows now, the most useful first.

use crate::domain::case::{Case, State, by_link, link_of};
use crate::domain::obligation::Owing;
use crate::domain::time::DAY;
use crate::domain::{CaseId, Instant};
use crate::links::{Act, Action, Button};
use crate::pipeline::{Deps, Recipient, acts};
use crate::speech::Catalogue;
use crate::wire::AlertAct;

/// An action link works this long.
const LINK_LIFE: i64 = 3 * DAY;

/// What decides beside the case itself what can be done about it.
pub(super) struct Room<'a> {
    /// The network takes replies by way of us.
    pub(super) takes_replies: bool,
    /// The revision of the draft, where a reply can be published from an alert.
    pub(super) reply: Option<i64>,
    /// There is a draft to publish as it stands.
    pub(super) drafted: bool,
    /// There is a ticket system to which the case may go, and is not.
    pub(super) hands_over: bool,
    /// Who alone acts by this alert; `None`: whoever presses, each in their own name.
    pub(super) actor: Option<&'a str>,
}

/// The acts that the case allows now, the most useful first.
pub(super) fn allowed(case: &Case, room: &Room<'_>) -> Vec<Act> {
    let Some(owing) = case.owing() else { return Vec::new() };
    let state = case.state();
    // What a colleague has taken is that one's; others can only say that it was answered.
    let theirs = room.actor.is_some_and(|actor| case.taken_from(actor).is_some());
    // What was taken by a link a person may take over.
    let is_person = room.actor.is_none_or(|actor| link_of(actor).is_none());
    let takes = state != State::Taken || case.is_taken_by_link() && is_person;
    let unseen = case.escalation.level > 0 && case.escalation.acked.is_none();
    let mut acts = Vec::new();
    let mut offer = |act: Act, may: bool| acts.extend(may.then_some(act));
    offer(Act::Take, takes);
    if let Some(draft_rev) = room.reply.filter(|_| !theirs) {
        offer(Act::Publish { draft_rev }, room.drafted);
        offer(Act::Edit { draft_rev }, true);
    }
    // Where a person answers on the network's own page, to say so is what comes next.
    offer(Act::Answered, !room.takes_replies);
    offer(Act::Snooze, !theirs && state != State::Moved);
    offer(Act::Ack, unseen);
    offer(Act::NotComplaint, !theirs && owing == Owing::Complaint);
    offer(Act::NotAboutUs, !theirs);
    offer(Act::Waive, !theirs);
    offer(Act::HandOver, !theirs && room.hands_over);
    offer(Act::Answered, room.takes_replies);
    acts
}

/// Who alone acts by a recipient's alerts, where that is known: the one person who reads them, or
/// whoever holds the links, which prove nobody. `acts::holder` says the same of a link.
pub(super) fn actor(recipient: &Recipient) -> Option<String> {
    let holder = || (!recipient.is_vouched_for()).then(|| by_link(&recipient.name));
    recipient.agent.clone().or_else(holder)
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
