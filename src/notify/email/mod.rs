//! Alerts by e-mail: one conversation a case, as plain text and as HTML.
//!
//! What is sent cannot be changed, so a short mail follows in the conversation (RFC 5322, 3.6.4).
//! A mail proves nobody's identity, and programs open the links in it, so its buttons only open
//! pages of ours that ask for a click. An answer that is lost after the mail was handed over sends
//! it again with the same Message-ID: at least once.
//!
//! | file | does |
//! |---|---|
//! | `view` | what a mail says of an alert |
//! | `alert.html`, `alert.txt` | the two forms of it |

#[cfg(test)]
mod tests;
mod view;

use super::form::{Once, words};
use crate::domain::time::MINUTE;
use crate::wire::{
    Acts, Alert, Ask, Bucket, BucketRule, Counts, Ctx, Delivered, Key, KeyFault, KeyKind, Letter,
    MailAct, MailOp, MailServer, Notifier, NotifierMeta, Secret, Talk, TlsChoice, is_address,
    read_settings,
};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::any::Any;
use view::View;

/// Sends alerts by mail.
pub(super) struct Email;

/// Mails handed over. Providers publish hundreds or thousands a day and no figure for a minute;
/// this keeps a burst from looking like one of spam.
const SENDS: Bucket = Bucket("smtp");

static META: NotifierMeta = NotifierMeta {
    name: "email",
    title: "E-mail",
    about: "Sends each alert by mail (SMTP), as plain text and HTML. What comes of a case follows \
            as a short mail in the same conversation. Links in it open pages that ask for a click: \
            a program that opens every link of a mail changes nothing. A mail whose receipt got \
            lost is sent again with the same Message-ID.",
    docs: "https://www.rfc-editor.org/rfc/rfc5322",
    buckets: &[BucketRule {
        bucket: SENDS,
        counts: Counts::Token,
        limit: 30,
        window_ms: MINUTE,
        reserve: 0,
    }],
    keys: &[
        Key {
            name: "to",
            kind: KeyKind::List,
            required: true,
            doc: "The addresses that each alert goes to, in one mail. One that the server refuses \
                  fails it for all of them, so give people whom others stand in for recipients of \
                  their own.",
            example: "[\"social@acme.example\"]",
        },
        Key {
            name: "from",
            kind: KeyKind::Text,
            required: true,
            doc: "The address that they come from; bounces go there.",
            example: "\"alerts@acme.example\"",
        },
        Key {
            name: "name",
            kind: KeyKind::Text,
            required: false,
            doc: "The name that stands before it. Default Ascolto.",
            example: "\"Acme alerts\"",
        },
        Key {
            name: "reply_to",
            kind: KeyKind::Text,
            required: false,
            doc: "Where answers to these mails go. Nobody here reads them, and nothing of them \
                  reaches a customer. Default: `from`.",
            example: "\"social@acme.example\"",
        },
        Key {
            name: "smtp",
            kind: KeyKind::Text,
            required: true,
            doc: "The SMTP server for submission, with its port unless that is 465.",
            example: "\"smtp.acme.example:587\"",
        },
        Key {
            name: "tls",
            kind: KeyKind::Text,
            required: false,
            doc: "How the line is kept private: auto (STARTTLS on the ports 587 and 25, else TLS \
                  from the first byte), implicit, starttls, or none, which is spoken to private \
                  addresses that allow_private in [fetch] names only. Default auto.",
            example: "\"auto\"",
        },
        Key {
            name: "user",
            kind: KeyKind::Text,
            required: false,
            doc: "The account to log in with. Default: `from`.",
            example: "\"alerts@acme.example\"",
        },
        Key {
            name: "password",
            kind: KeyKind::Secret,
            required: true,
            doc: "Its password. Providers with two factors hand out app passwords for this.",
            example: "\"app-passw0rd\"",
        },
    ],
    edits: false,
    dedups: false,
    acts: Acts::Links,
    confirms: false,
};

/// More would not be people who are on duty, and servers take a hundred at once (RFC 5321,
/// 4.5.3.1.8).
const MOST_RECEIVERS: usize = 50;
/// A longer key stands in an id as its digest.
const LONGEST_KEY: usize = 150;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    to: Vec<String>,
    from: String,
    name: Option<String>,
    reply_to: Option<String>,
    smtp: String,
    #[serde(default)]
    tls: TlsChoice,
    user: Option<String>,
    password: Secret,
}

/// All addresses were checked.
struct Settings {
    to: Vec<String>,
    from: String,
    name: String,
    reply_to: Option<String>,
    server: MailServer,
}

impl Notifier for Email {
    fn meta(&self) -> &'static NotifierMeta {
        &META
    }

    fn settings(&self, table: &toml::Table) -> Result<Box<dyn Any + Send + Sync>, KeyFault> {
        read(read_settings(table)?).map(|settings| Box::new(settings) as Box<dyn Any + Send + Sync>)
    }

    fn send(&self, alert: &Alert, cx: &Ctx<'_>) -> Box<dyn Talk<Delivered> + '_> {
        let settings: &Settings = cx.settings();
        let act = MailAct::Send {
            from: settings.from.clone(),
            to: settings.to.clone(),
            message: mail(alert, settings),
            copy: None,
        };
        let op = MailOp { server: settings.server.clone(), act };
        let ask = Ask::mail(op, 0, &[(SENDS, 1)]);
        Box::new(Once { ask, read: |got| got.mail().map(|_| Delivered::default()) })
    }
}

/// Checks the settings.
fn read(raw: Raw) -> Result<Settings, KeyFault> {
    let wrong = |key: &str, why: &str| KeyFault { key: key.to_owned(), why: why.to_owned() };
    let address = |key: &str, text: &str| match text.trim() {
        text if is_address(text) => Ok(text.to_owned()),
        _ => Err(wrong(key, "is no address; write it bare, as in \"social@acme.example\"")),
    };
    let mut to = Vec::new();
    for text in &raw.to {
        let one = address("to", text)?;
        if !to.contains(&one) {
            to.push(one);
        }
    }
    if to.is_empty() || to.len() > MOST_RECEIVERS {
        return Err(wrong("to", "takes 1 to 50 addresses; write a list's address for more"));
    }
    let from = address("from", &raw.from)?;
    let reply_to = raw.reply_to.map(|text| address("reply_to", &text)).transpose()?;
    let name = raw.name.unwrap_or_else(|| "Ascolto".to_owned());
    if name.chars().any(char::is_control) {
        return Err(wrong("name", "write a name on one line"));
    }
    let server = MailServer::submission(&raw.smtp, raw.tls, raw.user, &from, raw.password)?;
    Ok(Settings { to, from, name, reply_to, server })
}

/// The mail of an alert.
fn mail(alert: &Alert, settings: &Settings) -> Vec<u8> {
    let words = words(alert);
    let subject = view::subject(alert, words);
    let view = View::of(alert, words, &subject);
    let domain = settings.from.rsplit('@').next().unwrap_or_default();
    let refs: Vec<String> = alert.of.iter().map(|key| mail_id(key, domain)).collect();
    let mut heads = vec![
        // No machine answers (RFC 3834), not those of Exchange either.
        ("Auto-Submitted", "auto-generated".to_owned()),
        ("X-Auto-Response-Suppress", "All".to_owned()),
        ("List-Id", format!("Ascolto <ascolto.{domain}>")),
    ];
    if alert.urgent {
        heads.push(("Importance", "high".to_owned()));
        heads.push(("X-Priority", "1".to_owned()));
    }
    let (id, text, html) = (mail_id(&alert.key, domain), view.text(), view.html());
    let letter = Letter {
        from: &settings.from,
        name: &settings.name,
        to: &settings.to,
        reply_to: settings.reply_to.as_deref(),
        subject: &subject,
        id: &id,
        refs: &refs,
        at: alert.at,
        heads: &heads,
        text: &text,
        html: Some(&html),
    };
    letter.write().expect("addresses were checked when they were read, and ids are made of letters")
}

/// The id of the mail that bears this key: the same for the same key, and no other's. What cannot
/// stand there is written in hexadecimal digits behind `=`, and so is `=` itself.
fn mail_id(key: &str, domain: &str) -> String {
    let mut left = String::with_capacity(key.len());
    for byte in key.bytes() {
        match byte {
            b'.' if left.is_empty() || left.ends_with('.') => left += "=2E",
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => {
                left.push(char::from(byte));
            }
            other => left += &format!("={other:02X}"),
        }
    }
    if left.is_empty() || left.ends_with('.') || left.len() > LONGEST_KEY {
        // No key becomes such a word by itself: `==` is written for none.
        let digest = Sha256::digest(key.as_bytes());
        left = "==".to_owned();
        left.extend(digest.iter().map(|byte| format!("{byte:02x}")));
    }
    format!("{left}@{domain}")
}
