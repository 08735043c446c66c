//! Posting one part of a reply: a comment or an answer below a mention.

use super::super::json::{self, Id};
use super::limits::WRITE;
use crate::domain::MentionRef;
use crate::wire::{Ask, Body, Ctx, Fault, Got, Method, Part, Request, Sent, Step, Talk};
use serde::Deserialize;
use url::Url;

/// One part on its way.
pub(in crate::networks) struct Reply {
    /// Where it is posted.
    at: Url,
    /// Where people see it: a comment's own address is not told, the thread's leads there.
    url: String,
    text: String,
}

impl Reply {
    /// The reply below `of`, posted to `at`.
    pub(in crate::networks) fn new(at: Url, part: &Part, of: &MentionRef) -> Reply {
        Reply { at, url: of.url.clone(), text: part.text.clone() }
    }
}

impl Talk<Sent> for Reply {
    fn start(&mut self, _cx: &Ctx<'_>) -> Step<Sent> {
        let form = Body::Form(vec![("message".to_owned(), self.text.clone())]);
        let request = Request { body: form, ..Request::new(Method::Post, self.at.clone()) };
        Step::Ask(vec![Ask::http(request, 0, WRITE)])
    }

    fn read(&mut self, _tag: u8, got: Got, _cx: &Ctx<'_>) -> Result<Step<Sent>, Fault> {
        #[derive(Deserialize)]
        struct Stands {
            id: Id,
        }
        // An answer that cannot be read is no refusal: the reply may stand, and is looked for.
        let stands: Stands = json::answer(&got.http()?.body, "the new comment")?;
        Ok(Step::Done(Sent::Done { external_id: stands.id.0, url: self.url.clone() }))
    }
}
