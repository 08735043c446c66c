//! The world of a rehearsal: what stands on the rehearsed network at any instant, as a pure
//! function of its script.

use super::flood::Flood;
use super::place::{Place, Source};
use crate::domain::coverage::TimeSpan;
use crate::domain::{
    Attachment, Author, Instant, Lang, Mention, MentionKind, MentionRef, Visibility,
};
use crate::wire::{Fault, Heard, Next, ThreadEntry, ThreadView};
use serde::Deserialize;
use std::collections::HashMap;

/// How an outage shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum OutageKind {
    /// The network fails.
    Down,
    /// The credential is refused.
    Auth,
    /// The limit is used up.
    Limit,
}

/// A time in which the lane cannot be read.
pub(super) struct Outage {
    pub span: TimeSpan,
    pub kind: OutageKind,
}

/// One post of the script, with everything that becomes of it.
pub(super) struct Post {
    pub id: String,
    pub author: Author,
    pub language: Option<Lang>,
    pub parent: Option<String>,
    pub visibility: Visibility,
    pub kind: MentionKind,
    pub rating: Option<u8>,
    pub attachments: Vec<Attachment>,
    /// Written by us.
    pub ours: bool,
    pub created: Instant,
    /// When the network shows it: later than `created` where it indexes late.
    pub visible: Instant,
    /// Its texts, each from when on.
    pub versions: Vec<(Instant, String)>,
    pub deleted: Option<Instant>,
    /// Reposts: when, and how many more saw it.
    pub reposts: Vec<(Instant, u64)>,
}

impl Post {
    /// A public post.
    pub fn new(id: String, author: Author, at: Instant, text: String) -> Post {
        Post {
            id,
            author,
            language: None,
            parent: None,
            visibility: Visibility::Public,
            kind: MentionKind::Post,
            rating: None,
            attachments: Vec::new(),
            ours: false,
            created: at,
            visible: at,
            versions: vec![(at, text)],
            deleted: None,
            reposts: Vec::new(),
        }
    }

    /// The same as an answer to something.
    pub fn below(self, parent: Option<String>) -> Post {
        Post { parent, ..self }
    }

    /// Whether it stands on the network.
    pub fn stands(&self, now: Instant) -> bool {
        self.visible <= now && self.deleted.is_none_or(|at| at > now)
    }

    /// Its text, and when it was last changed.
    fn text(&self, now: Instant) -> (&str, Option<Instant>) {
        let seen = self.versions.partition_point(|(at, _)| *at <= now).max(1);
        let (at, text) = &self.versions[seen - 1];
        (text, (seen > 1).then_some(*at))
    }
}

/// What the lane has to tell of a post, or of itself.
pub(super) enum Event {
    Post(usize),
    Own(usize),
    Edit(usize),
    Delete(usize),
    Repost(usize, u64),
    Broken(String),
}

/// One entry of the lane.
pub(super) struct Entry {
    /// When the lane shows it.
    pub visible: Instant,
    /// When it happened.
    pub created: Instant,
    pub event: Event,
}

impl Entry {
    /// An entry that shows at once.
    pub fn new(at: Instant, event: Event) -> Entry {
        Entry { visible: at, created: at, event }
    }
}

/// Everything that a script and a flood bring forth.
#[derive(Default)]
pub(super) struct World {
    pub origin: String,
    pub brand: String,
    pub posts: Vec<Post>,
    pub ids: HashMap<String, usize>,
    /// In the order in which the lane shows them.
    pub entries: Vec<Entry>,
    pub outages: Vec<Outage>,
    /// What the lane forgets; sorted and disjoint.
    pub lost: Vec<TimeSpan>,
    /// The latest indexing, in milliseconds.
    pub settle: i64,
    pub flood: Option<Flood>,
}

impl World {
    /// The fault of an outage that goes on now.
    pub fn outage(&self, now: Instant) -> Option<Fault> {
        let Outage { span, kind } =
            self.outages.iter().find(|o| o.span.from <= now && now < o.span.to)?;
        let (next, what) = match kind {
            OutageKind::Down => (Next::Retry { after: None }, "is down"),
            OutageKind::Auth => (Next::Auth, "refuses the credential"),
            OutageKind::Limit => {
                (Next::Throttled { bucket: None, until: span.to }, "says the limit is used up")
            }
        };
        let why = format!("the rehearsed network {what}, as its script says, until {}", span.to);
        Some(Fault::new(next, why))
    }

    /// The windows that the lane has forgotten by now.
    pub fn forgotten(&self, now: Instant) -> impl DoubleEndedIterator<Item = &TimeSpan> {
        self.lost.iter().filter(move |window| window.to <= now)
    }

    /// What the lane tells at a place: each thing as it stands now, nothing of what is gone.
    pub fn event(&self, place: Place, now: Instant) -> Option<Heard> {
        let Source::Script(index) = place.source else { return self.standing(place, now) };
        let entry = &self.entries[index];
        let origin = self.origin.clone();
        match &entry.event {
            Event::Post(_) | Event::Own(_) | Event::Broken(_) => {
                self.standing(place, now).map(|heard| match heard {
                    // Reach comes with the reposts here, each of them once.
                    Heard::Mention(mention) => Heard::Mention(Mention { reach: None, ..mention }),
                    other => other,
                })
            }
            Event::Edit(post) => {
                let post = &self.posts[*post];
                let latest = post.text(now).1 == Some(entry.visible);
                (post.stands(now) && latest && !post.ours)
                    .then(|| Heard::Edited(self.mention(post, now)))
            }
            Event::Delete(post) => {
                Some(Heard::Gone { origin, external_id: self.posts[*post].id.clone() })
            }
            Event::Repost(post, reach) => {
                Some(Heard::Repost { origin, of: self.posts[*post].id.clone(), reach: *reach })
            }
        }
    }

    /// What stands at a place now, for those who see states and not events: reposts are in the
    /// mention's reach, edits in its text.
    pub fn standing(&self, place: Place, now: Instant) -> Option<Heard> {
        let index = match place.source {
            Source::Script(index) => index,
            Source::Flood(n) => {
                let flood = self.flood.as_ref()?;
                return Some(Heard::Mention(flood.mention(n, &self.origin, &self.brand)));
            }
        };
        match &self.entries[index].event {
            Event::Post(post) => {
                let post = &self.posts[*post];
                let seen = post.reposts.iter().filter(|(at, _)| *at <= now);
                let reach = seen.map(|(_, reach)| *reach).reduce(u64::saturating_add);
                post.stands(now)
                    .then(|| Heard::Mention(Mention { reach, ..self.mention(post, now) }))
            }
            Event::Own(post) => {
                let post = &self.posts[*post];
                post.stands(now).then(|| Heard::Own {
                    origin: self.origin.clone(),
                    external_id: post.id.clone(),
                })
            }
            Event::Broken(id) => Some(Heard::Broken {
                raw: format!("{{\"id\":{},\"text\":\"…", serde_json::json!(id)).into_bytes(),
                why: "the entry breaks off in the middle of its text".to_owned(),
            }),
            Event::Edit(_) | Event::Delete(_) | Event::Repost(..) => None,
        }
    }

    /// What a backfill tells at a place: states, and deletions; both may be told again.
    pub fn refilled(&self, place: Place, now: Instant) -> Option<Heard> {
        match place.source {
            Source::Script(index) => match &self.entries[index].event {
                // The reach of a repost would count twice: it is in what stands.
                Event::Repost(..) => None,
                Event::Edit(_) | Event::Delete(_) => self.event(place, now),
                _ => self.standing(place, now),
            },
            Source::Flood(_) => self.standing(place, now),
        }
    }

    /// A thread as it stands now.
    pub fn thread(&self, of: &MentionRef, now: Instant) -> ThreadView {
        let Some(index) = self.ids.get(&of.external_id) else {
            return self.flooded(of, now).unwrap_or_default();
        };
        let (mention, root) = (&self.posts[*index], self.root(&self.posts[*index]));
        let mut shown: Vec<&Post> =
            self.posts.iter().filter(|p| p.stands(now) && self.root(p) == root).collect();
        shown.sort_by_key(|p| p.created);
        ThreadView {
            entries: shown.into_iter().map(|p| entry(&self.mention(p, now))).collect(),
            gone: mention.deleted.is_some_and(|at| at <= now),
            mention: mention.stands(now).then(|| Box::new(self.mention(mention, now))),
        }
    }

    /// What becomes of a post that is asked about again: how it stands, or that it is gone. `None`:
    /// it does not show yet, or never was.
    pub fn again(&self, id: &str, now: Instant) -> Option<Heard> {
        let Some(index) = self.ids.get(id) else {
            let (flood, origin) = (self.flood.as_ref()?, self.origin.as_str());
            let n = flood.index_of(id).filter(|n| flood.mark(*n).at <= now)?;
            return Some(Heard::Mention(flood.mention(n, origin, &self.brand)));
        };
        let post = &self.posts[*index];
        if post.stands(now) {
            return Some(Heard::Mention(self.mention(post, now)));
        }
        let gone = post.deleted.is_some_and(|at| at <= now);
        let (origin, external_id) = (self.origin.clone(), post.id.clone());
        gone.then_some(Heard::Gone { origin, external_id })
    }

    fn flooded(&self, of: &MentionRef, now: Instant) -> Option<ThreadView> {
        let flood = self.flood.as_ref()?;
        let n = flood.index_of(&of.external_id)?;
        (flood.mark(n).at <= now).then(|| {
            let mention = flood.mention(n, &self.origin, &self.brand);
            ThreadView {
                entries: vec![entry(&mention)],
                gone: false,
                mention: Some(Box::new(mention)),
            }
        })
    }

    /// The first post of the conversation, or the post outside the script that began it.
    fn root<'a>(&'a self, post: &'a Post) -> &'a str {
        let mut at = post;
        // A circle of parents ends after as many steps as there are posts.
        for _ in 0..self.posts.len() {
            let Some(parent) = &at.parent else { break };
            match self.ids.get(parent) {
                Some(index) => at = &self.posts[*index],
                None => return parent,
            }
        }
        &at.id
    }

    /// A post as a mention, as it stands now.
    fn mention(&self, post: &Post, now: Instant) -> Mention {
        let (text, edited_at) = post.text(now);
        Mention {
            network: super::NAME.to_owned(),
            origin: self.origin.clone(),
            external_id: post.id.clone(),
            kind: post.kind,
            visibility: post.visibility,
            author: post.author.clone(),
            text: text.to_owned(),
            language: post.language,
            rating: post.rating,
            created_at: post.created,
            edited_at,
            url: super::url_of(&post.id),
            thread_id: self.root(post).to_owned(),
            parent_id: post.parent.clone(),
            attachments: post.attachments.clone(),
            reach: None,
            marks: Vec::new(),
            native: None,
        }
    }
}

/// A mention as a post of a thread.
fn entry(mention: &Mention) -> ThreadEntry {
    ThreadEntry {
        external_id: mention.external_id.clone(),
        parent_id: mention.parent_id.clone(),
        author_id: mention.author.id.clone(),
        author_handle: mention.author.handle.clone(),
        text: mention.text.clone(),
        language: mention.language,
        created_at: mention.created_at,
        edited_at: mention.edited_at,
        url: mention.url.clone(),
    }
}
