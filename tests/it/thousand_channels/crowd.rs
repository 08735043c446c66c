//! `Crowd`: the servers of many channels in the place of the transport. It counts every request by
//! what its network counts, and notes how late each poll begins.

use ascolto::clock::Clock;
use ascolto::domain::Instant;
use ascolto::fetch::{Opened, SendFault, Transport};
use ascolto::networks;
use ascolto::store::{Store, lanes};
use ascolto::wire::{Body, BoxFuture, Request, Response};
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;
use std::time::Duration;
use tokio::sync::watch;

/// How long a server that hangs is waited for, as the real transport would.
const HUNG: Duration = Duration::from_secs(20);

/// A poll that began.
#[derive(Clone, Copy, Debug)]
pub struct Begun {
    /// When its first request came.
    pub at: Instant,
    /// How long after the lane was due, in milliseconds.
    pub late: i64,
    /// Whether its network hangs.
    pub hangs: bool,
}

/// The servers.
pub struct Crowd {
    clock: Clock,
    /// How long each takes to answer, on the wall clock.
    takes: Duration,
    store: Mutex<Option<Store>>,
    state: Mutex<State>,
    polls: watch::Sender<BTreeMap<String, usize>>,
}

#[derive(Default)]
struct State {
    /// When requests came, by network, bucket and scope.
    asked: BTreeMap<(&'static str, &'static str, String), Vec<Instant>>,
    /// The lease under which a channel's lane was read last: a walk has one, of many requests.
    fences: BTreeMap<String, i64>,
    begun: Vec<Begun>,
}

/// Whose request it is and what it asks for.
struct Asked {
    channel: String,
    network: &'static str,
    /// The lane whose poll begins with such a request.
    lane: Option<&'static str>,
    /// What it spends, and by what that is counted.
    spends: Vec<(&'static str, String)>,
    answer: Value,
}

impl Crowd {
    /// Servers that take so long to answer.
    pub fn new(clock: Clock, takes: Duration) -> Crowd {
        let (store, state) = (Mutex::default(), Mutex::default());
        Crowd { clock, takes, store, state, polls: watch::Sender::default() }
    }

    /// The lines of a channel. Its first letter says what it is: m Mastodon, b Bluesky, x X, f a
    /// feed, y one of many feeds of one host, z one of a host of its own, h a Mastodon that hangs.
    pub fn channel(kind: char, n: usize) -> String {
        let name = format!("{kind}{n}");
        // They drift apart, as channels do that were added on different days.
        let every = 53 + n % 15;
        let lines = match kind {
            'm' => format!(
                "network = \"mastodon\"\nserver = \"https://m{}.example\"\ntoken = \"tk-{name}\"\n\
                 every = \"{every}s\"\n",
                n / 10
            ),
            'h' => format!(
                "network = \"mastodon\"\nserver = \"https://hung.example\"\n\
                 token = \"tk-{name}\"\nevery = \"{every}s\"\n"
            ),
            'b' => format!(
                "network = \"bluesky\"\nservice = \"https://bsky.example\"\n\
                 handle = \"{name}.example\"\napp_password = \"pw-{name}\"\nevery = \"{every}s\"\n"
            ),
            'x' => format!(
                "network = \"x\"\napi = \"https://api.example\"\nhandle = \"{name}\"\n\
                 token = \"tk-{name}\"\nevery = \"{every}s\"\n"
            ),
            'y' => format!(
                "network = \"feed\"\nurl = \"https://busy.example/{name}.json\"\nevery = \"1m\"\n"
            ),
            _ => format!(
                "network = \"feed\"\nurl = \"https://{kind}{}.example/{name}.json\"\n",
                n / 10
            ),
        };
        format!("[channel.{name}]\nbrand = \"acme\"\nfirst_look = \"0\"\n{lines}")
    }

    /// Looks up in this store when a lane was due.
    pub fn watch(&self, store: &Store) {
        *self.store.lock().unwrap() = Some(store.clone());
    }

    /// The polls that began so far.
    pub fn begun(&self) -> Vec<Begun> {
        self.state.lock().unwrap().begun.clone()
    }

    /// How often each channel was polled.
    pub fn polls(&self) -> BTreeMap<String, usize> {
        self.polls.borrow().clone()
    }

    /// Waits until a channel is polled; `false` if that takes half a minute.
    pub async fn is_polled(&self, channel: &str) -> bool {
        let mut changes = self.polls.subscribe();
        let polled = changes.wait_for(|polls| polls.contains_key(channel));
        tokio::time::timeout(Duration::from_secs(30), polled).await.is_ok()
    }

    /// How many requests came in all, and the first bucket that was asked for more than it holds
    /// within any span as long as its window.
    pub fn over_budget(&self) -> (usize, Option<String>) {
        let state = self.state.lock().unwrap();
        let mut over = None;
        for ((network, bucket, scope), times) in &state.asked {
            let rules = networks::network(network).expect("a network of ours").meta().buckets;
            let rule = rules.iter().find(|rule| rule.bucket.0 == *bucket).expect("it is declared");
            let mut within: VecDeque<Instant> = VecDeque::new();
            for at in times {
                within.push_back(*at);
                while within.front().is_some_and(|first| *first <= *at - rule.window_ms) {
                    within.pop_front();
                }
                if within.len() > usize::try_from(rule.limit).expect("no great number") {
                    let many = within.len();
                    over.get_or_insert(format!("{network} {bucket} of {scope}: {many} until {at}"));
                }
            }
        }
        (state.asked.values().map(Vec::len).sum(), over)
    }

    /// Notes a poll that begins.
    async fn note(&self, channel: &str, lane: &str) {
        let at = self.clock.now();
        let Some(store) = self.store.lock().unwrap().clone() else { return };
        // A house that is being closed polls nothing any more.
        let Ok(mut tx) = store.read().await else { return };
        let Ok(Some(row)) = lanes::lane(&mut tx, channel, lane).await else { return };
        let before = {
            let mut state = self.state.lock().unwrap();
            let before = state.fences.insert(channel.to_owned(), row.fence);
            if before != Some(row.fence) {
                let hangs = channel.starts_with('h');
                state.begun.push(Begun { at, late: at.0 - row.next_at, hangs });
            }
            before
        };
        if before != Some(row.fence) {
            self.polls.send_modify(|polls| *polls.entry(channel.to_owned()).or_default() += 1);
        }
    }

    async fn exchange(&self, request: &Request) -> Result<Response, SendFault> {
        let asked = asked(request);
        if let Some(lane) = asked.lane {
            self.note(&asked.channel, lane).await;
        }
        let now = self.clock.now();
        for (bucket, scope) in asked.spends {
            let mut state = self.state.lock().unwrap();
            state.asked.entry((asked.network, bucket, scope)).or_default().push(now);
        }
        if asked.channel.starts_with('h') {
            tokio::time::sleep(HUNG).await;
            return Err(SendFault::perhaps("no whole answer within 20000 ms"));
        }
        if !self.takes.is_zero() {
            tokio::time::sleep(self.takes).await;
        }
        let body = asked.answer.to_string().into_bytes();
        Ok(Response { status: 200, body, ..Response::default() })
    }
}

impl Transport for Crowd {
    fn send<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, SendFault>> {
        Box::pin(self.exchange(request))
    }

    fn open<'a>(&'a self, _: &'a Request) -> BoxFuture<'a, Result<Opened, SendFault>> {
        Box::pin(async { Err(SendFault::never("these servers stream nothing")) })
    }
}

/// Reads a request.
fn asked(request: &Request) -> Asked {
    let host = request.url.host_str().unwrap_or_default().to_owned();
    let last = request.url.path().rsplit('/').next().unwrap_or_default();
    let channel = channel(request, last);
    let (network, lane, spends, answer) = match channel.chars().next() {
        Some('m' | 'h') => {
            let (lane, answer) = match last {
                "notifications" => (Some("mentions"), json!([])),
                _ => (None, json!({"id": "1"})),
            };
            ("mastodon", lane, vec![("api", channel.clone())], answer)
        }
        Some('b') => {
            let token = format!("tk-{channel}");
            let session = json!({"accessJwt": token, "refreshJwt": token,
                "did": format!("did:plc:{channel}")});
            let (lane, answer) = match last {
                "app.bsky.notification.listNotifications" => {
                    (Some("mentions"), json!({"notifications": []}))
                }
                _ => (None, session),
            };
            let mut spends = vec![("api", host)];
            if last == "com.atproto.server.createSession" {
                spends.extend(["logins", "logins_day"].map(|bucket| (bucket, channel.clone())));
            }
            ("bluesky", lane, spends, answer)
        }
        Some('x') => match last {
            "mentions" => {
                // Of the month it spends what the answer holds: nothing.
                let spends = vec![("mentions", channel.clone())];
                ("x", Some("mentions"), spends, json!({"meta": {"result_count": 0}}))
            }
            _ => ("x", None, vec![("account", channel.clone())], json!({"data": {"id": "1"}})),
        },
        _ => {
            let feed = json!({"version": "https://jsonfeed.org/version/1.1", "title": "Feed",
                "items": [{"id": 9_007_199_254_740_993_u64, "content_text": "Acme"}]});
            ("feed", Some("feed"), vec![("host", host)], feed)
        }
    };
    Asked { channel, network, lane, spends, answer }
}

/// Whose request it is: by its credential, or by the address of its feed.
fn channel(request: &Request, last: &str) -> String {
    let bearer = request
        .secret_headers
        .iter()
        .find_map(|(_, secret)| Some(secret.expose().strip_prefix("Bearer tk-")?.to_owned()));
    let identified = || match &request.body {
        Body::Json(body) => {
            let body: Value = serde_json::from_slice(body).ok()?;
            Some(body["identifier"].as_str()?.trim_end_matches(".example").to_owned())
        }
        _ => None,
    };
    bearer.or_else(identified).unwrap_or_else(|| last.trim_end_matches(".json").to_owned())
}
