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
    /// What is to be asked next: the tag and the ids.
    next: Option<(u8, Vec<String>)>,
    heard: Vec<Heard>,
}

impl Recheck {
    /// A look at these.
    pub(super) fn new(of: &[MentionRef]) -> Recheck {
        let ids = of.iter().map(|one| one.external_id.clone()).filter(|id| is_id(id));
        let ids: Vec<String> = ids.collect();
        let next = (!ids.is_empty()).then(|| (ALL, ids.clone()));
        Recheck { ids, next, heard: Vec::new() }
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

    /// The next question, or the end.
    fn ask(&mut self, cx: &Ctx<'_>) -> Step<()> {
        match self.next.take() {
            Some((tag, ids)) => Step::Ask(vec![look_up(&ids.join(","), false, tag, cx.settings())]),
            None => Step::Done(()),
        }
    }
}

impl Talk<()> for Recheck {
    fn start(&mut self, cx: &Ctx<'_>) -> Step<()> {
        self.ask(cx)
    }

    fn read(&mut self, tag: u8, got: Got, cx: &Ctx<'_>) -> Result<Step<()>, Fault> {
        let answer = page::looked_up_all(&got.http()?.body)?;
        let edited = self.take(&answer, tag == EDITED);
        if tag == ALL && !edited.is_empty() {
            self.next = Some((EDITED, edited));
        }
        if self.heard.is_empty() {
            return Ok(self.ask(cx));
        }
        // Told before more is asked: the next question may fail, and each post read is paid for.
        let heard = std::mem::take(&mut self.heard);
        Ok(Step::Page(Page { heard, ..Page::default() }))
    }
}

#[cfg(test)]
mod tests {
    use super::super::X;
    use super::*;
    use crate::domain::{Instant, Visibility};
    use crate::wire::{Network, Response, Via};
    use serde_json::{Value, json};

    const NOW: Instant = Instant(1_795_262_400_000);
    const STANDS: &str = "2123706093925302273";
    const EDITED_POST: &str = "2123717988971446273";
    const NEWEST: &str = "2123720505553846273";

    fn of(id: &str) -> MentionRef {
        MentionRef {
            origin: String::new(),
            external_id: id.to_owned(),
            thread_id: String::new(),
            author_id: "55501".to_owned(),
            author_handle: "jo".to_owned(),
            visibility: Visibility::Public,
            url: format!("https://x.com/jo/status/{id}"),
            created_at: NOW,
        }
    }

    fn post(id: &str, versions: &[&str]) -> Value {
        json!({
            "id": id, "text": "@acme late again", "author_id": "55501",
            "created_at": "2026-11-20T09:12:44.000Z", "edit_history_tweet_ids": versions,
        })
    }

    fn got(posts: &[Value]) -> Got {
        let body = json!({ "data": posts }).to_string().into_bytes();
        Got::Http(Response { status: 200, body, ..Response::default() })
    }

    fn asked(step: &Step<()>) -> String {
        let Step::Ask(asks) = step else { panic!("nothing is asked") };
        let Via::Http(request) = &asks[0].via else { panic!("no HTTP") };
        let ids = request.url.query_pairs().find(|(name, _)| name == "ids");
        ids.expect("it asks for ids").1.into_owned()
    }

    fn told(step: Step<()>) -> Vec<String> {
        let Step::Page(page) = step else { panic!("nothing is told") };
        let id = |heard: Heard| match heard {
            Heard::Mention(mention) => mention.external_id,
            other => panic!("{other:?}"),
        };
        page.heard.into_iter().map(id).collect()
    }

    #[test]
    fn what_is_known_is_told_before_more_is_asked() {
        let table: toml::Table = "handle = \"acme\"\ntoken = \"tk-1234\"".parse().unwrap();
        let settings = X.settings(&table).unwrap();
        let cx = Ctx { settings: &*settings, session: None, now: NOW, own: &[], seed: 0 };
        let mut talk = Recheck::new(&[of(STANDS), of(EDITED_POST)]);
        assert_eq!(asked(&talk.start(&cx)), format!("{STANDS},{EDITED_POST}"));
        let old = post(EDITED_POST, &[EDITED_POST, NEWEST]);
        let first = talk.read(ALL, got(&[post(STANDS, &[STANDS]), old.clone()]), &cx).unwrap();
        assert_eq!(told(first), [STANDS]);
        assert_eq!(asked(&talk.start(&cx)), NEWEST);
        let new = post(NEWEST, &[EDITED_POST, NEWEST]);
        assert_eq!(told(talk.read(EDITED, got(&[new]), &cx).unwrap()), [EDITED_POST]);
        assert!(matches!(talk.start(&cx), Step::Done(())));
        // Where there is nothing to tell yet, the next question comes at once.
        let mut talk = Recheck::new(&[of(EDITED_POST)]);
        talk.start(&cx);
        assert_eq!(asked(&talk.read(ALL, got(&[old]), &cx).unwrap()), NEWEST);
    }
}
