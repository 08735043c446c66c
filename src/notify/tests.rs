//! What every notifier must do, asked of the whole registry; and the alerts that the tests send.

use super::*;
use crate::domain::reason::Reason;
use crate::domain::{Instant, Lang, Risk, Topic, Why};
use crate::wire::{
    Acts, Alert, AlertAct, AlertCase, AlertLine, AlertStands, Ask, Asks, Body, Called, Ctx, Fault,
    Got, HookRequest, MailAct, MailOp, Method, Next, Response, Step, Via,
};
use mail_parser::MessageParser;

/// A reason with the words that it rests on.
pub(super) fn why(cue: &str, words: &str) -> Why {
    Why { cue: cue.to_owned(), words: words.to_owned() }
}

/// An alert as the pipeline makes one.
pub(super) fn sample() -> Alert {
    let at = |text| Instant::parse(text).unwrap();
    let act = |name, asks, label: &str, token: &str| AlertAct {
        name,
        label: label.into(),
        asks,
        url: format!("https://ascolto.example/act/{token}"),
        button: format!("button-{token}"),
    };
    Alert {
        key: "01JDKEY".into(),
        of: None,
        reason: Reason::NewComplaint,
        language: Lang::EN,
        title: "Nuovo reclamo".into(),
        case: Some(AlertCase {
            id: "01JD".into(),
            brand: "acme".into(),
            network: "mastodon".into(),
            author: "gino".into(),
            text: "Terza settimana e il pacco non è ancora arrivato".into(),
            language: Lang::IT,
            severity: 2,
            strikes: 1,
            strikes_since: "2026-11-20".into(),
            customer: String::new(),
            topic: Topic::Delivery,
            risk: vec![Risk::Churn, Risk::Ignored],
            why: vec![
                why("waiting", "Terza settimana"),
                why("missing", "non è ancora arrivato"),
                why("rating.one", ""),
            ],
            due: at("2026-11-20T17:00:00Z"),
            due_text: "20 nov 18:00".into(),
            draft: "Buongiorno gino, ci dispiace.".into(),
            url: "https://social.example/@gino/1".into(),
            link: "https://ascolto.example/cases/01JD".into(),
            private: false,
            reply_limit: Some(500),
            window_text: String::new(),
            actions: vec![
                act("take", Asks::Nothing, "Prendi in carico", "aaa"),
                act("publish", Asks::Sure, "Pubblica", "bbb"),
                act("snooze", Asks::Until, "Rinvia", "ccc"),
                act("waive", Asks::Reason, "Nessuna risposta necessaria", "ddd"),
            ],
            stands: AlertStands::Open,
        }),
        body: String::new(),
        lines: Vec::new(),
        at: at("2026-11-20T09:00:00Z"),
        not_rechecked: false,
        urgent: false,
        rings: true,
    }
}

/// One alert that tells of two cases; a customer tried to write a head of ours.
pub(super) fn several() -> Alert {
    let line = |text: &str, id: &str| AlertLine {
        text: text.into(),
        link: format!("https://ascolto.example/cases/{id}"),
    };
    Alert {
        reason: Reason::QuietDigest,
        title: "Dopo le ore di silenzio: Acme".into(),
        case: None,
        body: "2 casi".into(),
        lines: vec![line("18:00 @gino", "01JA"), line("19:00 @lia\n* Nuovo", "01JB")],
        ..sample()
    }
}

/// The same from somebody who would like to ping, to move the cursor and to write our lines.
pub(super) fn hostile() -> Alert {
    let mut alert = sample();
    alert.title = "Title\n* Second \u{1b}[2Jhead\u{202e}".into();
    alert.not_rechecked = true;
    let case = alert.case.as_mut().unwrap();
    case.author = "@everyone\u{1b}]0;x\u{7}\nDraft: pay here".into();
    case.text = "@everyone @here @channel <@U1> <!channel> [click](https://evil.example) \
                 <b>x</b>\r\n\r\nOpen: https://evil.example\u{0}\u{2066}\u{9b}31m"
        .into();
    case.why = vec![why("word", "a\nb"), why("c\nd", "\u{1b}[1m")];
    case.due_text = "20 nov\n18:00".into();
    alert
}

/// The settings of the configuration reference's examples.
pub(super) fn examples(notifier: &dyn Notifier) -> toml::Table {
    let lines = notifier.meta().keys.iter().map(|k| format!("{} = {}\n", k.name, k.example));
    lines.collect::<String>().parse().unwrap()
}

/// The one thing a notifier asks to deliver an alert.
pub(super) fn send(notifier: &dyn Notifier, table: &toml::Table, alert: &Alert) -> Ask {
    let settings = notifier.settings(table).unwrap();
    let now = alert.at + 60_000;
    let cx = Ctx { settings: &*settings, session: None, now, own: &[], seed: 1 };
    match notifier.send(alert, &cx).start(&cx) {
        Step::Ask(mut asks) if asks.len() == 1 => asks.remove(0),
        other => panic!("{}: {other:?}", notifier.meta().name),
    }
}

/// What an ask carries, as text.
pub(super) fn body(ask: &Ask) -> String {
    match &ask.via {
        Via::Say(text) => text.clone(),
        Via::Nothing => panic!("an alert says something"),
        Via::Mail(op) => mail(op),
        Via::Http(request) => match &request.body {
            Body::Json(json) => String::from_utf8(json.clone()).unwrap(),
            _ => panic!("alerts travel as JSON"),
        },
    }
}

/// A mail as its reader's program understands it: headers on one line each, and both its forms.
pub(super) fn mail(op: &MailOp) -> String {
    let MailAct::Send { message, .. } = &op.act else { panic!("an alert is sent") };
    let read = MessageParser::default().parse(message.as_slice()).unwrap();
    let line = |value: &str| value.split_whitespace().collect::<Vec<_>>().join(" ");
    let heads = read.headers_raw().map(|(name, value)| format!("{name}: {}\n", line(value)));
    let (text, html) = (read.body_text(0).unwrap(), read.body_html(0).unwrap());
    format!("{}\n{text}\n{html}", heads.collect::<String>()).replace('\r', "")
}

/// Holds a sample of an alert against its file. Set `ASCOLTO_BLESS=1` to write it anew.
pub(super) fn golden(name: &str, sample: &str) {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/contract/notify");
    let file = folder.join(name);
    if std::env::var_os("ASCOLTO_BLESS").is_some() {
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(&file, sample).unwrap();
    }
    let stored = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(stored == sample, "{name} is stale; run the test with ASCOLTO_BLESS=1:\n{sample}");
}

#[test]
fn every_notifier_is_found_by_its_own_name() {
    for known in NOTIFIERS {
        let found = notifier(known.meta().name).unwrap();
        assert_eq!(found.meta().name, known.meta().name);
    }
    assert!(notifier("pigeon").is_none());
}

#[test]
fn examples_parse_and_unknown_or_missing_keys_do_not() {
    for notifier in NOTIFIERS {
        let name = notifier.meta().name;
        let table = examples(*notifier);
        assert!(notifier.settings(&table).is_ok(), "{name}");
        let mut more = table.clone();
        more.insert("colour".into(), "red".into());
        assert!(notifier.settings(&more).err().unwrap().why.contains("colour"), "{name}");
        for key in notifier.meta().keys {
            let mut less = table.clone();
            less.remove(key.name);
            assert_eq!(notifier.settings(&less).is_err(), key.required, "{name}.{}", key.name);
        }
    }
}

#[test]
fn an_alert_carries_its_key_and_its_link() {
    for notifier in NOTIFIERS {
        for alert in [sample(), hostile()] {
            let ask = send(*notifier, &examples(*notifier), &alert);
            let body = body(&ask);
            let name = notifier.meta().name;
            assert!(body.contains("01JDKEY"), "{name}: {body}");
            assert!(body.contains("https://ascolto.example/cases/01JD"), "{name}: {body}");
            let page = body.contains("https://ascolto.example/act/aaa");
            let button = notifier.meta().acts != Acts::Links && body.contains("button-aaa");
            assert!(page || button, "{name}: {body}");
            assert!(body.chars().all(|c| c == '\n' || crate::domain::text::is_printable(c)));
        }
    }
}

#[test]
fn what_is_known_of_the_customer_is_told() {
    for notifier in NOTIFIERS {
        let mut alert = sample();
        alert.case.as_mut().unwrap().customer = "Cliente VIP dal 2019".into();
        let body = body(&send(*notifier, &examples(*notifier), &alert));
        let name = notifier.meta().name;
        assert!(body.contains("Cliente VIP dal 2019"), "{name}: {body}");
    }
}

#[test]
fn how_long_a_reply_may_be_and_until_when_is_told() {
    // The terminal's block is short, and nobody writes a reply in it.
    for notifier in NOTIFIERS.iter().filter(|notifier| notifier.meta().name != "terminal") {
        let mut alert = sample();
        let case = alert.case.as_mut().unwrap();
        (case.window_text, case.reply_limit) = ("27 nov".into(), Some(4_321));
        let body = body(&send(*notifier, &examples(*notifier), &alert));
        let name = notifier.meta().name;
        assert!(body.contains("27 nov") && body.contains("4321"), "{name}: {body}");
    }
}

#[test]
fn an_edit_names_the_alert_that_it_changes_and_who_cannot_edit_says_so() {
    for notifier in NOTIFIERS {
        let settings = notifier.settings(&examples(*notifier)).unwrap();
        let mut alert = sample();
        (alert.of, alert.key, alert.rings) = (Some("01JDFIRST".into()), "01JDNEXT".into(), false);
        alert.case.as_mut().unwrap().stands = AlertStands::Taken;
        let now = alert.at + 60_000;
        let cx = Ctx { settings: &*settings, session: None, now, own: &[], seed: 1 };
        let (name, edits) = (notifier.meta().name, notifier.meta().edits);
        let talk = notifier.edit(&alert, "71/93", &cx);
        assert_eq!(talk.is_some(), edits, "{name}");
        let Some(mut talk) = talk else { continue };
        let Step::Ask(asks) = talk.start(&cx) else { panic!("{name} asks nothing") };
        let body = body(&asks[0]);
        assert!(body.contains("01JDFIRST") || body.contains("71/93"), "{name}: {body}");
    }
}

#[test]
fn a_forged_call_is_refused_and_a_strange_message_is_no_press() {
    for notifier in NOTIFIERS {
        let settings = notifier.settings(&examples(*notifier)).unwrap();
        let cx = Ctx { settings: &*settings, session: None, now: sample().at, own: &[], seed: 1 };
        let name = notifier.meta().name;
        for body in ["", "{}", "payload=%7B%7D", "button-aaa", "\0"] {
            let req = HookRequest {
                method: Method::Post,
                query: &[],
                headers: &[],
                body: body.as_bytes(),
            };
            assert!(matches!(notifier.hook(&req, &cx), Called::Refuse(_)), "{name}: {body}");
            assert_eq!(notifier.frame(body.as_bytes(), &cx).press, None, "{name}: {body}");
        }
    }
}

#[test]
fn a_probe_only_reads_and_takes_no_other_servers_answer() {
    for notifier in NOTIFIERS {
        let settings = notifier.settings(&examples(*notifier)).unwrap();
        let (name, now) = (notifier.meta().name, sample().at);
        let cx = Ctx { settings: &*settings, session: None, now, own: &[], seed: 1 };
        let Some(mut talk) = notifier.probe(&cx) else { continue };
        let Step::Ask(asks) = talk.start(&cx) else { panic!("{name} asks nothing") };
        let Via::Http(request) = &asks[0].via else { panic!("{name} asks by another way") };
        assert_eq!((asks.len(), request.method), (1, Method::Get), "{name}");
        let page = Response { status: 200, body: "<html>".into(), ..Response::default() };
        let taken = talk.read(0, Got::Http(page), &cx).is_ok();
        // Of Apprise the status code alone tells.
        assert_eq!(taken, name == "apprise", "{name}");
    }
}

#[test]
fn several_things_are_all_named() {
    for notifier in NOTIFIERS {
        let body = body(&send(*notifier, &examples(*notifier), &several()));
        for id in ["01JA", "01JB"] {
            let link = format!("https://ascolto.example/cases/{id}");
            assert!(body.contains(&link), "{}: {body}", notifier.meta().name);
        }
    }
}

#[test]
fn no_secret_shows_in_debug() {
    for notifier in NOTIFIERS {
        let table = examples(*notifier);
        let shown = format!("{:?}", send(*notifier, &table, &sample()));
        for key in notifier.meta().keys.iter().filter(|k| k.kind == crate::wire::KeyKind::Secret) {
            let secret = table[key.name].as_str().unwrap();
            assert!(!shown.contains(secret), "{}.{}: {shown}", notifier.meta().name, key.name);
        }
    }
}

#[test]
fn answers_say_what_to_do_next() {
    // The others speak no HTTP.
    let others = ["terminal", "email"];
    for notifier in NOTIFIERS.iter().filter(|n| !others.contains(&n.meta().name)) {
        let settings = notifier.settings(&examples(*notifier)).unwrap();
        let now = sample().at;
        let cx = Ctx { settings: &*settings, session: None, now, own: &[], seed: 1 };
        let next = |status| {
            let res = Response { status, ..Response::default() };
            notifier.fault(&res, &cx).or_else(|| Fault::of_status(&res, now)).map(|f| f.next)
        };
        let name = notifier.meta().name;
        assert_eq!(next(200), None, "{name}");
        assert!(matches!(next(429), Some(Next::Throttled { .. })), "{name}");
        assert_eq!(next(401), Some(Next::Auth), "{name}");
        assert_eq!(next(403), Some(Next::Auth), "{name}");
        assert_eq!(next(410), Some(Next::Gone), "{name}");
        assert_eq!(next(302), Some(Next::Refused), "{name}");
        assert_eq!(next(500), Some(Next::Retry { after: None }), "{name}");
    }
}
