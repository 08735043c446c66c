//! Threads: what stands above and below a post, as far as the network shows it.
//!
//! A thread is a tree of posts in which deleted and blocked ones leave a mark of their own
//! (docs.bsky.app/docs/api/app-bsky-feed-get-post-thread). Its nodes are read one by one from raw
//! JSON, so neither depth nor one bad node costs the others.

use super::super::json;
use super::wire::View;
use super::{ONE, Settings};
use crate::domain::MentionRef;
use crate::wire::{Ask, Ctx, Fault, Got, Request, Step, Talk, ThreadEntry, ThreadView};
use serde::Deserialize;
use serde_json::value::RawValue;

/// How many levels of answers are asked for; the default of 6 would hide a long exchange.
const DEPTH: &str = "20";
/// How many posts above; the documented default.
const HEIGHT: &str = "80";

/// A node of the tree: a post, or the mark of one that is deleted or blocked.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Node {
    post: Option<Box<RawValue>>,
    parent: Option<Box<RawValue>>,
    replies: Option<Vec<Box<RawValue>>>,
    not_found: Option<bool>,
    blocked: Option<bool>,
}

impl Node {
    fn read(raw: &RawValue) -> Result<Node, Fault> {
        json::entry(raw)
            .map_err(|why| Fault::bug(format!("a part of the thread cannot be read: {why}")))
    }
}

/// Reads one post of a thread. An unreadable one of a stranger is left out; one of ours, or of
/// nobody knows whom, ends the reading, since it could be the answer that is looked for.
fn entry(raw: &RawValue, cx: &Ctx<'_>) -> Result<Option<ThreadEntry>, Fault> {
    #[derive(Deserialize)]
    struct Whose {
        author: Who,
    }
    #[derive(Deserialize)]
    struct Who {
        did: String,
    }
    let why = match json::entry::<View>(raw).and_then(|view| view.thread_entry(cx.now)) {
        Ok(entry) => return Ok(Some(entry)),
        Err(why) => why,
    };
    match json::entry::<Whose>(raw) {
        Ok(whose) if !cx.own.contains(&whose.author.did) => Ok(None),
        _ => Err(Fault::bug(format!("a post of the thread cannot be read: {why}"))),
    }
}

/// Reads a thread anew.
pub(super) struct Thread {
    uri: String,
}

impl Thread {
    /// The thread of that mention.
    pub(super) fn new(of: &MentionRef) -> Thread {
        Thread { uri: of.external_id.clone() }
    }
}

fn view(node: Node, cx: &Ctx<'_>) -> Result<ThreadView, Fault> {
    let Some(post) = node.post else {
        return match (node.not_found, node.blocked) {
            (Some(true), _) => Ok(ThreadView { gone: true, ..ThreadView::default() }),
            // It stands there, only not for us.
            (_, Some(true)) => Ok(ThreadView::default()),
            _ => Err(Fault::bug("the thread has another shape than documented")),
        };
    };
    let mut above = Vec::new();
    let mut next = node.parent;
    while let Some(raw) = next {
        let parent = Node::read(&raw)?;
        if let Some(post) = &parent.post {
            above.extend(entry(post, cx)?);
        }
        next = parent.parent;
    }
    above.reverse();
    let mut entries = above;
    entries.extend(entry(&post, cx)?);
    let mut below: Vec<Box<RawValue>> = node.replies.unwrap_or_default();
    below.reverse();
    while let Some(raw) = below.pop() {
        let reply = Node::read(&raw)?;
        if let Some(post) = &reply.post {
            entries.extend(entry(post, cx)?);
        }
        below.extend(reply.replies.unwrap_or_default().into_iter().rev());
    }
    let mention = json::entry::<View>(&post)
        .and_then(|view| view.mention(cx.now))
        .map_err(|why| Fault::bug(format!("the post cannot be read: {why}")))?;
    Ok(ThreadView { entries, gone: false, mention: Some(Box::new(mention)) })
}

impl Talk<ThreadView> for Thread {
    fn start(&mut self, cx: &Ctx<'_>) -> Step<ThreadView> {
        let mut url = cx.settings::<Settings>().at("app.bsky.feed.getPostThread", cx);
        url.query_pairs_mut()
            .append_pair("uri", &self.uri)
            .append_pair("depth", DEPTH)
            .append_pair("parentHeight", HEIGHT);
        Step::Ask(vec![Ask::http(Request::get(url), 0, ONE)])
    }

    fn read(&mut self, _tag: u8, got: Got, cx: &Ctx<'_>) -> Result<Step<ThreadView>, Fault> {
        #[derive(Deserialize)]
        struct Answer {
            thread: Box<RawValue>,
        }
        let answer: Answer = json::answer(&got.http()?.body, "the thread")?;
        Ok(Step::Done(view(Node::read(&answer.thread)?, cx)?))
    }
}
