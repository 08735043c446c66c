//! Posts read again in bulk: deletions and edits that no poll shows.
//!
//! `GET /2/tweets?ids=` takes up to 100 ids and names each post that is not shown any more in an
//! error of its own (docs.x.com, Get Posts by IDs; its developer policy names this look-up for the
//! purpose). An old id shows the old version, so what was edited is asked for by its newest id.

use super::super::json;
use super::answer::look_up;
use super::page::{self, LookedUp};
use super::wire::{Post, is_id};
use crate::domain::MentionRef;
use crate::wire::{Ctx, Fault, Got, Heard, Page, Step, Talk};

/// How many posts one look-up takes.
pub(super) const MOST: usize = 100;

/// Tags of the two questions.
const ALL: u8 = 0;
const EDITED: u8 = 1;

/// Reads posts again.
pub(super) struct Recheck {
    /// The posts by their first versions.
    ids: Vec<String>,
    heard: Vec<Heard>,
    told: bool,
}

impl Recheck {
    /// A look at these.
    pub(super) fn new(of: &[MentionRef]) -> Recheck {
        let ids = of.iter().map(|one| one.external_id.clone()).filter(|id| is_id(id));
        Recheck { ids: ids.collect(), heard: Vec::new(), told: false }
    }

    fn gone(&mut self, id: &str) {
        if self.ids.iter().any(|asked| asked == id) {
            self.heard.push(Heard::Gone { origin: String::new(), external_id: id.to_owned() });
        }
    }

    /// Takes an answer; gives the newest ids of what was edited since. A post that cannot be read
    /// is told of no more than one that is left out.
    fn take(&mut self, answer: &LookedUp, is_newest: bool) -> Vec<String> {
        let mut edited = Vec::new();
        for raw in &answer.entries {
            let Ok(post) = json::entry::<Post>(raw) else { continue };
            if post.is_withheld() {
                self.gone(post.chain());
            } else if post.newest() != post.id.0 && !is_newest {
                edited.push(post.newest().to_owned());
            } else if let Ok(mention) = post.mention(&answer.known) {
                self.heard.push(Heard::Mention(mention));
            }
        }
        for id in &answer.missing {
            self.gone(id);
        }
        edited
    }

    fn page(&mut self) -> Step<()> {
        self.told = true;
        Step::Page(Page { heard: std::mem::take(&mut self.heard), ..Page::default() })
    }
}

impl Talk<()> for Recheck {
    fn start(&mut self, cx: &Ctx<'_>) -> Step<()> {
        if self.told || self.ids.is_empty() {
            return Step::Done(());
        }
        Step::Ask(vec![look_up(&self.ids.join(","), false, ALL, cx.settings())])
    }

    fn read(&mut self, tag: u8, got: Got, cx: &Ctx<'_>) -> Result<Step<()>, Fault> {
        let answer = page::looked_up_all(&got.http()?.body)?;
        let edited = self.take(&answer, tag == EDITED);
        if tag == ALL && !edited.is_empty() {
            let ask = look_up(&edited.join(","), false, EDITED, cx.settings());
            return Ok(Step::Ask(vec![ask]));
        }
        Ok(self.page())
    }
}
