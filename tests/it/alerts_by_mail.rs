//! Alerts by mail over servers that nobody here wrote, aiosmtpd and Dovecot: threaded, whole in both
//! their forms, inert whatever a customer wrote, and harmless to programs that open every link.

use crate::mail::{Office, password, server};
use crate::town::{Plan, Town};
use ascolto::domain::case::State;
use ascolto::domain::time::MINUTE;
use ascolto::pipeline::acts::Act;
use ascolto::web::{Web, router};
use axum::body::Body;
use axum::http::{Method, Request};
use mail_parser::MessageParser;
use tower::ServiceExt;

/// A complaint of somebody with this handle, and what else they wrote, as a line of a script.
fn complaint(handle: &str, more: &str) -> String {
    let text = format!("@acme pacco perso, nessuno risponde, vergogna! {more}");
    serde_json::json!({"at": 2, "do": "post", "id": "p1", "author": "jo", "handle": handle,
        "lang": "it", "text": text})
    .to_string()
}

/// A recipient whose alerts go to this mailbox.
pub fn recipient(name: &str, to: &str, password: &str) -> String {
    format!(
        "[recipient.{name}]\nnotifier = \"email\"\nto = [\"{to}\"]\nfrom = \"alerts@acme.example\"\n\
         smtp = \"{}\"\ntls = \"none\"\npassword = \"{password}\"\n",
        server("ASCOLTO_TEST_SMTP")
    )
}

/// A town whose brand is told in this mailbox.
async fn town(script: &str, to: &str) -> Town {
    let more = recipient("desk", to, &password());
    Town::of(Plan { script, recipients: &["desk"], more: &more, ..Plan::default() }).await
}

/// A mail as its reader's program understands it.
#[derive(Debug)]
pub struct Read {
    /// Its headers in order, each with its value on one line.
    heads: Vec<(String, String)>,
    /// Its plain text.
    pub text: String,
    html: String,
}

impl Read {
    /// Reads a mail.
    pub fn of(mail: &str) -> Read {
        let read = MessageParser::default().parse(mail.as_bytes()).expect("it is a mail");
        let line = |value: &str| value.split_whitespace().collect::<Vec<_>>().join(" ");
        let mut heads: Vec<(String, String)> =
            read.headers_raw().map(|(name, value)| (name.to_owned(), line(value))).collect();
        // What the servers wrote stands before what we did.
        let ours = heads.iter().position(|(name, _)| name == "From").expect("somebody wrote it");
        heads.drain(..ours);
        let text = read.body_text(0).expect("it has a text").into_owned();
        let html = read.body_html(0).expect("it has HTML").into_owned();
        Read { heads, text, html }
    }

    /// The value of a header; empty where there is none.
    pub fn head(&self, name: &str) -> &str {
        let found = self.heads.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map_or("", |(_, value)| value)
    }

    fn names(&self) -> Vec<&str> {
        self.heads.iter().map(|(name, _)| name.as_str()).collect()
    }

    /// Where its HTML leads.
    fn links(&self) -> Vec<String> {
        let hrefs = self.html.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
        hrefs.map(|href| href.replace("&#x2f;", "/").replace("&amp;", "&")).collect()
    }

    /// The names of its tags.
    fn tags(&self) -> Vec<&str> {
        let names = self.html.split('<').skip(1);
        names.map(|rest| rest.split([' ', '>']).next().unwrap_or_default()).collect()
    }
}

/// Opens a page of the house, as anybody could.
async fn open(t: &Town, method: Method, url: &str) -> u16 {
    let web = Web { deps: t.deps.clone(), session_hours: 1, secure_cookies: false, once: None };
    let path = url.splitn(4, '/').nth(3).expect("an address of ours");
    let request = Request::builder().method(method).uri(format!("/{path}"));
    let request = request.body(Body::empty()).unwrap();
    router(web).oneshot(request).await.unwrap().status().as_u16()
}

#[tokio::test]
async fn a_scanner_opens_every_link_of_an_alert_and_nothing_happens() {
    let office = Office::new();
    let to = "desk-scanner@acme.example";
    let t = town(&complaint("jo", ""), to).await;
    t.pass(4).await;
    let inbox = office.inbox(to).await;
    assert_eq!(inbox.len(), 1, "{inbox:?}");
    let first = Read::of(&inbox[0]);
    assert_eq!(first.head("Auto-Submitted"), "auto-generated");
    assert!(first.head("Subject").starts_with("[acme] @jo su rehearsal (caso "), "{first:?}");
    let links = first.links();
    let acts: Vec<&String> = links.iter().filter(|link| link.contains("/act/")).collect();
    assert!(acts.len() >= 3, "{links:?}");
    let case = format!("/cases/{}", t.id("p1").await);
    assert!(links.iter().any(|link| link.ends_with(&case)), "{links:?}");
    for link in &links {
        assert!(
            first.text.contains(link.as_str()),
            "{link} stands in the text too: {}",
            first.text
        );
    }
    for _ in 0..2 {
        for link in &acts {
            for method in [Method::GET, Method::HEAD] {
                assert_eq!(open(&t, method, link).await, 200, "{link}");
            }
        }
    }
    t.settle().await;
    assert_eq!(t.state("p1").await, State::Waiting);
    assert_eq!(t.alerts("p1").await, ["new_complaint sent"]);
    assert!(t.updates("p1").await.is_empty());
    assert_eq!(office.inbox(to).await.len(), 1);
    // What a person does follows, short and in the same conversation.
    t.act("p1", "ada", Act::Take).await.unwrap();
    let inbox = office.inbox(to).await;
    assert_eq!(inbox.len(), 2);
    let follows = Read::of(&inbox[1]);
    assert_eq!(follows.head("Subject"), format!("Re: {}", first.head("Subject")));
    for name in ["In-Reply-To", "References"] {
        assert_eq!(follows.head(name), first.head("Message-ID"));
    }
    assert_ne!(follows.head("Message-ID"), first.head("Message-ID"));
    assert!(follows.text.starts_with("Preso in carico da ada"), "{}", follows.text);
    assert_eq!(follows.links().len(), 1, "{:?}", follows.links());
    t.close().await;
}

#[tokio::test]
async fn a_hostile_mention_changes_no_header_and_no_page() {
    let office = Office::new();
    let (plain, hostile) = ("desk-plain@acme.example", "desk-hostile@acme.example");
    let handle = "jo\r\nBcc: all@acme.example\r\n\r\n<script>\u{202e}";
    let more = "\r\n\r\nContent-Type: text/html\r\n\r\n--=_ascolto--\r\n.\r\n</td></table><a \
                href=\"https://evil.example\"><b>Apri</b></a> <img src=x> \u{200b}\u{2066}\u{1b}[2J {{ 7 * 7 }}";
    for (to, script) in [(plain, complaint("jo", "")), (hostile, complaint(handle, more))] {
        let t = town(&script, to).await;
        t.pass(4).await;
        t.close().await;
    }
    let read = async |to: &str| {
        let inbox = office.inbox(to).await;
        assert_eq!(inbox.len(), 1, "{inbox:?}");
        Read::of(&inbox[0])
    };
    let (plain, hostile) = (read(plain).await, read(hostile).await);
    assert_eq!(hostile.names(), plain.names());
    assert_eq!(hostile.head("To"), "desk-hostile@acme.example");
    assert!(hostile.tags().iter().all(|tag| plain.tags().contains(tag)), "{:?}", hostile.tags());
    assert!(hostile.links().iter().all(|link| !link.contains("evil")), "{:?}", hostile.links());
    assert!(hostile.html.contains("{{ 7 * 7 }}") && hostile.text.contains("{{ 7 * 7 }}"));
    assert!(!hostile.text.contains(['\u{202e}', '\u{2066}', '\u{1b}']));
    let evil = hostile.text.lines().filter(|line| line.contains("evil.example"));
    assert!(evil.clone().count() == 1 && evil.clone().all(|line| line.starts_with("> ")));
}

#[tokio::test]
async fn a_mail_whose_receipt_was_lost_comes_again_with_the_same_id() {
    let office = Office::new();
    let to = "lost-desk@acme.example";
    let t = town(&complaint("jo", ""), to).await;
    t.pass(4).await;
    t.clock.advance(5 * MINUTE);
    t.settle().await;
    let inbox = office.inbox(to).await;
    assert!(inbox.len() >= 2, "it arrived, and nobody here knew: {}", inbox.len());
    let ids: Vec<String> =
        inbox.iter().map(|mail| Read::of(mail).head("Message-ID").to_owned()).collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(t.alerts("p1").await, ["new_complaint due"]);
}

#[tokio::test]
async fn a_refused_password_is_told_elsewhere_and_shown_nowhere() {
    let more = recipient("desk", "desk-auth@acme.example", "wr0ng-one");
    let script = complaint("jo", "");
    let recipients = &["desk", "room"];
    let t = Town::of(Plan { script: &script, recipients, more: &more, ..Plan::default() }).await;
    t.pass(6).await;
    let said = t.said().join("\n");
    assert!(said.contains("the mail server says 535"), "{said}");
    assert!(!said.contains("wr0ng-one"), "{said}");
    assert_eq!(t.alerts("p1").await, ["new_complaint failed", "new_complaint sent"]);
    t.close().await;
}
