//! The two conversations of several questions: looking for ours, and opening one.

use super::super::form::{answer, contact, cut, lines, markdown, name};
use super::{NAME, Settings};
use crate::wire::{Ctx, Fault, Filed, Got, Step, Talk, Ticket};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// The attribute of a conversation that bears the key.
const ATTRIBUTE: &str = "ascolto_case";
/// The longest note in UTF-16 units.
const NOTE: usize = 100_000;

/// A list, as most answers are wrapped.
#[derive(Deserialize)]
struct Many<T> {
    payload: Vec<T>,
}

#[derive(Deserialize)]
struct Contact {
    id: u64,
    identifier: Option<String>,
    #[serde(default)]
    contact_inboxes: Vec<Source>,
}

/// A contact in an inbox.
#[derive(Deserialize)]
struct Source {
    source_id: String,
    inbox: Option<Inbox>,
}

#[derive(Deserialize)]
struct Inbox {
    id: u64,
}

#[derive(Deserialize)]
struct Made {
    payload: MadeContact,
}

#[derive(Deserialize)]
struct MadeContact {
    contact: Contact,
    contact_inbox: Option<Source>,
}

/// A conversation as the API tells it.
#[derive(Deserialize)]
pub(super) struct Conversation {
    id: u64,
    /// `open`, `pending`, `snoozed`, `resolved`.
    #[serde(default)]
    pub(super) status: String,
    #[serde(default)]
    custom_attributes: Map<String, Value>,
}

#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    private: bool,
    content: Option<String>,
}

/// What both conversations know.
struct Said {
    key: String,
    identifier: String,
    name: String,
    note: String,
}

impl Said {
    fn of(ticket: &Ticket) -> Said {
        Said {
            key: ticket.key.clone(),
            identifier: contact(ticket),
            name: name(ticket),
            note: cut(&markdown(&lines(ticket)), NOTE),
        }
    }

    /// The contact among those that a search brought.
    fn contact(&self, got: Got) -> Result<Option<Contact>, Fault> {
        let found: Many<Contact> = answer(got, NAME)?;
        let ours = |contact: &Contact| contact.identifier.as_ref() == Some(&self.identifier);
        Ok(found.payload.into_iter().find(ours))
    }
}

/// Contact, its conversations, and whether the note stands in ours.
pub(super) struct Find {
    said: Said,
    conversation: u64,
}

impl Find {
    pub(super) fn new(ticket: &Ticket) -> Find {
        Find { said: Said::of(ticket), conversation: 0 }
    }
}

/// Tags of the questions.
const SEARCH: u8 = 0;
const LIST: u8 = 1;
const MESSAGES: u8 = 2;
const NOTED: u8 = 3;
const CONTACT: u8 = 4;
const INBOX: u8 = 5;
const OPENED: u8 = 6;

impl Talk<Option<Filed>> for Find {
    fn start(&mut self, cx: &Ctx<'_>) -> Step<Option<Filed>> {
        let settings: &Settings = cx.settings();
        Step::Ask(vec![settings.search(&self.said.identifier, SEARCH)])
    }

    fn read(&mut self, tag: u8, got: Got, cx: &Ctx<'_>) -> Result<Step<Option<Filed>>, Fault> {
        let settings: &Settings = cx.settings();
        match tag {
            SEARCH => {
                let Some(contact) = self.said.contact(got)? else { return Ok(Step::Done(None)) };
                let id = contact.id.to_string();
                Ok(Step::Ask(vec![settings.get(&["contacts", &id, "conversations"], &[], LIST)]))
            }
            LIST => {
                let all: Many<Conversation> = answer(got, NAME)?;
                let bears = |one: &&Conversation| {
                    one.custom_attributes.get(ATTRIBUTE).and_then(Value::as_str)
                        == Some(self.said.key.as_str())
                };
                let Some(ours) = all.payload.iter().find(bears) else {
                    return Ok(Step::Done(None));
                };
                self.conversation = ours.id;
                let id = ours.id.to_string();
                let parts = ["conversations", id.as_str(), "messages"];
                Ok(Step::Ask(vec![settings.get(&parts, &[], MESSAGES)]))
            }
            MESSAGES => {
                let all: Many<Message> = answer(got, NAME)?;
                let holds = |text: &String| text.contains(&self.said.key);
                if all.payload.iter().any(|m| m.private && m.content.as_ref().is_some_and(holds)) {
                    return Ok(Step::Done(Some(settings.filed(self.conversation))));
                }
                // It was opened, and the line broke before the note.
                let id = self.conversation.to_string();
                Ok(Step::Ask(vec![settings.note(&id, &self.said.note, NOTED)]))
            }
            _ => Ok(Step::Done(Some(settings.filed(self.conversation)))),
        }
    }
}

/// Contact, conversation, note.
pub(super) struct Create {
    said: Said,
    contact: u64,
    conversation: u64,
}

impl Create {
    pub(super) fn new(ticket: &Ticket) -> Create {
        Create { said: Said::of(ticket), contact: 0, conversation: 0 }
    }

    fn open(&self, settings: &Settings, source: &str) -> Step<Filed> {
        let body = json!({
            "source_id": source,
            "inbox_id": settings.inbox,
            "contact_id": self.contact,
            "custom_attributes": { ATTRIBUTE: self.said.key },
        });
        Step::Ask(vec![settings.post(&["conversations"], &body, OPENED)])
    }

    /// Goes on from a contact that there is, in our inbox or not yet.
    fn with(&mut self, settings: &Settings, contact: Contact) -> Step<Filed> {
        self.contact = contact.id;
        let ours = |source: &&Source| {
            source.inbox.as_ref().is_some_and(|inbox| inbox.id == settings.inbox)
        };
        if let Some(source) = contact.contact_inboxes.iter().find(ours) {
            return self.open(settings, &source.source_id);
        }
        let id = contact.id.to_string();
        let body = json!({ "inbox_id": settings.inbox });
        Step::Ask(vec![settings.post(&["contacts", &id, "contact_inboxes"], &body, INBOX)])
    }
}

impl Talk<Filed> for Create {
    fn start(&mut self, cx: &Ctx<'_>) -> Step<Filed> {
        let settings: &Settings = cx.settings();
        Step::Ask(vec![settings.search(&self.said.identifier, SEARCH)])
    }

    fn read(&mut self, tag: u8, got: Got, cx: &Ctx<'_>) -> Result<Step<Filed>, Fault> {
        let settings: &Settings = cx.settings();
        Ok(match tag {
            SEARCH => match self.said.contact(got)? {
                Some(contact) => self.with(settings, contact),
                None => {
                    let body = json!({
                        "inbox_id": settings.inbox,
                        "name": self.said.name,
                        "identifier": self.said.identifier,
                    });
                    Step::Ask(vec![settings.post(&["contacts"], &body, CONTACT)])
                }
            },
            CONTACT => {
                let Made { payload: MadeContact { contact, contact_inbox } } = answer(got, NAME)?;
                self.contact = contact.id;
                match contact_inbox {
                    Some(source) => self.open(settings, &source.source_id),
                    None => self.with(settings, contact),
                }
            }
            INBOX => {
                let source: Source = answer(got, NAME)?;
                self.open(settings, &source.source_id)
            }
            OPENED => {
                let opened: Conversation = answer(got, NAME)?;
                self.conversation = opened.id;
                let id = opened.id.to_string();
                Step::Ask(vec![settings.note(&id, &self.said.note, NOTED)])
            }
            _ => Step::Done(settings.filed(self.conversation)),
        })
    }
}
