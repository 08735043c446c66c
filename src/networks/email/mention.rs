//! A mail as a mention: what was written anew, who wrote it, and all the rest beside it.

use super::cut::own_words;
use super::letter::Letter;
use super::pec::{Certified, Data};
use super::settings::{SENT, Settings};
use super::{CLOCK_SLACK, META};
use crate::domain::mention::TEXT_LIMIT;
use crate::domain::text::{clean, cut_bytes};
use crate::domain::time::DAY;
use crate::domain::{Attachment, Author, Instant, Mark, Mention, MentionKind, Visibility};
use crate::wire::{Ctx, Heard, RawMail, is_mail_id};
use serde::Serialize;

/// So much of a mail that cannot be read is kept.
const BROKEN: usize = 256 * 1024;
/// A date that differs more from the day the mail came in is no date of it.
const OLDEST: i64 = 30 * DAY;

/// Where a mail lies.
pub(super) struct Place<'a> {
    /// The lane that reads it.
    pub lane: &'a str,
    /// The folder's UIDVALIDITY.
    pub validity: u32,
}

/// What is kept of a mail beside the mention.
#[derive(Serialize)]
struct Native<'a> {
    folder: &'a str,
    validity: u32,
    uid: u32,
    subject: &'a str,
    references: &'a [String],
    /// All that was written, with quotes and signature.
    text: &'a str,
    /// Longer than is read: the rest is on the server only.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    cut: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    automatic: Option<&'static str>,
    /// It says that it is a receipt of this kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt: Option<&'a str>,
    /// It came as certified mail.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    formal: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    certified: Option<&'a Data>,
}

/// What was heard by one mail.
pub(super) fn heard(mail: &RawMail, place: &Place<'_>, cx: &Ctx<'_>) -> Heard {
    let settings = cx.settings::<Settings>();
    let origin = settings.address.clone();
    let letter = match Letter::read(&mail.bytes) {
        Ok(letter) => letter,
        Err(why) => {
            let raw = mail.bytes[..mail.bytes.len().min(BROKEN)].to_vec();
            return Heard::Broken { raw, why: format!("mail {}: {why}", mail.uid) };
        }
    };
    let ours = cx.own.contains(&letter.from.address) || place.lane == SENT;
    let receipt = settings.pec && matches!(letter.certified, Certified::Receipt { .. });
    if ours || receipt {
        return Heard::Own { origin, external_id: letter.id };
    }
    match mention(mail, place, letter, origin, cx).checked() {
        Ok(mention) => Heard::Mention(mention),
        Err(why) => {
            let raw = mail.bytes[..mail.bytes.len().min(BROKEN)].to_vec();
            Heard::Broken { raw, why }
        }
    }
}

fn mention(
    mail: &RawMail,
    place: &Place<'_>,
    letter: Letter,
    origin: String,
    cx: &Ctx<'_>,
) -> Mention {
    let cut = mail.size > u64::try_from(mail.bytes.len()).unwrap_or(u64::MAX);
    let (formal, certified) = match &letter.certified {
        Certified::Envelope(data) => (true, Some(data)),
        Certified::No | Certified::Anomaly | Certified::Receipt { .. } => (false, None),
    };
    // A receipt in an ordinary mailbox is a machine's word, and may be anybody's.
    let receipt = match &letter.certified {
        Certified::Receipt { kind } => Some(kind.as_str()),
        Certified::No | Certified::Envelope(_) | Certified::Anomaly => None,
    };
    let automatic = letter.automatic.or(receipt.map(|_| "receipt"));
    let mut marks = Vec::new();
    marks.extend(automatic.map(|_| Mark::Automatic));
    marks.extend(formal.then_some(Mark::Formal));
    let mut whole = letter.text.clone();
    clean(&mut whole);
    cut_bytes(&mut whole, TEXT_LIMIT);
    let native = Native {
        folder: &mail.folder,
        validity: place.validity,
        uid: mail.uid,
        subject: &letter.subject,
        references: &letter.refs,
        text: &whole,
        cut,
        automatic,
        receipt,
        formal,
        certified,
    };
    let native = serde_json::value::to_raw_value(&native).ok();
    let mut attachments = letter.attachments.clone();
    if cut {
        let kind = "the rest of the mail: too large".to_owned();
        attachments.push(Attachment { kind, url: String::new() });
    }
    Mention {
        network: META.name.to_owned(),
        origin,
        kind: MentionKind::Mail,
        visibility: Visibility::Private,
        author: Author {
            id: letter.from.address.clone(),
            handle: letter.from.address.clone(),
            name: letter.from.name.clone(),
            followers: None,
        },
        text: words(&letter),
        language: None,
        rating: None,
        created_at: written(&letter, mail, cx),
        edited_at: None,
        url: if is_mail_id(&letter.id) { format!("mid:{}", letter.id) } else { String::new() },
        thread_id: letter.thread().to_owned(),
        parent_id: letter.parent.clone(),
        attachments,
        reach: None,
        marks,
        native,
        external_id: letter.id,
    }
}

/// What was written anew. The subject says something where the mail begins a conversation; in an
/// answer it is what somebody wrote before.
fn words(letter: &Letter) -> String {
    let text = own_words(&letter.text);
    let subject = letter.subject.trim();
    if letter.parent.is_some() && !text.is_empty()
        || subject.is_empty()
        || text.starts_with(subject)
    {
        return text;
    }
    format!("{subject}\n\n{text}").trim_end().to_owned()
}

/// When it was written: by its own date, where the server's day of arrival bears that out.
fn written(letter: &Letter, mail: &RawMail, cx: &Ctx<'_>) -> Instant {
    let arrived = mail.received.unwrap_or(cx.now).min(cx.now);
    let likely = |at: &Instant| *at >= arrived - OLDEST && *at <= arrived + CLOCK_SLACK;
    letter.date.filter(likely).unwrap_or(arrived)
}
