//! Signatures of calls from ticket systems: checked in constant time, and how old they are.

use crate::domain::Instant;
use crate::domain::time::MINUTE;
use crate::wire::{HookRequest, Secret};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::Sha256;

/// A call that says when it was made is no older, and no further ahead.
const OLDEST: i64 = 5 * MINUTE;

/// Whether a header holds `sha1=` and the hexadecimal HMAC-SHA1 of the body.
pub(super) fn sha1(req: &HookRequest<'_>, header: &str, secret: &Secret) -> bool {
    let said = req.header(header).and_then(|text| hex(text.strip_prefix("sha1=")?));
    let mac = Hmac::<Sha1>::new_from_slice(secret.expose().as_bytes()).ok();
    said.zip(mac).is_some_and(|(tag, mac)| mac.chain_update(req.body).verify_slice(&tag).is_ok())
}

/// Whether a header holds `sha256=` and the hexadecimal HMAC-SHA256 of the body.
pub(super) fn sha256(req: &HookRequest<'_>, header: &str, secret: &Secret) -> bool {
    let said = req.header(header).and_then(|text| hex(text.strip_prefix("sha256=")?));
    said.is_some_and(|tag| holds(secret.expose().as_bytes(), &[req.body], &tag))
}

/// Whether these bytes are the HMAC-SHA256 of the parts, one behind the other.
pub(super) fn holds(key: &[u8], parts: &[&[u8]], tag: &[u8]) -> bool {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return false };
    for part in parts {
        mac.update(part);
    }
    mac.verify_slice(tag).is_ok()
}

/// The bytes behind base64.
pub(super) fn base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// Whether a call that was made then may still be believed.
pub(super) fn is_fresh(made: Instant, now: Instant) -> bool {
    (made - now).unsigned_abs() <= OLDEST.unsigned_abs()
}

/// The bytes behind hexadecimal digits.
fn hex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let byte = |at| u8::from_str_radix(&text[at..at + 2], 16).ok();
    (0..text.len()).step_by(2).map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Method;

    fn call<'a>(headers: &'a [(String, String)], body: &'a [u8]) -> HookRequest<'a> {
        HookRequest { method: Method::Post, query: &[], headers, body }
    }

    #[test]
    fn a_signature_is_over_every_byte() {
        // RFC 2202 and RFC 4231, test case 2.
        let secret = Secret::new("Jefe");
        let body = b"what do ya want for nothing?";
        let of = |name: &str, tag: &str| [(name.to_owned(), tag.to_owned())];
        let one = of("x-one", "sha1=effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
        let two =
            of("x-two", "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
        assert!(sha1(&call(&one, body), "x-one", &secret));
        assert!(sha256(&call(&two, body), "x-two", &secret));
        assert!(!sha1(&call(&one, body), "x-one", &Secret::new("jefe")));
        assert!(!sha256(&call(&one, body), "x-two", &secret), "there is no such header");
        let other = b"what do ya want for nothing!";
        assert!(!sha256(&call(&two, other), "x-two", &secret));
        for broken in ["sha256=", "sha256=zz", "sha256=5bd", "5bdcc146", "sha1=5bdc"] {
            assert!(!sha256(&call(&of("x-two", broken), body), "x-two", &secret), "{broken}");
        }
        assert!(
            is_fresh(Instant(0), Instant(OLDEST)) && !is_fresh(Instant(OLDEST + 1), Instant(0))
        );
    }
}
