//! Replies: a message below what is answered.
//!
//! A repeated request makes a second message, and a bot cannot read what it wrote: what is
//! uncertain is for a person to decide.

use super::super::json::{self, Id};
use super::wire::{Chat, TOPIC, address};
use super::{MESSAGE, Settings};
use crate::domain::MentionRef;
use crate::wire::{Ask, Ctx, Fault, Got, Part, Request, Sent, Step, Talk};
use serde::{Deserialize, Serialize};

/// Posts one part of a reply.
pub(super) struct Reply {
    chat: String,
    message: String,
    topic: Option<i64>,
    person: String,
    text: String,
}

impl Reply {
    /// The reply below `of`.
    pub(super) fn new(part: &Part, of: &MentionRef) -> Reply {
        Reply {
            chat: of.origin.clone(),
            message: of.external_id.clone(),
            topic: of.thread_id.strip_prefix(TOPIC).and_then(|topic| topic.parse().ok()),
            person: of.author_handle.clone(),
            text: part.text.clone(),
        }
    }
}

impl Talk<Sent> for Reply {
    fn start(&mut self, cx: &Ctx<'_>) -> Step<Sent> {
        #[derive(Serialize)]
        struct New<'a> {
            chat_id: i64,
            #[serde(skip_serializing_if = "Option::is_none")]
            message_thread_id: Option<i64>,
            /// Without `parse_mode`: what a person wrote is text and nothing else.
            text: &'a str,
            reply_parameters: Below,
        }
        #[derive(Serialize)]
        struct Below {
            message_id: i64,
            /// Else an answer to a deleted message would stand there alone.
            allow_sending_without_reply: bool,
        }
        // What is no number was not heard on Telegram; it refuses 0 and says why.
        let number = |id: &str| id.parse().unwrap_or(0);
        let new = New {
            chat_id: number(&self.chat),
            message_thread_id: self.topic,
            text: &self.text,
            reply_parameters: Below {
                message_id: number(&self.message),
                allow_sending_without_reply: false,
            },
        };
        let url = cx.settings::<Settings>().at("sendMessage");
        Step::Ask(vec![Ask::http(Request::post_json(url, &new), 0, MESSAGE)])
    }

    fn read(&mut self, _tag: u8, got: Got, cx: &Ctx<'_>) -> Result<Step<Sent>, Fault> {
        #[derive(Deserialize)]
        struct Answer {
            result: Stands,
        }
        #[derive(Deserialize)]
        struct Stands {
            message_id: Id,
            chat: Chat,
        }
        // An answer that cannot be read is no refusal: the message may stand.
        let Answer { result } = json::answer(&got.http()?.body, "the new message")?;
        let id = result.message_id.0;
        let person = Some(self.person.as_str()).filter(|_| !self.chat.starts_with('-'));
        let url = address(&result.chat, &id, person, cx);
        Ok(Step::Done(Sent::Done { external_id: id, url }))
    }
}
