//! Replies of a rehearsal: posted to and looked for on a server, where the settings name one; and
//! what stands, asked about again.

use super::Settings;
use crate::domain::time::SECOND;
use crate::domain::{Instant, MentionRef};
use crate::wire::{Ask, Ctx, Fault, Got, Page, Request, Response, Seen, Sent, Step, Talk, Via};
use serde::{Deserialize, Serialize};
use url::Url;

/// How far the server's clock may stand from ours: as far as two instances' clocks may.
const CLOCKS_MS: i64 = 2 * SECOND;

/// A conversation that is over before it begins.
pub(super) struct Already<T>(pub T);

impl<T: Clone + Send> Talk<T> for Already<T> {
    fn start(&mut self, _cx: &Ctx<'_>) -> Step<T> {
        Step::Done(self.0.clone())
    }

    fn read(&mut self, _tag: u8, _got: Got, _cx: &Ctx<'_>) -> Result<Step<T>, Fault> {
        Err(Fault::bug("an answer came to a conversation that asked nothing"))
    }
}

/// Reads mentions again.
pub(super) struct Recheck {
    ids: Vec<String>,
    told: bool,
}

impl Recheck {
    /// A look at these.
    pub fn new(of: &[MentionRef]) -> Recheck {
        Recheck { ids: of.iter().map(|one| one.external_id.clone()).collect(), told: false }
    }
}

impl Talk<()> for Recheck {
    fn start(&mut self, _cx: &Ctx<'_>) -> Step<()> {
        if self.told {
            return Step::Done(());
        }
        Step::Ask(vec![Ask { via: Via::Nothing, tag: 0, spend: &[], auth: true }])
    }

    fn read(&mut self, _tag: u8, _got: Got, cx: &Ctx<'_>) -> Result<Step<()>, Fault> {
        let settings: &Settings = cx.settings();
        if let Some(fault) = settings.world.outage(cx.now) {
            return Err(fault);
        }
        self.told = true;
        let heard = self.ids.iter().filter_map(|id| settings.world.again(id, cx.now)).collect();
        Ok(Step::Page(Page { heard, ..Page::default() }))
    }
}

/// The server's list of posts.
fn posts(base: &Url) -> Url {
    let mut url = base.clone();
    // Only an address that cannot be a base has no path; the settings refuse those.
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().push("posts");
    }
    url
}

fn json<'a, T: Deserialize<'a>>(res: &'a Response) -> Result<T, Fault> {
    serde_json::from_slice(&res.body)
        .map_err(|e| Fault::bug(format!("the rehearsal server's answer cannot be read: {e}")))
}

/// Posts one piece of a reply.
#[derive(Serialize)]
pub(super) struct Post<'a> {
    pub key: &'a str,
    pub parent: &'a str,
    pub author: &'a str,
    pub text: &'a str,
}

impl Post<'_> {
    /// The conversation that posts it.
    pub fn to(&self, base: &Url) -> Posting {
        let request = Request::post_json(posts(base), self).header("idempotency-key", self.key);
        Posting(request)
    }
}

/// A reply on its way.
pub(super) struct Posting(Request);

#[derive(Deserialize)]
struct Posted {
    id: String,
    url: String,
}

impl Talk<Sent> for Posting {
    fn start(&mut self, _cx: &Ctx<'_>) -> Step<Sent> {
        Step::Ask(vec![Ask::open(self.0.clone(), 0)])
    }

    fn read(&mut self, _tag: u8, got: Got, _cx: &Ctx<'_>) -> Result<Step<Sent>, Fault> {
        let res = got.http()?;
        if res.status == 202 {
            return Ok(Step::Done(Sent::Queued));
        }
        let Posted { id, url } = json(&res)?;
        Ok(Step::Done(Sent::Done { external_id: id, url }))
    }
}

/// Looks for one piece of a reply.
pub(super) struct Finding {
    url: Url,
    parent: String,
    authors: Vec<String>,
    text: String,
    since: Instant,
}

#[derive(Deserialize)]
struct Listed {
    id: String,
    parent: Option<String>,
    author: String,
    text: String,
    at: Instant,
    url: String,
}

impl Finding {
    /// A look for `text` by one of `authors` below `parent`, not older than `since`.
    pub fn on(
        base: &Url,
        parent: &str,
        authors: Vec<String>,
        text: &str,
        since: Instant,
    ) -> Finding {
        let mut url = posts(base);
        url.query_pairs_mut().append_pair("parent", parent);
        Finding { url, parent: parent.to_owned(), authors, text: text.to_owned(), since }
    }
}

impl Talk<Seen> for Finding {
    fn start(&mut self, _cx: &Ctx<'_>) -> Step<Seen> {
        Step::Ask(vec![Ask::open(Request::get(self.url.clone()), 0)])
    }

    fn read(&mut self, _tag: u8, got: Got, cx: &Ctx<'_>) -> Result<Step<Seen>, Fault> {
        let res = got.http()?;
        let listed: Vec<Listed> = json(&res)?;
        let range = self.since - CLOCKS_MS..=cx.now + CLOCKS_MS;
        let ours = listed.into_iter().find(|post| {
            self.authors.contains(&post.author)
                && post.parent.as_ref() == Some(&self.parent)
                && post.text == self.text
                && range.contains(&post.at)
        });
        Ok(Step::Done(match ours {
            Some(post) => Seen::There { external_id: post.id, url: post.url, at: post.at },
            None => Seen::Absent { complete: true },
        }))
    }
}
