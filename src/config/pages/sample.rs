//! The samples of an alert and of a ticket on the pages of their services: what goes there, without
//! secrets.

use super::examples;
use crate::domain::time::HOUR;
use crate::domain::{Instant, Lang, Topic};
use crate::links::Links;
use crate::notify::Sample;
use crate::speech::Catalogue;
use crate::wire::{
    Ask, Body, Ctx, Key, KeyKind, MailAct, MailOp, Notifier, Request, Step, Ticket, TicketSystem,
    TicketWord, Via,
};
use mail_parser::MessageParser;
use serde_json::Value;
use toml::Table;

/// 2026-11-20 09:00 in Rome.
const MORNING: Instant = Instant(1_795_161_600_000);
/// How an alert looks in most programs; made of a golden mail.
const PICTURE: &str = "\nWhere HTML is shown, an alert looks like this:\n\n\
                       ![An alert by mail](../mail.png)\n";

/// What a notifier sends for the sample, by the examples of its keys.
pub(super) fn of_alert(notifier: &dyn Notifier) -> String {
    let keys = notifier.meta().keys;
    let table = examples(keys);
    let settings =
        notifier.settings(&table).expect("the contract suite reads the example of every key");
    let cx = Ctx { settings: &*settings, session: None, now: MORNING, own: &[], seed: 0 };
    let sample = Sample {
        key: "KEY".to_owned(),
        language: Lang::EN,
        brand: "acme",
        now: MORNING,
        zone: jiff::tz::TimeZone::UTC,
        inbox: inbox(),
        button: "BUTTON".to_owned(),
    };
    let Step::Ask(asks) = notifier.send(&sample.alert(), &cx).start(&cx) else {
        return String::new();
    };
    let mut shown = told(&asks);
    if asks.iter().any(|ask| matches!(ask.via, Via::Mail(_))) {
        shown.push_str(PICTURE);
    }
    hidden(shown, keys, &table)
}

/// What a ticket system is sent for a sample, by the examples of its keys; `None` where a ticket is
/// made by more than one question, of which none tells all.
pub(super) fn of_ticket(system: &dyn TicketSystem) -> Option<String> {
    let keys = system.meta().keys;
    let table = examples(keys);
    let settings =
        system.settings(&table).expect("the contract suite reads the example of every key");
    let cx = Ctx { settings: &*settings, session: None, now: MORNING, own: &[], seed: 0 };
    let words = Catalogue::of(Lang::EN);
    let ticket = Ticket {
        key: "ascolto-CASE".to_owned(),
        case: "CASE".to_owned(),
        language: Lang::EN,
        title: words.get("sample.title").to_owned(),
        brand: "acme".to_owned(),
        network: "ascolto".to_owned(),
        author: words.get("sample.author").to_owned(),
        author_id: "sample".to_owned(),
        said: vec![TicketWord {
            at: MORNING,
            time: "2026-11-20 08:00 UTC".to_owned(),
            text: words.get("sample.text").to_owned(),
            language: Lang::EN,
            url: inbox(),
        }],
        private: false,
        severity: 1,
        topic: Topic::Other,
        due: Some(MORNING + HOUR),
        due_text: "2026-11-20 09:00 UTC".to_owned(),
        draft: words.get("sample.draft").to_owned(),
        note: String::new(),
        link: inbox(),
    };
    let Step::Ask(asks) = system.create(&ticket, &cx).start(&cx) else { return None };
    let shown = told(&asks);
    shown.contains(&ticket.title).then(|| hidden(shown, keys, &table))
}

/// Where the links of samples lead.
fn inbox() -> String {
    Links::new("https://ascolto.example").expect("it is an address").inbox()
}

fn told(asks: &[Ask]) -> String {
    asks.iter().map(shown).collect::<Vec<_>>().join("\n")
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
    block("text", &format!("{heads}\n\n{}", text.replace('\r', "")))
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
    use crate::handover::SYSTEMS;
    use crate::notify::NOTIFIERS;

    fn tells_no_secret(name: &str, keys: &[Key], shown: &str) {
        let table = examples(keys);
        let secrets = keys.iter().filter(|key| key.kind == KeyKind::Secret);
        for secret in secrets.filter_map(|key| table.get(key.name)?.as_str()) {
            assert!(!shown.contains(secret), "{name} shows {secret}: {shown}");
        }
    }

    #[test]
    fn every_notifier_shows_the_sample_without_its_secrets() {
        for notifier in NOTIFIERS {
            let (meta, shown) = (notifier.meta(), of_alert(*notifier));
            let title = Catalogue::of(Lang::EN).get("sample.title");
            assert!(shown.contains(title), "{}: {shown}", meta.name);
            tells_no_secret(meta.name, meta.keys, &shown);
        }
    }

    #[test]
    fn a_secret_in_the_body_becomes_a_mark() {
        let pagerduty = NOTIFIERS.iter().find(|n| n.meta().name == "pagerduty").unwrap();
        assert!(of_alert(*pagerduty).contains("\"routing_key\": \"…\""));
    }

    #[test]
    fn a_ticket_is_shown_where_one_question_makes_it() {
        for system in SYSTEMS {
            let (meta, shown) = (system.meta(), of_ticket(*system));
            // Chatwoot is asked for the contact first.
            assert_eq!(shown.is_some(), meta.name != "chatwoot", "{}", meta.name);
            tells_no_secret(meta.name, meta.keys, &shown.unwrap_or_default());
        }
    }
}
