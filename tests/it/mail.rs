//! The whole way by mail on servers that nobody here wrote, Dovecot and aiosmtpd: one complaint,
//! one alert, one reply in the conversation; a native answer and no alert; certified mail.

use crate::doubles::told;
use crate::scene::Scene;
use ascolto::app;
use ascolto::fetch::{self, Transport};
use ascolto::wire::{Folder, MailAct, MailFrom, MailOp, MailServer, Mailed, Secret, Tls};
use serde_json::Value;
use std::sync::Arc;

/// Where one of the servers listens.
pub fn server(name: &str) -> String {
    told(name, "mail server")
}

/// The password of every mailbox.
pub fn password() -> String {
    told("ASCOLTO_TEST_MAIL_PASSWORD", "mail server's password")
}

fn at(name: &str, user: &str) -> MailServer {
    let place = server(name);
    let (host, port) = place.split_once(':').expect("host:port");
    MailServer {
        host: host.to_owned(),
        port: port.parse().unwrap(),
        tls: Tls::None,
        user: user.to_owned(),
        password: Secret::new(password()),
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

    /// What lies in the inbox.
    pub async fn inbox(&self, user: &str) -> Vec<String> {
        self.folder(user, Folder::Named("INBOX".to_owned())).await
    }
}

/// The brand's mailbox in that office. Each test has one of its own.
struct Mailbox {
    office: Office,
    address: String,
}

impl Mailbox {
    fn of(name: &str) -> Mailbox {
        Mailbox { office: Office::new(), address: format!("care-{name}@acme.example") }
    }

    /// The channel that reads and answers it, with `more` keys.
    fn channel(&self, more: &str) -> String {
        format!(
            "network = \"email\"\naddress = \"{}\"\npassword = \"{}\"\nimap = \"{}\"\n\
             smtp = \"{}\"\ntls = \"none\"\n{more}",
            self.address,
            password(),
            server("ASCOLTO_TEST_IMAP"),
            server("ASCOLTO_TEST_SMTP"),
        )
    }

    async fn complain(&self, who: &str) {
        let mail = complaint(who, &self.address);
        self.office.send(who, &self.address, &mail, false).await;
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
    let care = Mailbox::of("reply");
    let s = Scene::open(&care.channel(""), &[]).await;
    let jo = "jo-reply@home.example";
    care.complain(jo).await;
    s.poll().await;
    assert_eq!(s.ntfy.delivered().len(), 1, "an alert within one poll");
    s.publish_the_draft().await;
    let got = care.office.inbox(jo).await;
    assert_eq!(got.len(), 1, "{got:?}");
    assert!(got[0].contains("In-Reply-To: <first.jo-reply@home.example>"), "{}", got[0]);
    assert!(got[0].contains("Subject: Re: Pacco"), "{}", got[0]);
    assert_eq!(care.office.folder(&care.address, Folder::Sent).await.len(), 1, "a copy is filed");
    s.case("answered").await;
    for _ in 0..6 {
        s.poll().await;
    }
    assert_eq!(s.ntfy.delivered().len(), 1, "our own reply is no mention");
    assert_eq!(care.office.inbox(jo).await.len(), 1, "and is never sent again");
    s.balanced().await;
}

#[tokio::test]
async fn a_mail_whose_last_answer_was_lost_is_not_sent_twice() {
    let care = Mailbox::of("lost");
    let s = Scene::open(&care.channel(""), &[]).await;
    let jo = "lost-jo@home.example";
    care.complain(jo).await;
    s.poll().await;
    s.publish_the_draft().await;
    for _ in 0..15 {
        s.poll().await;
    }
    assert_eq!(care.office.inbox(jo).await.len(), 1, "it was carried out, and nobody knew");
    let answered = s.api("GET", "/api/v1/cases?state=answered", Value::Null).await;
    assert_eq!(answered["cases"].as_array().map(Vec::len), Some(0), "a person decides: {answered}");
    s.balanced().await;
}

#[tokio::test]
async fn answered_from_a_mail_program_before_our_poll_alerts_nobody() {
    let care = Mailbox::of("native");
    let s = Scene::open(&care.channel(""), &[]).await;
    let jo = "jo-native@home.example";
    care.complain(jo).await;
    let answer = format!(
        "From: {0}\nTo: Jo <{jo}>\nSubject: Re: Pacco\nMessage-ID: <answer.{0}>\n\
         In-Reply-To: <first.{jo}>\n\nCi scusiamo, arriva domani.\n",
        care.address
    );
    care.office.send(&care.address, jo, &answer, true).await;
    s.poll().await;
    s.case("answered").await;
    assert!(s.ntfy.delivered().is_empty());
    s.balanced().await;
}

#[tokio::test]
async fn automatic_mail_alerts_nobody_and_certified_mail_wakes_people() {
    let care = Mailbox::of("pec");
    let s = Scene::open(&care.channel("pec = true"), &[]).await;
    let jo = "jo-pec@home.example";
    let away = format!(
        "From: {jo}\nTo: {0}\nSubject: Assente\nMessage-ID: <away.{jo}>\n\
         Auto-Submitted: auto-replied\n\nSono in vacanza, rispondo lunedi.\n",
        care.address
    );
    care.office.send(jo, &care.address, &away, false).await;
    let receipt = format!(
        "From: posta-certificata@gestore.example\nTo: {0}\nSubject: CONSEGNA: x\n\
         Message-ID: <receipt.{jo}>\nX-Ricevuta: avvenuta-consegna\n\
         X-Riferimento-Message-ID: <ours@acme.example>\n\nRicevuta di consegna\n",
        care.address
    );
    care.office.send(jo, &care.address, &receipt, false).await;
    s.poll().await;
    assert!(s.ntfy.delivered().is_empty());
    let inside = format!(
        "From: Jo <{jo}>\nTo: {0}\nSubject: Richiesta\nMessage-ID: <inside.{jo}>\n\n\
         In allegato quanto concordato.\n",
        care.address
    );
    let envelope = format!(
        "From: \"Per conto di: {jo}\" <posta-certificata@gestore.example>\nReply-To: {jo}\n\
         To: {0}\nSubject: POSTA CERTIFICATA: Richiesta\nMessage-ID: <envelope.{jo}>\n\
         X-Trasporto: posta-certificata\nX-Riferimento-Message-ID: <inside.{jo}>\n\
         MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\
         Content-Type: text/plain\n\nMessaggio di posta certificata\n--b\n\
         Content-Type: message/rfc822; name=\"postacert.eml\"\n\n{inside}--b--\n",
        care.address
    );
    care.office.send(jo, &care.address, &envelope, false).await;
    s.poll().await;
    assert_eq!(s.ntfy.delivered().len(), 1, "harmless words, but with legal weight");
    let case = s.case("waiting").await;
    assert!(case.to_string().contains("legal"), "{case}");
    s.publish_the_draft().await;
    let got = care.office.inbox(jo).await;
    assert_eq!(got.len(), 1, "{got:?}");
    assert!(got[0].contains(&format!("In-Reply-To: <inside.{jo}>")), "{}", got[0]);
    s.balanced().await;
}
