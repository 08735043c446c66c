//! Questions to Slack's Web API, and what its answers mean: most faults come with status 200.

use super::{CONNECT, Settings, blocks};
use crate::domain::Instant;
use crate::wire::{
    Alert, Ask, Body, Bucket, Ctx, Fault, Got, Method, Next, Request, Response, Socket, Step,
    StreamOp, Talk, Via,
};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use url::Url;

/// One call of a method with JSON.
pub(super) fn ask(
    settings: &Settings,
    method: &str,
    body: &Value,
    spend: &'static [(Bucket, u32)],
) -> Ask {
    let request = Request::post_json(address(settings, method), body);
    let request = request.bearer(settings.token.expose());
    Ask { via: Via::Http(request), tag: 0, spend, auth: false }
}

/// The call that asks for the way to the socket; `None` without a token for it.
pub(super) fn connect(settings: &Settings) -> Option<Ask> {
    let token = settings.app_token.as_ref()?;
    let mut request = Request::new(Method::Post, address(settings, "apps.connections.open"));
    request.body = Body::Form(Vec::new());
    let request = request.bearer(token.expose());
    Some(Ask { via: Via::Http(request), tag: 0, spend: &[(CONNECT, 1)], auth: false })
}

fn address(settings: &Settings, method: &str) -> Url {
    let mut url = settings.server.clone();
    url.set_path(&format!("/api/{method}"));
    url
}

/// The message that begins an alert. Nothing in it is looked through for names and links, and no
/// page is shown below it.
pub(super) fn message(settings: &Settings, alert: &Alert) -> Value {
    json!({
        "channel": settings.channel,
        "text": blocks::fallback(alert),
        "blocks": blocks::blocks(alert, settings.presses()),
        "metadata": metadata(alert),
        "parse": "none",
        "link_names": false,
        "unfurl_links": false,
        "unfurl_media": false,
    })
}

/// The same in the place of one that stands: what is left out here would stay as it was.
pub(super) fn change(settings: &Settings, alert: &Alert, channel: &str, ts: &str) -> Value {
    json!({
        "channel": channel,
        "ts": ts,
        "text": blocks::fallback(alert),
        "blocks": blocks::blocks(alert, settings.presses()),
        "metadata": metadata(alert),
        "parse": "none",
        "link_names": false,
    })
}

/// The short word in the thread below it. Threads are heard by who follows them, so what may wake
/// people is shown in the channel too.
pub(super) fn word(alert: &Alert, channel: &str, ts: &str) -> Value {
    json!({
        "channel": channel,
        "thread_ts": ts,
        "reply_broadcast": alert.urgent,
        "text": blocks::head(alert),
        "metadata": metadata(alert),
        "mrkdwn": false,
        "parse": "none",
        "link_names": false,
        "unfurl_links": false,
        "unfurl_media": false,
    })
}

/// By this a message is known again: the key of the alert that stands, and that of this word of it.
fn metadata(alert: &Alert) -> Value {
    let stands = alert.of.as_ref().unwrap_or(&alert.key);
    json!({
        "event_type": "ascolto_alert",
        "event_payload": { "alert": stands, "key": alert.key },
    })
}

/// A conversation of one question and one answer that is no delivery.
pub(super) struct Once<T> {
    /// What is asked.
    pub(super) ask: Ask,
    /// Reads the answer.
    pub(super) read: fn(Got, &Ctx<'_>) -> Result<T, Fault>,
}

impl<T> Talk<T> for Once<T> {
    fn start(&mut self, _cx: &Ctx<'_>) -> Step<T> {
        Step::Ask(vec![self.ask.clone()])
    }

    fn read(&mut self, _tag: u8, got: Got, cx: &Ctx<'_>) -> Result<Step<T>, Fault> {
        (self.read)(got, cx).map(Step::Done)
    }
}

/// Reads what was posted or changed: its channel and its time, by which it is known there.
pub(super) fn posted(got: Got) -> Result<String, Fault> {
    #[derive(Deserialize)]
    struct Posted {
        channel: String,
        ts: String,
    }
    read::<Posted>(got).map(|posted| format!("{}/{}", posted.channel, posted.ts))
}

/// Reads an answer of which it matters only that it is Slack's.
pub(super) fn done(got: Got, _cx: &Ctx<'_>) -> Result<(), Fault> {
    #[derive(Deserialize)]
    struct Done {}
    read::<Done>(got).map(drop)
}

/// Reads the way to the socket. Its address holds a ticket, so it is as secret as a token; it is
/// taken unencrypted only where we were told to speak so ourselves.
pub(super) fn socket(got: Got, cx: &Ctx<'_>) -> Result<Socket, Fault> {
    #[derive(Deserialize)]
    struct Opened {
        url: String,
    }
    let opened: Opened = read(got)?;
    let settings: &Settings = cx.settings();
    let plain = settings.server.scheme() == "http";
    // wss:// becomes https://, ws:// http://: the engine's handshake is a request like any other.
    let url = opened.url.strip_prefix("ws").map(|rest| format!("http{rest}"));
    let url = url.and_then(|url| Url::parse(&url).ok()).filter(|url| {
        url.has_host() && (url.scheme() == "https" || (plain && url.scheme() == "http"))
    });
    let Some(url) = url else {
        return Err(Fault::refused(
            "Slack names no address of a WebSocket (wss://); check `server` and any proxy between",
        ));
    };
    let mut request = Request::get(url);
    request.secret_url = true;
    Ok(Socket { open: StreamOp::web_socket(request, 0) })
}

/// Reads an answer that is no fault: whatever else answers 200 (a proxy, a log-in page) has told
/// nobody.
fn read<T: DeserializeOwned>(got: Got) -> Result<T, Fault> {
    #[derive(Deserialize)]
    struct Head {
        ok: bool,
    }
    let res = got.http()?;
    let ok = serde_json::from_slice::<Head>(&res.body).is_ok_and(|head| head.ok);
    let read = serde_json::from_slice(&res.body).ok().filter(|_| ok);
    read.ok_or_else(|| {
        Fault::refused("the answer is not Slack's; write the address of Slack as `server`")
    })
}

/// What an answer means. Slack says most of it with status 200 and `"ok": false`.
pub(super) fn fault(res: &Response, now: Instant) -> Option<Fault> {
    if matches!(res.status, 401 | 403) {
        let why = format!("Slack refuses the token; write a new `token` (HTTP {})", res.status);
        return Some(Fault::new(Next::Auth, why));
    }
    if res.status == 404 {
        return Some(Fault::refused("no Slack is at this address; correct `server` (HTTP 404)"));
    }
    #[derive(Deserialize)]
    struct Said {
        ok: bool,
        #[serde(default)]
        error: String,
        #[serde(default)]
        needed: String,
    }
    if !res.is_success() {
        return None;
    }
    let said = serde_json::from_slice::<Said>(&res.body).ok().filter(|said| !said.ok)?;
    let code = code(&said.error);
    if matches!(code.as_str(), "ratelimited" | "rate_limited") {
        // The same as a 429, with the same header.
        let told = Response { status: 429, headers: res.headers.clone(), ..Response::default() };
        return Fault::of_status(&told, now);
    }
    let opens_socket =
        res.url.as_ref().is_some_and(|url| url.path().ends_with("/apps.connections.open"));
    let token = if opens_socket { "`app_token`" } else { "`token`" };
    let (next, what) = meaning(&code);
    let what = what.replace("TOKEN", token).replace("SCOPE", &scope(&said.needed));
    Some(Fault::new(next, format!("{what} (Slack says {code})")))
}

/// What an error's name means, and what to do about it.
fn meaning(code: &str) -> (Next, &'static str) {
    match code {
        "invalid_auth" | "not_authed" | "token_revoked" | "token_expired" | "account_inactive"
        | "org_login_required" => {
            (Next::Auth, "Slack refuses the token; install the app again and write the new TOKEN")
        }
        "not_allowed_token_type" | "token_type_not_allowed" => {
            (Next::Auth, "this is a token of another kind; `token` is xoxb-…, `app_token` xapp-…")
        }
        "missing_scope"
        | "no_permission"
        | "access_denied"
        | "team_access_not_granted"
        | "forbidden_team" => (
            Next::Auth,
            "the app lacks the permission SCOPE; add it to the app, install it again and write \
             the new TOKEN",
        ),
        "message_not_found" => (Next::Gone, "the alert was deleted in Slack"),
        "cant_update_message" => {
            (Next::Gone, "the alert that stands was posted by another app, so it cannot be changed")
        }
        "edit_window_closed" => (
            Next::Gone,
            "the workspace lets nobody change a message this old; its settings say how old",
        ),
        "channel_not_found" => (
            Next::Refused,
            "there is no such channel for this app; write the channel's id as `channel`, and \
             invite the app where the channel is private",
        ),
        "not_in_channel" => {
            (Next::Refused, "the app is not in the channel; invite it there (/invite @the-app)")
        }
        "user_not_in_channel" => (Next::Refused, "whoever pressed is not in the channel any more"),
        "is_archived" => {
            (Next::Refused, "the channel is archived; write another `channel`, or open it again")
        }
        "expired_trigger_id"
        | "exchanged_trigger_id"
        | "trigger_expired"
        | "trigger_exchanged"
        | "invalid_trigger_id" => (
            Next::Expired,
            "the form came too late for Slack, which waits three seconds; press once more",
        ),
        "fatal_error"
        | "request_timeout"
        | "internal_error"
        | "service_unavailable"
        | "team_added_to_org" => (Next::Retry { after: None }, "Slack failed"),
        "msg_too_long"
        | "msg_blocks_too_long"
        | "no_text"
        | "invalid_blocks"
        | "invalid_blocks_format"
        | "invalid_arguments" => (
            Next::Refused,
            "Slack takes no such message; this is a fault of Ascolto: please report it",
        ),
        _ => (
            Next::Refused,
            "Slack refuses; its reference of chat.postMessage says what this name means",
        ),
    }
}

/// An error's name as it may be shown: Slack's are small letters and underscores.
fn code(error: &str) -> String {
    let plain = |c: &char| c.is_ascii_alphanumeric() || *c == '_';
    let code: String = error.chars().take(60).filter(plain).collect();
    if code.is_empty() { "nothing more".to_owned() } else { code }
}

/// The scope that Slack names as missing.
fn scope(needed: &str) -> String {
    let plain = |c: &char| c.is_ascii_alphanumeric() || matches!(*c, ':' | '_' | '.' | ',');
    let scope: String = needed.chars().take(80).filter(plain).collect();
    if scope.is_empty() { "that it needs (chat:write)".to_owned() } else { scope }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(body: &str) -> Option<Fault> {
        let res = Response { status: 200, body: body.as_bytes().to_vec(), ..Response::default() };
        fault(&res, Instant(0))
    }

    #[test]
    fn an_error_with_status_200_is_a_fault_that_says_what_to_do() {
        for (error, next) in [
            ("invalid_auth", Next::Auth),
            ("token_revoked", Next::Auth),
            ("account_inactive", Next::Auth),
            ("message_not_found", Next::Gone),
            ("cant_update_message", Next::Gone),
            ("edit_window_closed", Next::Gone),
            ("channel_not_found", Next::Refused),
            ("is_archived", Next::Refused),
            ("invalid_blocks", Next::Refused),
            ("something_new", Next::Refused),
            ("expired_trigger_id", Next::Expired),
            ("fatal_error", Next::Retry { after: None }),
        ] {
            let fault = said(&format!("{{\"ok\":false,\"error\":\"{error}\"}}")).unwrap();
            assert_eq!(fault.next, next, "{error}");
            assert!(fault.why.ends_with(&format!("(Slack says {error})")), "{}", fault.why);
            assert!(!fault.why.contains("TOKEN") && !fault.why.contains("SCOPE"), "{}", fault.why);
        }
        let scope = said(r#"{"ok":false,"error":"missing_scope","needed":"chat:write"}"#).unwrap();
        assert!(scope.why.contains("permission chat:write;"), "{}", scope.why);
        assert_eq!(said(r#"{"ok":true}"#), None);
        assert_eq!(said("<html>"), None, "the reader of the answer says so");
    }

    #[test]
    fn a_limit_with_status_200_waits_as_long_as_the_header_says() {
        let res = Response {
            status: 200,
            headers: vec![("retry-after".to_owned(), "30".to_owned())],
            body: br#"{"ok":false,"error":"ratelimited"}"#.to_vec(),
            ..Response::default()
        };
        let next = fault(&res, Instant(1_000)).unwrap().next;
        assert_eq!(next, Next::Throttled { bucket: None, until: Instant(31_000) });
    }

    #[test]
    fn the_token_that_is_refused_is_named_and_nothing_hostile_shown() {
        let res = Response {
            status: 200,
            body: br#"{"ok":false,"error":"invalid_auth"}"#.to_vec(),
            url: Url::parse("https://slack.com/api/apps.connections.open").ok(),
            ..Response::default()
        };
        assert!(fault(&res, Instant(0)).unwrap().why.contains("the new `app_token`"));
        let odd = said(r#"{"ok":false,"error":"<b>\u001b[2J bad"}"#).unwrap();
        assert!(odd.why.ends_with("(Slack says b2Jbad)"), "{}", odd.why);
        assert!(said(r#"{"ok":false}"#).unwrap().why.ends_with("(Slack says nothing more)"));
    }
}
