//! Tickets as mails to a mailbox or to the address of a help desk.
//!
//! The Message-ID follows from the key, so a help desk that drops what came twice makes one ticket;
//! none has to. Nothing can be asked: a person says when it is done.

use super::form::{lines, once, title, word};
use crate::domain::Instant;
use crate::domain::time::HOUR;
use crate::wire::{
    Ask, Bucket, BucketRule, Counts, Ctx, Filed, Key, KeyFault, KeyKind, Letter, MailAct, MailOp,
    MailServer, Secret, Talk, Ticket, TicketMeta, TicketSystem, TlsChoice, is_address,
    read_settings,
};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::any::Any;

/// Sends tickets by mail.
pub(super) struct Email;

/// Providers count hundreds a day.
const SMTP: Bucket = Bucket("smtp");
const ONE: &[(Bucket, u32)] = &[(SMTP, 1)];
/// The longest subject in UTF-16 units.
const SUBJECT: usize = 150;

static META: TicketMeta = TicketMeta {
    name: "email",
    title: "E-mail",
    about: "Sends a mail to the address of a help desk, a department or a person.",
    docs: "",
    buckets: &[BucketRule {
        bucket: SMTP,
        counts: Counts::Token,
        limit: 100,
        window_ms: HOUR,
        reserve: 0,
    }],
    keys: &[
        Key {
            name: "to",
            kind: KeyKind::Text,
            required: true,
            doc: "The address that takes the tickets. Never a customer's.",
            example: "\"care@acme.example\"",
        },
        Key {
            name: "from",
            kind: KeyKind::Text,
            required: true,
            doc: "The address that sends them.",
            example: "\"ascolto@acme.example\"",
        },
        Key {
            name: "smtp",
            kind: KeyKind::Text,
            required: true,
            doc: "The SMTP server for submission, with its port unless that is 465.",
            example: "\"smtp.acme.example:587\"",
        },
        Key {
            name: "user",
            kind: KeyKind::Text,
            required: false,
            doc: "The account to log in with. Default the address in `from`.",
            example: "\"ascolto@acme.example\"",
        },
        Key {
            name: "password",
            kind: KeyKind::Secret,
            required: true,
            doc: "Its password. Providers with two factors hand out app passwords for this.",
            example: "\"app-passw0rd\"",
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
    ],
    reads_back: false,
    dedups: false,
    calls: "",
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    to: String,
    from: String,
    smtp: String,
    user: Option<String>,
    password: Secret,
    #[serde(default)]
    tls: TlsChoice,
}

struct Settings {
    to: String,
    from: String,
    server: MailServer,
}

impl Settings {
    /// The ask that hands a mail with this text over, below another one if there is one.
    fn send(&self, id: &str, below: &[String], subject: &str, text: &str, at: Instant) -> Ask {
        let letter = Letter {
            from: &self.from,
            name: "",
            to: std::slice::from_ref(&self.to),
            reply_to: None,
            subject,
            id,
            refs: below,
            at,
            // A machine that answers machines would answer for ever (RFC 3834), Exchange's too.
            heads: &[
                ("Auto-Submitted", "auto-generated".to_owned()),
                ("X-Auto-Response-Suppress", "All".to_owned()),
            ],
            text,
            html: None,
        };
        let message = letter.write().expect("addresses were checked when they were read");
        let (from, to) = (self.from.clone(), vec![self.to.clone()]);
        let act = MailAct::Send { from, to, message, copy: None };
        Ask::mail(MailOp { server: self.server.clone(), act }, 0, ONE)
    }

    /// The id of a mail: the same for the same key, so that a reader can drop what came twice.
    fn id(&self, key: &str) -> String {
        let digest = Sha256::digest(key.as_bytes());
        let hex: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        let domain = self.from.rsplit('@').next().unwrap_or_default();
        format!("ascolto.{hex}@{domain}")
    }
}

impl TicketSystem for Email {
    fn meta(&self) -> &'static TicketMeta {
        &META
    }

    fn settings(&self, table: &toml::Table) -> Result<Box<dyn Any + Send + Sync>, KeyFault> {
        let fault = |key: &str, why: &str| KeyFault { key: key.into(), why: why.into() };
        let raw: Raw = read_settings(table)?;
        for (key, address) in [("to", &raw.to), ("from", &raw.from)] {
            if !is_address(address) {
                return Err(fault(key, "is no address; write one, as in \"care@acme.example\""));
            }
        }
        let Raw { to, from, smtp, user, password, tls } = raw;
        let server = MailServer::submission(&smtp, tls, user, &from, password)?;
        Ok(Box::new(Settings { to, from, server }))
    }

    fn create(&self, ticket: &Ticket, cx: &Ctx<'_>) -> Box<dyn Talk<Filed> + '_> {
        let settings: &Settings = cx.settings();
        let id = settings.id(&ticket.key);
        let text = lines(ticket).join("\n");
        let ask = settings.send(&id, &[], &title(ticket, SUBJECT), &text, cx.now);
        once(ask, move |got| {
            got.mail()?;
            Ok(Filed { remote: id.clone(), ..Filed::default() })
        })
    }

    fn tell(
        &self,
        filed: &Filed,
        key: &str,
        text: &str,
        cx: &Ctx<'_>,
    ) -> Option<Box<dyn Talk<()> + '_>> {
        let settings: &Settings = cx.settings();
        let lines = word(text);
        let subject = lines.first().map_or("Ascolto", String::as_str);
        let below = [filed.remote.clone()];
        let ask = settings.send(&settings.id(key), &below, subject, &lines.join("\n"), cx.now);
        Some(once(ask, |got| got.mail().map(drop)))
    }
}
