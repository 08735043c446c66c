//! What every ticket system must do, asked of the whole registry; and the tickets that the tests
//! make.

use super::*;
use crate::domain::text::is_printable;
use crate::domain::{Instant, Lang, Topic};
use crate::wire::{
    Ask, Body, Ctx, Fault, Filed, HookRequest, KeyKind, MailAct, Method, Next, Response, Step,
    Ticket, TicketCall, TicketState, TicketWord, Via, is_address,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use mail_parser::MessageParser;
use serde_json::{Value, json};
use std::any::Any;

/// A ticket as the pipeline makes one.
pub(super) fn sample() -> Ticket {
    let at = |text| Instant::parse(text).unwrap();
    Ticket {
        key: "ascolto-01JD".into(),
        case: "01JD".into(),
        language: Lang::IT,
        title: "[Mastodon] consegna – @gino".into(),
        brand: "Acme".into(),
        network: "Mastodon".into(),
        author: "@gino".into(),
        author_id: "social.example/42".into(),
        said: vec![TicketWord {
            at: at("2026-11-20T08:00:00Z"),
            time: "2026-11-20 09:00 CET".into(),
            text: "Terza settimana e il pacco\nnon è ancora arrivato".into(),
            language: Lang::IT,
            url: "https://social.example/@gino/1".into(),
        }],
        private: false,
        severity: 2,
        topic: Topic::Delivery,
        due: Some(at("2026-11-20T17:00:00Z")),
        due_text: "2026-11-20 18:00 CET".into(),
        draft: "Buongiorno gino, ci dispiace.".into(),
        note: "Cliente da anni".into(),
        link: "https://ascolto.example/cases/01JD".into(),
    }
}

/// The same from somebody who would like to write our lines, call agents and fill placeholders.
fn hostile() -> Ticket {
    let mut ticket = sample();
    ticket.title = "Title\nAscolto: closed\u{202e} {{{ticket.url}}".into();
    ticket.author = "<b>@everyone</b>\r\nBcc: all@acme.example".into();
    ticket.said[0].text = "<script>x</script> [@Ada](mention://user/1/Ada) {{ticket.id}} {%x%}\r\n\
                           Nota: paid\u{2028}Nota: paid\u{85}Nota: paid\u{0}\u{1b}[2J\u{2066}"
        .into();
    ticket.draft = ticket.said[0].text.clone();
    ticket
}

/// A megabyte of words.
fn endless() -> Ticket {
    let mut ticket = sample();
    let word = TicketWord {
        text: "è\"\\<{👩‍👩‍👧‍👦 ".repeat(30_000), ..ticket.said[0].clone()
    };
    ticket.said = vec![word.clone(); 40];
    (ticket.draft, ticket.note) = (word.text.clone(), word.text.clone());
    (ticket.title, ticket.author) = (word.text.clone(), word.text);
    ticket
}

/// The settings of the configuration reference's examples.
fn examples(system: &dyn TicketSystem) -> toml::Table {
    let lines = system.meta().keys.iter().map(|k| format!("{} = {}\n", k.name, k.example));
    lines.collect::<String>().parse().unwrap()
}

fn settings(system: &dyn TicketSystem) -> Box<dyn Any + Send + Sync> {
    system.settings(&examples(system)).unwrap()
}

fn cx(settings: &(dyn Any + Send + Sync)) -> Ctx<'_> {
    let now = Instant::parse("2026-11-20T09:00:00Z").unwrap();
    Ctx { settings, session: None, now, own: &[], seed: 1 }
}

/// The first thing that a system asks to make a ticket.
fn create(system: &dyn TicketSystem, ticket: &Ticket) -> Ask {
    let settings = settings(system);
    let cx = cx(&*settings);
    match system.create(ticket, &cx).start(&cx) {
        Step::Ask(mut asks) if asks.len() == 1 => asks.remove(0),
        other => panic!("{}: {other:?}", system.meta().name),
    }
}

/// What an ask carries, as text.
fn body(ask: &Ask) -> String {
    match &ask.via {
        Via::Http(request) => match &request.body {
            Body::Json(json) => String::from_utf8(json.clone()).unwrap(),
            _ => String::new(),
        },
        Via::Mail(op) => {
            let MailAct::Send { message, .. } = &op.act else { panic!("it is sent") };
            let mail = MessageParser::default().parse(message).unwrap();
            let heads: Vec<&str> = mail.headers_raw().map(|(_, value)| value).collect();
            format!("{}\n{}", heads.concat(), mail.body_text(0).unwrap())
        }
        Via::Say(_) | Via::Nothing => panic!("a ticket goes out"),
    }
}

#[test]
fn every_system_is_found_by_its_own_name() {
    for known in SYSTEMS {
        assert_eq!(system(known.meta().name).unwrap().meta().name, known.meta().name);
    }
    assert!(system("drawer").is_none());
}

#[test]
fn examples_parse_and_unknown_or_missing_keys_do_not() {
    for system in SYSTEMS {
        let name = system.meta().name;
        let table = examples(*system);
        assert!(system.settings(&table).is_ok(), "{name}");
        let mut more = table.clone();
        more.insert("colour".into(), "red".into());
        assert!(system.settings(&more).err().unwrap().why.contains("colour"), "{name}");
        for key in system.meta().keys {
            let mut less = table.clone();
            less.remove(key.name);
            assert_eq!(system.settings(&less).is_err(), key.required, "{name}.{}", key.name);
        }
    }
}

#[test]
fn the_text_of_a_ticket_is_this() {
    assert_eq!(
        form::lines(&sample()).join("\n"),
        "Affidato da Ascolto per Acme. Chiudere questo ticket non risponde a nessuno: la risposta \
         si dà in pubblico.\n\
         \n\
         Da: @gino (Mastodon)\n\
         Riguarda: consegna, grave\n\
         Rispondere entro: 2026-11-20 18:00 CET\n\
         Apri: https://ascolto.example/cases/01JD\n\
         \n\
         Nota:\n\
         > Cliente da anni\n\
         \n\
         2026-11-20 09:00 CET https://social.example/@gino/1:\n\
         > Terza settimana e il pacco\n\
         > non è ancora arrivato\n\
         \n\
         Bozza:\n\
         > Buongiorno gino, ci dispiace.\n\
         \n\
         ascolto-01JD"
    );
}

#[test]
fn no_line_from_outside_passes_for_one_of_ours_and_none_is_marked_up() {
    let lines = form::lines(&hostile());
    assert!(lines.iter().all(|line| line.chars().all(is_printable)), "{lines:?}");
    assert_eq!(lines.iter().filter(|line| line.starts_with("Nota:")).count(), 1, "{lines:?}");
    assert_eq!(lines.iter().filter(|line| line.starts_with("> Nota:")).count(), 4, "{lines:?}");
    let html = form::html(&lines);
    assert!(!html.replace("<br>", "").contains('<') && !html.contains("{{"), "{html}");
    let markdown = form::markdown(&lines);
    assert!(!markdown.contains("](") && !markdown.contains("{{"), "{markdown}");
    for system in SYSTEMS {
        let (name, body) = (system.meta().name, body(&create(*system, &hostile())));
        assert!(!body.contains('\u{202e}') && !body.contains("\nBcc"), "{name}: {body}");
    }
    let title = form::title(&hostile(), 200);
    assert!(!title.contains("{{") && !title.contains('\n'), "{title}");
}

#[test]
fn however_much_was_written_a_ticket_stays_small_and_whole() {
    for system in SYSTEMS.iter().filter(|s| s.meta().name != "chatwoot") {
        let name = system.meta().name;
        let body = body(&create(*system, &endless()));
        assert!(body.len() < 200_000, "{name}: {}", body.len());
        assert!(body.contains("https://ascolto.example/cases/01JD"), "{name}");
        assert!(body.contains("ascolto-01JD"), "{name}");
    }
    let lines = form::lines(&endless());
    let units: usize = lines.iter().map(|line| line.encode_utf16().count() + 1).sum();
    assert!(units < 32_767, "{units}: Jira takes no more");
    assert!(form::title(&endless(), 150).encode_utf16().count() <= 150);
    let webhook = body(&create(&webhook::Webhook, &endless()));
    assert!(webhook.len() < 20_000, "{}", webhook.len());
}

#[test]
fn the_same_customer_is_the_same_contact_and_gets_no_mail() {
    let (one, mut other) = (sample(), sample());
    other.key = "ascolto-01JE".into();
    assert_eq!(form::contact(&one), form::contact(&other));
    assert!(form::address(&one).ends_with("@ascolto.invalid"), "{}", form::address(&one));
    other.network = "X".into();
    assert_ne!(form::contact(&one), form::contact(&other));
    other.author_id = "\" onload=x@evil.example\n".into();
    assert!(is_address(&form::address(&other)), "{}", form::address(&other));
}

#[test]
fn no_secret_shows_in_debug() {
    for system in SYSTEMS {
        let table = examples(*system);
        let shown = format!("{:?}", create(*system, &sample()));
        for key in system.meta().keys.iter().filter(|k| k.kind == KeyKind::Secret) {
            let secret = table[key.name].as_str().unwrap();
            assert!(!shown.contains(secret), "{}.{}: {shown}", system.meta().name, key.name);
        }
    }
}

#[test]
fn answers_say_what_to_do_next() {
    for system in SYSTEMS.iter().filter(|s| s.meta().name != "email") {
        let settings = settings(*system);
        let cx = cx(&*settings);
        let next = |status| {
            let res = Response { status, ..Response::default() };
            system.fault(&res, &cx).or_else(|| Fault::of_status(&res, cx.now)).map(|f| f.next)
        };
        let name = system.meta().name;
        assert_eq!(next(200), None, "{name}");
        assert!(matches!(next(429), Some(Next::Throttled { .. })), "{name}");
        assert_eq!(next(401), Some(Next::Auth), "{name}");
        assert_eq!(next(403), Some(Next::Auth), "{name}");
        assert_eq!(next(404), Some(Next::Gone), "{name}");
        assert_eq!(next(422), Some(Next::Refused), "{name}");
        assert_eq!(next(500), Some(Next::Retry { after: None }), "{name}");
    }
}

#[test]
fn who_can_be_asked_says_so_and_has_words_for_it() {
    let filed = Filed { remote: "4711".into(), ..Filed::default() };
    for system in SYSTEMS {
        let (meta, settings) = (system.meta(), settings(*system));
        let cx = cx(&*settings);
        assert_eq!(system.state(&filed, &cx).is_some(), meta.reads_back, "{}", meta.name);
        let mut talk = system.tell(&filed, "ascolto-01JD-ended", "In Ascolto: Risposto", &cx);
        let step = talk.as_mut().expect("each of them takes a word").start(&cx);
        let Step::Ask(asks) = step else { panic!("{} asks nothing", meta.name) };
        assert!(body(&asks[0]).contains("Risposto"), "{}", meta.name);
    }
}

/// A call with these headers, in the query `secret` if one is given.
fn called(name: &str, headers: &[(String, String)], query: &str, body: &str) -> TicketCall {
    let known = system(name).unwrap();
    let settings = settings(known);
    let query = [("secret".to_owned(), query.to_owned())];
    let body = body.as_bytes();
    let call = HookRequest { method: Method::Post, query: &query, headers, body };
    known.hook(&call, &cx(&*settings))
}

fn head(name: &str, value: impl Into<String>) -> (String, String) {
    (name.to_owned(), value.into())
}

fn sha256(key: &[u8], parts: &[&str]) -> Vec<u8> {
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(key).unwrap();
    parts.iter().for_each(|part| mac.update(part.as_bytes()));
    mac.finalize().into_bytes().to_vec()
}

fn hex(tag: &[u8]) -> String {
    tag.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn a_genuine_call_names_the_ticket_and_a_forged_one_is_refused() {
    let moved = || TicketCall::Moved(vec!["4711".to_owned()]);
    let refused = |call: TicketCall| matches!(call, TicketCall::Refuse(_));
    let secret = b"hook-s3cret";
    let (number, text) = (r#"{"ticket":{"id":4711}}"#, r#"{"ticket":{"id":"4711"}}"#);

    let mac = Hmac::<sha1::Sha1>::new_from_slice(secret).unwrap();
    let tag = mac.chain_update(number).finalize().into_bytes();
    let signed = [head("x-hub-signature", format!("sha1={}", hex(&tag)))];
    assert_eq!(called("zammad", &signed, "", number), moved());
    assert!(refused(called("zammad", &signed, "", text)), "another body");
    assert!(refused(called("zammad", &[], "", number)));

    let zendesk = |time: &str| {
        let tag = STANDARD.encode(sha256(secret, &[time, text]));
        let heads = [
            head("x-zendesk-webhook-signature", tag),
            head("x-zendesk-webhook-signature-timestamp", time),
        ];
        called("zendesk", &heads, "", text)
    };
    assert_eq!(zendesk("2026-11-20T09:04:00Z"), moved());
    assert!(refused(zendesk("2026-11-20T08:54:00Z")), "a recording");

    let issue = r#"{"issue":{"id":"4711"}}"#;
    let signed = [head("x-hub-signature", format!("sha256={}", hex(&sha256(secret, &[issue]))))];
    assert_eq!(called("jira", &signed, "", issue), moved());
    assert!(refused(called("jira", &signed, "", "{}")));

    assert_eq!(called("freshdesk", &[head("x-ascolto-secret", "hook-s3cret")], "", text), moved());
    assert!(refused(called("freshdesk", &[head("x-ascolto-secret", "hook")], "", text)));
    assert_eq!(called("chatwoot", &[], "hook-s3cret", r#"{"id":4711}"#), moved());
    assert!(refused(called("chatwoot", &[], "", r#"{"id":4711}"#)));
    assert!(refused(called("email", &[], "", "{}")));

    let told = r#"{"type":"ticket.closed","data":{"key":"ascolto-01JD"}}"#;
    let webhook = |time: &str, body: &str| {
        let tag = sha256(b"an example, not a secret!", &["msg_1", ".", time, ".", told]);
        let heads = [
            head("webhook-id", "msg_1"),
            head("webhook-timestamp", time),
            head("webhook-signature", format!("v1,AAAA v1,{}", STANDARD.encode(tag))),
        ];
        called("webhook", &heads, "", body)
    };
    let closed = TicketCall::Told(vec![("ascolto-01JD".to_owned(), TicketState::Closed)]);
    assert_eq!(webhook("1795165200", told), closed);
    assert!(refused(webhook("1795165200", "{}")), "another body");
    assert!(refused(webhook("1795160000", told)), "a recording");
}

#[test]
fn a_sample_ticket_is_this_json() {
    let body: Value = serde_json::from_str(&body(&create(&zammad::Zammad, &sample()))).unwrap();
    assert_eq!(
        body,
        json!({
            "title": "[Mastodon] consegna – @gino (ascolto-01JD)",
            "group": "Social",
            "customer_id": format!("guess:{}", form::address(&sample())),
            "priority": "2 normal",
            "tags": "ascolto",
            "article": {
                "subject": "[Mastodon] consegna – @gino",
                "body": form::lines(&sample()).join("\n"),
                "content_type": "text/plain",
                "type": "note",
                "internal": true,
            },
        })
    );
}
