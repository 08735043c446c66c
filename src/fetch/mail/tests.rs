//! Tests of the mail engine against small scripted servers on this machine.

use super::*;
use crate::domain::Instant;
use crate::wire::{HeaderHolds, MailFrom, Next, Secret};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

/// A server that says its greeting, then to each line that it reads the answer whose beginning
/// fits, `TAG` in it replaced by the line's first word; and hangs up at `HANG UP`.
async fn server(greeting: &'static str, script: &'static [(&'static str, &'static str)]) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            let mut line = BufReader::new(tcp);
            line.get_mut().write_all(greeting.as_bytes()).await.unwrap();
            let mut said = String::new();
            while line.read_line(&mut said).await.is_ok_and(|n| n > 0) {
                let heard = said.trim_end();
                let (tag, rest) = heard.split_once(' ').unwrap_or((heard, heard));
                let fits = |(asked, _): &&(&str, &str)| {
                    rest.starts_with(asked) || heard.starts_with(asked)
                };
                let Some((_, answer)) = script.iter().find(fits) else { panic!("{heard}?") };
                if *answer == "HANG UP" {
                    break;
                }
                line.get_mut().write_all(answer.replace("TAG", tag).as_bytes()).await.unwrap();
                said.clear();
            }
        }
    });
    port
}

fn outside(timeout_ms: i64) -> Outside {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let allow_private = vec!["127.0.0.1".to_owned()];
    let settings = Settings { timeout_ms, body_limit: 64, allow_private, ..Settings::default() };
    Outside::new(&settings).unwrap()
}

fn at(port: u16) -> MailServer {
    MailServer {
        host: "127.0.0.1".to_owned(),
        port,
        tls: Tls::None,
        user: "care".to_owned(),
        password: Secret::new("pw-5ecret"),
    }
}

async fn ask(port: u16, act: MailAct) -> Result<Mailed, Fault> {
    outside(2_000).mail(&MailOp { server: at(port), act }).await
}

fn inbox(from: MailFrom) -> MailAct {
    MailAct::Fetch { folder: Folder::Named("INBOX".to_owned()), from, limit: 10 }
}

const LOGIN: (&str, &str) = ("LOGIN \"care\" \"pw-5ecret\"", "TAG OK in\r\n");
const LOGOUT: (&str, &str) = ("LOGOUT", "* BYE bye\r\nTAG OK bye\r\n");
const EXAMINE: (&str, &str) = (
    "EXAMINE \"INBOX\"",
    "* 3 EXISTS\r\n* OK [UIDVALIDITY 77] x\r\n* OK [UIDNEXT 12] y\r\nTAG OK [READ-ONLY] z\r\n",
);

#[tokio::test]
async fn new_mails_come_with_their_numbers_and_what_is_too_long_is_cut() {
    let port = server(
        "* OK hello\r\n",
        &[
            LOGIN,
            EXAMINE,
            ("UID SEARCH UID 9:*", "* SEARCH 11 8 9\r\nTAG OK x\r\n"),
            (
                "UID FETCH 9,11 (UID RFC822.SIZE)",
                "* 2 FETCH (UID 9 RFC822.SIZE 20)\r\n* 3 FETCH (UID 11 RFC822.SIZE 900)\r\nTAG OK x\r\n",
            ),
            (
                "UID FETCH 9 (UID RFC822.SIZE INTERNALDATE BODY.PEEK[]<0.64>)",
                "* 2 FETCH (UID 9 RFC822.SIZE 20 INTERNALDATE \"20-Nov-2026 09:00:00 +0100\" \
                 BODY[]<0> {11}\r\nSubject: x\n)\r\nTAG OK x\r\n",
            ),
            LOGOUT,
        ],
    )
    .await;
    let Ok(Mailed::Mails { validity, next, mails, more }) =
        ask(port, inbox(MailFrom::After(8))).await
    else {
        panic!("mails")
    };
    assert_eq!((validity, next, more), (77, 12, true), "the second would be too much at once");
    assert_eq!((mails.len(), mails[0].uid, mails[0].size), (1, 9, 20));
    assert_eq!(mails[0].bytes, b"Subject: x\n");
    assert_eq!(mails[0].received, Instant::parse("2026-11-20T08:00:00Z").ok());
}

#[tokio::test]
async fn what_the_server_refuses_to_search_is_not_empty() {
    let refused: &[_] = &[LOGIN, EXAMINE, ("UID SEARCH", "TAG NO [UNAVAILABLE] later\r\n")];
    let port = server("* OK hello\r\n", refused).await;
    let fault = ask(port, inbox(MailFrom::After(1))).await.unwrap_err();
    assert_eq!(fault.next, Next::Retry { after: None });
    let port = server("* OK hello\r\n", &[LOGIN, EXAMINE, ("UID SEARCH", "HANG UP")]).await;
    let fault = ask(port, inbox(MailFrom::After(1))).await.unwrap_err();
    assert_eq!(fault.next, Next::Retry { after: None });
    let half: &[_] = &[
        LOGIN,
        EXAMINE,
        ("UID SEARCH", "* SEARCH 9\r\nTAG OK x\r\n"),
        ("UID FETCH 9 (UID RFC822.SIZE INTERNALDATE", "* 1 FETCH (UID 9 BODY[]<0> {50}\r\nabc"),
    ];
    let port = server("* OK hello\r\n", half).await;
    let op = MailOp { server: at(port), act: inbox(MailFrom::After(1)) };
    let slow = outside(100).mail(&op).await;
    assert!(slow.unwrap_err().why.contains("no whole answer"));
}

#[tokio::test]
async fn nothing_new_asks_for_nothing() {
    let port = server("* OK hello\r\n", &[LOGIN, EXAMINE, LOGOUT]).await;
    let Ok(Mailed::Mails { mails, more, .. }) = ask(port, inbox(MailFrom::After(11))).await else {
        panic!("an answer")
    };
    assert!(mails.is_empty() && !more);
}

#[tokio::test]
async fn a_refused_log_in_is_auth_and_shows_no_password() {
    let port = server("* OK hello\r\n", &[("LOGIN", "TAG NO no such user pw-5ecret\r\n")]).await;
    let fault = ask(port, inbox(MailFrom::Newest)).await.unwrap_err();
    assert_eq!(fault.next, Next::Auth);
    assert!(!format!("{:?}", at(port)).contains("pw-5ecret"));
}

#[tokio::test]
async fn a_search_passes_over_an_archive_that_is_not_there() {
    let port = server(
        "* OK hello\r\n",
        &[
            LOGIN,
            ("LIST \"\" \"*\"", "* LIST (\\Sent) \"/\" Done\r\nTAG OK x\r\n"),
            ("EXAMINE \"Done\"", "* 1 EXISTS\r\n* OK [UIDVALIDITY 1] x\r\nTAG OK x\r\n"),
            ("UID SEARCH HEADER Message-ID \"<a@b>\"", "* SEARCH 4\r\nTAG OK x\r\n"),
            ("UID FETCH 4 (UID", "* 1 FETCH (UID 4 BODY[HEADER]<0> \"A: b\")\r\nTAG OK x\r\n"),
            LOGOUT,
        ],
    )
    .await;
    let any = vec![HeaderHolds { name: "Message-ID", value: "<a@b>".to_owned() }];
    let folders = vec![Folder::Sent, Folder::Archive];
    let found = ask(port, MailAct::Search { folders, any, limit: 5 }).await.unwrap();
    let Mailed::Mails { mails, .. } = found else { panic!("{found:?}") };
    assert_eq!((mails[0].folder.as_str(), mails[0].bytes.as_slice()), ("Done", &b"A: b"[..]));
}

fn reply() -> MailAct {
    MailAct::Send {
        from: "care@acme.example".to_owned(),
        to: vec!["jo@home.example".to_owned()],
        message: b"Subject: x\r\n\r\n.dot\r\n".to_vec(),
        copy: None,
    }
}

const EHLO: (&str, &str) = ("EHLO [127.0.0.1]", "250-hi\r\n250-SIZE 9\r\n250 AUTH PLAIN LOGIN\r\n");
const AUTH: (&str, &str) = ("AUTH PLAIN AGNhcmUAcHctNWVjcmV0", "235 in\r\n");
const MAIL: (&str, &str) = ("MAIL FROM:<care@acme.example>", "250 ok\r\n");
const RCPT: (&str, &str) = ("RCPT TO:<jo@home.example>", "250 ok\r\n");
/// What the lines of the mail are answered with: nothing, but for the last.
const LINES: [(&str, &str); 3] = [("Subject: x", ""), ("..dot", ""), ("QUIT", "221 bye\r\n")];

#[tokio::test]
async fn a_mail_is_handed_over_once_its_last_line_is_taken() {
    static SCRIPT: &[(&str, &str)] = &[
        EHLO,
        AUTH,
        MAIL,
        RCPT,
        ("DATA", "354 go\r\n"),
        LINES[0],
        LINES[1],
        LINES[2],
        (".", "250 queued\r\n"),
        ("", ""),
    ];
    let port = server("220 hello\r\n", SCRIPT).await;
    assert_eq!(ask(port, reply()).await, Ok(Mailed::Done));
}

#[tokio::test]
async fn how_far_a_mail_got_decides_whether_it_may_be_sent_again() {
    static LOST: &[(&str, &str)] = &[
        EHLO,
        AUTH,
        MAIL,
        RCPT,
        ("DATA", "354 go\r\n"),
        LINES[0],
        LINES[1],
        (".", "HANG UP"),
        ("", ""),
    ];
    let port = server("220 hello\r\n", LOST).await;
    let fault = ask(port, reply()).await.unwrap_err();
    assert_eq!(fault.reached, Reached::Perhaps, "{fault}");
    assert!(!fault.may_resend() && !fault.is_final());

    let early: &[_] = &[EHLO, AUTH, MAIL, RCPT, ("DATA", "HANG UP")];
    let port = server("220 hello\r\n", early).await;
    let fault = ask(port, reply()).await.unwrap_err();
    assert!(fault.reached == Reached::Never && fault.may_resend(), "{fault}");

    let port = server("220 hello\r\n", &[EHLO, AUTH, MAIL, ("RCPT", "451 later\r\n")]).await;
    assert!(ask(port, reply()).await.unwrap_err().may_resend());
    let port = server("220 hello\r\n", &[EHLO, AUTH, MAIL, ("RCPT", "550 unknown\r\n")]).await;
    assert!(ask(port, reply()).await.unwrap_err().is_final());
    let port = server("220 hello\r\n", &[EHLO, ("AUTH", "535 no\r\n")]).await;
    let fault = ask(port, reply()).await.unwrap_err();
    assert!(fault.next == Next::Auth && fault.is_final(), "{fault}");
    let fault = ask(1, reply()).await.unwrap_err();
    assert!(fault.may_resend(), "nobody listens there: {fault}");
}

#[tokio::test]
async fn without_tls_only_our_own_house_is_spoken_to() {
    let mut server = at(143);
    server.host = "192.168.7.7".to_owned();
    let act = inbox(MailFrom::Newest);
    let fault = outside(500).mail(&MailOp { server: server.clone(), act }).await.unwrap_err();
    assert!(fault.why.contains("allow_private"), "{fault}");
    server.host = "1.1.1.1".to_owned();
    let act = inbox(MailFrom::Newest);
    let fault = outside(500).mail(&MailOp { server, act }).await.unwrap_err();
    assert!(fault.why.contains("without TLS"), "{fault}");
    assert!(!fault.why.contains("pw-5ecret"));
}

#[tokio::test]
async fn what_is_said_before_tls_begins_ends_the_line() {
    let spoiled: &[_] = &[("STARTTLS", "TAG OK go\r\n* OK [CAPABILITY x] mine\r\n")];
    let port = server("* OK hello\r\n", spoiled).await;
    let mut server = at(port);
    server.tls = Tls::Start;
    let act = inbox(MailFrom::Newest);
    let fault = outside(500).mail(&MailOp { server, act }).await.unwrap_err();
    assert!(fault.why.contains("before STARTTLS"), "{fault}");
}
