//! Buttons of alerts: what is done when somebody presses one whom the service vouches for.
//!
//! A token is base64url of `version · act · draft revision · case · expiry` and 16 bytes of
//! HMAC-SHA256 over these and the recipient's name, which is not in it: 56 letters, since some
//! services take 64 bytes at most (Telegram, `callback_data`). It may be pressed again and by
//! several people, so it proves only that this alert offered the act there; who presses is for the
//! service to say, and what a second press does for the case.

use super::token::{Act, LinkFault, Signer, TAG, VERSION};
use crate::domain::time::MINUTE;
use crate::domain::{CaseId, Instant};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use sha2::Sha256;

/// Keeps these signatures apart from any other use of the same key.
pub(super) const PURPOSE: &[u8] = b"ascolto button\0";

/// What a button says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Button {
    /// What it does.
    pub act: Act,
    /// To which case; 0 where it is about an alert.
    pub case: CaseId,
    /// The first instant at which it no longer works, in whole minutes.
    pub expires: Instant,
}

impl Signer {
    /// The token of a button in an alert to this recipient. Revisions of drafts beyond 32 bits and
    /// times after the year 10000 do not come up; such a button would be refused.
    pub fn sign_button(&self, button: Button, recipient: &str) -> String {
        let (code, rev) = button.act.code();
        let subject = match button.act {
            Act::Woken { alert } => alert.0,
            _ => button.case.0,
        };
        let minutes = button.expires.0.div_euclid(MINUTE);
        let mut bytes = vec![VERSION, code];
        bytes.extend(u32::try_from(rev).unwrap_or(u32::MAX).to_be_bytes());
        bytes.extend(subject.to_be_bytes());
        bytes.extend(u32::try_from(minutes).unwrap_or(0).to_be_bytes());
        let tag = self.mac(&bytes, recipient).finalize().into_bytes();
        bytes.extend(&tag[..TAG]);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// What a token says, if we signed it for this recipient and its time is not over.
    ///
    /// # Errors
    /// `Forged` before `Expired`: of a token that is not ours nothing is believed.
    pub fn check_button(
        &self,
        token: &str,
        recipient: &str,
        now: Instant,
    ) -> Result<Button, LinkFault> {
        let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| LinkFault::Forged)?;
        let split = bytes.len().checked_sub(TAG).ok_or(LinkFault::Forged)?;
        let (said, tag) = bytes.split_at(split);
        // The comparison takes the same time wherever the first difference lies.
        let mac = self.mac(said, recipient);
        mac.verify_truncated_left(tag).map_err(|_| LinkFault::Forged)?;
        let button = read(said).ok_or(LinkFault::Forged)?;
        if now >= button.expires {
            return Err(LinkFault::Expired { case: button.case });
        }
        Ok(button)
    }

    fn mac(&self, said: &[u8], recipient: &str) -> Hmac<Sha256> {
        self.button.clone().chain_update(said).chain_update(recipient.as_bytes())
    }
}

/// Reads what [`Signer::sign_button`] wrote.
fn read(said: &[u8]) -> Option<Button> {
    let (&[VERSION, code], rest) = said.split_first_chunk()? else { return None };
    let (rev, rest) = rest.split_first_chunk()?;
    let (subject, rest) = rest.split_first_chunk()?;
    let minutes: [u8; 4] = rest.try_into().ok()?;
    let subject = u128::from_be_bytes(*subject);
    let act = Act::of_code(code, i64::from(u32::from_be_bytes(*rev)), subject)?;
    Some(Button {
        act,
        case: CaseId(if matches!(act, Act::Woken { .. }) { 0 } else { subject }),
        expires: Instant(i64::from(u32::from_be_bytes(minutes)) * MINUTE),
    })
}

#[cfg(test)]
mod tests {
    use super::super::Action;
    use super::*;
    use crate::domain::AlertId;

    const NOW: Instant = Instant(29_919_420 * MINUTE);

    fn button(act: Act) -> Button {
        let case = match act {
            Act::Woken { .. } => CaseId(0),
            _ => CaseId(0x0193_5000_0000_0000_0000_0000_0000_0001),
        };
        Button { act, case, expires: NOW + MINUTE }
    }

    #[test]
    fn a_button_says_what_it_does_at_its_recipient_until_its_time_is_over() {
        let signer = Signer::new(&[7; 32]);
        let acts = [
            Act::Take,
            Act::Publish { draft_rev: 42 },
            Act::Edit { draft_rev: 3 },
            Act::Waive,
            Act::HandOver,
            Act::Woken { alert: AlertId(5) },
        ];
        for act in acts {
            let token = signer.sign_button(button(act), "desk");
            assert!(token.len() <= 64, "Telegram takes no more: {}", token.len());
            assert_eq!(signer.check_button(&token, "desk", NOW), Ok(button(act)));
            assert_eq!(signer.check_button(&token, "other", NOW), Err(LinkFault::Forged));
            let late = signer.check_button(&token, "desk", NOW + MINUTE).unwrap_err();
            assert_eq!(late, LinkFault::Expired { case: button(act).case });
            for at in 0..token.len() - 1 {
                let mut bytes = token.clone().into_bytes();
                bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
                let forged = String::from_utf8(bytes).unwrap();
                assert_eq!(signer.check_button(&forged, "desk", NOW), Err(LinkFault::Forged));
            }
        }
    }

    #[test]
    fn no_link_works_as_a_button_and_no_button_as_a_link() {
        let signer = Signer::new(&[7; 32]);
        let link = signer.sign(&Action {
            act: Act::Take,
            case: CaseId(1),
            recipient: "desk".to_owned(),
            expires: NOW + MINUTE,
            nonce: [3; 16],
        });
        assert_eq!(signer.check_button(&link, "desk", NOW), Err(LinkFault::Forged));
        let token = signer.sign_button(button(Act::Take), "desk");
        assert!(signer.check(&token, NOW).is_err());
        for broken in ["", "AAAA", "no base64!"] {
            assert_eq!(signer.check_button(broken, "desk", NOW), Err(LinkFault::Forged));
        }
    }
}
