//! What Meta calls about a person: somebody removed the app, or asks that their data is deleted.
//!
//! Facts: developers.facebook.com (data deletion request callback, signed requests). Both calls are
//! forms with one field, `signed_request`: the signature and the JSON, each in base64url, with a
//! dot between. The signature is over the second part as it stands. Nothing in it tells the two
//! apart, so the address that is entered at Meta does: `?call=deauthorize`, `?call=data-deletion`.

use super::super::json::{self, Id};
use super::hook::{Taker, at, is_fresh};
use super::{is_id, mac};
use crate::domain::Instant;
use crate::wire::{Hook, HookRequest, Secret};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::Mac;
use serde::Deserialize;

/// No callback is longer.
const LONGEST: usize = 16 << 10;
/// The only algorithm that is documented.
const ALGORITHM: &str = "HMAC-SHA256";
/// Keeps the mark of a call apart from its signature.
const MARK: &[u8] = b"ascolto mark of a callback\0";

/// What a call says, once its signature holds.
#[derive(Deserialize)]
struct Said {
    algorithm: String,
    issued_at: i64,
    /// Who it is about, by the id that Meta gave the person for this app.
    user_id: Option<Id>,
    /// The Page from which the app was removed, where it was one.
    profile_id: Option<Id>,
}

/// What such a call comes to.
pub(super) fn take(call: &str, req: &HookRequest<'_>, taker: &Taker<'_>, now: Instant) -> Hook {
    let deletes = match call {
        "deauthorize" => false,
        "data-deletion" => true,
        _ => return Hook::Refuse("a callback that we know none of; see docs/meta.md"),
    };
    let Some(secret) = taker.app.secret else {
        return Hook::Refuse("a callback came; write `app_secret` to check its signature");
    };
    let payload = match signed(req.body, secret) {
        Ok(payload) => payload,
        Err(why) => return Hook::Refuse(why),
    };
    let Ok(said) = json::answer::<Said>(&payload, "the callback") else {
        return Hook::Refuse("a signed callback of another shape than documented");
    };
    if !said.algorithm.eq_ignore_ascii_case(ALGORITHM) {
        return Hook::Refuse("a callback that says it is signed in another way");
    }
    let issued = at(said.issued_at);
    if !is_fresh(issued, now) {
        return Hook::Refuse("a signed callback that is days old, or from the future");
    }
    let mark = mark(secret, &payload);
    if !deletes {
        let other = said.profile_id.is_some_and(|page| page.0 != taker.id);
        // Of a Page that is not ours; only Pages are told so.
        return if taker.object == "page" && other {
            Hook::Wake(Vec::new())
        } else {
            Hook::Deauthorized { at: issued, mark }
        };
    }
    match said.user_id.map(|id| id.0).filter(|id| is_id(id) && id != "0") {
        Some(author) => Hook::Erase { author, mark },
        None => Hook::Refuse("a request for deletion that does not say whose data"),
    }
}

/// The signed JSON of a form.
fn signed(body: &[u8], secret: &Secret) -> Result<Vec<u8>, &'static str> {
    if body.len() > LONGEST {
        return Err("a callback that is longer than any of Meta's");
    }
    let (_, request) = url::form_urlencoded::parse(body)
        .find(|(name, _)| name == "signed_request")
        .ok_or("a callback without a signed request")?;
    let (tag, payload) = request.split_once('.').ok_or("a callback without a signature")?;
    let tag = decoded(tag).ok_or("a callback whose signature cannot be read")?;
    // The comparison takes the same time wherever the first difference lies.
    mac(secret, payload.as_bytes())
        .verify_slice(&tag)
        .map_err(|_| "a callback with a wrong signature; is `app_secret` the app's?")?;
    decoded(payload).ok_or("a signed callback that cannot be read")
}

fn decoded(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()
}

/// The same for the same call, and guessed by nobody.
fn mark(secret: &Secret, payload: &[u8]) -> [u8; 16] {
    let tag = mac(secret, &[MARK, payload].concat()).finalize().into_bytes();
    let mut mark = [0; 16];
    mark.copy_from_slice(&tag[..16]);
    mark
}

#[cfg(test)]
mod tests {
    use super::super::{App, graph_facebook};
    use super::*;
    use crate::domain::time::DAY;
    use crate::wire::Method;

    const NOW: Instant = Instant(1_795_262_400_000);
    const ISSUED: i64 = NOW.0 / 1_000;

    /// What a form comes to for a channel.
    fn called(call: &str, body: &str, object: &'static str) -> Hook {
        let (api, token, secret) = (graph_facebook(), Secret::new("tk"), Secret::new("as-1234"));
        let secret = (object != "bare").then_some(&secret);
        let app = App { api: &api, version: "v26.0", token: &token, secret, verify: None };
        let taker = Taker { app, object, id: "777", lanes: &[], hints: None };
        let query = [("call".to_owned(), call.to_owned())];
        let body = body.as_bytes();
        let req = HookRequest { method: Method::Post, query: &query, headers: &[], body };
        taker.take(&req, NOW)
    }

    fn form(secret: &str, json: &str) -> String {
        let payload = URL_SAFE_NO_PAD.encode(json);
        let tag = mac(&Secret::new(secret), payload.as_bytes()).finalize().into_bytes();
        format!("signed_request={}.{payload}", URL_SAFE_NO_PAD.encode(tag))
    }

    fn said(algorithm: &str, issued: i64, more: &str) -> String {
        format!("{{\"algorithm\":\"{algorithm}\",\"issued_at\":{issued}{more}}}")
    }

    const PERSON: &str = ",\"user_id\":\"9001\"";

    #[test]
    fn the_signature_is_over_the_encoded_text() {
        // printf %s eyJhIjoxfQ | openssl dgst -sha256 -hmac as-1234 -binary | base64
        let form = "signed_request=lK65rf9i86Gg0c-Oszvddk4E6el4KP9kbzlmWRxLnv4.eyJhIjoxfQ";
        let payload = signed(form.as_bytes(), &Secret::new("as-1234"));
        assert_eq!(payload.as_deref(), Ok(&b"{\"a\":1}"[..]));
        let padded = form.replace(".eyJ", "%3D.eyJ");
        assert!(signed(padded.as_bytes(), &Secret::new("as-1234")).is_ok(), "with its padding");
    }

    #[test]
    fn a_person_asks_for_deletion_and_each_call_has_a_mark_of_its_own() {
        let ask = |issued: i64| {
            let body = form("as-1234", &said("HMAC-SHA256", issued, PERSON));
            match called("data-deletion", &body, "page") {
                Hook::Erase { author, mark } => (author, mark),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(ask(ISSUED), ask(ISSUED));
        assert_eq!(ask(ISSUED).0, "9001");
        assert_ne!(ask(ISSUED).1, ask(ISSUED - 1).1);
        for nobody in ["", ",\"user_id\":\"0\"", ",\"user_id\":\"%\"", ",\"user_id\":null"] {
            let body = form("as-1234", &said("HMAC-SHA256", ISSUED, nobody));
            assert!(matches!(called("data-deletion", &body, "page"), Hook::Refuse(_)), "{nobody}");
        }
    }

    #[test]
    fn a_removed_app_is_told_to_its_page() {
        let removed = |object, more: &str| {
            called("deauthorize", &form("as-1234", &said("hmac-sha256", ISSUED, more)), object)
        };
        let at = Instant(ISSUED * 1_000);
        let is_ours = |hook| matches!(hook, Hook::Deauthorized { at: told, .. } if told == at);
        assert!(is_ours(removed("page", PERSON)), "a person may be the one who granted");
        assert!(is_ours(removed("page", ",\"user_id\":0,\"profile_id\":777")));
        assert_eq!(removed("page", ",\"profile_id\":\"778\""), Hook::Wake(Vec::new()));
        assert!(is_ours(removed("instagram", ",\"profile_id\":\"778\"")), "that is its Page");
    }

    #[test]
    fn nothing_but_the_signature_is_believed() {
        let good = said("HMAC-SHA256", ISSUED, PERSON);
        let old = said("HMAC-SHA256", ISSUED - 3 * DAY / 1_000, PERSON);
        let ahead = said("HMAC-SHA256", ISSUED + 3_600, PERSON);
        let payload = URL_SAFE_NO_PAD.encode(&good);
        let whole = form("as-1234", &good);
        let changed = form("as-1234", &good.replace("9001", "9002"));
        let (tag, other) = (whole.split('.').next(), changed.split('.').nth(1));
        for (body, why) in [
            (form("as-9999", &good), "another app's secret"),
            (format!("{}.{}", tag.unwrap(), other.unwrap()), "another person's name"),
            (form("as-1234", &said("none", ISSUED, PERSON)), "another algorithm"),
            (form("as-1234", &said("HMAC-SHA1", ISSUED, PERSON)), "a weaker algorithm"),
            (form("as-1234", &old), "a recording"),
            (form("as-1234", &ahead), "from the future"),
            (form("as-1234", "{}"), "another shape"),
            (form("as-1234", "[[["), "no JSON"),
            (format!("signed_request=.{payload}"), "no signature"),
            (format!("signed_request={payload}"), "no dot"),
            ("signed_request=*.*".to_owned(), "no base64"),
            ("signed_request=".to_owned(), "nothing"),
            (String::new(), "no form"),
            (format!("{}&x={}", form("as-1234", &good), "y".repeat(LONGEST)), "a flood"),
            ("\u{0}\u{fffd}=%ff%fe&signed_request=%ff.%ff".to_owned(), "garbage"),
        ] {
            for call in ["deauthorize", "data-deletion"] {
                assert!(matches!(called(call, &body, "page"), Hook::Refuse(_)), "{call}: {why}");
            }
        }
        assert!(matches!(called("", &whole, "page"), Hook::Refuse(_)), "of no name");
        assert!(matches!(called("data-deletion", &whole, "bare"), Hook::Refuse(_)), "no secret");
        assert!(matches!(called("data-deletion", &whole, "page"), Hook::Erase { .. }));
    }
}
