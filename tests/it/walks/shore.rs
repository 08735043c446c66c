//! `Shore`: the server of a sea as its network's API has it, in the place of the transport. It
//! outlives every death of the house.

use super::sea::{Kind, Sea, Trouble};
use crate::simulation::fate::Fate;
use ascolto::clock::Clock;
use ascolto::domain::Instant;
use ascolto::domain::time::{MINUTE, SECOND};
use ascolto::fetch::{Opened, SendFault, Transport};
use ascolto::store::Boundary;
use ascolto::wire::{BoxFuture, Request, Response};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

/// How many entries the feed shows.
pub const WINDOW: usize = 30;
/// Mastodon's limit and its window, which begins with every fifth minute of the clock.
const MASTODON: (usize, i64) = (300, 5 * MINUTE);

/// The server.
pub struct Shore {
    /// What its network is.
    pub kind: Kind,
    /// Its posts.
    pub sea: Mutex<Sea>,
    clock: Clock,
    fate: Arc<Fate>,
}

impl Shore {
    /// A server of no posts, with pages of at most so many entries.
    pub fn new(kind: Kind, page: usize, clock: Clock, fate: Arc<Fate>) -> Shore {
        Shore { kind, sea: Mutex::new(Sea::of(page)), clock, fate }
    }

    /// The lines of a channel that listens to it.
    pub fn channel(&self) -> &'static str {
        match self.kind {
            Kind::Ascending => {
                "network = \"mastodon\"\nserver = \"https://sea.example\"\ntoken = \"tk\"\n\
                 hashtags = [\"acme\"]\n"
            }
            Kind::NewestFirst => {
                "network = \"bluesky\"\nservice = \"https://sea.example\"\n\
                 handle = \"acme.example\"\napp_password = \"abcd-efgh\"\n"
            }
            Kind::Snapshot => {
                "network = \"feed\"\nurl = \"https://sea.example/feed.json\"\nevery = \"1m\"\n"
            }
        }
    }

    /// Network, name space and id under which a post is stored.
    pub fn key(&self, id: u64) -> (&'static str, &'static str, String) {
        match self.kind {
            Kind::Ascending => ("mastodon", "sea.example", id.to_string()),
            Kind::NewestFirst => ("bluesky", "", uri(id)),
            Kind::Snapshot => ("feed", "sea.example/feed.json", id.to_string()),
        }
    }

    fn exchange(&self, request: &Request) -> Result<Response, SendFault> {
        if self.fate.crashes("before a send") {
            return Err(SendFault::never("the process is dead"));
        }
        let answer = self.answer(request);
        if self.fate.crashes("after a send") {
            return Err(SendFault::perhaps("the process is dead"));
        }
        answer
    }

    fn answer(&self, request: &Request) -> Result<Response, SendFault> {
        let now = self.clock.now();
        let mut sea = self.sea.lock().unwrap();
        sea.ask(now);
        let path = request.url.path();
        let method = path.rsplit('/').next().unwrap_or_default();
        Ok(match (self.kind, method) {
            (Kind::Ascending, "acme") => page(self.kind, &mut sea, request, now),
            (Kind::Ascending, "verify_credentials") => ok(&json!({"id": "1"})),
            (Kind::Ascending, "instance") => ok(&json!({})),
            (Kind::Ascending, "notifications") => ok(&json!([])),
            (
                Kind::NewestFirst,
                "com.atproto.server.createSession" | "com.atproto.server.refreshSession",
            ) => ok(&json!({"accessJwt": "a", "refreshJwt": "r", "did": "did:plc:acme"})),
            (Kind::NewestFirst, "com.atproto.server.getSession") => ok(&json!({})),
            (Kind::NewestFirst, "app.bsky.notification.listNotifications")
            | (Kind::Snapshot, "feed.json") => page(self.kind, &mut sea, request, now),
            _ => return Err(SendFault::never(format!("nobody is at {path}"))),
        })
    }
}

impl Transport for Shore {
    fn send<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, SendFault>> {
        Box::pin(async { self.exchange(request) })
    }

    fn open<'a>(&'a self, _: &'a Request) -> BoxFuture<'a, Result<Opened, SendFault>> {
        Box::pin(async { Err(SendFault::never("this server streams nothing")) })
    }
}

fn uri(id: u64) -> String {
    format!("at://did:plc:jo/app.bsky.feed.post/{id}")
}

fn ok(body: &Value) -> Response {
    Response { status: 200, body: body.to_string().into_bytes(), ..Response::default() }
}

/// A parameter of the request.
fn asked(request: &Request, name: &str) -> Option<String> {
    request.url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

fn refusal(status: u16, headers: &[(&str, String)], body: &Value) -> Response {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
    Response { status, headers: headers.collect(), ..ok(body) }
}

/// A page, or what becomes of it.
fn page(kind: Kind, sea: &mut Sea, request: &Request, now: Instant) -> Response {
    let trouble = sea.meet(now);
    match trouble {
        Trouble::Down => return refusal(503, &[], &json!({})),
        Trouble::Limit => return closed(kind, sea.opens()),
        Trouble::Expired if asked(request, "cursor").is_some() => {
            let said = json!({"error": "InvalidRequest", "message": "Malformed cursor"});
            return refusal(400, &[], &said);
        }
        _ => {}
    }
    let (mut answer, places) = match kind {
        Kind::Ascending => timeline(sea, request, now),
        Kind::NewestFirst => notifications(sea, request, now, trouble == Trouble::Empty),
        Kind::Snapshot => feed(sea, request, now, trouble == Trouble::Empty),
    };
    if trouble == Trouble::Truncated && answer.status == 200 {
        answer.body.truncate(answer.body.len() / 2);
    } else {
        sea.leave(&places);
    }
    answer
}

/// The refusal of a server whose limit is used up.
fn closed(kind: Kind, until: Instant) -> Response {
    match kind {
        Kind::Ascending => {
            let headers = [
                ("x-ratelimit-remaining", "0".to_owned()),
                ("x-ratelimit-reset", until.to_string()),
            ];
            refusal(429, &headers, &json!({}))
        }
        Kind::NewestFirst => {
            // Whole seconds, rounded up.
            let seconds = (until.0 + SECOND - 1) / SECOND;
            let headers = [
                ("ratelimit-policy", "3000;w=300".to_owned()),
                ("ratelimit-remaining", "0".to_owned()),
                ("ratelimit-reset", seconds.to_string()),
            ];
            refusal(429, &headers, &json!({}))
        }
        Kind::Snapshot => refusal(429, &[("retry-after", "90".to_owned())], &json!({})),
    }
}

/// Mastodon's timeline of a hashtag: the oldest behind `min_id`, or the newest below `max_id`, in
/// either case newest first. Half of the ids are numbers, as forks send them.
fn timeline(sea: &Sea, request: &Request, now: Instant) -> (Response, Vec<usize>) {
    let id = |name| asked(request, name).map(|id| id.parse::<u64>().expect("an id of ours, or 0"));
    let mut places = sea.seen(now);
    if let Some(min) = id("min_id") {
        places.retain(|n| sea.posts[*n].id > min);
        places.drain(..places.len().saturating_sub(sea.page));
    }
    if let Some(max) = id("max_id") {
        places.retain(|n| sea.posts[*n].id < max);
    }
    places.truncate(sea.page);
    let status = |n: &usize| {
        let post = &sea.posts[*n];
        let number = post.id.is_multiple_of(2);
        json!({
            "id": if number { json!(post.id) } else { json!(post.id.to_string()) },
            "created_at": post.at.to_string(),
            "account": {"id": "7", "acct": "jo", "display_name": "Jo"},
            "content": format!("<p>{}</p>", post.text),
            "visibility": "public",
            "url": format!("https://sea.example/@jo/{}", post.id),
        })
    };
    let (limit, window) = MASTODON;
    let end = Instant((now.0.div_euclid(window) + 1) * window);
    let used = sea.asked.iter().filter(|at| **at >= end - window).count();
    let mut answer = ok(&places.iter().map(status).collect());
    answer.headers = vec![
        ("x-ratelimit-remaining".to_owned(), limit.saturating_sub(used).to_string()),
        ("x-ratelimit-reset".to_owned(), end.to_string()),
    ];
    (answer, places)
}

/// Bluesky's notifications before a time, newest first, with the time of the last one as cursor.
fn notifications(
    sea: &Sea,
    request: &Request,
    now: Instant,
    empty: bool,
) -> (Response, Vec<usize>) {
    let before =
        asked(request, "cursor").map(|at| Instant::parse(&at).expect("a cursor is a time"));
    let mut places = sea.seen(now);
    places.retain(|n| before.is_none_or(|before| sea.posts[*n].at < before));
    // What stands right below an empty page is still to come.
    let below = places.first().map(|n| sea.posts[*n].at + 1);
    if let Some(below) = below.filter(|at| empty && before.is_none_or(|before| *at < before)) {
        return (ok(&json!({"notifications": [], "cursor": below.to_string()})), Vec::new());
    }
    places.truncate(sea.page);
    let notification = |n: &usize| {
        let post = &sea.posts[*n];
        let record = if post.deleted {
            json!({"$type": "app.bsky.notification.defs#recordDeleted"})
        } else {
            json!({"$type": "app.bsky.feed.post", "text": post.text,
                "createdAt": post.at.to_string()})
        };
        json!({
            "uri": uri(post.id),
            "cid": "bafy",
            "author": {"did": "did:plc:jo", "handle": "jo.example", "displayName": "Jo"},
            "reason": "mention",
            "record": record,
            "indexedAt": post.at.to_string(),
        })
    };
    let list: Vec<Value> = places.iter().map(notification).collect();
    let mut body = json!({"notifications": list});
    if let Some(last) = places.last() {
        body["cursor"] = json!(sea.posts[*last].at.to_string());
    }
    (ok(&body), places)
}

/// A JSON Feed of the newest entries, with numbers for ids and a validator.
fn feed(sea: &Sea, request: &Request, now: Instant, empty: bool) -> (Response, Vec<usize>) {
    let mut places = sea.seen(now);
    places.truncate(if empty { 0 } else { WINDOW });
    let item = |n: &usize| {
        let post = &sea.posts[*n];
        json!({
            "id": post.id,
            "url": format!("https://sea.example/{}", post.id),
            "content_text": post.text,
            "date_published": post.at.to_string(),
            "authors": [{"name": "Jo"}],
        })
    };
    let items: Vec<Value> = places.iter().map(item).collect();
    let body = json!({"version": "https://jsonfeed.org/version/1.1", "title": "Sea",
        "items": items});
    let mut answer = ok(&body);
    let etag = format!(
        "\"{}\"",
        answer
            .body
            .iter()
            .fold(5_381_u64, |hash, byte| { hash.wrapping_mul(33) ^ u64::from(*byte) })
    );
    let known =
        request.headers.iter().any(|(name, value)| *name == "if-none-match" && *value == etag);
    if known {
        (answer.status, answer.body) = (304, Vec::new());
    }
    answer.headers = vec![("etag".to_owned(), etag)];
    (answer, places)
}
