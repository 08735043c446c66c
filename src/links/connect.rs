//! Connect links: by one the owner of a channel puts a new credential, without a log-in to us; and
//! what goes to a network's consent page and back on behalf of such a link.
//!
//! A token is base64url of `version · expiry · nonce · length of the channel's name · channel ·
//! recipient` followed by 16 bytes of HMAC-SHA256 over it, under a purpose of its own: an action
//! link never connects a channel, and this one does nothing else. Single use is the store's job.
//! A consent state says the same with eight random bytes behind it, under a purpose of its own: the
//! network that sees it learns no link. So nothing has to be kept while the owner is away.

use super::Signer;
use super::token::{TAG, VERSION};
use crate::domain::Instant;
use crate::domain::time::DAY;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use sha2::Sha256;

/// Keeps these signatures apart from those of action links.
pub(super) const PURPOSE: &[u8] = b"ascolto connect link\0";
/// Those of consent states.
pub(super) const CONSENT: &[u8] = b"ascolto consent state\0";
/// What is made of such a state and goes to the network at the end only.
pub(super) const VERIFIER: &[u8] = b"ascolto consent verifier\0";
/// The random bytes by which two states of one link differ.
const SALT: usize = 8;

/// What a connect link says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connect {
    /// The only channel that it connects.
    pub channel: String,
    /// The recipient whose alert carried it, or the person who had it printed.
    pub recipient: String,
    /// The first instant at which it no longer works.
    pub expires: Instant,
    /// Tells this link from every other; the store lets each work once.
    pub nonce: [u8; 16],
}

impl Connect {
    /// How long such a link works, in milliseconds.
    pub const LIFE: i64 = DAY;

    /// A link that works from now on.
    pub fn new(channel: &str, recipient: &str, now: Instant, nonce: [u8; 16]) -> Connect {
        Connect {
            channel: channel.to_owned(),
            recipient: recipient.to_owned(),
            expires: now + Connect::LIFE,
            nonce,
        }
    }

    /// When it was made.
    pub fn made_at(&self) -> Instant {
        self.expires - Connect::LIFE
    }
}

/// Why a connect link does nothing, for the person who followed it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConnectFault {
    /// We did not make it, or it was changed on its way.
    #[error("this link is damaged or not ours; ask for a new one: ascolto channel reconnect NAME")]
    Forged,
    /// We made it, and its time is over.
    #[error("this link ran out; ask for a new one: ascolto channel reconnect {channel}")]
    Expired {
        /// The channel it was for.
        channel: String,
    },
}

impl Signer {
    /// The token of a connect link, safe in a URL.
    pub fn sign_connect(&self, link: &Connect) -> String {
        sealed(&self.connect, said(link))
    }

    /// What a token says, if we signed it for this purpose and its time is not over.
    ///
    /// # Errors
    /// `Forged` before `Expired`: of a token that is not ours nothing is believed.
    pub fn check_connect(&self, token: &str, now: Instant) -> Result<Connect, ConnectFault> {
        let said = opened(&self.connect, token)?;
        in_time(read(&said), now)
    }

    /// The `state` that a consent page carries there and back for a link.
    pub fn sign_consent(&self, link: &Connect, salt: [u8; SALT]) -> String {
        let mut bytes = said(link);
        bytes.extend(salt);
        sealed(&self.consent, bytes)
    }

    /// The link that a `state` was made for, if we made it and the link's time is not over.
    ///
    /// # Errors
    /// As of [`Signer::check_connect`].
    pub fn check_consent(&self, state: &str, now: Instant) -> Result<Connect, ConnectFault> {
        let bytes = opened(&self.consent, state)?;
        let (said, _) = bytes.split_last_chunk::<SALT>().ok_or(ConnectFault::Forged)?;
        in_time(read(said), now)
    }

    /// What shows at the exchange that we made this `state` (RFC 7636: 43 letters). Nobody who sees
    /// the state can make it.
    pub fn verifier(&self, state: &str) -> String {
        let tag = self.verifier.clone().chain_update(state.as_bytes()).finalize().into_bytes();
        URL_SAFE_NO_PAD.encode(&tag[..])
    }
}

/// A link as bytes.
fn said(link: &Connect) -> Vec<u8> {
    // Names in the configuration are short; a longer one would make a link that is refused.
    let length = u8::try_from(link.channel.len()).unwrap_or(u8::MAX);
    let mut bytes = vec![VERSION];
    bytes.extend(link.expires.0.to_be_bytes());
    bytes.extend(link.nonce);
    bytes.push(length);
    bytes.extend(link.channel.as_bytes());
    bytes.extend(link.recipient.as_bytes());
    bytes
}

/// Bytes with their signature for one purpose, safe in a URL.
fn sealed(purpose: &Hmac<Sha256>, mut bytes: Vec<u8>) -> String {
    let tag = purpose.clone().chain_update(&bytes).finalize().into_bytes();
    bytes.extend(&tag[..TAG]);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The bytes, if they were signed for this purpose.
fn opened(purpose: &Hmac<Sha256>, token: &str) -> Result<Vec<u8>, ConnectFault> {
    let mut bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| ConnectFault::Forged)?;
    let split = bytes.len().checked_sub(TAG).ok_or(ConnectFault::Forged)?;
    let (said, tag) = bytes.split_at(split);
    // The comparison takes the same time wherever the first difference lies.
    let mac = purpose.clone().chain_update(said);
    mac.verify_truncated_left(tag).map_err(|_| ConnectFault::Forged)?;
    bytes.truncate(split);
    Ok(bytes)
}

fn in_time(link: Option<Connect>, now: Instant) -> Result<Connect, ConnectFault> {
    let link = link.ok_or(ConnectFault::Forged)?;
    if now >= link.expires {
        return Err(ConnectFault::Expired { channel: link.channel });
    }
    Ok(link)
}

/// Reads what [`said`] wrote.
fn read(said: &[u8]) -> Option<Connect> {
    let (&[VERSION], rest) = said.split_first_chunk()? else { return None };
    let (expires, rest) = rest.split_first_chunk()?;
    let (nonce, rest) = rest.split_first_chunk()?;
    let (&[length], names) = rest.split_first_chunk()?;
    let (channel, recipient) = names.split_at_checked(usize::from(length))?;
    Some(Connect {
        channel: std::str::from_utf8(channel).ok()?.to_owned(),
        recipient: std::str::from_utf8(recipient).ok()?.to_owned(),
        expires: Instant(i64::from_be_bytes(*expires)),
        nonce: *nonce,
    })
}

#[cfg(test)]
mod tests {
    use super::super::{Act, Action};
    use super::*;
    use crate::domain::CaseId;

    const NOW: Instant = Instant(1_795_165_200_000);

    #[test]
    fn a_link_says_what_it_was_made_for_until_its_day_is_over() {
        let signer = Signer::new(&[7; 32]);
        let link = Connect::new("piazza", "desk", NOW, [3; 16]);
        let token = signer.sign_connect(&link);
        assert_eq!(signer.check_connect(&token, NOW), Ok(link.clone()));
        assert_eq!(link.made_at(), NOW);
        assert_eq!(signer.check_connect(&token, NOW + DAY - 1), Ok(link));
        let late = signer.check_connect(&token, NOW + DAY).unwrap_err();
        assert_eq!(late, ConnectFault::Expired { channel: "piazza".to_owned() });
        let other = Signer::new(&[8; 32]);
        assert_eq!(other.check_connect(&token, NOW), Err(ConnectFault::Forged));
        for at in 0..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let forged = String::from_utf8(bytes).unwrap();
            assert_ne!(signer.check_connect(&forged, NOW), signer.check_connect(&token, NOW));
        }
    }

    #[test]
    fn a_state_comes_back_to_its_link_and_opens_nothing_else() {
        let signer = Signer::new(&[7; 32]);
        let link = Connect::new("piazza", "desk", NOW, [3; 16]);
        let state = signer.sign_consent(&link, [1; SALT]);
        let other = signer.sign_consent(&link, [2; SALT]);
        assert_eq!(signer.check_consent(&state, NOW), Ok(link.clone()));
        assert_eq!(signer.check_consent(&other, NOW), Ok(link.clone()));
        assert_ne!(state, other);
        let late = signer.check_consent(&state, NOW + DAY).unwrap_err();
        assert_eq!(late, ConnectFault::Expired { channel: "piazza".to_owned() });
        assert_eq!(signer.check_connect(&state, NOW), Err(ConnectFault::Forged));
        let token = signer.sign_connect(&link);
        assert_eq!(signer.check_consent(&token, NOW), Err(ConnectFault::Forged));
        for broken in ["", "AAAA", &state[..state.len() - 4]] {
            assert_eq!(signer.check_consent(broken, NOW), Err(ConnectFault::Forged), "{broken}");
        }

        let verifier = signer.verifier(&state);
        assert_eq!((verifier.len(), signer.verifier(&state)), (43, verifier.clone()));
        assert_ne!(verifier, signer.verifier(&other));
        assert_ne!(verifier, Signer::new(&[8; 32]).verifier(&state));
    }

    #[test]
    fn no_link_does_another_ones_work() {
        let signer = Signer::new(&[7; 32]);
        let connect = signer.sign_connect(&Connect::new("piazza", "desk", NOW, [3; 16]));
        assert!(signer.check(&connect, NOW).is_err());
        let act = signer.sign(&Action {
            act: Act::Take,
            case: CaseId(1),
            recipient: "desk".to_owned(),
            expires: NOW + DAY,
            nonce: [3; 16],
        });
        assert_eq!(signer.check_connect(&act, NOW), Err(ConnectFault::Forged));
    }
}
