//! Tickets as mails to a mailbox or to the address of a help desk.
//!
//! The Message-ID follows from the key, so a help desk that drops what came twice makes one ticket;
//! none has to. Nothing can be asked: a person says when it is done.

use super::form::{lines, once, title, word};
use super::mail::{Letter, id, is_address};
use crate::domain::time::HOUR;
use crate::wire::{
    Ask, Bucket, BucketRule, Counts, Ctx, Filed, Key, KeyFault, KeyKind, MailAct, MailOp,
    MailServer, Secret, Talk, Ticket, TicketMeta, TicketSystem, Tls, read_settings,
};
use serde::Deserialize;
use std::any::Any;
use url::{Host, Url};

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

/// How the line is kept private.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Private {
    /// As the port says.
    #[default]
    Auto,
    /// TLS from the first byte.
    Implicit,
    /// STARTTLS.
    Starttls,
    /// None; spoken to our own house only.
    None,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    to: String,
    from: String,
    smtp: String,
    user: Option<String>,
    password: Secret,
    #[serde(default)]
    tls: Private,
}

struct Settings {
    to: String,
    from: String,
    server: MailServer,
}

/// Host and port of `mail.example`, `mail.example:587` or `[::1]:587`.
fn place(text: &str) -> Option<(String, u16)> {
    // A URL without a meaning of its own: it knows how hosts and ports are written.
    let url = Url::parse(&format!("mail://{}", text.trim())).ok()?;
    let bare = url.username().is_empty() && url.password().is_none() && url.query().is_none();
    if !bare || !matches!(url.path(), "" | "/") || url.fragment().is_some() {
        return None;
    }
    let host = url.host_str()?.trim_matches(['[', ']']).to_owned();
    let known = host.parse::<std::net::IpAddr>().is_ok() || Host::parse(&host).is_ok();
    known.then(|| (host, url.port().unwrap_or(465)))
}

impl Settings {
    /// The ask that hands a letter over.
    fn send(&self, letter: &Letter<'_>) -> Ask {
        let act = MailAct::Send {
            from: self.from.clone(),
            to: vec![self.to.clone()],
            message: letter.write(),
            copy: None,
        };
        Ask::mail(MailOp { server: self.server.clone(), act }, 0, ONE)
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
        let password = raw.password.expose();
        if password.is_empty() || password.chars().any(char::is_control) {
            return Err(fault("password", "write the account's password, or an app password"));
        }
        let user = raw.user.unwrap_or_else(|| raw.from.clone());
        if user.is_empty() || user.chars().any(char::is_control) {
            return Err(fault("user", "write the account's name, or leave it out"));
        }
        let Some((host, port)) = place(&raw.smtp) else {
            return Err(fault("smtp", "write host or host:port, as in \"smtp.acme.example:587\""));
        };
        let tls = match (raw.tls, port) {
            (Private::Starttls, _) | (Private::Auto, 587 | 25) => Tls::Start,
            (Private::Implicit | Private::Auto, _) => Tls::Implicit,
            (Private::None, _) => Tls::None,
        };
        let server = MailServer { host, port, tls, user, password: raw.password };
        Ok(Box::new(Settings { to: raw.to, from: raw.from, server }))
    }

    fn create(&self, ticket: &Ticket, cx: &Ctx<'_>) -> Box<dyn Talk<Filed> + '_> {
        let settings: &Settings = cx.settings();
        let id = id(&ticket.key, &settings.from);
        let letter = Letter {
            from: &settings.from,
            to: &settings.to,
            subject: &title(ticket, SUBJECT),
            id: &id,
            below: "",
            at: cx.now,
            lines: &lines(ticket),
        };
        let ask = settings.send(&letter);
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
        let letter = Letter {
            from: &settings.from,
            to: &settings.to,
            subject: lines.first().map_or("Ascolto", String::as_str),
            id: &id(key, &settings.from),
            below: &filed.remote,
            at: cx.now,
            lines: &lines,
        };
        Some(once(settings.send(&letter), |got| got.mail().map(drop)))
    }
}
