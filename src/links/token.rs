//! Action links: what may be done with one click, signed so that nobody else can make one.
//!
//! A token is base64url of `version · act · expiry · case · nonce · draft revision · recipient`
//! (in the case's place the alert, where it is about that)
//! followed by 16 bytes of HMAC-SHA256 over it. It proves that we handed it to that recipient; it
//! does not prove who holds it now, so the page behind it asks for a click and, where the action
//! needs a person's name, for a log-in. Single use is the store's job: it keeps the nonces.

use super::Links;
use crate::domain::{AlertId, CaseId, Instant};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// First byte of every token, so that a later form can be told apart.
pub(super) const VERSION: u8 = 1;
/// Keeps these signatures apart from any other use of the same key.
const PURPOSE: &[u8] = b"ascolto action link\0";
/// 128 bits: nobody guesses that online, and links stay short.
pub(super) const TAG: usize = 16;
/// Bytes before the recipient's name.
const HEAD: usize = 1 + 1 + 8 + 16 + 16 + 8;

/// What an action link does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Take the case.
    Take,
    /// No answer needed; the page asks for the reason.
    Waive,
    /// Publish the draft as it was shown.
    Publish {
        /// The revision of the draft in the alert; another one is shown again first.
        draft_rev: i64,
    },
    /// Put it off; the page asks until when.
    Snooze,
    /// Acknowledge the level that its escalation has come to.
    Ack,
    /// An alert should not have woken whoever it woke.
    Woken {
        /// The alert.
        alert: AlertId,
    },
    /// Edit the draft, and publish what became of it.
    Edit {
        /// The revision of the draft in the alert.
        draft_rev: i64,
    },
    /// It is no complaint.
    NotComplaint,
    /// It is not about us.
    NotAboutUs,
    /// It was answered elsewhere; the page asks where.
    Answered,
    /// Hand it over to a ticket system.
    HandOver,
}

impl Act {
    /// Its name in the API's routes, and below `action.` in the catalogues.
    pub fn name(self) -> &'static str {
        match self {
            Act::Take => "take",
            Act::Waive => "waive",
            Act::Publish { .. } => "publish",
            Act::Snooze => "snooze",
            Act::Ack => "ack",
            Act::Woken { .. } => "woken",
            Act::Edit { .. } => "edit",
            Act::NotComplaint => "not_complaint",
            Act::NotAboutUs => "not_about_us",
            Act::Answered => "answered",
            Act::HandOver => "hand_over",
        }
    }

    /// Its number in tokens, and the draft's revision.
    pub(super) fn code(self) -> (u8, i64) {
        match self {
            Act::Take => (1, 0),
            Act::Waive => (2, 0),
            Act::Publish { draft_rev } => (3, draft_rev),
            Act::Snooze => (4, 0),
            Act::Ack => (5, 0),
            Act::Woken { .. } => (6, 0),
            Act::Edit { draft_rev } => (7, draft_rev),
            Act::NotComplaint => (8, 0),
            Act::NotAboutUs => (9, 0),
            Act::Answered => (10, 0),
            Act::HandOver => (11, 0),
        }
    }

    /// The act of a number in a token.
    pub(super) fn of_code(code: u8, rev: i64, subject: u128) -> Option<Act> {
        match (code, rev) {
            (1, 0) => Some(Act::Take),
            (2, 0) => Some(Act::Waive),
            (3, draft_rev) => Some(Act::Publish { draft_rev }),
            (4, 0) => Some(Act::Snooze),
            (5, 0) => Some(Act::Ack),
            (6, 0) => Some(Act::Woken { alert: AlertId(subject) }),
            (7, draft_rev) => Some(Act::Edit { draft_rev }),
            (8, 0) => Some(Act::NotComplaint),
            (9, 0) => Some(Act::NotAboutUs),
            (10, 0) => Some(Act::Answered),
            (11, 0) => Some(Act::HandOver),
            _ => None,
        }
    }
}

/// What a token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// What it does.
    pub act: Act,
    /// To which case; 0 where it is about an alert, which may have none.
    pub case: CaseId,
    /// The recipient whose alert carried it.
    pub recipient: String,
    /// The first instant at which it no longer works.
    pub expires: Instant,
    /// Tells this link from every other; the store lets each work once.
    pub nonce: [u8; 16],
}

/// Why a link does nothing, for the person who followed it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkFault {
    /// We did not make it, or it was changed on its way.
    #[error("this link is damaged or not ours; open the case in the inbox instead")]
    Forged,
    /// We made it, and its time is over.
    #[error("this link ran out; open the case in the inbox and act there")]
    Expired {
        /// The case it was for; 0 where it was about an alert.
        case: CaseId,
    },
}

impl LinkFault {
    /// The catalogue key of its text.
    pub fn key(&self) -> &'static str {
        match self {
            LinkFault::Forged => "link.forged",
            LinkFault::Expired { .. } => "link.expired",
        }
    }
}

/// Signs and checks links with one key, each sort apart from the others.
#[derive(Clone)]
pub struct Signer {
    /// For action links.
    act: Hmac<Sha256>,
    /// For the buttons of alerts.
    pub(super) button: Hmac<Sha256>,
    /// For the links that connect a channel.
    pub(super) connect: Hmac<Sha256>,
    /// For what a consent page carries there and back on behalf of such a link.
    pub(super) consent: Hmac<Sha256>,
    /// For what shows at the end that we began it.
    pub(super) verifier: Hmac<Sha256>,
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Signer")
    }
}

impl Signer {
    /// With a key of 32 random bytes; other lengths work, shorter ones are weaker.
    pub fn new(key: &[u8]) -> Signer {
        let mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
        Signer {
            act: mac.clone().chain_update(PURPOSE),
            button: mac.clone().chain_update(super::button::PURPOSE),
            connect: mac.clone().chain_update(super::connect::PURPOSE),
            consent: mac.clone().chain_update(super::connect::CONSENT),
            verifier: mac.chain_update(super::connect::VERIFIER),
        }
    }

    /// The token of an action, safe in a URL.
    pub fn sign(&self, action: &Action) -> String {
        let (code, rev) = action.act.code();
        let mut bytes = Vec::with_capacity(HEAD + action.recipient.len() + TAG);
        bytes.extend([VERSION, code]);
        bytes.extend(action.expires.0.to_be_bytes());
        let subject = match action.act {
            Act::Woken { alert } => alert.0,
            _ => action.case.0,
        };
        bytes.extend(subject.to_be_bytes());
        bytes.extend(action.nonce);
        bytes.extend(rev.to_be_bytes());
        bytes.extend(action.recipient.as_bytes());
        let tag = self.act.clone().chain_update(&bytes).finalize().into_bytes();
        bytes.extend(&tag[..TAG]);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The address of an action, below `links`. Its page shows it and asks for a click.
    pub fn link(
        &self,
        links: &Links,
        act: Act,
        case: CaseId,
        recipient: &str,
        expires: Instant,
        nonce: [u8; 16],
    ) -> String {
        let recipient = recipient.to_owned();
        links.act(&self.sign(&Action { act, case, recipient, expires, nonce }))
    }

    /// What a token says, if we signed it and its time is not over.
    ///
    /// # Errors
    /// `Forged` before `Expired`: of a token that is not ours nothing is believed.
    pub fn check(&self, token: &str, now: Instant) -> Result<Action, LinkFault> {
        let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| LinkFault::Forged)?;
        let split = bytes.len().checked_sub(TAG).ok_or(LinkFault::Forged)?;
        let (said, tag) = bytes.split_at(split);
        // The comparison takes the same time wherever the first difference lies.
        let mac = self.act.clone().chain_update(said);
        mac.verify_truncated_left(tag).map_err(|_| LinkFault::Forged)?;
        let action = read(said).ok_or(LinkFault::Forged)?;
        if now >= action.expires {
            return Err(LinkFault::Expired { case: action.case });
        }
        Ok(action)
    }
}

/// Reads what [`Signer::sign`] wrote.
fn read(said: &[u8]) -> Option<Action> {
    let (&[VERSION, code], rest) = said.split_first_chunk()? else { return None };
    let (expires, rest) = rest.split_first_chunk()?;
    let (subject, rest) = rest.split_first_chunk()?;
    let (nonce, rest) = rest.split_first_chunk()?;
    let (rev, recipient) = rest.split_first_chunk()?;
    let subject = u128::from_be_bytes(*subject);
    let act = Act::of_code(code, i64::from_be_bytes(*rev), subject)?;
    Some(Action {
        act,
        case: CaseId(if matches!(act, Act::Woken { .. }) { 0 } else { subject }),
        recipient: std::str::from_utf8(recipient).ok()?.to_owned(),
        expires: Instant(i64::from_be_bytes(*expires)),
        nonce: *nonce,
    })
}
