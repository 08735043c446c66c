//! The sample of an alert on the page of its notifier: what goes to the service, without secrets.

use super::examples;
use crate::domain::{Instant, Lang};
use crate::links::Links;
use crate::notify::Sample;
use crate::wire::{Ask, Body, Ctx, Key, KeyKind, MailAct, MailOp, Notifier, Request, Step, Via};
use mail_parser::MessageParser;
use serde_json::Value;
use toml::Table;

/// 2026-11-20 09:00 in Rome.
const MORNING: Instant = Instant(1_795_161_600_000);

/// What a notifier sends for the sample, by the examples of its keys.
pub(super) fn sample(notifier: &dyn Notifier) -> String {
    let keys = notifier.meta().keys;
    let table = examples(keys);
    let settings =
        notifier.settings(&table).expect("the contract suite reads the example of every key");
    let cx = Ctx { settings: &*settings, session: None, now: MORNING, own: &[], seed: 0 };
    let links = Links::new("https://ascolto.example").expect("it is an address");
    let sample = Sample {
        key: "KEY".to_owned(),
        language: Lang::EN,
        brand: "acme",
        now: MORNING,
        zone: jiff::tz::TimeZone::UTC,
        inbox: links.inbox(),
        button: "BUTTON".to_owned(),
    };
    let Step::Ask(asks) = notifier.send(&sample.alert(), &cx).start(&cx) else {
        return String::new();
    };
    let shown = asks.iter().map(shown).collect::<Vec<_>>().join("\n");
    hidden(shown, keys, &table)
}

/// One thing that is asked, as a block of Markdown.
fn shown(ask: &Ask) -> String {
    match &ask.via {
        Via::Nothing => String::new(),
        Via::Say(text) => block("text", text),
        Via::Http(request) => http(request),
        Via::Mail(op) => mail(op),
    }
}

fn http(request: &Request) -> String {
    let head = format!("`{} {}`\n\n", request.method.as_str(), request.shown_url());
    let body = match &request.body {
        Body::None => String::new(),
        Body::Json(json) => {
            let value: Value = serde_json::from_slice(json).unwrap_or_default();
            block("json", &serde_json::to_string_pretty(&value).unwrap_or_default())
        }
        Body::Form(fields) => {
            let lines = fields.iter().map(|(name, value)| format!("{name}={value}"));
            block("text", &lines.collect::<Vec<_>>().join("\n"))
        }
        Body::Bytes(kind, bytes) => block(kind, &String::from_utf8_lossy(bytes)),
    };
    head + &body
}

/// A mail as its reader sees it where HTML is not shown.
fn mail(op: &MailOp) -> String {
    let MailAct::Send { from, to, message, .. } = &op.act else { return String::new() };
    let read = MessageParser::default().parse(message.as_slice());
    let subject = read.as_ref().and_then(|mail| mail.subject()).unwrap_or_default();
    let text = read.as_ref().and_then(|mail| mail.body_text(0)).unwrap_or_default();
    let heads = format!("From: {from}\nTo: {}\nSubject: {subject}", to.join(", "));
    let both = block("text", &format!("{heads}\n\n{}", text.replace('\r', "")));
    format!(
        "{both}\nWhere HTML is shown, an alert looks like this:\n\n![An alert by mail](../mail.png)\n"
    )
}

fn block(kind: &str, text: &str) -> String {
    format!("```{kind}\n{}\n```\n", text.trim_end())
}

/// The text without the values of secret keys.
fn hidden(text: String, keys: &[Key], table: &Table) -> String {
    let secrets = keys.iter().filter(|key| key.kind == KeyKind::Secret);
    let values = secrets.filter_map(|key| table.get(key.name)?.as_str());
    values.fold(text, |text, value| text.replace(value, "…"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::NOTIFIERS;
    use crate::speech::Catalogue;

    #[test]
    fn every_notifier_shows_the_sample_without_its_secrets() {
        for notifier in NOTIFIERS {
            let (name, shown) = (notifier.meta().name, sample(*notifier));
            let title = Catalogue::of(Lang::EN).get("sample.title");
            assert!(shown.contains(title), "{name}: {shown}");
            let table = examples(notifier.meta().keys);
            let secrets = notifier.meta().keys.iter().filter(|k| k.kind == KeyKind::Secret);
            for secret in secrets.filter_map(|key| table.get(key.name)?.as_str()) {
                assert!(!shown.contains(secret), "{name} shows {secret}: {shown}");
            }
        }
    }

    #[test]
    fn a_secret_in_the_body_becomes_a_mark() {
        let pagerduty = NOTIFIERS.iter().find(|n| n.meta().name == "pagerduty").unwrap();
        assert!(sample(*pagerduty).contains("\"routing_key\": \"…\""));
    }
}
