//! Posts and comments read again in bulk: deletions and edits that no listing shows.
//!
//! `GET /api/info?id=` takes up to 100 names of posts and comments, not of messages. What its
//! author deleted or a moderator took away is still listed, without its author and text; what is
//! not listed at all says nothing, since it may stand where the account may not look.

use super::super::json;
use super::limits::ONE;
use super::settings::Settings;
use super::wire::{Listing, heard};
use crate::domain::MentionRef;
use crate::wire::{Ask, Ctx, Fault, Got, Page, Request, Step, Talk};

/// How many things are asked for at once.
pub(super) const MOST: usize = 100;

/// Reads posts and comments again.
pub(super) struct Recheck {
    names: Vec<String>,
    told: bool,
}

impl Recheck {
    /// A look at these.
    pub(super) fn new(of: &[MentionRef]) -> Recheck {
        let names = of.iter().map(|one| one.external_id.clone());
        let names = names.filter(|name| name.starts_with("t1_") || name.starts_with("t3_"));
        Recheck { names: names.collect(), told: false }
    }
}

impl Talk<()> for Recheck {
    fn start(&mut self, cx: &Ctx<'_>) -> Step<()> {
        if self.told || self.names.is_empty() {
            return Step::Done(());
        }
        let settings = cx.settings::<Settings>();
        let mut url = settings.at(&["api", "info"]);
        url.query_pairs_mut().append_pair("id", &self.names.join(","));
        Step::Ask(vec![Ask::http(settings.named(Request::get(url)), 0, ONE)])
    }

    fn read(&mut self, _tag: u8, got: Got, cx: &Ctx<'_>) -> Result<Step<()>, Fault> {
        let settings = cx.settings::<Settings>();
        let listing: Listing = json::answer(&got.http()?.body, "the posts")?;
        // What cannot be read is told of no more than what is not listed.
        let children = listing.data.children.iter();
        let heard = children.filter_map(|raw| heard(raw, settings, cx).ok()).collect();
        self.told = true;
        Ok(Step::Page(Page { heard, ..Page::default() }))
    }
}
