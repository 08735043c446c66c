//! `TicketSystem`: one system to which a case is handed over, described and spoken, without I/O.
//!
//! A hand-over is a flag on a case, never an answer: a closed ticket says that the public still
//! waits. Most systems know no idempotency, so a ticket is looked for by its key before it is made.

use super::ask::{BucketRule, Talk};
use super::fault::Fault;
use super::hook::HookRequest;
use super::http::Response;
use super::network::Ctx;
use super::settings::{Key, KeyFault};
use crate::domain::{Instant, Lang, Topic};
use std::any::Any;

/// What a ticket system says of itself.
#[derive(Debug)]
pub struct TicketMeta {
    /// Its name in configuration.
    pub name: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// What it does, for the generated docs page.
    pub about: &'static str,
    /// Address of its API documentation.
    pub docs: &'static str,
    /// Its limits.
    pub buckets: &'static [BucketRule],
    /// Its settings.
    pub keys: &'static [Key],
    /// Whether a ticket's state can be read back; else a person says that it is done.
    pub reads_back: bool,
    /// The system itself lets one key make one ticket, also when it is sent twice.
    pub dedups: bool,
    /// How to have the system call us when a ticket moves, for the generated docs page; empty where
    /// it cannot.
    pub calls: &'static str,
}

/// What is handed over. Text from the network in it is hostile: every system escapes it for its
/// own markup.
#[derive(Clone, Debug)]
pub struct Ticket {
    /// The same for every attempt: `ascolto-` and the case's id, and a number behind it where the
    /// case was handed over there before.
    pub key: String,
    /// The case's id.
    pub case: String,
    /// The language of the people there: of all labels around what was said.
    pub language: Lang,
    /// One line: what it is about.
    pub title: String,
    /// The brand, as people call it.
    pub brand: String,
    /// The network's name for people.
    pub network: String,
    /// Who wrote, as shown there.
    pub author: String,
    /// The author's id there, by which the same customer is the same contact.
    pub author_id: String,
    /// What was said, oldest first, without what is private and may not leave.
    pub said: Vec<TicketWord>,
    /// Something that was said is private, and not in it.
    pub private: bool,
    /// 0 to 3.
    pub severity: u8,
    /// What it is about.
    pub topic: Topic,
    /// When the answer is due.
    pub due: Option<Instant>,
    /// The same in the brand's zone, for people; empty where nothing is due.
    pub due_text: String,
    /// The reply draft, if there is one.
    pub draft: String,
    /// What whoever handed it over wrote.
    pub note: String,
    /// The case in the inbox.
    pub link: String,
}

/// One mention of the case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TicketWord {
    /// When it was written.
    pub at: Instant,
    /// The same in the brand's zone, for people.
    pub time: String,
    /// What was said.
    pub text: String,
    /// The language of it.
    pub language: Lang,
    /// Where it stands.
    pub url: String,
}

/// A ticket that stands there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filed {
    /// Its id there, by which it is asked about.
    pub remote: String,
    /// What people call it (`#4711`, `CARE-24`).
    pub name: String,
    /// Where people see it; empty where there is no such address.
    pub url: String,
}

/// How a ticket stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TicketState {
    /// Somebody works on it, or will.
    Open,
    /// They are done with it there.
    Closed,
    /// It is not there any more.
    Gone,
}

/// What a call from the ticket system comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TicketCall {
    /// It is genuine: these tickets, by their ids there, are to be asked about now.
    Moved(Vec<String>),
    /// It is genuine, and of a system that cannot be asked: so these tickets stand.
    Told(Vec<(String, TicketState)>),
    /// It is not genuine, or nothing that we take. The reason is for our own log.
    Refuse(&'static str),
}

/// One ticket system. Stateless; its settings come in with `Ctx`.
pub trait TicketSystem: Sync {
    /// What it says of itself.
    fn meta(&self) -> &'static TicketMeta;

    /// Reads the settings into their own type.
    fn settings(&self, table: &toml::Table) -> Result<Box<dyn Any + Send + Sync>, KeyFault>;

    /// Looks for the ticket with this key. `None`: the system cannot be searched, or its own
    /// idempotency makes that needless.
    fn find(&self, _ticket: &Ticket, _cx: &Ctx<'_>) -> Option<Box<dyn Talk<Option<Filed>> + '_>> {
        None
    }

    /// Makes the ticket.
    fn create(&self, ticket: &Ticket, cx: &Ctx<'_>) -> Box<dyn Talk<Filed> + '_>;

    /// Asks how a ticket stands. `None`: it cannot be asked. A fault of `Next::Gone` says that it is
    /// not there any more.
    fn state(&self, _filed: &Filed, _cx: &Ctx<'_>) -> Option<Box<dyn Talk<TicketState> + '_>> {
        None
    }

    /// Adds a word to a ticket that stands (the case was answered, withdrawn, moved again).
    /// `None`: it cannot, or nobody would read it.
    fn tell(
        &self,
        _filed: &Filed,
        _key: &str,
        _text: &str,
        _cx: &Ctx<'_>,
    ) -> Option<Box<dyn Talk<()> + '_>> {
        None
    }

    /// What a call from the system comes to; the signature is checked here, in constant time.
    fn hook(&self, _req: &HookRequest<'_>, _cx: &Ctx<'_>) -> TicketCall {
        TicketCall::Refuse("this ticket system sends no calls here")
    }

    /// What an answer means where it is not what RFC 9110 says.
    fn fault(&self, _res: &Response, _cx: &Ctx<'_>) -> Option<Fault> {
        None
    }
}
