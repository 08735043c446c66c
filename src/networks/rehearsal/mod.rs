//! The rehearsal: a network that lives in this process, whose scripted authors, outages, edits,
//! deletions and native answers are the same every time.
//!
//! The demo, the stories, the simulation and the bench listen to it through the same engine as
//! to any other network. Nothing here has a memory: what the network shows is a function of its
//! settings and of `Ctx::now`.

mod answer;
mod flood;
mod lane;
mod place;
mod script;
mod settings;
mod world;

#[cfg(test)]
mod tests;

pub use settings::Settings;

use crate::domain::length::{Counting, LengthRule};
use crate::domain::time::MINUTE;
use crate::domain::{Instant, MentionRef};
use crate::wire::{
    Capabilities, Ctx, Cursor, Fault, KeyFault, Lane, Meta, Network, Part, Seen, Sent, Session,
    Talk, Terms, ThreadView, Walk,
};
use answer::{Already, Finding, Post, Recheck};
use lane::{Ascend, Descend, Window};
use std::any::Any;

const NAME: &str = "rehearsal";

/// The brand's own author id.
const OWN: &str = "brand";

/// Where a person would see a post. Nobody answers there: the name is reserved (RFC 2606).
fn url_of(id: &str) -> String {
    format!("https://rehearsal.example/posts/{id}")
}

static META: Meta = Meta {
    name: NAME,
    title: "Rehearsal",
    about: "A network without a network: authors who follow a script, with outages, edits, \
            deletions, lost entries and a colleague who answers elsewhere. For demonstrations, \
            tests and measuring; its one lane is called `feed`.",
    docs: "",
    can: Capabilities { poll: true, reply: true, thread: true, stream: false, backfill: true },
    length: LengthRule { counting: Counting::Graphemes, limit: 500 },
    buckets: &[],
    keys: settings::KEYS,
    terms: Terms {
        refresh_within: None,
        delete_within: None,
        training_allowed: true,
        automated_replies_allowed: true,
    },
    natural_key: false,
};

/// The rehearsal network.
#[derive(Clone, Copy, Debug)]
pub struct Rehearsal;

impl Network for Rehearsal {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn settings(&self, table: &toml::Table) -> Result<Box<dyn Any + Send + Sync>, KeyFault> {
        Ok(Box::new(Settings::read(table)?))
    }

    fn lanes(&self, cx: &Ctx<'_>) -> Vec<Lane> {
        let settings: &Settings = cx.settings();
        vec![Lane {
            id: "feed".to_owned(),
            walk: settings.walk,
            every_ms: MINUTE,
            // The order is that in which entries show, so nothing late can slip below a cursor.
            overlap_ms: 0,
            settle_ms: settings.world.settle,
            addressed: true,
            gap: None,
        }]
    }

    fn login(&self, _cx: &Ctx<'_>) -> Option<Box<dyn Talk<Session> + '_>> {
        let session = Session { own: vec![OWN.to_owned()], ..Session::default() };
        Some(Box::new(Already(session)))
    }

    fn listen(
        &self,
        lane: &Lane,
        cursor: Option<&Cursor>,
        resume: Option<&str>,
        _cx: &Ctx<'_>,
    ) -> Box<dyn Talk<Cursor> + '_> {
        let resume = resume.map(str::to_owned);
        if let Some(gap) = lane.gap {
            return Box::new(Ascend::fill(gap, resume));
        }
        let cursor = cursor.map(|c| c.0.clone());
        match lane.walk {
            Walk::Ascending => Box::new(Ascend::on(resume.or(cursor))),
            Walk::NewestFirst => Box::new(Descend::to(cursor, resume)),
            Walk::Snapshot => Box::new(Window::since(cursor)),
        }
    }

    /// A rehearsed day is no past: it is heard from its start.
    fn first_look_ms(&self) -> Option<i64> {
        None
    }

    fn look_back(
        &self,
        lane: &Lane,
        since: Instant,
        resume: Option<&str>,
        _cx: &Ctx<'_>,
    ) -> Option<Box<dyn Talk<Cursor> + '_>> {
        let resume = resume.map(str::to_owned);
        match lane.walk {
            Walk::Ascending => Some(Box::new(Ascend::back_to(since, resume))),
            Walk::NewestFirst => Some(Box::new(Descend::back_to(since, resume))),
            // A window shows what it shows.
            Walk::Snapshot => None,
        }
    }

    fn thread(&self, of: &MentionRef, cx: &Ctx<'_>) -> Option<Box<dyn Talk<ThreadView> + '_>> {
        let settings: &Settings = cx.settings();
        Some(Box::new(Already(settings.world.thread(of, cx.now))))
    }

    fn recheck_most(&self) -> usize {
        100
    }

    fn recheck(&self, of: &[MentionRef], _cx: &Ctx<'_>) -> Option<Box<dyn Talk<()> + '_>> {
        Some(Box::new(Recheck::new(of)))
    }

    fn length(&self, cx: &Ctx<'_>) -> LengthRule {
        let settings: &Settings = cx.settings();
        LengthRule { limit: settings.reply_limit, ..META.length }
    }

    fn fit(&self, text: &str, of: &MentionRef, cx: &Ctx<'_>) -> Result<Vec<Part>, Fault> {
        let prefix = match of.author_handle.as_str() {
            "" => String::new(),
            handle => format!("@{handle} "),
        };
        let text = text.trim();
        let text = text.strip_prefix(&prefix).unwrap_or(text);
        if text.is_empty() {
            return Err(Fault::refused("the reply is empty; write what it should say"));
        }
        let pieces = self.length(cx).split(&prefix, text).map_err(Fault::refused)?;
        Ok(pieces.into_iter().map(|text| Part { text }).collect())
    }

    fn post(
        &self,
        part: &Part,
        of: &MentionRef,
        key: &str,
        cx: &Ctx<'_>,
    ) -> Option<Box<dyn Talk<Sent> + '_>> {
        let settings: &Settings = cx.settings();
        let Some(base) = &settings.url else {
            let external_id = format!("own-{key}");
            let url = url_of(&external_id);
            return Some(Box::new(Already(Sent::Done { external_id, url })));
        };
        let author = cx.own.first().map_or(OWN, String::as_str);
        let post = Post { key, parent: &of.external_id, author, text: &part.text };
        Some(Box::new(post.to(base)))
    }

    fn find(
        &self,
        part: &Part,
        of: &MentionRef,
        _key: &str,
        since: Instant,
        cx: &Ctx<'_>,
    ) -> Option<Box<dyn Talk<Seen> + '_>> {
        let settings: &Settings = cx.settings();
        let Some(base) = &settings.url else {
            // Without a memory there is no knowing what was posted.
            return Some(Box::new(Already(Seen::Absent { complete: false })));
        };
        let mut authors = cx.own.to_vec();
        if authors.is_empty() {
            authors.push(OWN.to_owned());
        }
        Some(Box::new(Finding::on(base, &of.external_id, authors, &part.text, since)))
    }
}
