//! What a press means: whose button it is, which act, and about which case.

use crate::domain::CaseId;
use crate::links::{Act, Button, LinkFault};
use crate::pipeline::{Deps, Recipient, StepResult};
use crate::store::recipients;
use crate::wire::{Press, Pressed};

/// What somebody meant.
pub(super) struct Meant<'a> {
    /// In whose alert.
    pub(super) recipient: &'a Recipient,
    /// What is to be done.
    pub(super) act: Act,
    /// With which case; 0 where it is about an alert.
    pub(super) case: CaseId,
    /// What was written into the form; `None`: no form was sent.
    pub(super) said: Option<&'a str>,
    /// The token of the button; `None` for a mark.
    pub(super) button: Option<&'a str>,
}

/// Why a press means nothing that could be done.
pub(super) enum Unclear<'a> {
    /// No button that we made for any of these recipients.
    Forged,
    /// It was ours, and its time is over. The case is 0 where it was about an alert.
    Expired(&'a Recipient, CaseId),
    /// A mark below something that tells of no case.
    NoCase,
    /// A mark that would publish: it does not say which text was seen.
    Publishes(&'a Recipient, CaseId),
}

impl<'a> Unclear<'a> {
    /// In whose alert, where that is known.
    pub(super) fn recipient(&self) -> Option<&'a Recipient> {
        match self {
            Unclear::Forged | Unclear::NoCase => None,
            Unclear::Expired(recipient, _) | Unclear::Publishes(recipient, _) => Some(recipient),
        }
    }

    /// For our own log.
    pub(super) fn why(&self) -> &'static str {
        match self {
            Unclear::Forged => "the button is not ours, or another recipient's",
            Unclear::Expired(..) => "the button is too old",
            Unclear::NoCase => "the mark stands below nothing that tells of a case",
            Unclear::Publishes(..) => "a mark does not say which text was seen",
        }
    }
}

/// Reads a press at one of these recipients.
pub(super) async fn read<'a>(
    deps: &Deps,
    heard: &[&'a Recipient],
    press: &'a Press,
) -> StepResult<Result<Meant<'a>, Unclear<'a>>> {
    let (token, said) = match &press.did {
        Pressed::Button(token) => (token, None),
        Pressed::Form { button, said } => (button, Some(said.as_str())),
        Pressed::Mark { remote, act } => return marked(deps, heard, remote, act).await,
    };
    Ok(signed(deps, heard, token).map(|(recipient, Button { act, case, .. })| Meant {
        recipient,
        act,
        case,
        said,
        button: Some(token),
    }))
}

/// Whose button it is.
fn signed<'a>(
    deps: &Deps,
    heard: &[&'a Recipient],
    token: &str,
) -> Result<(&'a Recipient, Button), Unclear<'a>> {
    for &recipient in heard {
        match deps.signer.check_button(token, &recipient.name, deps.now()) {
            Ok(button) => return Ok((recipient, button)),
            Err(LinkFault::Expired { case }) => return Err(Unclear::Expired(recipient, case)),
            Err(LinkFault::Forged) => {}
        }
    }
    Err(Unclear::Forged)
}

/// A mark below an alert, by the receiver's id of it.
async fn marked<'a>(
    deps: &Deps,
    heard: &[&'a Recipient],
    remote: &str,
    act: &str,
) -> StepResult<Result<Meant<'a>, Unclear<'a>>> {
    let mut tx = deps.store.read().await?;
    for &recipient in heard {
        let Some(case) = recipients::case_of(&mut tx, &recipient.name, remote).await? else {
            continue;
        };
        let act = match act {
            "take" => Act::Take,
            "ack" => Act::Ack,
            "snooze" => Act::Snooze,
            "waive" => Act::Waive,
            "not_complaint" => Act::NotComplaint,
            "not_about_us" => Act::NotAboutUs,
            "answered" => Act::Answered,
            "hand_over" => Act::HandOver,
            "publish" | "edit" => return Ok(Err(Unclear::Publishes(recipient, case))),
            _ => return Ok(Err(Unclear::Forged)),
        };
        return Ok(Ok(Meant { recipient, act, case, said: None, button: None }));
    }
    Ok(Err(Unclear::NoCase))
}
