//! `Sea`: a network's posts as a test makes them up, and what a server shows of them and when.

use crate::town::MORNING;
use ascolto::domain::Instant;
use ascolto::domain::time::{DAY, MINUTE};
use std::collections::VecDeque;

/// The first id lies right above 2^53: read as floats, neighbours would become one.
const FIRST_ID: u64 = (1 << 53) + 1;
/// Ids follow the time of their posts from here on, as those of the real servers do.
const EPOCH: i64 = MORNING.0 - 2 * DAY;
/// A server that refuses for a limit opens again after this.
const CLOSED: i64 = 90_000;

/// How the network's lane is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A hashtag on Mastodon, by `min_id`.
    Ascending,
    /// The notifications of Bluesky, by cursor.
    NewestFirst,
    /// A JSON Feed.
    Snapshot,
}

/// What becomes of one request for a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Nothing.
    None,
    /// A limit is used up.
    Limit,
    /// The server fails.
    Down,
    /// Half of the answer comes.
    Truncated,
    /// No entry comes, though there are some, and where the network has one a next cursor.
    Empty,
    /// The cursor is not known any more.
    Expired,
    /// So many are posted before it is answered.
    Meanwhile(u64),
}

/// What was shown of a post last in an answer that left whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// This text.
    Text(String),
    /// That it is deleted.
    Deleted,
}

/// One post.
#[derive(Clone, Debug)]
pub struct Post {
    /// Its id.
    pub id: u64,
    /// Its place in the network's order.
    pub at: Instant,
    /// From then on the server shows it.
    pub shows_at: Instant,
    /// What it says now.
    pub text: String,
    /// Its author deleted it, and the network says so.
    pub deleted: bool,
    /// It is not there any more, and nothing says so.
    pub vanished: bool,
    /// What was shown of it.
    pub shown: Option<Shown>,
}

/// The posts and the state of their server.
#[derive(Default)]
pub struct Sea {
    /// Every post there ever was.
    pub posts: Vec<Post>,
    /// When requests came.
    pub asked: Vec<Instant>,
    /// Requests that came although the server had said that its limit is used up.
    pub impatient: usize,
    /// The most entries on a page.
    pub page: usize,
    troubles: VecDeque<Trouble>,
    closed_until: Instant,
    newest: Instant,
}

impl Sea {
    /// An empty sea whose pages hold so many entries at most.
    pub fn of(page: usize) -> Sea {
        Sea { page, ..Sea::default() }
    }

    /// Somebody posts `many` at one and the same time; they show `late` minutes after.
    pub fn post(&mut self, at: Instant, many: u64, late: i64) {
        // Two groups never share a time, so that ids stay unique and no group outgrows a page.
        let at = at.max(self.newest + 1);
        self.newest = at;
        for n in 0..many {
            let id = FIRST_ID + (at.0 - EPOCH).unsigned_abs() * 16 + n;
            let text = format!("Grazie @acme, servizio perfetto! ({id})");
            let shows_at = at + late * MINUTE;
            let post =
                Post { id, at, shows_at, text, deleted: false, vanished: false, shown: None };
            self.posts.push(post);
        }
    }

    /// One of the newest posts, by a number that is random; changes it.
    pub fn change(&mut self, which: usize, change: impl FnOnce(&mut Post)) {
        let last = self.posts.len().min(20);
        if last > 0 {
            let at = self.posts.len() - 1 - which % last;
            change(&mut self.posts[at]);
        }
    }

    /// The next request for a page meets this, when those before have met theirs.
    pub fn trouble(&mut self, trouble: Trouble) {
        self.troubles.push_back(trouble);
    }

    /// From now on nothing goes wrong.
    pub fn calm(&mut self) {
        self.troubles.clear();
    }

    /// Notes a request, and whether it should have waited.
    pub fn ask(&mut self, now: Instant) {
        self.asked.push(now);
        self.impatient += usize::from(now < self.closed_until);
    }

    /// What the request for a page meets. Posts that come in between are there after this.
    pub fn meet(&mut self, now: Instant) -> Trouble {
        // Who asks all the same is told again until when.
        if now < self.closed_until {
            return Trouble::Limit;
        }
        let trouble = self.troubles.pop_front().unwrap_or(Trouble::None);
        match trouble {
            Trouble::Limit => self.closed_until = now + CLOSED,
            Trouble::Meanwhile(many) => self.post(now, many, 0),
            _ => {}
        }
        trouble
    }

    /// When a server that was asked too much opens again.
    pub fn opens(&self) -> Instant {
        self.closed_until
    }

    /// The places of the posts that can be seen now, newest first.
    pub fn seen(&self, now: Instant) -> Vec<usize> {
        let there = |n: &usize| !self.posts[*n].vanished && self.posts[*n].shows_at <= now;
        let mut seen: Vec<usize> = (0..self.posts.len()).filter(there).collect();
        seen.sort_by_key(|n| std::cmp::Reverse(self.posts[*n].id));
        seen
    }

    /// Notes that these left in a whole answer.
    pub fn leave(&mut self, places: &[usize]) {
        for n in places {
            let post = &mut self.posts[*n];
            let text = || Shown::Text(post.text.clone());
            post.shown = Some(if post.deleted { Shown::Deleted } else { text() });
        }
    }
}
