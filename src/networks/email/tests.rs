//! Tests of e-mail by calling it: mails in, mentions out; questions and answers by hand.

use super::*;
use crate::domain::{Mark, Mention, Visibility};
use crate::wire::{
    Ask, Folder, Got, Heard, MailAct, MailFrom, MailOp, Mailed, Next, Page, RawMail, Step, Via,
};

/// 20 November 2026, 09:00 UTC.
const NOW: Instant = Instant(1_795_165_200_000);

fn with<R>(more: &str, speak: impl FnOnce(&Ctx<'_>) -> R) -> R {
    let text = "address = \"care@acme.example\"\npassword = \"pw-5ecret\"\n\
                imap = \"imap.acme.example\"\nsmtp = \"smtp.acme.example\"\n"
        .to_owned()
        + more;
    let settings = Email.settings(&text.parse().unwrap()).unwrap();
    let own = Email.own(&*settings);
    speak(&Ctx { settings: &*settings, session: None, now: NOW, own: &own, seed: 1 })
}

fn raw(uid: u32, text: &str) -> RawMail {
    let bytes = text.replace('\n', "\r\n").into_bytes();
    let size = bytes.len().try_into().unwrap();
    RawMail { folder: "INBOX".to_owned(), uid, received: Some(NOW - MINUTE), size, bytes }
}

fn heard(more: &str, lane: &str, mail: &RawMail) -> Heard {
    let place = mention::Place { lane, validity: 7 };
    with(more, |cx| mention::heard(mail, &place, cx))
}

fn mention(more: &str, text: &str) -> Mention {
    match heard(more, "INBOX", &raw(1, text)) {
        Heard::Mention(mention) => mention,
        other => panic!("{other:?}"),
    }
}

const PLAIN: &str = "From: Jo Rossi <Jo@Home.example>\nTo: care@acme.example\n\
    Subject: Pacco rotto\nDate: Fri, 20 Nov 2026 09:30:00 +0100\n\
    Message-ID: <m1@home.example>\nContent-Type: text/plain; charset=iso-8859-1\n\
    Content-Transfer-Encoding: quoted-printable\n\nIl pacco =E8 rotto.\n-- \nJo\n";

#[test]
fn a_mail_is_a_private_mention_in_its_writers_words() {
    let m = mention("", PLAIN);
    assert_eq!(m.text, "Pacco rotto\n\nIl pacco è rotto.");
    assert_eq!(
        (m.external_id.as_str(), m.thread_id.as_str()),
        ("m1@home.example", "m1@home.example")
    );
    assert_eq!((m.author.id.as_str(), m.author.name.as_str()), ("jo@home.example", "Jo Rossi"));
    assert_eq!((m.origin.as_str(), m.visibility), ("care@acme.example", Visibility::Private));
    assert_eq!((m.created_at, m.parent_id), (Instant(NOW.0 - 30 * MINUTE), None));
    assert!(m.marks.is_empty());
    let native = m.native.unwrap().get().to_owned();
    assert!(native.contains("\\nJo\""), "the signature is kept beside: {native}");
}

#[test]
fn an_answer_stands_in_the_conversation_of_its_first_mail() {
    let m = mention(
        "",
        "From: jo@home.example\nSubject: R: Pacco\nMessage-ID: <m3@home.example>\n\
         References: <m1@home.example>\n <ours@acme.example>\n\
         In-Reply-To: <ours@acme.example>\n\nAncora niente\n\
         Il 20/11/2026 Acme ha scritto:\n> ciao\n",
    );
    assert_eq!(m.text, "Ancora niente", "neither the quote nor the old subject");
    assert_eq!(m.thread_id, "m1@home.example");
    assert_eq!(m.parent_id.as_deref(), Some("ours@acme.example"));
    assert_eq!(m.created_at, NOW - MINUTE, "without a date it was written when it came");
}

#[test]
fn html_is_read_as_people_see_it_and_attachments_are_listed() {
    let m = mention(
        "",
        "From: jo@home.example\nMessage-ID: <h@home.example>\nMIME-Version: 1.0\n\
         Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html\n\n\
         <style>p{}</style><p>Non <b>funziona</b></p>\n--b\n\
         Content-Type: application/pdf; name=\"fattura.pdf\"\n\
         Content-Disposition: attachment; filename=\"fattura.pdf\"\n\nx\n--b--\n",
    );
    assert_eq!(m.text, "Non funziona");
    assert_eq!(m.attachments.len(), 1);
    assert_eq!(m.attachments[0].kind, "fattura.pdf");
}

#[test]
fn a_mail_without_an_id_has_the_same_one_again() {
    let text = "From: jo@home.example\nSubject: x\nMessage-ID: not one\n\nciao\n";
    let (a, b) = (mention("", text), mention("", text));
    assert_eq!(a.external_id, b.external_id);
    assert!(a.external_id.starts_with("none.") && a.url.is_empty());
    assert_ne!(a.external_id, mention("", &text.replace("ciao", "addio")).external_id);
}

#[test]
fn automatic_mail_is_marked_and_peoples_mail_is_not() {
    let automatic = |head: &str| {
        let m = mention("", &format!("{head}\nMessage-ID: <a@b.example>\n\nciao\n"));
        m.marks == [Mark::Automatic]
    };
    let jo = "From: jo@home.example";
    for head in [
        "Auto-Submitted: auto-replied",
        "Auto-Submitted: auto-generated (x)",
        "Precedence: bulk",
        "List-Id: <news.example>",
        "List-Unsubscribe: <mailto:x@y.example>",
        "X-Autoreply: yes",
        "Return-Path: <>",
        "Content-Type: multipart/report; boundary=b",
    ] {
        assert!(automatic(&format!("{jo}\n{head}")), "{head}");
    }
    assert!(automatic("From: MAILER-DAEMON@home.example"));
    assert!(automatic("From: no-reply@shop.example"));
    for head in ["Auto-Submitted: no", "Precedence: first-class", "Return-Path: <jo@home.example>"]
    {
        assert!(!automatic(&format!("{jo}\n{head}")), "{head}");
    }
}

#[test]
fn what_we_sent_is_ours_and_what_is_no_mail_is_kept_aside() {
    let ours = "From: Acme <CARE@acme.example>\nMessage-ID: <o@acme.example>\n\nciao\n";
    assert!(matches!(heard("", "INBOX", &raw(1, ours)), Heard::Own { .. }));
    let alias = "aliases = [\"Info@acme.example\"]";
    let info = ours.replace("CARE", "info");
    assert!(matches!(heard(alias, "INBOX", &raw(1, &info)), Heard::Own { .. }));
    assert!(matches!(heard("", "INBOX", &raw(1, &info)), Heard::Mention(_)));
    assert!(matches!(heard("", SENT, &raw(1, PLAIN)), Heard::Own { .. }));
    assert!(matches!(heard("", "INBOX", &raw(1, "")), Heard::Broken { .. }));
    let nobody = "Subject: x\nMessage-ID: <a@b.example>\n\nciao\n";
    assert!(matches!(heard("", "INBOX", &raw(1, nobody)), Heard::Broken { .. }));
    let long = RawMail { size: 20_000_000, ..raw(1, PLAIN) };
    let Heard::Mention(cut) = heard("", "INBOX", &long) else { panic!("a mention") };
    assert!(cut.attachments[0].kind.contains("too large"));
}

/// An envelope of certified mail around a mail.
fn envelope(kind: &str) -> String {
    format!(
        "Return-Path: <posta-certificata@gestore.example>\n\
         From: \"Per conto di: jo@pec.example\" <posta-certificata@gestore.example>\n\
         Reply-To: jo@pec.example\nTo: care@acme.example\nSubject: POSTA CERTIFICATA: Reclamo\n\
         Message-ID: <opec1@gestore.example>\nX-Riferimento-Message-ID: <orig@jo.example>\n\
         X-Trasporto: {kind}\nDate: Fri, 20 Nov 2026 09:40:00 +0100\nMIME-Version: 1.0\n\
         Content-Type: multipart/signed; boundary=s\n\n--s\n\
         Content-Type: multipart/mixed; boundary=m\n\n--m\nContent-Type: text/plain\n\n\
         Messaggio di posta certificata\n--m\n\
         Content-Type: application/xml; name=\"daticert.xml\"\n\
         Content-Disposition: inline; filename=\"daticert.xml\"\n\n\
         <postacert><intestazione><mittente>jo@pec.example</mittente></intestazione><dati>\
         <gestore-emittente>Gestore</gestore-emittente><identificativo>opec1</identificativo>\
         </dati></postacert>\n--m\n\
         Content-Type: message/rfc822; name=\"postacert.eml\"\n\
         Content-Disposition: inline; filename=\"postacert.eml\"\n\n\
         From: Jo <jo@pec.example>\nTo: care@acme.example\nSubject: Reclamo\n\
         Message-ID: <orig@jo.example>\nDate: Fri, 20 Nov 2026 09:39:00 +0100\n\
         Content-Type: text/plain\n\nChiedo il rimborso.\n--m--\n--s\n\
         Content-Type: application/pkcs7-signature; name=\"smime.p7s\"\n\nx\n--s--\n"
    )
}

#[test]
fn certified_mail_is_read_from_inside_and_counts_as_formal() {
    let m = mention("pec = true", &envelope("posta-certificata"));
    assert_eq!(m.text, "Reclamo\n\nChiedo il rimborso.");
    assert_eq!(m.author.id, "jo@pec.example");
    assert_eq!(m.marks, [Mark::Formal]);
    assert_eq!(m.external_id, "opec1@gestore.example", "what lies on the server");
    assert_eq!(m.thread_id, "orig@jo.example", "what its writer knows");
    assert_eq!(m.parent_id, None);
    assert!(m.attachments.is_empty(), "the envelope's own parts are no attachments");
    let native = m.native.unwrap().get().to_owned();
    assert!(native.contains("\"formal\":true") && native.contains("\"identifier\":\"opec1\""));
    let anomaly = mention("pec = true", &envelope("errore"));
    assert!(anomaly.marks.is_empty() && anomaly.author.id == "jo@pec.example");
}

#[test]
fn receipts_are_ours_in_a_certified_mailbox_and_nowhere_else() {
    let receipt = "From: posta-certificata@gestore.example\nSubject: ACCETTAZIONE: Re: Reclamo\n\
        Message-ID: <r1@gestore.example>\nX-Ricevuta: accettazione\n\
        X-Riferimento-Message-ID: <ascolto.1@acme.example>\n\nRicevuta\n";
    let own = heard("pec = true", "INBOX", &raw(1, receipt));
    assert!(matches!(own, Heard::Own { external_id, .. } if external_id == "r1@gestore.example"));
    assert_eq!(mention("", receipt).marks, [Mark::Automatic], "anybody could have written it");
    let forged = receipt.replace("posta-certificata@", "jo@");
    assert!(matches!(heard("pec = true", "INBOX", &raw(1, &forged)), Heard::Mention(_)));
}

fn mails(validity: u32, next: u32, mails: Vec<RawMail>, more: bool) -> Got {
    Got::Mail(Mailed::Mails { validity, next, mails, more })
}

fn asked(ask: &Ask) -> &MailOp {
    match &ask.via {
        Via::Mail(op) => op,
        other => panic!("{other:?}"),
    }
}

fn from(step: &Step<Cursor>) -> MailFrom {
    match step {
        Step::Ask(asks) => match &asked(&asks[0]).act {
            MailAct::Fetch { from, .. } => *from,
            _ => panic!("{asks:?}"),
        },
        other => panic!("{other:?}"),
    }
}

fn page(step: Result<Step<Cursor>, Fault>) -> Page {
    match step {
        Ok(Step::Page(page)) => page,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_folder_is_walked_up_from_its_cursor() {
    with("", |cx| {
        let lane = &Email.lanes(cx)[0];
        let mut talk = Email.listen(lane, None, None, cx);
        assert_eq!(from(&talk.start(cx)), MailFrom::Newest);
        let first = page(talk.read(0, mails(7, 5, vec![raw(3, PLAIN)], true), cx));
        let at = (NOW - MINUTE).0;
        assert_eq!((first.heard.len(), first.resume.unwrap()), (1, format!("7:3:{at}")));
        assert_eq!(from(&talk.start(cx)), MailFrom::After(3));
        let last = page(talk.read(0, mails(7, 9, vec![raw(6, PLAIN)], false), cx));
        assert_eq!(last.resume.unwrap(), format!("7:8:{at}"), "8 was deleted before we came");
        let Step::Done(cursor) = talk.start(cx) else { panic!("the end") };
        let mut talk = Email.listen(lane, Some(&cursor), None, cx);
        assert_eq!(from(&talk.start(cx)), MailFrom::After(8));
        let Ok(Step::Done(same)) = talk.read(0, mails(7, 9, vec![], false), cx) else {
            panic!("nothing new")
        };
        assert_eq!(same, cursor);
    });
}

#[test]
fn a_folder_that_was_numbered_anew_is_read_again_and_leaves_a_hole() {
    with("", |cx| {
        let lane = &Email.lanes(cx)[0];
        let cursor = Cursor(format!("7:300:{}", NOW.0));
        let mut talk = Email.listen(lane, Some(&cursor), None, cx);
        assert_eq!(from(&talk.start(cx)), MailFrom::After(300));
        let again = talk.read(0, mails(8, 2, vec![], false), cx).unwrap();
        assert_eq!(from(&again), MailFrom::Since(NOW - 48 * HOUR, 0));
        let read = page(talk.read(0, mails(8, 2, vec![raw(1, PLAIN)], false), cx));
        assert!(read.hole.unwrap().contains("UIDVALIDITY"));
        assert_eq!((read.heard.len(), read.resume.unwrap()), (1, format!("8:1:{}", NOW.0)));
        assert!(matches!(talk.start(cx), Step::Done(_)));
    });
}

fn of(external_id: &str) -> MentionRef {
    MentionRef {
        origin: "care@acme.example".to_owned(),
        external_id: external_id.to_owned(),
        thread_id: "root@home.example".to_owned(),
        author_id: "jo@home.example".to_owned(),
        author_handle: "jo@home.example".to_owned(),
        visibility: Visibility::Private,
        url: String::new(),
        created_at: NOW - HOUR,
    }
}

#[test]
fn a_reply_goes_to_its_writer_in_the_conversation_once_the_mail_is_found() {
    with("", |cx| {
        let part = Part { text: "Rimediamo.".to_owned() };
        let of = of("m1@home.example");
        let mut talk = Email.post(&part, &of, "key-1", cx).unwrap();
        let Step::Ask(asks) = talk.start(cx) else { panic!("a question") };
        assert!(matches!(&asked(&asks[0]).act, MailAct::Search { .. }));
        let Ok(Step::Ask(asks)) =
            talk.read(asks[0].tag, mails(0, 0, vec![raw(1, PLAIN)], false), cx)
        else {
            panic!("the reply")
        };
        let MailAct::Send { from, to, message, copy } = &asked(&asks[0]).act else {
            panic!("{asks:?}")
        };
        let message = String::from_utf8(message.clone()).unwrap();
        assert_eq!(
            (from.as_str(), to.as_slice()),
            ("care@acme.example", &["jo@home.example".to_owned()][..])
        );
        assert!(message.contains("Subject: Re: Pacco rotto\r\n"), "{message}");
        assert!(message.contains("In-Reply-To: <m1@home.example>\r\n"), "{message}");
        assert!(message.contains("References: <root@home.example>\r\n <m1@home.example>"));
        assert!(!message.contains("Auto-Submitted"), "a person approved it");
        assert!(matches!(copy, Some((_, Folder::Sent))));
        let Ok(Step::Done(Sent::Done { external_id, .. })) =
            talk.read(asks[0].tag, Got::Mail(Mailed::Done), cx)
        else {
            panic!("sent")
        };
        assert!(message.contains(&format!("Message-ID: <{external_id}>")));

        let mut again = Email.post(&part, &of, "key-1", cx).unwrap();
        again.start(cx);
        let lost = again.read(0, mails(0, 0, vec![], false), cx).unwrap_err();
        assert_eq!(lost.next, Next::Refused);
        assert!(Email.post(&part, &self::of("none.1"), "key-1", cx).is_none());
    });
}

#[test]
fn a_certified_mail_is_answered_to_its_writer_by_the_id_that_he_knows() {
    with("pec = true", |cx| {
        let part = Part { text: "Rimediamo.".to_owned() };
        let of = MentionRef {
            thread_id: "orig@jo.example".to_owned(),
            author_id: "jo@pec.example".to_owned(),
            ..of("opec1@gestore.example")
        };
        let mut talk = Email.post(&part, &of, "key-1", cx).unwrap();
        talk.start(cx);
        let found = mails(0, 0, vec![raw(1, &envelope("posta-certificata"))], false);
        let Ok(Step::Ask(asks)) = talk.read(0, found, cx) else { panic!("the reply") };
        let MailAct::Send { to, message, .. } = &asked(&asks[0]).act else { panic!("{asks:?}") };
        let message = String::from_utf8(message.clone()).unwrap();
        assert_eq!(to.as_slice(), ["jo@pec.example".to_owned()]);
        assert!(message.contains("Subject: Re: Reclamo\r\n"), "{message}");
        assert!(message.contains("In-Reply-To: <orig@jo.example>\r\n"), "{message}");
    });
}

#[test]
fn only_what_we_sent_to_the_writer_answers() {
    let sent = |id: &str, to: &str| {
        raw(
            1,
            &format!(
                "From: care@acme.example\nTo: {to}\nMessage-ID: <{id}>\n\
                 In-Reply-To: <m1@home.example>\n\n"
            ),
        )
    };
    with("", |cx| {
        let of = of("m1@home.example");
        let mut talk = Email.thread(&of, cx).unwrap();
        let Step::Ask(asks) = talk.start(cx) else { panic!("questions") };
        assert_eq!(asks.len(), 2);
        let waits = talk.read(asks[0].tag, mails(0, 0, vec![raw(1, PLAIN)], false), cx).unwrap();
        assert!(matches!(waits, Step::Ask(more) if more.is_empty()));
        let answers = vec![
            sent("a1@acme.example", "Jo Rossi <JO@home.example>, x@y.example"),
            sent("a2@acme.example", "colleague@acme.example"),
            sent("a3@acme.example", "other-jo@home.example"),
        ];
        let Ok(Step::Done(view)) = talk.read(asks[1].tag, mails(0, 0, answers, false), cx) else {
            panic!("a view")
        };
        let ids: Vec<_> = view.entries.iter().map(|e| e.external_id.as_str()).collect();
        assert_eq!(ids, ["m1@home.example", "a1@acme.example"]);
        assert_eq!(view.entries[1].author_id, "care@acme.example");
        assert!(!view.gone && view.mention.is_none());
    });
    with("sent = \"\"", |cx| assert!(Email.thread(&of("m1@home.example"), cx).is_none()));
}

#[test]
fn a_reply_is_found_by_its_id_or_its_receipt_and_absence_proves_nothing() {
    with("pec = true", |cx| {
        let part = Part { text: "x".to_owned() };
        let mut talk = Email.find(&part, &of("m1@home.example"), "key-1", NOW, cx).unwrap();
        let Step::Ask(asks) = talk.start(cx) else { panic!("a question") };
        let MailAct::Search { any, .. } = &asked(&asks[0]).act else { panic!("{asks:?}") };
        assert_eq!((any.len(), any[1].name), (2, "X-Riferimento-Message-ID"));
        assert_eq!(any[0].value, any[1].value);
        let Ok(Step::Done(seen)) = talk.read(1, mails(0, 0, vec![raw(1, PLAIN)], false), cx) else {
            panic!("an answer")
        };
        assert!(matches!(seen, Seen::There { at, .. } if at == NOW - MINUTE));
        let Ok(Step::Done(seen)) = talk.read(1, mails(0, 0, vec![], false), cx) else {
            panic!("an answer")
        };
        assert_eq!(seen, Seen::Absent { complete: false });
    });
}
