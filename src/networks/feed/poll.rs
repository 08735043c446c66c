//! One look at a feed: ask whether it changed, read it, say what is new, and remember.

use super::discover::{is_page, named_feed};
use super::item::{Document, Item};
use super::seen::{Seen, digest};
use super::{ONE, Settings, json_feed, xml};
use crate::wire::{Ask, Ctx, Cursor, Fault, Got, Heard, Page, Request, Response, Step, Talk, Via};
use std::collections::HashSet;
use url::Url;

/// Where the question goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum To {
    /// The configured address.
    Configured,
    /// The feed that the configured page named at an earlier poll.
    Remembered,
    /// The feed that the configured page names now.
    Named,
}

/// A poll in progress.
pub(super) struct Poll {
    seen: Seen,
    /// Something was seen before, so nothing known means something missed.
    again: bool,
    to: To,
    url: Url,
    /// What to remember, once the page is committed.
    done: Option<Seen>,
    /// The cursor could not be read.
    forgot: bool,
}

impl Poll {
    /// A poll from the cursor, or the first look.
    pub(super) fn new(settings: &Settings, cursor: Option<&Cursor>) -> Poll {
        let kept = cursor.and_then(|cursor| Seen::read(cursor, settings));
        let forgot = cursor.is_some() && kept.is_none();
        let again = kept.is_some();
        let seen = kept.unwrap_or_else(|| Seen::first(settings));
        let found = seen.found.as_deref().and_then(|url| Url::parse(url).ok());
        let to = if found.is_some() { To::Remembered } else { To::Configured };
        let url = found.unwrap_or_else(|| settings.url.clone());
        Poll { seen, again, to, url, done: None, forgot }
    }

    fn ask(&self) -> Step<Cursor> {
        let mut request = Request::get(self.url.clone()).header(
            "accept",
            "application/feed+json, application/atom+xml, application/rss+xml, application/xml;q=0.9, text/html;q=0.5, */*;q=0.1",
        );
        if self.to != To::Named {
            if let Some(etag) = &self.seen.etag {
                request = request.header("if-none-match", etag.clone());
            }
            if let Some(modified) = &self.seen.modified {
                request = request.header("if-modified-since", modified.clone());
            }
        }
        // Feeds are asked without a credential.
        Step::Ask(vec![Ask { via: Via::Http(request), tag: 0, spend: ONE, auth: false }])
    }

    /// The answer is a web page: follow it to its feed, once.
    fn page(&mut self, res: &Response, settings: &Settings) -> Result<Step<Cursor>, Fault> {
        (self.to, self.url) = match self.to {
            To::Configured => {
                let base = res.url.as_ref().unwrap_or(&self.url);
                let feed = named_feed(&res.body, base).ok_or_else(|| {
                    Fault::refused("the address leads to a web page that names no feed; write the feed's own address")
                })?;
                (To::Named, feed)
            }
            // What it named once is no feed any more: ask the page again.
            To::Remembered => {
                (self.seen.etag, self.seen.modified) = (None, None);
                (To::Configured, settings.url.clone())
            }
            To::Named => {
                return Err(Fault::refused(
                    "the page's feed link leads to another web page; write the feed's own address",
                ));
            }
        };
        Ok(self.ask())
    }

    /// What the feed shows that is not known, and the seen-set for the time after.
    fn hear(
        &self,
        mut document: Document,
        base: &Url,
        settings: &Settings,
        cx: &Ctx<'_>,
    ) -> (Page, Vec<(String, String)>) {
        let known = self.seen.known();
        let items = std::mem::take(&mut document.items);
        let (mut page, mut shown) = (Page::default(), Vec::with_capacity(items.len()));
        let (mut here, mut any_known) = (HashSet::new(), items.is_empty());
        for item in items {
            let (id, said) = match &item {
                Ok(item) => (digest(&[&item.id]), item.content_digest()),
                Err((raw, _)) => {
                    (digest(&["broken", &String::from_utf8_lossy(raw)]), String::new())
                }
            };
            let before = known.get(id.as_str());
            any_known |= before.is_some();
            if here.insert(id.clone()) && before.is_none_or(|before| **before != said) {
                page.heard.push(heard(item, before.is_some(), &document, base, settings, cx));
            }
            shown.push((id, said));
        }
        page.hole = if self.forgot {
            Some("what was read of this feed before is not known any more".to_owned())
        } else if self.again && !any_known {
            Some("nothing of what the feed shows was known: entries may have come and gone between two polls".to_owned())
        } else {
            None
        };
        (page, shown)
    }
}

fn heard(
    item: Result<Item, (Vec<u8>, String)>,
    edited: bool,
    document: &Document,
    base: &Url,
    settings: &Settings,
    cx: &Ctx<'_>,
) -> Heard {
    let (raw, why) = match item {
        Err(broken) => broken,
        Ok(item) => {
            let raw = format!("{item:?}").into_bytes();
            match item.mention(document, base, settings, cx) {
                Ok(mention) if edited => return Heard::Edited(mention),
                Ok(mention) => return Heard::Mention(mention),
                Err(why) => (raw, why),
            }
        }
    };
    Heard::Broken { raw, why }
}

impl Talk<Cursor> for Poll {
    fn start(&mut self, _cx: &Ctx<'_>) -> Step<Cursor> {
        match self.done.take() {
            Some(seen) => Step::Done(seen.cursor()),
            None => self.ask(),
        }
    }

    fn read(&mut self, _tag: u8, got: Got, cx: &Ctx<'_>) -> Result<Step<Cursor>, Fault> {
        let settings = cx.settings::<Settings>();
        let res = got.http()?;
        if res.status == 304 {
            return if self.again && self.to != To::Named {
                Ok(Step::Done(self.seen.cursor()))
            } else {
                Err(Fault::retry(
                    "the server answers \"not modified\" to a question that did not ask so",
                ))
            };
        }
        if is_page(&res.body) {
            return self.page(&res, settings);
        }
        let base = res.url.as_ref().unwrap_or(&self.url);
        let document = match first_sign(&res.body) {
            Some(b'{') => json_feed::read(&res.body)?,
            Some(b'<') => xml::read(&res.body, charset(&res), base)?,
            Some(_) => {
                return Err(Fault::refused(
                    "the address answers neither a feed nor a web page; write the feed's address",
                ));
            }
            None => return Err(Fault::retry("the answer is empty")),
        };
        let (page, shown) = self.hear(document, base, settings, cx);
        // Only now that the body is read may the server leave it out the next time.
        let mut seen = self.seen.clone();
        seen.remember(shown);
        seen.etag = res.header("etag").map(str::to_owned);
        seen.modified = res.header("last-modified").map(str::to_owned);
        seen.found = (self.to != To::Configured).then(|| self.url.to_string());
        self.done = Some(seen);
        Ok(Step::Page(page))
    }
}

/// The first byte that is neither white space nor a byte order mark (nor half of UTF-16).
fn first_sign(body: &[u8]) -> Option<u8> {
    let skip =
        |b: &&u8| b.is_ascii_whitespace() || matches!(**b, 0xEF | 0xBB | 0xBF | 0xFE | 0xFF | 0);
    body.iter().find(|b| !skip(b)).copied()
}

/// The charset of the content type.
fn charset(res: &Response) -> Option<&str> {
    let (_, rest) = res.header("content-type")?.split_once("charset=")?;
    Some(rest.split(';').next().unwrap_or_default().trim().trim_matches('"'))
}
