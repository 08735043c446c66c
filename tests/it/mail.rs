//! The whole way by mail on servers that nobody here wrote, Dovecot and aiosmtpd: one complaint,
//! one alert, one reply in the conversation; a native answer and no alert; certified mail.

use crate::doubles::ntfy::Ntfy;
use ascolto::app::{self, Surroundings};
use ascolto::clock::Clock;
use ascolto::config;
use ascolto::domain::time::{MINUTE, SECOND};
use ascolto::fetch::{self, Transport};
use ascolto::ids::Ids;
use ascolto::pipeline::{Deps, runner};
use ascolto::store::access::{self, TokenRow};
use ascolto::store::{Store, ledger};
use ascolto::web::{Web, router, token_hash};
use ascolto::wire::{Folder, MailAct, MailFrom, MailOp, MailServer, Mailed, Secret, Tls};
use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};
use std::sync::Arc;
use tower::ServiceExt;

fn told(name: &str) -> String {
    std::env::var(name)
        .unwrap_or_else(|_| panic!("{name} names no mail server; run the tests by ./tests/run"))
}

fn at(name: &str, user: &str) -> MailServer {
    let place = told(name);
    let (host, port) = place.split_once(':').expect("host:port");
    MailServer {
        host: host.to_owned(),
        port: port.parse().unwrap(),
        tls: Tls::None,
        user: user.to_owned(),
        password: Secret::new(told("ASCOLTO_TEST_MAIL_PASSWORD")),
    }
}

/// The post office, as everybody but the house sees it.
pub struct Office(Arc<dyn Transport>);

impl Office {
    /// With the servers that the tests were told of.
    pub fn new() -> Office {
        app::install_tls();
        let allow_private = vec!["127.0.0.1".to_owned()];
        let settings = fetch::Settings { allow_private, ..fetch::Settings::default() };
        Office(settings.transport().unwrap())
    }

    /// Sends a mail; `filed` puts a copy into the sender's folder of sent mail.
    pub async fn send(&self, from: &str, to: &str, mail: &str, filed: bool) {
        let copy = filed.then(|| (at("ASCOLTO_TEST_IMAP", from), Folder::Sent));
        let act = MailAct::Send {
            from: from.to_owned(),
            to: vec![to.to_owned()],
            message: mail.replace('\n', "\r\n").into_bytes(),
            copy,
        };
        let op = MailOp { server: at("ASCOLTO_TEST_SMTP", from), act };
        self.0.mail(&op).await.unwrap_or_else(|fault| panic!("{fault}"));
    }

    /// What lies in a folder.
    async fn folder(&self, user: &str, folder: Folder) -> Vec<String> {
        let act = MailAct::Fetch { folder, from: MailFrom::After(0), limit: 50 };
        let op = MailOp { server: at("ASCOLTO_TEST_IMAP", user), act };
        let mailed = self.0.mail(&op).await.unwrap_or_else(|fault| panic!("{fault}"));
        let Mailed::Mails { mails, .. } = mailed else { panic!("{mailed:?}") };
        mails.iter().map(|mail| String::from_utf8_lossy(&mail.bytes).into_owned()).collect()
    }

    async fn inbox(&self, user: &str) -> Vec<String> {
        self.folder(user, Folder::Named("INBOX".to_owned())).await
    }
}

/// A house that reads and answers one mailbox.
struct Scene {
    office: Office,
    ntfy: Ntfy,
    deps: Arc<Deps>,
    clock: Clock,
    us: String,
    _folder: tempfile::TempDir,
}

async fn scene(name: &str, more: &str) -> Scene {
    let folder = crate::town::folder();
    let ntfy = Ntfy::start(None).await;
    let us = format!("care-{name}@acme.example");
    let url = format!("sqlite:{}", folder.path().join("scene.db").display());
    let text = format!(
        "[store]\nurl = \"{url}\"\n[fetch]\nallow_private = [\"127.0.0.1\"]\n\
         [brand.acme]\nterms = [\"acme\"]\nzone = \"Europe/Rome\"\nrecipients = [\"phone\"]\n\
         [channel.post]\nnetwork = \"email\"\nbrand = \"acme\"\naddress = \"{us}\"\n\
         password = \"{}\"\nimap = \"{}\"\nsmtp = \"{}\"\ntls = \"none\"\n{more}\n\
         [recipient.phone]\nnotifier = \"ntfy\"\nserver = \"{}\"\ntopic = \"acme-alerts\"\n",
        told("ASCOLTO_TEST_MAIL_PASSWORD"),
        told("ASCOLTO_TEST_IMAP"),
        told("ASCOLTO_TEST_SMTP"),
        ntfy.url
    );
    let file = folder.path().join("scene.toml");
    std::fs::write(&file, text).unwrap();
    let config = config::load(&file, std::iter::empty(), &app::registry())
        .unwrap_or_else(|p| panic!("{}", p[0]));
    // Behind the servers' clock, whose times have no parts of a second: what is written after the
    // first look must not seem older than it.
    let clock = Clock::manual(Clock::System.now() - MINUTE);
    let around = Surroundings {
        clock: clock.clone(),
        ids: Ids::seeded(3),
        instance: "scene".to_owned(),
        hands: app::HANDS,
        say: Arc::new(|_| {}),
        transport: None,
    };
    let store = Store::open(&url).await.unwrap();
    let deps = Arc::new(app::build(&config, store, around).await.unwrap());
    let mut tx = deps.store.begin().await.unwrap();
    let token = TokenRow {
        name: "test".into(),
        scopes: "read act".into(),
        channel: String::new(),
        agent: "ada".into(),
        added_at: 0,
    };
    access::add_token(&mut tx, &token, &token_hash("asc_test")).await.unwrap();
    tx.commit().await.unwrap();
    let scene = Scene { office: Office::new(), ntfy, deps, clock, us, _folder: folder };
    // The first look, before anybody writes.
    runner::drain(&scene.deps).await.unwrap();
    scene
}

impl Scene {
    /// One poll later.
    async fn poll(&self) {
        self.clock.advance(MINUTE + SECOND);
        runner::drain(&self.deps).await.unwrap();
    }

    async fn api(&self, method: &str, path: &str, body: Value) -> Value {
        let web =
            Web { deps: self.deps.clone(), session_hours: 1, secure_cookies: false, once: None };
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", "Bearer asc_test")
            .header("content-type", "application/json")
            .body(if body.is_null() { Body::empty() } else { Body::from(body.to_string()) })
            .unwrap();
        let answer = router(web).oneshot(request).await.unwrap();
        let bytes = axum::body::to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        serde_json::from_slice(&bytes).unwrap_or(Value::Null)
    }

    /// The only case in that state.
    async fn case(&self, state: &str) -> Value {
        let list = self.api("GET", &format!("/api/v1/cases?state={state}"), Value::Null).await;
        let cases = list["cases"].as_array().unwrap();
        assert_eq!(cases.len(), 1, "{list}");
        self.api("GET", &format!("/api/v1/cases/{}", cases[0]["id"].as_str().unwrap()), Value::Null)
            .await
    }

    async fn publish_the_draft(&self) {
        let case = self.case("waiting").await;
        let draft = &case["drafts"][0];
        let path = format!("/api/v1/cases/{}/publish", case["case"]["id"].as_str().unwrap());
        let answer = self
            .api("POST", &path, json!({ "draft_rev": draft["rev"], "text": draft["text"] }))
            .await;
        assert!(answer["reply"].is_string(), "{answer}");
        runner::drain(&self.deps).await.unwrap();
    }

    async fn complain(&self, who: &str) {
        let mail = complaint(who, &self.us);
        self.office.send(who, &self.us, &mail, false).await;
    }

    async fn balanced(&self) {
        let mut tx = self.deps.store.read().await.unwrap();
        let ledger =
            ledger::check(&mut tx, self.deps.now(), &ledger::Options::default()).await.unwrap();
        assert!(ledger.balanced(), "{}", ledger.table());
    }
}

fn complaint(who: &str, us: &str) -> String {
    format!(
        "From: Jo <{who}>\nTo: {us}\nSubject: Pacco\nMessage-ID: <first.{who}>\n\
         MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\
         Content-Transfer-Encoding: quoted-printable\n\n\
         Terza settimana e il pacco non =C3=A8 ancora arrivato, nessuno risponde, vergogna!\n"
    )
}

#[tokio::test]
async fn a_complaint_by_mail_becomes_an_alert_and_exactly_one_reply() {
    let s = scene("reply", "").await;
    let jo = "jo-reply@home.example";
    s.complain(jo).await;
    s.poll().await;
    assert_eq!(s.ntfy.delivered().len(), 1, "an alert within one poll");
    s.publish_the_draft().await;
    let got = s.office.inbox(jo).await;
    assert_eq!(got.len(), 1, "{got:?}");
    assert!(got[0].contains("In-Reply-To: <first.jo-reply@home.example>"), "{}", got[0]);
    assert!(got[0].contains("Subject: Re: Pacco"), "{}", got[0]);
    assert_eq!(s.office.folder(&s.us, Folder::Sent).await.len(), 1, "a copy is filed");
    s.case("answered").await;
    for _ in 0..6 {
        s.poll().await;
    }
    assert_eq!(s.ntfy.delivered().len(), 1, "our own reply is no mention");
    assert_eq!(s.office.inbox(jo).await.len(), 1, "and is never sent again");
    s.balanced().await;
}

#[tokio::test]
async fn a_mail_whose_last_answer_was_lost_is_not_sent_twice() {
    let s = scene("lost", "").await;
    let jo = "lost-jo@home.example";
    s.complain(jo).await;
    s.poll().await;
    s.publish_the_draft().await;
    for _ in 0..15 {
        s.poll().await;
    }
    assert_eq!(s.office.inbox(jo).await.len(), 1, "it was carried out, and nobody knew");
    let answered = s.api("GET", "/api/v1/cases?state=answered", Value::Null).await;
    assert_eq!(answered["cases"].as_array().map(Vec::len), Some(0), "a person decides: {answered}");
    s.balanced().await;
}

#[tokio::test]
async fn answered_from_a_mail_program_before_our_poll_alerts_nobody() {
    let s = scene("native", "").await;
    let jo = "jo-native@home.example";
    s.complain(jo).await;
    let answer = format!(
        "From: {0}\nTo: Jo <{jo}>\nSubject: Re: Pacco\nMessage-ID: <answer.{0}>\n\
         In-Reply-To: <first.{jo}>\n\nCi scusiamo, arriva domani.\n",
        s.us
    );
    s.office.send(&s.us, jo, &answer, true).await;
    s.poll().await;
    s.case("answered").await;
    assert!(s.ntfy.delivered().is_empty());
    s.balanced().await;
}

#[tokio::test]
async fn automatic_mail_alerts_nobody_and_certified_mail_wakes_people() {
    let s = scene("pec", "pec = true").await;
    let jo = "jo-pec@home.example";
    let away = format!(
        "From: {jo}\nTo: {0}\nSubject: Assente\nMessage-ID: <away.{jo}>\n\
         Auto-Submitted: auto-replied\n\nSono in vacanza, rispondo lunedi.\n",
        s.us
    );
    s.office.send(jo, &s.us, &away, false).await;
    let receipt = format!(
        "From: posta-certificata@gestore.example\nTo: {0}\nSubject: CONSEGNA: x\n\
         Message-ID: <receipt.{jo}>\nX-Ricevuta: avvenuta-consegna\n\
         X-Riferimento-Message-ID: <ours@acme.example>\n\nRicevuta di consegna\n",
        s.us
    );
    s.office.send(jo, &s.us, &receipt, false).await;
    s.poll().await;
    assert!(s.ntfy.delivered().is_empty());
    let inside = format!(
        "From: Jo <{jo}>\nTo: {0}\nSubject: Richiesta\nMessage-ID: <inside.{jo}>\n\n\
         In allegato quanto concordato.\n",
        s.us
    );
    let envelope = format!(
        "From: \"Per conto di: {jo}\" <posta-certificata@gestore.example>\nReply-To: {jo}\n\
         To: {0}\nSubject: POSTA CERTIFICATA: Richiesta\nMessage-ID: <envelope.{jo}>\n\
         X-Trasporto: posta-certificata\nX-Riferimento-Message-ID: <inside.{jo}>\n\
         MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\
         Content-Type: text/plain\n\nMessaggio di posta certificata\n--b\n\
         Content-Type: message/rfc822; name=\"postacert.eml\"\n\n{inside}--b--\n",
        s.us
    );
    s.office.send(jo, &s.us, &envelope, false).await;
    s.poll().await;
    assert_eq!(s.ntfy.delivered().len(), 1, "harmless words, but with legal weight");
    let case = s.case("waiting").await;
    assert!(case.to_string().contains("legal"), "{case}");
    s.publish_the_draft().await;
    let got = s.office.inbox(jo).await;
    assert_eq!(got.len(), 1, "{got:?}");
    assert!(got[0].contains(&format!("In-Reply-To: <inside.{jo}>")), "{}", got[0]);
    s.balanced().await;
}
