//! The mail: its headers, its conversation, and what stands in both its forms.

use super::super::tests::{
    examples, golden, hostile, mail as read_mail, sample, send, several, why,
};
use super::*;
use crate::domain::Lang;
use crate::domain::reason::Reason;
use crate::wire::{AlertLine, Via};
use proptest::prelude::*;

fn op(table: &toml::Table, alert: &Alert) -> MailOp {
    match send(&Email, table, alert).via {
        Via::Mail(op) => op,
        other => panic!("it goes by mail: {other:?}"),
    }
}

/// The mail of an alert as it travels.
fn bytes(alert: &Alert) -> Vec<u8> {
    let MailAct::Send { message, .. } = op(&examples(&Email), alert).act else {
        panic!("it is sent")
    };
    message
}

/// Its headers, a line each.
fn heads(alert: &Alert) -> Vec<String> {
    let mail = String::from_utf8(bytes(alert)).unwrap();
    let (heads, _) = mail.split_once("\r\n\r\n").unwrap();
    heads.replace("\r\n ", " ").split("\r\n").map(str::to_owned).collect()
}

fn head(alert: &Alert, name: &str) -> Option<String> {
    let value = |head: &String| head.strip_prefix(name)?.strip_prefix(": ").map(str::to_owned);
    heads(alert).iter().find_map(value)
}

fn text(alert: &Alert) -> String {
    View::of(alert, words(alert), "").text()
}

fn html(alert: &Alert) -> String {
    View::of(alert, words(alert), &view::subject(alert, words(alert))).html()
}

/// What came of it: nothing that has to be noticed.
fn moved() -> Alert {
    let mut alert = sample();
    (alert.of, alert.key, alert.rings) =
        (Some("01JDKEY".into()), "01JDKEY.moved.01JE".into(), false);
    (alert.reason, alert.title) = (Reason::CaseMoved, "Answered in the network's own app".into());
    alert.body = "The answer: https://social.example/@acme/2".into();
    let case = alert.case.as_mut().unwrap();
    (case.severity, case.actions) = (0, Vec::new());
    alert
}

/// More of the same, to be noticed.
fn again() -> Alert {
    let mut alert = sample();
    (alert.of, alert.key) = (Some("01JDKEY".into()), "01JD.4.again.desk".into());
    (alert.reason, alert.title) = (Reason::Again, "Complains again".into());
    alert
}

/// An alert about a channel.
fn deaf() -> Alert {
    Alert {
        key: "posts.1795165200000.channel_deaf.desk".into(),
        reason: Reason::ChannelDeaf,
        title: "Channel hears nothing: posts".into(),
        case: None,
        body: "Connect it again here: https://ascolto.example/connect/abc. Then wait.".into(),
        urgent: true,
        ..sample()
    }
}

/// Pictures of mails are made of these files.
#[test]
fn the_samples_of_mails_are_these_pages() {
    let mut italian = sample();
    italian.language = Lang::IT;
    golden("email-sample.html", &html(&italian));
    golden("email-hostile.html", &html(&hostile()));
    golden("email-several.html", &html(&several()));
    golden("email-moved.html", &html(&moved()));
    golden("email-again.html", &html(&again()));
    golden("email-deaf.html", &html(&deaf()));
}

#[test]
fn a_sample_alert_is_this_text() {
    let mut alert = sample();
    (alert.language, alert.not_rechecked) = (Lang::IT, true);
    let case = alert.case.as_mut().unwrap();
    (case.strikes, case.strikes_since) = (3, "2026-02-01".to_owned());
    assert_eq!(
        text(&alert),
        "Nuovo reclamo: acme (mastodon), consegna, grave\n\n\
         Non ricontrollato: qualcuno può aver già risposto. Guardare prima la conversazione.\n\n\
         Reclamo numero 3 dal 2026-02-01\n\n\
         > gino: Terza settimana e il pacco non è ancora arrivato\n\n\
         Rispondere entro: 20 nov 18:00\n\
         Limite della risposta: 500\n\
         Rischio: vuole andarsene, è stato ignorato\n\
         Perché: attende da troppo “Terza settimana”; non arrivato, o arrivato sbagliato “non è ancora arrivato”; una stella\n\
         Bozza: Buongiorno gino, ci dispiace.\n\
         Originale: https://social.example/@gino/1\n\n\
         Prendi in carico: https://ascolto.example/act/aaa\n\
         Pubblica: https://ascolto.example/act/bbb\n\
         Rinvia: https://ascolto.example/act/ccc\n\
         Nessuna risposta necessaria: https://ascolto.example/act/ddd\n\
         Apri: https://ascolto.example/cases/01JD\n\n\
         -- \n\
         Messaggio automatico di Ascolto. I link aprono pagine che chiedono conferma: aprirli non \
         fa nulla. Chi risponde a questa mail non scrive al cliente."
    );
}

#[test]
fn the_headers_say_who_and_what_and_that_no_machine_is_to_answer() {
    assert_eq!(
        heads(&sample()),
        [
            "From: \"Acme alerts\" <alerts@acme.example>",
            "To: social@acme.example",
            "Reply-To: social@acme.example",
            "Subject: [acme] gino on mastodon (case 01JD)",
            "Date: Fri, 20 Nov 2026 09:00:00 +0000",
            "Message-ID: <01JDKEY@acme.example>",
            "Auto-Submitted: auto-generated",
            "X-Auto-Response-Suppress: All",
            "List-Id: Ascolto <ascolto.acme.example>",
            "MIME-Version: 1.0",
            "Content-Type: multipart/alternative; boundary=\"=_ascolto\"",
        ]
    );
    assert_eq!(head(&deaf(), "Importance").as_deref(), Some("high"));
    assert_eq!(head(&deaf(), "Subject").as_deref(), Some("Channel hears nothing: posts"));
}

#[test]
fn what_follows_is_short_and_stands_in_the_conversation() {
    for alert in [moved(), again()] {
        let subject = head(&alert, "Subject").unwrap();
        assert_eq!(subject.strip_prefix("Re: "), head(&sample(), "Subject").as_deref());
        for name in ["In-Reply-To", "References"] {
            assert_eq!(head(&alert, name).as_deref(), Some("<01JDKEY@acme.example>"));
        }
        assert_ne!(head(&alert, "Message-ID"), head(&sample(), "Message-ID"));
        let text = text(&alert);
        assert!(!text.contains("Draft") && !text.contains("Why"), "{text}");
        assert!(text.contains("Open: https://ascolto.example/cases/01JD"), "{text}");
    }
    let (moved, again) = (text(&moved()), text(&again()));
    assert!(
        moved.starts_with(
            "Answered in the network's own app: acme (mastodon), delivery\n\n\
         The answer: https://social.example/@acme/2\n\nOpen: "
        ),
        "{moved}"
    );
    assert!(again.contains("> gino: Terza") && again.contains("Answer by: 20 nov"), "{again}");
    assert!(again.contains("Pubblica: https://ascolto.example/act/bbb"), "{again}");
}

#[test]
fn hostile_text_adds_no_header_no_markup_and_no_link() {
    let names = |alert: &Alert| -> Vec<String> {
        heads(alert).iter().map(|h| h.split(':').next().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&hostile()), names(&sample()));
    let html = html(&hostile()).replace("&#x2f;", "/");
    for markup in ["<b>", "<!channel>", "<img", "<script", "href=\"https://evil"] {
        assert!(!html.contains(markup), "{markup}: {html}");
    }
    let tags = |html: &str| html.matches('<').count();
    let mut plain = hostile();
    let case = plain.case.as_mut().unwrap();
    (case.author, case.text) = ("gino".into(), "ciao".into());
    assert_eq!(tags(&html), tags(&self::html(&plain)), "no tag more or less");
    assert!(html.contains("&lt;b&gt;x&lt;/b&gt;"), "{html}");
    let text = text(&hostile());
    assert_eq!(text.lines().filter(|l| l.contains("evil.example")).count(), 1, "{text}");
    assert!(text.lines().filter(|l| l.contains("evil.example")).all(|l| l.starts_with("> ")));
    let mail = String::from_utf8(bytes(&hostile())).unwrap();
    assert!(mail.is_ascii() && mail.split("\r\n").all(|line| line.len() <= 100), "{mail}");
}

#[test]
fn only_what_leads_where_it_says_becomes_a_link() {
    let mut alert = sample();
    for url in ["javascript:alert(1)", "https://acme.example@evil.example/", "mid:a@b", ""] {
        alert.case.as_mut().unwrap().url = url.to_owned();
        assert!(!text(&alert).contains("Original"), "{url}");
    }
    let html = html(&deaf()).replace("&#x2f;", "/");
    assert!(html.contains("href=\"https://ascolto.example/connect/abc\""), "{html}");
}

#[test]
fn private_text_is_announced_not_shown() {
    let mut alert = sample();
    alert.case.as_mut().unwrap().text.clear();
    assert!(text(&alert).contains("> Private: open in the inbox"));
}

#[test]
fn a_thousand_things_are_cut_and_counted() {
    let mut alert = several();
    alert.lines = vec![AlertLine { text: "x".repeat(5_000), ..alert.lines[0].clone() }; 1_000];
    let text = text(&alert);
    assert_eq!(text.matches("/cases/01JA").count(), 100);
    assert!(text.contains("900 more in the inbox"), "{text}");
}

#[test]
fn an_id_is_its_keys_alone() {
    assert_eq!(mail_id("01JD.4.again.desk", "b.example"), "01JD.4.again.desk@b.example");
    assert_eq!(mail_id("a b@c>\r\n", "d"), "a=20b=40c=3E=0D=0A@d");
    assert_ne!(mail_id("a=20b", "d"), mail_id("a b", "d"));
    assert_eq!(mail_id(".a..b", "d"), "=2Ea.=2Eb@d");
    let long = mail_id(&"k".repeat(1_000), "d");
    assert!(long.len() < 100 && long != mail_id(&"k".repeat(1_001), "d"), "{long}");
    for key in ["", "a.", &"\u{e8}".repeat(300)] {
        assert!(crate::wire::is_mail_id(&mail_id(key, "d.example")), "{key:?}");
    }
}

#[test]
fn wrong_settings_are_explained_and_the_rest_has_defaults() {
    let with = |key: &str, value: toml::Value| {
        let mut table = examples(&Email);
        table.insert(key.to_owned(), value);
        Email.settings(&table).err().map(|fault| fault.key)
    };
    let list = |texts: &[&str]| toml::Value::from(texts.to_vec());
    assert_eq!(with("to", list(&[])).as_deref(), Some("to"));
    assert_eq!(with("to", list(&["Jo <jo@acme.example>"])).as_deref(), Some("to"));
    for (key, value) in [
        ("from", "alerts"),
        ("from", "a@b.example\r\nBcc: x@y"),
        ("reply_to", "nobody"),
        ("name", "A\r\nBcc: x@y"),
        ("smtp", "smtp://acme.example"),
        ("user", ""),
        ("password", ""),
    ] {
        assert_eq!(with(key, value.into()).as_deref(), Some(key), "{value:?}");
    }
    assert!(with("tls", "ssl".into()).is_some(), "it is none of the four");
    assert_eq!(with("smtp", "smtp.acme.example".into()), None);
    let mut table = examples(&Email);
    for key in ["name", "reply_to", "tls", "user"] {
        table.remove(key);
    }
    let ask = op(&table, &sample());
    assert_eq!((ask.server.port, ask.server.tls), (587, crate::wire::Tls::Start));
    assert_eq!(ask.server.user, "alerts@acme.example");
    assert!(read_mail(&ask).contains("From: \"Ascolto\" <alerts@acme.example>"));
}

proptest! {
    #[test]
    fn whatever_is_said_the_mail_is_whole_and_holds_its_links(
        text in r"(\PC|👩‍👩‍👧‍👦|[<>&\r\n]){0,40}", times in 0usize..100,
    ) {
        let mut alert = sample();
        alert.title = text.repeat(times);
        let case = alert.case.as_mut().unwrap();
        for field in [&mut case.author, &mut case.text, &mut case.draft, &mut case.url] {
            *field = text.repeat(times);
        }
        case.why = vec![why("word", &text.repeat(times)); 9];
        let sent = bytes(&alert);
        prop_assert!(sent.is_ascii() && sent.split(|b| *b == b'\n').all(|line| line.len() <= 200));
        let read = read_mail(&op(&examples(&Email), &alert)).replace("&#x2f;", "/");
        prop_assert_eq!(read.matches("https://ascolto.example/act/aaa").count(), 2);
        prop_assert_eq!(read.matches("https://ascolto.example/cases/01JD").count(), 2);
    }
}
