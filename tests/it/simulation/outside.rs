//! `Outside`: the network's server for posts and the receiver of alerts, within the process, with
//! troubles that follow from a seed. It outlives every death of the house.

use super::fate::Fate;
use crate::chance::Chance;
use ascolto::clock::Clock;
use ascolto::domain::Instant;
use ascolto::fetch::{Opened, SendFault, Transport};
use ascolto::store::Boundary;
use ascolto::wire::{Body, BoxFuture, Method, Request, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

/// A reply as it is sent to the network.
#[derive(Clone, Debug, Deserialize)]
struct Post {
    parent: String,
    author: String,
    text: String,
}

/// What stands out there.
pub struct Outside {
    clock: Clock,
    fate: Arc<Fate>,
    world: Mutex<World>,
}

struct World {
    chance: Chance,
    /// Everything goes well from now on.
    calm: bool,
    posts: Vec<(Post, Instant)>,
    /// What reached those who are told, in its order.
    arrivals: Vec<Arrival>,
}

/// A message that reached somebody who is told.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// When.
    pub at: Instant,
    /// Whom.
    pub to: String,
    /// The key of its alert, as [`plain`] writes it.
    pub key: String,
    /// Whether it changes one that stands there.
    pub changes: bool,
}

/// A key as the header of a webhook bears it.
pub fn plain(key: &str) -> String {
    let stays = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ':');
    key.chars().map(|c| if stays(c) { c } else { '_' }).collect()
}

/// What becomes of one request.
#[derive(Clone, Copy)]
enum Luck {
    Well,
    NeverLeft,
    CutBefore,
    CutAfter,
    FailAfter,
    Throttled,
    Unavailable,
}

const LUCKS: &[Luck] = &[
    Luck::Well,
    Luck::Well,
    Luck::Well,
    Luck::Well,
    Luck::NeverLeft,
    Luck::CutBefore,
    Luck::CutAfter,
    Luck::FailAfter,
    Luck::Throttled,
    Luck::Unavailable,
];

impl Outside {
    /// An empty one.
    pub fn new(seed: u64, clock: Clock, fate: Arc<Fate>) -> Outside {
        let chance = Chance::new(seed ^ 0x0275_1DE5);
        let world = World { chance, calm: false, posts: Vec::new(), arrivals: Vec::new() };
        Outside { clock, fate, world: Mutex::new(world) }
    }

    /// From now on nothing fails.
    pub fn calm(&self) {
        self.world.lock().unwrap().calm = true;
    }

    /// How often a text stands there.
    pub fn standing(&self, text: &str) -> usize {
        let world = self.world.lock().unwrap();
        world.posts.iter().filter(|(post, _)| post.text.ends_with(text)).count()
    }

    /// How often the alert of this key was delivered.
    pub fn delivered(&self, key: &str) -> usize {
        let key = plain(key);
        self.world.lock().unwrap().arrivals.iter().filter(|one| one.key == key).count()
    }

    /// All that reached those who are told.
    pub fn arrivals(&self) -> Vec<Arrival> {
        self.world.lock().unwrap().arrivals.clone()
    }

    fn exchange(&self, request: &Request) -> Result<Response, SendFault> {
        if self.fate.crashes("before a send") {
            return Err(SendFault::never("the process is dead"));
        }
        let answer = self.world.lock().unwrap().answer(request, self.clock.now());
        if self.fate.crashes("after a send") {
            return Err(SendFault::perhaps("the process is dead"));
        }
        answer
    }
}

impl World {
    fn answer(&mut self, request: &Request, now: Instant) -> Result<Response, SendFault> {
        let luck = if self.calm { Luck::Well } else { *self.chance.pick(LUCKS) };
        let refuse = |status, header: Option<(&str, &str)>| Response {
            status,
            headers: header.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect(),
            ..Response::default()
        };
        match luck {
            Luck::NeverLeft => return Err(SendFault::never("no route")),
            Luck::CutBefore => return Err(SendFault::perhaps("the line was cut")),
            Luck::Throttled => return Ok(refuse(429, Some(("retry-after", "90")))),
            Luck::Unavailable => return Ok(refuse(503, None)),
            Luck::Well | Luck::CutAfter | Luck::FailAfter => {}
        }
        let answer = self.carry_out(request, now);
        match luck {
            Luck::CutAfter => Err(SendFault::perhaps("the line was cut")),
            Luck::FailAfter => Ok(refuse(500, None)),
            _ => Ok(answer),
        }
    }

    fn carry_out(&mut self, request: &Request, now: Instant) -> Response {
        let ok = |status, body: serde_json::Value| Response {
            status,
            body: body.to_string().into_bytes(),
            ..Response::default()
        };
        let path = request.url.path();
        match (request.method, path, &request.body) {
            (Method::Post, "/posts", Body::Json(body)) => {
                let post: Post = serde_json::from_slice(body).expect("the house writes posts");
                self.posts.push((post, now));
                let id = format!("reply-{}", self.posts.len());
                ok(201, json!({"id": id, "url": format!("https://posts.example/{id}")}))
            }
            (Method::Get, "/posts", _) => {
                let asked = request.url.query_pairs().find(|(k, _)| k == "parent");
                let parent = asked.map(|(_, v)| v.into_owned()).unwrap_or_default();
                let below = (1..).zip(&self.posts).filter(|(_, (p, _))| p.parent == parent);
                let entry = |(n, (p, at)): (u32, &(Post, Instant))| {
                    json!({"id": format!("reply-{n}"), "parent": p.parent, "author": p.author,
                        "text": p.text, "at": at.to_string(),
                        "url": format!("https://posts.example/reply-{n}")})
                };
                ok(200, below.map(entry).collect())
            }
            (Method::Post, path, Body::Json(body)) if path.starts_with("/alerts/") => {
                let key = request.headers.iter().find(|(name, _)| *name == "webhook-id");
                let (_, key) = key.expect("every alert bears its key");
                let said: Value = serde_json::from_slice(body).expect("the house writes JSON");
                self.arrivals.push(Arrival {
                    at: now,
                    to: path.trim_start_matches("/alerts/").to_owned(),
                    key: key.clone(),
                    changes: said["type"] == "alert.updated",
                });
                ok(200, json!({}))
            }
            _ => ok(404, json!({})),
        }
    }
}

impl Transport for Outside {
    fn send<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, SendFault>> {
        Box::pin(async { self.exchange(request) })
    }

    fn open<'a>(&'a self, _: &'a Request) -> BoxFuture<'a, Result<Opened, SendFault>> {
        Box::pin(async { Err(SendFault::never("this outside streams nothing")) })
    }
}
