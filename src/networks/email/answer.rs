//! Conversations, replies, and the look whether a reply was sent.
//!
//! Only the folder of sent mail shows what we answered: anybody can write our address into a
//! mail's `From`, but only we put mail there. A mail that vanished from its folder was filed by a
//! colleague, and was not taken back by its writer.

use super::compose::{Reply, reply_id};
use super::letter::Heads;
use super::settings::Settings;
use super::{CLOCK_SLACK, IMAP, IMAP_SMTP};
use crate::domain::{Instant, MentionRef};
use crate::wire::{
    Ask, Ctx, Fault, Folder, Got, HeaderHolds, MailAct, MailOp, Mailed, Part, RawMail, Seen, Sent,
    Step, Talk, ThreadEntry, ThreadView, is_mail_id,
};
use mail_parser::{Address, MessageParser};

/// Tags of the questions.
const ORIGINAL: u8 = 0;
const ANSWERS: u8 = 1;
const HANDED: u8 = 2;
/// Of a conversation so many mails are read in a folder.
const MOST: u32 = 100;
/// Of the mail itself one is enough; a few copies may lie in several folders.
const COPIES: u32 = 3;

/// The headers of a mail that was found.
struct Found {
    /// Its id, or nothing.
    id: String,
    /// What it answers, the last one directly.
    refs: Vec<String>,
    /// The id by which the writer of a certified mail knows it.
    original: Option<String>,
    subject: String,
    /// Where answers go, in small letters.
    reply_to: Option<String>,
    from: Option<String>,
    /// All receivers, in small letters.
    to: Vec<String>,
    at: Option<Instant>,
    /// An envelope of certified mail, whose `From` is the provider.
    enveloped: bool,
}

impl Found {
    fn read(mail: &RawMail) -> Option<Found> {
        let message = MessageParser::default().parse_headers(mail.bytes.as_slice())?;
        let heads = Heads::of(&message);
        let first = |address: Option<&Address<'_>>| {
            let first = address?.first()?.address.as_deref()?.trim().to_lowercase();
            Some(first).filter(|address| !address.is_empty())
        };
        let mut to = Vec::new();
        for name in ["to", "cc"] {
            to.push(heads.get(name).unwrap_or_default().to_lowercase());
        }
        let mut refs = heads.ids("references");
        refs.extend(heads.ids("in-reply-to"));
        let date = message.date().and_then(|date| date.to_timestamp().checked_mul(1_000));
        Some(Found {
            id: heads.ids("message-id").into_iter().next().unwrap_or_default(),
            refs,
            original: heads.ids("x-riferimento-message-id").into_iter().next(),
            subject: message.subject().unwrap_or_default().to_owned(),
            reply_to: first(message.reply_to()),
            from: first(message.from()),
            to,
            at: mail.received.or(date.map(Instant)),
            enveloped: heads.get("x-trasporto").is_some(),
        })
    }

    /// Whether it went to that address.
    fn went_to(&self, address: &str) -> bool {
        let whole = |text: &str| {
            let mut parts = text.split(|c: char| c.is_whitespace() || "<>,;\"()".contains(c));
            parts.any(|part| part == address)
        };
        self.to.iter().any(|text| whole(text))
    }
}

/// The mails of an answer whose headers can be read.
fn found(got: Got) -> Result<Vec<Found>, Fault> {
    match got.mail()? {
        Mailed::Mails { mails, .. } => Ok(mails.iter().filter_map(Found::read).collect()),
        Mailed::Done => Err(Fault::bug("mails were expected")),
    }
}

fn search(settings: &Settings, folders: Vec<Folder>, any: Vec<HeaderHolds>, limit: u32) -> MailOp {
    MailOp { server: settings.reads(), act: MailAct::Search { folders, any, limit } }
}

fn holds(name: &'static str, id: &str) -> HeaderHolds {
    HeaderHolds { name, value: format!("<{id}>") }
}

/// Looks for the mail itself, wherever it was filed.
fn original(settings: &Settings, of: &MentionRef) -> Ask {
    let mut folders = settings.named();
    folders.push(Folder::Archive);
    let any = vec![holds("Message-ID", &of.external_id)];
    Ask::mail(search(settings, folders, any, COPIES), ORIGINAL, IMAP)
}

/// Reads a conversation anew: what of ours answers a mail.
pub(super) struct Thread {
    of: MentionRef,
    sent: Folder,
    original: Option<Vec<Found>>,
    answers: Option<Vec<Found>>,
}

impl Thread {
    /// The conversation of that mail. `None` where no folder shows what we sent, or where the mail
    /// has no id that an answer could name.
    pub(super) fn new(of: &MentionRef, settings: &Settings) -> Option<Thread> {
        let sent = settings.sent().filter(|_| is_mail_id(&of.external_id))?;
        Some(Thread { of: of.clone(), sent, original: None, answers: None })
    }

    fn view(&self, original: &[Found], answers: &[Found], cx: &Ctx<'_>) -> ThreadView {
        let settings = cx.settings::<Settings>();
        let of = &self.of;
        let entry = |id: &str, author: &str, parent: Option<String>, at| ThreadEntry {
            external_id: id.to_owned(),
            parent_id: parent,
            author_id: author.to_owned(),
            author_handle: author.to_owned(),
            text: String::new(),
            language: None,
            created_at: at,
            edited_at: None,
            url: String::new(),
        };
        let mut entries = vec![entry(&of.external_id, &of.author_id, None, of.created_at)];
        // Answers go where the mail asked for them to go, which may be another address.
        let mut theirs = vec![of.author_id.to_lowercase()];
        theirs.extend(original.iter().filter_map(|mail| mail.reply_to.clone()));
        for mail in answers {
            // A forward to a colleague names the mail too, and answers nobody.
            let at = mail.at.unwrap_or(cx.now).min(cx.now);
            let to_them = theirs.iter().any(|address| mail.went_to(address));
            if to_them && !mail.id.is_empty() && at >= of.created_at - CLOCK_SLACK {
                let parent = Some(of.external_id.clone());
                entries.push(entry(&mail.id, &settings.address, parent, at));
            }
        }
        ThreadView { entries, gone: false, mention: None }
    }
}

impl Talk<ThreadView> for Thread {
    fn start(&mut self, cx: &Ctx<'_>) -> Step<ThreadView> {
        let settings = cx.settings::<Settings>();
        let mut any = Vec::new();
        for id in [&self.of.external_id, &self.of.thread_id] {
            // Of the conversation's first mail only a direct answer speaks to this one too.
            any.push(holds("In-Reply-To", id));
        }
        any.push(holds("References", &self.of.external_id));
        any.retain(|one| one.value.len() > 2 && is_mail_id(one.value.trim_matches(['<', '>'])));
        let answers = search(settings, vec![self.sent.clone()], any, MOST);
        Step::Ask(vec![original(settings, &self.of), Ask::mail(answers, ANSWERS, IMAP)])
    }

    fn read(&mut self, tag: u8, got: Got, cx: &Ctx<'_>) -> Result<Step<ThreadView>, Fault> {
        let mails = found(got)?;
        if tag == ORIGINAL {
            self.original = Some(mails);
        } else {
            self.answers = Some(mails);
        }
        match (&self.original, &self.answers) {
            (Some(original), Some(answers)) => Ok(Step::Done(self.view(original, answers, cx))),
            _ => Ok(Step::Ask(Vec::new())),
        }
    }
}

/// Sends a reply: reads what it answers, then hands it over.
pub(super) struct Post {
    of: MentionRef,
    text: String,
    key: String,
}

impl Post {
    /// The reply to `of`, under an id that follows from the key.
    pub(super) fn new(part: &Part, of: &MentionRef, key: &str) -> Post {
        Post { of: of.clone(), text: part.text.clone(), key: key.to_owned() }
    }

    fn hand_over(&self, mail: &Found, cx: &Ctx<'_>) -> Result<Ask, Fault> {
        let settings = cx.settings::<Settings>();
        let of = &self.of;
        // Of an envelope the provider is the sender; the mention knows who wrote.
        let writer = mail.from.clone().filter(|_| !mail.enveloped);
        let to = mail.reply_to.clone().or(writer).unwrap_or_else(|| of.author_id.clone());
        let mut refs = mail.refs.clone();
        if of.thread_id != of.external_id && !refs.contains(&of.thread_id) {
            refs.insert(0, of.thread_id.clone());
        }
        // Its writer knows a certified mail by the id that it had before it was enveloped.
        let known = [Some(of.external_id.clone()), mail.original.clone()];
        let known = known.into_iter().flatten().collect::<Vec<_>>();
        refs.retain(|id| !known.contains(id));
        refs.extend(known);
        let reply = Reply {
            from: &settings.address,
            name: &settings.name,
            to: &to,
            subject: &mail.subject,
            id: &reply_id(&self.key, settings.domain()),
            refs: &refs,
            at: cx.now,
            text: &self.text,
        };
        let act = MailAct::Send {
            message: reply.write()?,
            from: settings.address.clone(),
            to: vec![to],
            copy: settings.copies(),
        };
        Ok(Ask::mail(MailOp { server: settings.sends(), act }, HANDED, IMAP_SMTP))
    }
}

impl Talk<Sent> for Post {
    fn start(&mut self, cx: &Ctx<'_>) -> Step<Sent> {
        Step::Ask(vec![original(cx.settings(), &self.of)])
    }

    fn read(&mut self, tag: u8, got: Got, cx: &Ctx<'_>) -> Result<Step<Sent>, Fault> {
        if tag == HANDED {
            got.mail()?;
            let external_id = reply_id(&self.key, cx.settings::<Settings>().domain());
            return Ok(Step::Done(Sent::Done { external_id, url: String::new() }));
        }
        let mails = found(got)?;
        let mail = mails.iter().find(|mail| mail.id == self.of.external_id).ok_or_else(|| {
            Fault::refused(
                "the mail that it answers is in none of the folders that are read, nor in the \
                 archive; move it back there, or answer from a mail program",
            )
        })?;
        Ok(Step::Ask(vec![self.hand_over(mail, cx)?]))
    }
}

/// Looks whether a reply was sent: its copy, or a provider's receipt of it.
pub(super) struct Find {
    id: String,
    since: Instant,
}

impl Find {
    /// Looks for the reply of that key, sent about `since` or later.
    pub(super) fn new(key: &str, since: Instant, settings: &Settings) -> Find {
        Find { id: reply_id(key, settings.domain()), since }
    }
}

impl Talk<Seen> for Find {
    fn start(&mut self, cx: &Ctx<'_>) -> Step<Seen> {
        let settings = cx.settings::<Settings>();
        let mut folders: Vec<Folder> = settings.sent().into_iter().collect();
        let mut any = vec![holds("Message-ID", &self.id)];
        if settings.pec {
            // Of a mail that the provider took there is a receipt, with or without a copy.
            folders.extend(settings.named());
            any.push(holds("X-Riferimento-Message-ID", &self.id));
        }
        if folders.is_empty() {
            folders = settings.named();
        }
        Step::Ask(vec![Ask::mail(search(settings, folders, any, COPIES), ANSWERS, IMAP)])
    }

    fn read(&mut self, _tag: u8, got: Got, cx: &Ctx<'_>) -> Result<Step<Seen>, Fault> {
        let in_time = |mail: &&Found| mail.at.is_none_or(|at| at >= self.since - CLOCK_SLACK);
        Ok(Step::Done(match found(got)?.iter().find(in_time) {
            Some(mail) => Seen::There {
                external_id: self.id.clone(),
                url: String::new(),
                at: mail.at.unwrap_or(cx.now).min(cx.now),
            },
            // A mail leaves no trace where no copy is kept: that none is found proves nothing.
            None => Seen::Absent { complete: false },
        }))
    }
}
