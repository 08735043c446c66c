//! Replies: whether X allows one, the post itself, and the look whether it stands.
//!
//! Since February 2026 an app may answer only who mentioned the profile or quoted a post of it
//! (docs.x.com, changelog); Enterprise apps are exempt. So the post is looked up first, which
//! also gives the version to answer: X refuses an answer to an old one.

use super::super::json::{self, Id};
use super::answer::{look_up, post};
use super::limits::{ACCOUNT_ONE, POST_ONE, TIMELINE_ONE};
use super::page;
use super::settings::Settings;
use super::wire::{Known, Post, address};
use crate::domain::time::MINUTE;
use crate::domain::{Instant, MentionRef};
use crate::wire::{Ask, Ctx, Fault, Got, Next, Part, Request, Seen, Sent, Step, Talk};
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

/// Tags of the questions.
const LOOK: u8 = 0;
const WHO: u8 = 1;
const SEND: u8 = 2;
/// How far X's clock may lag behind ours when our own post is looked for.
const CLOCK_SLACK: i64 = MINUTE;
/// So many pages of our own posts are looked through.
const PAGES: u32 = 5;

/// Posts one part of a reply.
pub(super) struct Reply {
    id: String,
    url: String,
    text: String,
    /// The version to answer.
    parent: Option<String>,
    /// The token belongs to the profile that is read.
    is_us: bool,
}

impl Reply {
    /// The reply below `of`.
    pub(super) fn new(part: &Part, of: &MentionRef) -> Reply {
        let (id, url, text) = (of.external_id.clone(), of.url.clone(), part.text.clone());
        Reply { id, url, text, parent: None, is_us: false }
    }

    /// The version to answer, or why nobody may.
    fn judge(&self, body: &[u8], cx: &Ctx<'_>) -> Result<String, Fault> {
        let settings = cx.settings::<Settings>();
        let Some((post, known)) = page::looked_up(body)? else {
            return Err(Fault::new(Next::Gone, "X does not show the post any more"));
        };
        let us = settings.profile(cx);
        if !settings.enterprise && !post.summons(&us, &settings.handle, &known) {
            return Err(Fault::refused(format!(
                "X lets an app answer only who mentioned or quoted the brand; answer by hand: {}",
                self.url
            )));
        }
        Ok(post.newest().to_owned())
    }

    fn send(&self, parent: &str, settings: &Settings) -> Ask {
        #[derive(Serialize)]
        struct New<'a> {
            text: &'a str,
            reply: Below<'a>,
        }
        #[derive(Serialize)]
        struct Below<'a> {
            in_reply_to_tweet_id: &'a str,
        }
        let new = New { text: &self.text, reply: Below { in_reply_to_tweet_id: parent } };
        Ask::http(Request::post_json(settings.at(&["tweets"]), &new), SEND, POST_ONE)
    }
}

impl Talk<Sent> for Reply {
    fn start(&mut self, cx: &Ctx<'_>) -> Step<Sent> {
        let settings = cx.settings::<Settings>();
        let me = Request::get(settings.at(&["users", "me"]));
        Step::Ask(vec![look_up(&self.id, true, LOOK, settings), Ask::http(me, WHO, ACCOUNT_ONE)])
    }

    fn read(&mut self, tag: u8, got: Got, cx: &Ctx<'_>) -> Result<Step<Sent>, Fault> {
        #[derive(Deserialize)]
        struct Answer {
            data: Stands,
        }
        #[derive(Deserialize)]
        struct Stands {
            id: Id,
        }
        let settings = cx.settings::<Settings>();
        let body = got.http()?.body;
        match tag {
            LOOK => self.parent = Some(self.judge(&body, cx)?),
            WHO => {
                let who: Answer = json::answer(&body, "the token's profile")?;
                self.is_us = who.data.id.0 == settings.profile(cx);
                if !self.is_us {
                    return Err(Fault::refused(format!(
                        "the refresh token belongs to another profile than @{}; connect that one",
                        settings.handle
                    )));
                }
            }
            _ => {
                // An answer that cannot be read is no refusal: the post may stand, and is
                // looked for.
                let stands: Answer = json::answer(&body, "the new post")?;
                let id = stands.data.id.0;
                let url = address(&settings.handle, &id);
                return Ok(Step::Done(Sent::Done { external_id: id, url }));
            }
        }
        Ok(Step::Ask(match &self.parent {
            Some(parent) if self.is_us => vec![self.send(parent, settings)],
            _ => Vec::new(),
        }))
    }
}

/// Looks whether a part of a reply stands: in our own timeline, which shows it at once.
pub(super) struct Find {
    parent: String,
    text: String,
    since: Instant,
    token: Option<String>,
    pages: u32,
}

impl Find {
    /// Looks for `part` below `of`, posted about `since` or later.
    pub(super) fn new(part: &Part, of: &MentionRef, since: Instant) -> Find {
        let parent = of.external_id.clone();
        Find { parent, text: plain(&part.text), since, token: None, pages: 0 }
    }

    fn is_it(&self, post: &Post, known: &Known, settings: &Settings, cx: &Ctx<'_>) -> bool {
        let parent = post.reference("replied_to");
        settings.is_own(&post.author_id.0, cx)
            && parent.is_some_and(|id| id == self.parent || known.chain(id) == self.parent)
            && post.created_at >= self.since - CLOCK_SLACK
            && plain(&post.text()) == self.text
    }
}

impl Talk<Seen> for Find {
    fn start(&mut self, cx: &Ctx<'_>) -> Step<Seen> {
        let settings = cx.settings::<Settings>();
        let mut url = settings.at(&["users", &settings.profile(cx), "tweets"]);
        {
            let mut pairs = url.query_pairs_mut();
            pairs.append_pair("max_results", "100");
            let from = super::listen::seconds(self.since - CLOCK_SLACK, 0);
            pairs.append_pair("start_time", &from);
            if let Some(token) = &self.token {
                pairs.append_pair("pagination_token", token);
            }
        }
        settings.ask_for_posts(&mut url, true);
        Step::Ask(vec![Ask::http(Request::get(url), LOOK, TIMELINE_ONE)])
    }

    fn read(&mut self, _tag: u8, got: Got, cx: &Ctx<'_>) -> Result<Step<Seen>, Fault> {
        let settings = cx.settings::<Settings>();
        let listing = page::listing(&got.http()?.body, "our own posts")?;
        for raw in &listing.entries {
            let Some(post) = post(raw, settings, cx)? else { continue };
            if self.is_it(&post, &listing.known, settings, cx) {
                return Ok(Step::Done(Seen::There {
                    url: address(&settings.handle, &post.id.0),
                    external_id: post.chain().to_owned(),
                    at: post.created_at,
                }));
            }
        }
        self.pages += 1;
        if listing.next.is_some() && listing.next != self.token && self.pages < PAGES {
            self.token = listing.next;
            return Ok(self.start(cx));
        }
        Ok(Step::Done(Seen::Absent { complete: listing.next.is_none() }))
    }
}

/// Whether X makes a link of something in the text, as far as a scheme or `www.` tells.
pub(super) fn has_link(text: &str) -> bool {
    let text = text.to_lowercase();
    text.contains("http://") || text.contains("https://") || text.contains("www.")
}

/// A text as it can be compared: without the handles that X puts before a reply, links without
/// what X adds to them, white space folded, one Unicode form.
fn plain(text: &str) -> String {
    let text: String = text.nfc().collect();
    let words = text.split_whitespace().skip_while(|word| word.starts_with('@') && word.len() > 1);
    let bare = |word: &str| {
        let rest = word.strip_prefix("https://").or_else(|| word.strip_prefix("http://"));
        rest.unwrap_or(word).trim_end_matches('/').to_owned()
    };
    words.map(bare).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_compare_as_x_shows_them() {
        let posted = "Ci dispiace, scrivi qui: https://acme.example/aiuto/ oppure acme.example";
        let shown = "@jo @ann Ci dispiace, scrivi\nqui: https://acme.example/aiuto oppure http://acme.example";
        assert_eq!(plain(posted), plain(shown));
        assert_eq!(plain("perche\u{301}"), plain("perché"));
        assert_ne!(plain("yes"), plain("no"));
    }

    #[test]
    fn links_are_seen() {
        assert!(has_link("see HTTPS://acme.example") && has_link("see www.acme.example"));
        assert!(!has_link("see acme. Really"));
    }
}
