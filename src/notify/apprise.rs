//! Alerts through one's own Apprise API server, which knows more than a hundred services.
//!
//! It knows no ids, no changes and no buttons, so what follows is a short word and what can be done
//! are links. Where one of several services behind a key fails, the server says so for all of them:
//! trying again then tells the others twice.
//!
//! Nobody knows which service reads the text, and not every one is told by Apprise to call nobody (its
//! Discord is not). So in whatever is no address an invisible sign parts `@` from the name behind it.

use super::form::{Once, Tries, calm, cut, heading, is_link, risks, said, strikes, whys, words};
use crate::domain::reason::Reason;
use crate::domain::text::one_line;
use crate::wire::{
    Acts, Alert, AlertCase, Ask, Ctx, Delivered, Fault, Key, KeyFault, KeyKind, Next, Notifier,
    NotifierMeta, Request, Response, Secret, Talk, read_settings,
};
use serde::{Deserialize, Serialize};
use std::any::Any;
use url::Url;

/// Hands alerts to an Apprise API server.
pub(super) struct Apprise;

static META: NotifierMeta = NotifierMeta {
    name: "apprise",
    title: "Apprise",
    about: "Hands each alert to an Apprise API server of yours, which passes it on to the services \
            that are configured there under a key.",
    docs: "https://github.com/caronc/apprise-api",
    buckets: &[],
    keys: &[
        Key {
            name: "server",
            kind: KeyKind::Url,
            required: true,
            doc: "Address of the Apprise API server. It has no log-in of its own: keep it where \
                  only Ascolto reaches it.",
            example: "\"http://apprise.internal:8000\"",
        },
        Key {
            name: "key",
            kind: KeyKind::Secret,
            required: true,
            doc: "Key under which the services are configured there: 1 to 128 letters, digits, \
                  `-` and `_`.",
            example: "\"acme-alerts\"",
        },
        Key {
            name: "tag",
            kind: KeyKind::Text,
            required: false,
            doc: "Only the services with this tag. Default: all under the key.",
            example: "\"oncall\"",
        },
    ],
    edits: false,
    dedups: false,
    acts: Acts::Links,
    confirms: false,
};

/// Services cut longer texts, most of them at 4,000 and more; the links stand at the end.
const MOST_BODY: usize = 3_900;
/// So much of it is left to the links of what can be done; each is whole or not there.
const MOST_LINKS: usize = 2_600;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    server: String,
    key: Secret,
    tag: Option<String>,
}

struct Settings {
    server: Url,
    key: Secret,
    tag: Option<String>,
}

/// What the server takes.
#[derive(Serialize)]
struct Notification<'a> {
    title: String,
    body: String,
    #[serde(rename = "type")]
    kind: &'static str,
    format: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    tag: Option<&'a str>,
}

impl Notifier for Apprise {
    fn meta(&self) -> &'static NotifierMeta {
        &META
    }

    fn settings(&self, table: &toml::Table) -> Result<Box<dyn Any + Send + Sync>, KeyFault> {
        let fault = |key: &str, why: &str| KeyFault { key: key.into(), why: why.into() };
        let raw: Raw = read_settings(table)?;
        let server = Url::parse(&raw.server)
            .ok()
            .filter(|u| matches!(u.scheme(), "http" | "https") && u.host_str().is_some())
            .filter(|u| u.query().is_none() && u.fragment().is_none())
            .ok_or_else(|| {
                fault("server", "is no address; write http:// or https:// and the host")
            })?;
        let sign = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        let key = raw.key.expose();
        if !(1..=128).contains(&key.len()) || !key.chars().all(sign) {
            return Err(fault("key", "is no key; write 1 to 128 letters, digits, `-` and `_`"));
        }
        if raw.tag.as_ref().is_some_and(|tag| tag.trim().is_empty()) {
            return Err(fault("tag", "is empty; write a tag, or leave the line out"));
        }
        Ok(Box::new(Settings { server, key: raw.key, tag: raw.tag }))
    }

    fn send(&self, alert: &Alert, cx: &Ctx<'_>) -> Box<dyn Talk<Delivered> + '_> {
        let settings: &Settings = cx.settings();
        let mut url = settings.server.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(["notify", settings.key.expose()]);
        }
        let words = words(alert);
        let notification = Notification {
            title: cut(&inert(&heading(alert, words)), 240),
            body: said_of(alert),
            kind: kind(alert),
            format: "text",
            tag: settings.tag.as_deref(),
        };
        let mut request = Request::post_json(url, &notification);
        // The key is all that keeps others from using it.
        request.secret_url = true;
        Box::new(Once {
            ask: Ask::open(request, 0),
            read: |got| {
                let res = got.http()?;
                if res.status == 204 {
                    return Err(Fault::refused(
                        "nothing is configured under this `key`, so nobody was told; add services to \
                     it on the Apprise server (HTTP 204)",
                    ));
                }
                Ok(Delivered::default())
            },
        })
    }

    fn probe(&self, cx: &Ctx<'_>) -> Option<Box<dyn Talk<()> + '_>> {
        let settings: &Settings = cx.settings();
        let mut url = settings.server.clone();
        url.path_segments_mut().ok()?.pop_if_empty().push("status");
        // Its words differ by version; that it works is its status code alone.
        let judge = |_: &Response| Ok(());
        Some(Box::new(Tries { ask: Ask::open(Request::get(url), 0), judge }))
    }

    fn fault(&self, res: &Response, _cx: &Ctx<'_>) -> Option<Fault> {
        let (next, why) = match res.status {
            401 | 403 => {
                (Next::Auth, "something before the Apprise server refuses us; let Ascolto through")
            }
            404 => (Next::Gone, "no Apprise API server is at this address; correct `server`"),
            417 => (
                Next::Retry { after: None },
                "the Apprise server says of itself that it does not work; look at its log",
            ),
            424 => (
                Next::Retry { after: None },
                "a service behind the `key` failed, or the `tag` matches none; look at the Apprise \
                 server's log",
            ),
            431 => (Next::Refused, "the Apprise server takes no body of this size"),
            _ => return None,
        };
        Some(Fault::new(next, format!("{why} (HTTP {})", res.status)))
    }
}

/// By which services choose colours and sounds.
fn kind(alert: &Alert) -> &'static str {
    match (alert.reason, alert.case.as_ref().map_or(0, |case| case.severity)) {
        (Reason::ChannelBack, _) => "success",
        _ if alert.urgent => "failure",
        (_, 2..) => "warning",
        _ => "info",
    }
}

/// The text. A follow-up says only how it stands; what the alert said stands above it.
fn said_of(alert: &Alert) -> String {
    let words = words(alert);
    let links = alert.case.as_ref().map_or_else(Vec::new, |case| links_of(case, alert));
    // The key, by which a person can tell a duplicate.
    let key = format!("[{}]", alert.of.as_ref().unwrap_or(&alert.key));
    let taken: usize = links.iter().chain([&key]).map(|line| line.len() + 1).sum();
    let room = MOST_BODY.saturating_sub(taken);
    // What is long leaves room for the deadline and what else is short.
    let long = |text: &str, most: usize, share: usize| cut(&inert(text), most.min(room / share));
    let mut lines = Vec::new();
    let mut line = |label: &str, text: String| match (label, text.as_str()) {
        (_, "") => {}
        ("", _) => lines.push(text),
        _ => lines.push(format!("{}: {text}", words.get(label))),
    };
    line("", long(&one_line(&alert.body, 800), 1_000, 3));
    if let Some(case) = alert.case.as_ref().filter(|_| alert.of.is_none()) {
        line("", long(&said(case, words, 600), 1_200, 2));
        line("", inert(&strikes(case, words)));
        line("alert.deadline", one_line(&case.due_text, 60));
        line("alert.window", one_line(&case.window_text, 60));
        line("alert.reply_limit", case.reply_limit.map_or_else(String::new, |n| n.to_string()));
        line("alert.risk", risks(case, words));
        line("alert.why", long(&whys(case, words), 300, 5));
        line("alert.draft", long(&one_line(&case.draft, 500), 700, 4));
    }
    if alert.not_rechecked {
        line("", words.get("alert.not_rechecked").to_owned());
    }
    let mut text = cut(&lines.join("\n"), room);
    for thing in &alert.lines {
        let one = format!("{} {}", cut(&inert(&one_line(&thing.text, 150)), 250), thing.link);
        if text.len() + one.len() + 1 > room {
            break;
        }
        text = format!("{text}\n{one}");
    }
    for link in links.iter().chain([&key]) {
        text = format!("{text}\n{link}");
    }
    text.trim().to_owned()
}

/// What can be done, each on a line; the case itself last.
fn links_of(case: &AlertCase, alert: &Alert) -> Vec<String> {
    let words = words(alert);
    let acts = case.actions.iter().filter(|_| alert.of.is_none());
    let acts = acts.map(|act| format!("{}: {}", inert(&one_line(&act.label, 60)), act.url));
    let mut left = MOST_LINKS;
    let mut links: Vec<String> = acts
        .take_while(|line| {
            let fits = line.len() < left;
            left = left.saturating_sub(line.len() + 1);
            fits
        })
        .collect();
    links.push(format!("{}: {}", words.get("alert.open"), case.link));
    links
}

/// A text on one line so that it calls nobody, whoever reads it. An address stays whole, but for one
/// with a name in it: some services find a name to call even there.
fn inert(text: &str) -> String {
    let whole = |word: &str| is_link(word) && !word.contains(['@', '<']);
    let word = |word: &str| if whole(word) { word.to_owned() } else { calm(word) };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::super::tests::{body, examples, hostile, sample, send, several, why};
    use super::*;
    use crate::wire::{AlertAct, Got};
    use serde_json::{Value, json};

    fn sent(alert: &Alert) -> Value {
        serde_json::from_str(&body(&send(&Apprise, &examples(&Apprise), alert))).unwrap()
    }

    #[test]
    fn a_sample_alert_is_this_json() {
        assert_eq!(
            sent(&sample()),
            json!({
                "title": "Nuovo reclamo: acme (mastodon), delivery, serious",
                "body": "gino: Terza settimana e il pacco non è ancora arrivato\n\
                         Answer by: 20 nov 18:00\n\
                         Reply limit: 500\n\
                         Risk: wants to leave, was ignored\n\
                         Why: waits too long “Terza settimana”; did not arrive, or arrived wrong \
                         “non è ancora arrivato”; one star\n\
                         Draft: Buongiorno gino, ci dispiace.\n\
                         Prendi in carico: https://ascolto.example/act/aaa\n\
                         Pubblica: https://ascolto.example/act/bbb\n\
                         Rinvia: https://ascolto.example/act/ccc\n\
                         Nessuna risposta necessaria: https://ascolto.example/act/ddd\n\
                         Open: https://ascolto.example/cases/01JD\n\
                         [01JDKEY]",
                "type": "warning",
                "format": "text",
                "tag": "oncall",
            })
        );
    }

    #[test]
    fn the_links_stand_whatever_was_written() {
        let mut alert = hostile();
        alert.case.as_mut().unwrap().text = "é\"".repeat(500_000);
        alert.body = "x".repeat(100_000);
        let body = sent(&alert)["body"].as_str().unwrap().to_owned();
        assert!(body.len() <= MOST_BODY, "{}", body.len());
        assert!(body.contains("https://ascolto.example/act/ddd"), "{body}");
        assert!(body.contains("https://ascolto.example/cases/01JD"), "{body}");
        let lines = several().lines.into_iter().cycle().take(800).collect();
        let many = Alert { lines, ..several() };
        assert!(sent(&many)["body"].as_str().unwrap().len() <= MOST_BODY);
    }

    #[test]
    fn whatever_was_written_calls_nobody() {
        let mut alert = hostile();
        alert.body = "https://evil.example/@everyone https://ascolto.example/a/b".into();
        let case = alert.case.as_mut().unwrap();
        case.draft = "Buongiorno @everyone".into();
        case.why = vec![why("word", "@here")];
        case.customer = "@channel".into();
        case.actions[1].label = "Pubblica come @here".into();
        let mut several = several();
        several.title = "@all".into();
        several.lines[0].text = "@channel".into();
        for alert in [alert, several] {
            let sent = sent(&alert);
            let all = format!("{}\n{}", sent["title"], sent["body"].as_str().unwrap());
            for call in ["@everyone", "@here", "@channel", "@all", "<!", "<@", "@U1"] {
                assert!(!all.contains(call), "{call}: {all}");
            }
        }
        assert!(inert("see https://ascolto.example/a/b").ends_with(" https://ascolto.example/a/b"));
    }

    #[test]
    fn all_that_can_be_done_is_offered_and_leaves_room_for_the_deadline() {
        let mut alert = hostile();
        let case = alert.case.as_mut().unwrap();
        (case.text, case.draft) = ("è ".repeat(2_000), "è ".repeat(2_000));
        case.window_text = "27 nov 18:00".into();
        let act = case.actions[0].clone();
        case.actions = (0..11)
            .map(|n| AlertAct {
                label: "Nessuna risposta necessaria".into(),
                url: format!("https://ascolto.example/act/{n:0>140}"),
                ..act.clone()
            })
            .collect();
        let urls: Vec<String> = case.actions.iter().map(|act| act.url.clone()).collect();
        let body = sent(&alert)["body"].as_str().unwrap().to_owned();
        assert!(urls.iter().all(|url| body.contains(url)), "{body}");
        for line in ["Answer by: 20 nov 18:00", "until: 27 nov 18:00", "Reply limit: 500"] {
            assert!(body.contains(line), "{line}: {body}");
        }
        assert!(body.len() <= MOST_BODY, "{}", body.len());
    }

    #[test]
    fn where_nothing_is_configured_nobody_was_told() {
        let table = examples(&Apprise);
        let settings = Apprise.settings(&table).unwrap();
        let alert = sample();
        let cx = Ctx { settings: &*settings, session: None, now: alert.at, own: &[], seed: 1 };
        let mut talk = Apprise.send(&alert, &cx);
        talk.start(&cx);
        let got = |status| Got::Http(Response { status, ..Response::default() });
        let fault = talk.read(0, got(204), &cx).err().unwrap();
        assert_eq!(fault.next, Next::Refused);
        assert!(fault.why.contains("nobody was told"), "{}", fault.why);
        assert!(talk.read(0, got(200), &cx).is_ok());
        let failed = Response { status: 424, ..Response::default() };
        let next = Apprise.fault(&failed, &cx).unwrap().next;
        assert_eq!(next, Next::Retry { after: None });
    }
}
