//! One mail as it was read: who wrote what in answer to which, and whether a machine did.

use super::super::html::{Invisible, to_text};
use super::pec::{self, Certified};
use crate::domain::text::one_line;
use crate::domain::{Attachment, Instant};
use crate::wire::is_mail_id;
use mail_parser::{Message, MessageParser, MessagePart, MimeHeaders, PartType};
use sha2::{Digest, Sha256};

/// More of them say nothing more about the conversation.
const MOST_IDS: usize = 100;
/// So many attachments are listed.
const MOST_ATTACHMENTS: usize = 50;

/// The headers of a mail, names in small letters, values on one line.
pub(super) struct Heads(Vec<(String, String)>);

impl Heads {
    pub fn of(message: &Message<'_>) -> Heads {
        let line = |value: &str| value.split_whitespace().collect::<Vec<_>>().join(" ");
        let heads = message.headers_raw();
        Heads(heads.map(|(name, value)| (name.to_ascii_lowercase(), line(value))).collect())
    }

    /// The first header of that name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// All ids in the headers of that name.
    pub fn ids(&self, name: &str) -> Vec<String> {
        let values = self.0.iter().filter(|(n, _)| n == name);
        values.flat_map(|(_, value)| ids(value)).take(MOST_IDS).collect()
    }
}

/// The ids in a header, without their brackets.
fn ids(value: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = value;
    while let Some((_, after)) = rest.split_once('<') {
        let Some((id, after)) = after.split_once('>') else { break };
        found.push(id.trim().to_owned());
        rest = after;
    }
    found.retain(|id| is_mail_id(id));
    found
}

/// Who wrote.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Writer {
    /// The address in small letters.
    pub address: String,
    /// The name, on one line.
    pub name: String,
}

/// A mail as it was read.
#[derive(Debug)]
pub(super) struct Letter {
    /// Its id: its own, else one made of what it holds.
    pub id: String,
    /// What it answers, the first of the conversation first; of a certified mail its original's
    /// own id too, by which its writer knows it.
    pub refs: Vec<String>,
    /// What it answers directly.
    pub parent: Option<String>,
    pub from: Writer,
    pub subject: String,
    pub date: Option<Instant>,
    /// All its text, quotes and signature too.
    pub text: String,
    pub attachments: Vec<Attachment>,
    /// Why a machine wrote it.
    pub automatic: Option<&'static str>,
    pub certified: Certified,
}

impl Letter {
    /// Reads a mail. A certified one is read from inside of its envelope.
    ///
    /// # Errors
    /// Why it cannot be read, for a person.
    pub fn read(bytes: &[u8]) -> Result<Letter, String> {
        let parser = MessageParser::default();
        let outer = parser.parse(bytes).ok_or("it has no headers, so it is no mail")?;
        let heads = Heads::of(&outer);
        let certified = pec::certified(&outer, &heads);
        let inside = match certified {
            Certified::Envelope(_) | Certified::Anomaly => pec::original(&outer),
            Certified::No | Certified::Receipt { .. } => None,
        };
        let (message, inner) = match inside {
            Some(inside) => (inside, Heads::of(inside)),
            None => (&outer, Heads::of(&outer)),
        };
        let from = writer(message).ok_or("nobody is named as its sender")?;
        let (subject, text) = (subject(message), text(message));
        let date = date(message).or_else(|| date(&outer));
        let id = heads.ids("message-id").into_iter().next();
        let id = id.unwrap_or_else(|| made_id(date, &from, &subject, &text));
        let mut refs = inner.ids("references");
        refs.extend(inner.ids("in-reply-to"));
        let parent = refs.last().cloned();
        if inside.is_some() {
            refs.extend(inner.ids("message-id"));
        }
        let mut seen = std::collections::HashSet::new();
        refs.retain(|one| *one != id && seen.insert(one.clone()));
        let automatic = automatic(&inner, &from, message);
        Ok(Letter {
            id,
            refs,
            parent,
            from,
            subject,
            date,
            text,
            attachments: attachments(message),
            automatic,
            certified,
        })
    }

    /// The conversation: the first mail of it that is known.
    pub fn thread(&self) -> &str {
        self.refs.first().unwrap_or(&self.id)
    }
}

fn writer(message: &Message<'_>) -> Option<Writer> {
    let first = message.from()?.first()?;
    let address = first.address.as_deref()?.trim().to_lowercase();
    let name = one_line(first.name.as_deref().unwrap_or_default(), 100);
    (!address.is_empty()).then_some(Writer { address, name })
}

fn subject(message: &Message<'_>) -> String {
    one_line(message.subject().unwrap_or_default(), 300)
}

fn date(message: &Message<'_>) -> Option<Instant> {
    let seconds = message.date()?.to_timestamp();
    Some(Instant(seconds.checked_mul(1_000)?))
}

/// The text that people read: plain where there is some, else what the HTML shows.
fn text(message: &Message<'_>) -> String {
    let piece = |part: &MessagePart<'_>| match &part.body {
        PartType::Text(text) => text.replace("\r\n", "\n").trim_end().to_owned(),
        PartType::Html(html) => to_text(html, Invisible::Drop).trim_end().to_owned(),
        _ => String::new(),
    };
    let said = |pieces: Vec<String>| {
        pieces.into_iter().filter(|piece| !piece.trim().is_empty()).collect::<Vec<_>>().join("\n")
    };
    let plain = said(message.text_bodies().map(piece).collect());
    if plain.is_empty() { said(message.html_bodies().map(piece).collect()) } else { plain }
}

fn attachments(message: &Message<'_>) -> Vec<Attachment> {
    let kind = |part: &MessagePart<'_>| {
        let name = part.attachment_name().map(|name| one_line(name, 100));
        let of = part.content_type().map(|of| match of.subtype() {
            Some(sub) => format!("{}/{sub}", of.ctype()),
            None => of.ctype().to_owned(),
        });
        name.filter(|name| !name.is_empty()).or(of).unwrap_or_else(|| "file".to_owned())
    };
    let listed = message.attachments().take(MOST_ATTACHMENTS);
    listed.map(|part| Attachment { kind: kind(part), url: String::new() }).collect()
}

/// An id for a mail without one: the same mail has it again.
fn made_id(date: Option<Instant>, from: &Writer, subject: &str, text: &str) -> String {
    let mut digest = Sha256::new();
    let date = date.map(|date| date.to_string()).unwrap_or_default();
    for piece in [date.as_str(), &from.address, subject, text] {
        digest.update(u64::try_from(piece.len()).unwrap_or_default().to_be_bytes());
        digest.update(piece);
    }
    let hex: String = digest.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("none.{hex}")
}

/// Why a machine wrote it (RFC 3834 and what programs add to it), if one did.
fn automatic(heads: &Heads, from: &Writer, message: &Message<'_>) -> Option<&'static str> {
    let says = |name: &str, words: &[&str]| {
        let value = heads.get(name).unwrap_or_default().to_ascii_lowercase();
        let word = value.split(';').next().unwrap_or_default().trim().to_owned();
        words.contains(&word.as_str())
    };
    let submitted = heads.get("auto-submitted").is_some() && !says("auto-submitted", &["no"]);
    let who = from.address.split('@').next().unwrap_or_default();
    let report = message.root_part().content_type().is_some_and(|of| {
        of.ctype() == "multipart" && of.subtype().is_some_and(|sub| sub == "report")
    });
    let has = |name: &str| heads.get(name).is_some();
    if submitted {
        Some("auto-submitted")
    } else if report || matches!(who, "mailer-daemon" | "postmaster") {
        Some("report")
    } else if says("precedence", &["bulk", "list", "junk", "auto_reply"]) {
        Some("precedence")
    } else if has("list-id") || has("list-unsubscribe") {
        Some("list")
    } else if has("x-autoreply") || has("x-autorespond") || has("x-auto-response-suppress") {
        Some("autoreply")
    } else if heads.get("return-path").is_some_and(|path| path == "<>") {
        Some("no-return")
    } else if matches!(who, "no-reply" | "noreply" | "donotreply" | "do-not-reply") {
        Some("no-reply")
    } else {
        None
    }
}
