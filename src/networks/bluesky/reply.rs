//! Replies: posted under a key of ours, after a look whether that key is taken.
//!
//! A key that is taken cannot be written again: the reference server answers 500 and nothing
//! changes. So a second attempt never makes a second post, and the look before tells an attempt
//! that came through from one that did not. The look asks the account's own repository, which is
//! the truth, for the record at or below the key (`com.atproto.repo.listRecords`, newest key
//! first): `getRecord` would answer an absent one with an error.

use super::super::json;
use super::record::{self, Facet};
use super::wire::{self, POST, Record, Reply, StrongRef, View};
use super::{CREATE, ONE, Settings};
use crate::domain::time::MINUTE;
use crate::domain::{Instant, MentionRef};
use crate::wire::{Ask, Ctx, Fault, Got, Next, Part, Request, Seen, Sent, Step, Talk};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// Tags of the questions.
const PARENT: u8 = 0;
const LOOK: u8 = 1;
const WRITE: u8 = 2;
/// How far an instance's clock may stand from another's.
const CLOCK_SLACK: i64 = MINUTE;

/// Our own repository: the session's DID, or the handle, which servers take too.
fn repo<'a>(cx: &Ctx<'a>) -> &'a str {
    let own = cx.session.and_then(|session| session.own.first());
    own.map_or(cx.settings::<Settings>().handle.as_str(), String::as_str)
}

/// A record of ours that is to stand, or stands, under a key.
struct Slot {
    rkey: String,
    text: String,
    parent: String,
}

/// What stands in the slot.
enum Found {
    /// What was to stand there.
    It { uri: String, at: Option<Instant> },
    /// Nothing.
    Nothing,
    /// Something else, or nobody can tell.
    Unclear,
}

impl Slot {
    fn new(part: &Part, of: &MentionRef, key: &str) -> Slot {
        let (text, parent) = (part.text.clone(), of.external_id.clone());
        Slot { rkey: record::rkey(key), text, parent }
    }

    fn look(&self, cx: &Ctx<'_>) -> Ask {
        let mut url = cx.settings::<Settings>().at("com.atproto.repo.listRecords", cx);
        url.query_pairs_mut()
            .append_pair("repo", repo(cx))
            .append_pair("collection", POST)
            .append_pair("limit", "1")
            // The list goes on below its cursor; nothing stands between the key and this.
            .append_pair("cursor", &format!("{}z", self.rkey));
        Ask::http(Request::get(url), LOOK, ONE)
    }

    fn found(&self, body: &[u8]) -> Result<Found, Fault> {
        #[derive(Deserialize)]
        struct List {
            records: Vec<Stands>,
        }
        #[derive(Deserialize)]
        struct Stands {
            uri: String,
            value: Box<RawValue>,
        }
        let list: List = json::answer(body, "our own posts")?;
        let Some(newest) = list.records.into_iter().next() else { return Ok(Found::Nothing) };
        let rkey = wire::rkey(&newest.uri);
        if rkey != self.rkey {
            // Above the key: the server does not list as the reference server does.
            let below = rkey < self.rkey.as_str();
            return Ok(if below { Found::Nothing } else { Found::Unclear });
        }
        let Ok(record) = json::entry::<Record>(&newest.value) else { return Ok(Found::Unclear) };
        let parent = record.reply.as_ref().map(|reply| reply.parent.uri.as_str());
        if parent != Some(self.parent.as_str()) || record.text != self.text {
            return Ok(Found::Unclear);
        }
        Ok(Found::It { at: record.created_at(), uri: newest.uri })
    }
}

/// Where a person sees a post of ours.
fn url(uri: &str, cx: &Ctx<'_>) -> String {
    wire::address(&cx.settings::<Settings>().handle, repo(cx), uri)
}

/// Posts one part of a reply.
pub(super) struct Post {
    slot: Slot,
    root: String,
    facets: Vec<Facet>,
    reply: Option<Reply>,
    found: Option<Found>,
}

impl Post {
    /// The reply below `of`.
    pub(super) fn new(part: &Part, of: &MentionRef, key: &str) -> Post {
        Post {
            slot: Slot::new(part, of, key),
            root: of.thread_id.clone(),
            facets: record::facets(&part.text, of),
            reply: None,
            found: None,
        }
    }

    /// Where the reply will stand: below the parent as it is now, in the parent's conversation.
    fn place(&self, body: &[u8]) -> Result<Reply, Fault> {
        #[derive(Deserialize)]
        struct Posts {
            posts: Vec<Box<RawValue>>,
        }
        let posts: Posts = json::answer(body, "the post to answer")?;
        let views: Vec<View> =
            posts.posts.iter().filter_map(|raw| json::entry::<View>(raw).ok()).collect();
        let by_uri = |uri: &str| views.iter().find(|view| view.uri == uri);
        let Some(parent) = by_uri(&self.slot.parent) else {
            let why = "the post is deleted, or its author blocks the brand";
            return Err(Fault::new(Next::Gone, why));
        };
        if parent.is_barred() {
            return Err(Fault::refused("the author blocks the brand"));
        }
        if parent.takes_no_reply() {
            return Err(Fault::refused("the author has limited who may answer there"));
        }
        let strong = |view: &View| StrongRef { uri: view.uri.clone(), cid: view.cid.clone() };
        let read = parent
            .post()
            .map_err(|why| Fault::bug(format!("the post to answer cannot be read: {why}")))?;
        let root = match read.reply {
            None => strong(parent),
            // As it is now; as the parent has it where it is gone.
            Some(reply) => {
                by_uri(&reply.root.uri).map(strong).unwrap_or_else(|| reply.root.clone())
            }
        };
        Ok(Reply { root, parent: strong(parent) })
    }

    fn write(&self, reply: &Reply, cx: &Ctx<'_>) -> Ask {
        #[derive(Serialize)]
        struct Create<'a> {
            repo: &'a str,
            collection: &'a str,
            rkey: &'a str,
            record: NewPost<'a>,
        }
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct NewPost<'a> {
            #[serde(rename = "$type")]
            kind: &'a str,
            text: &'a str,
            /// Of whichever attempt comes through: there is one record only.
            created_at: Instant,
            #[serde(skip_serializing_if = "Option::is_none")]
            facets: Option<&'a [Facet]>,
            reply: &'a Reply,
        }
        let record = NewPost {
            kind: POST,
            text: &self.slot.text,
            created_at: cx.now,
            facets: (!self.facets.is_empty()).then_some(self.facets.as_slice()),
            reply,
        };
        let body = Create { repo: repo(cx), collection: POST, rkey: &self.slot.rkey, record };
        let address = cx.settings::<Settings>().at("com.atproto.repo.createRecord", cx);
        Ask::http(Request::post_json(address, &body), WRITE, CREATE)
    }
}

impl Talk<Sent> for Post {
    fn start(&mut self, cx: &Ctx<'_>) -> Step<Sent> {
        let mut address = cx.settings::<Settings>().at("app.bsky.feed.getPosts", cx);
        address.query_pairs_mut().append_pair("uris", &self.slot.parent);
        if self.root.starts_with("at://") && self.root != self.slot.parent {
            address.query_pairs_mut().append_pair("uris", &self.root);
        }
        Step::Ask(vec![Ask::http(Request::get(address), PARENT, ONE), self.slot.look(cx)])
    }

    fn read(&mut self, tag: u8, got: Got, cx: &Ctx<'_>) -> Result<Step<Sent>, Fault> {
        let body = got.http()?.body;
        match tag {
            PARENT => self.reply = Some(self.place(&body)?),
            LOOK => self.found = Some(self.slot.found(&body)?),
            _ => {
                #[derive(Deserialize)]
                struct Created {
                    uri: String,
                }
                // An answer that cannot be read is no refusal: the post may stand, and is
                // looked for.
                let created: Created = json::answer(&body, "the new post")?;
                let url = url(&created.uri, cx);
                return Ok(Step::Done(Sent::Done { external_id: created.uri, url }));
            }
        }
        let (Some(reply), Some(found)) = (&self.reply, &self.found) else {
            return Ok(Step::Ask(Vec::new()));
        };
        Ok(match found {
            // An earlier attempt came through.
            Found::It { uri, .. } => {
                Step::Done(Sent::Done { external_id: uri.clone(), url: url(uri, cx) })
            }
            // If something stands there all the same, the server refuses to write over it.
            Found::Nothing | Found::Unclear => Step::Ask(vec![self.write(reply, cx)]),
        })
    }
}

/// Looks whether a part of a reply stands.
pub(super) struct Find {
    slot: Slot,
    since: Instant,
}

impl Find {
    /// Looks for `part` below `of`, posted about `since` or later.
    pub(super) fn new(part: &Part, of: &MentionRef, key: &str, since: Instant) -> Find {
        Find { slot: Slot::new(part, of, key), since }
    }
}

impl Talk<Seen> for Find {
    fn start(&mut self, cx: &Ctx<'_>) -> Step<Seen> {
        Step::Ask(vec![self.slot.look(cx)])
    }

    fn read(&mut self, _tag: u8, got: Got, cx: &Ctx<'_>) -> Result<Step<Seen>, Fault> {
        let seen = match self.slot.found(&got.http()?.body)? {
            Found::It { uri, at: Some(at) } if at >= self.since - CLOCK_SLACK => {
                Seen::There { url: url(&uri, cx), external_id: uri, at }
            }
            Found::Nothing => Seen::Absent { complete: true },
            Found::It { .. } | Found::Unclear => Seen::Absent { complete: false },
        };
        Ok(Step::Done(seen))
    }
}
