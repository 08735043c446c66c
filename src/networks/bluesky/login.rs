//! Logging in: a session by the app password, kept alive by its refresh token.
//!
//! An account may open 30 sessions in 5 minutes and 300 a day (docs.bsky.app, rate limits), so a
//! session is kept and refreshed. A session that came to its ordinary end is refreshed; one that
//! was refused before its end was revoked, so a new one is opened, and so it is when refreshing
//! did not succeed within five minutes: a dead refresh token costs that long, not the channel.

use super::super::json;
use super::{LOG_IN, ONE, Settings};
use crate::domain::Instant;
use crate::domain::time::{MINUTE, SECOND};
use crate::wire::{Ask, Ctx, Fault, Got, Method, Next, Request, Secret, Session, Step, Talk, Via};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use url::Url;

/// Opens a session (docs.bsky.app/docs/api/com-atproto-server-create-session).
const CREATE: &str = "com.atproto.server.createSession";
/// Renews one; signed with the refresh token.
pub(super) const REFRESH: &str = "com.atproto.server.refreshSession";
/// Says whose session it is (docs.bsky.app/docs/api/com-atproto-server-get-session).
const GET: &str = "com.atproto.server.getSession";
/// How long after a session's end it is refreshed rather than opened anew.
const REFRESH_WITHIN: i64 = 5 * MINUTE;
/// How long before its real end a session is renewed: clocks differ.
const EARLY: i64 = 5 * MINUTE;
/// How long an access token holds where it does not say: the reference server gives 120 minutes.
const ACCESS: i64 = 120 * MINUTE;
/// A session is used at least so long: a clock that is ahead must not log in at every request.
const SHORTEST: i64 = 10 * MINUTE;

/// The two tokens of a session; kept as `Session::secret`.
#[derive(Serialize, Deserialize)]
pub(super) struct Tokens {
    /// Signs requests.
    pub access: String,
    /// Signs the refresh alone.
    pub refresh: String,
}

impl Tokens {
    /// The session's tokens, if there is one.
    pub(super) fn of(cx: &Ctx<'_>) -> Option<Tokens> {
        serde_json::from_str(cx.session?.secret.as_ref()?.expose()).ok()
    }
}

/// What the server told at log-in; kept as `Session::facts`.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Facts {
    /// Where the account's data lives (its PDS), if that is another server than the one asked.
    pub pds: Option<Url>,
}

impl Facts {
    /// The session's facts; nothing known without a session.
    pub(super) fn of(cx: &Ctx<'_>) -> Facts {
        let text = cx.session.map(|session| session.facts.as_str()).unwrap_or_default();
        serde_json::from_str(text).unwrap_or_default()
    }
}

/// How much of the time is left in which the ended session is refreshed.
fn left_to_refresh(cx: &Ctx<'_>) -> Option<i64> {
    let end = cx.session?.expires_at?;
    (end..end + REFRESH_WITHIN).contains(&cx.now).then(|| end + REFRESH_WITHIN - cx.now)
}

/// What a refused refresh means: the next log-in, when that time is over, opens a new session.
pub(super) fn refused_refresh(cx: &Ctx<'_>, why: &str) -> Fault {
    let after = left_to_refresh(cx).unwrap_or(SECOND).max(SECOND);
    let next = Next::Retry { after: Some(after) };
    Fault::new(next, format!("the session cannot be renewed ({why}); a new one is opened soon"))
}

/// Refreshes or opens a session.
pub(super) struct Login;

impl Talk<Session> for Login {
    fn start(&mut self, cx: &Ctx<'_>) -> Step<Session> {
        #[derive(Serialize)]
        struct Who<'a> {
            identifier: &'a str,
            password: &'a str,
        }
        let settings = cx.settings::<Settings>();
        let usable = |tokens: &Tokens| ends(&tokens.refresh).is_none_or(|end| cx.now < end);
        let refresh = left_to_refresh(cx).and_then(|_| Tokens::of(cx)).filter(usable);
        let (request, spend) = match refresh {
            Some(tokens) => {
                let request = Request::new(Method::Post, settings.entry(REFRESH));
                (request.bearer(&tokens.refresh), ONE)
            }
            None => {
                let password = settings.app_password.expose();
                let who = Who { identifier: &settings.handle, password };
                (Request::post_json(settings.entry(CREATE), &who), LOG_IN)
            }
        };
        // Signed by itself or not at all, never with the access token.
        Step::Ask(vec![Ask { via: Via::Http(request), tag: 0, spend, auth: false }])
    }

    fn read(&mut self, _tag: u8, got: Got, cx: &Ctx<'_>) -> Result<Step<Session>, Fault> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Opened {
            access_jwt: String,
            refresh_jwt: String,
            did: String,
            did_doc: Option<Box<RawValue>>,
            active: Option<bool>,
        }
        let opened: Opened = json::answer(&got.http()?.body, "the new session")?;
        active(opened.active)?;
        let known = Facts::of(cx).pds;
        let settings = cx.settings::<Settings>();
        let told = opened.did_doc.as_deref().and_then(|doc| pds(doc, settings));
        let facts = Facts { pds: told.or(known) };
        let end = ends(&opened.access_jwt).unwrap_or(cx.now + ACCESS) - EARLY;
        let tokens = Tokens { access: opened.access_jwt, refresh: opened.refresh_jwt };
        Ok(Step::Done(Session {
            secret: Some(Secret::new(serde_json::to_string(&tokens).unwrap_or_default())),
            own: vec![opened.did],
            facts: serde_json::to_string(&facts).unwrap_or_default(),
            expires_at: Some(end.max(cx.now + SHORTEST)),
        }))
    }
}

/// Asks about the session: only a living one is answered, and it says whether the account is.
pub(super) struct Probe;

impl Talk<()> for Probe {
    fn start(&mut self, cx: &Ctx<'_>) -> Step<()> {
        let url = cx.settings::<Settings>().at(GET, cx);
        Step::Ask(vec![Ask::http(Request::get(url), 0, ONE)])
    }

    fn read(&mut self, _tag: u8, got: Got, _cx: &Ctx<'_>) -> Result<Step<()>, Fault> {
        #[derive(Deserialize)]
        struct Standing {
            active: Option<bool>,
        }
        let standing: Standing = json::answer(&got.http()?.body, "the session")?;
        active(standing.active).map(Step::Done)
    }
}

/// An account that was closed keeps its sessions and hears nothing.
fn active(active: Option<bool>) -> Result<(), Fault> {
    if active == Some(false) {
        let why = "the account is not active; reactivate it in the app or ask the network";
        return Err(Fault::new(Next::Auth, why));
    }
    Ok(())
}

/// When a token ends, where it says so (RFC 7519, `exp`).
fn ends(token: &str) -> Option<Instant> {
    #[derive(Deserialize)]
    struct Claims {
        exp: i64,
    }
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    let claims: Claims = serde_json::from_slice(&claims).ok()?;
    Some(Instant(claims.exp.saturating_mul(SECOND)))
}

/// The account's own server by its DID document, never over a less safe line than the first.
fn pds(doc: &RawValue, settings: &Settings) -> Option<Url> {
    #[derive(Deserialize)]
    struct Document {
        service: Vec<Box<RawValue>>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Service {
        id: String,
        service_endpoint: Url,
    }
    let document: Document = json::entry(doc).ok()?;
    let services = document.service.iter().filter_map(|raw| json::entry::<Service>(raw).ok());
    let mut own = services.filter(|service| service.id.ends_with("#atproto_pds"));
    let url = own.next()?.service_endpoint;
    let safe = url.scheme() == "https" || url.scheme() == settings.service.scheme();
    let bare = url.username().is_empty() && url.password().is_none();
    (safe && bare && url.has_host()).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_says_when_it_ends() {
        let claims = URL_SAFE_NO_PAD.encode("{\"exp\":1795302820,\"sub\":\"did:plc:acme\"}");
        assert_eq!(ends(&format!("e30.{claims}.sig")), Some(Instant(1_795_302_820_000)));
        assert_eq!(ends("opaque"), None);
        assert_eq!(ends("a.b.c"), None);
    }
}
