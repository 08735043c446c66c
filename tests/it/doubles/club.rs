//! `Club`: a Mastodon server as far as credentials go, and one more network whose tokens end,
//! behind the engine's transport; and a house that listens there.
//!
//! The server knows tokens and whose they are; it can be down, fail or say that a limit is used
//! up. The network `lease` has no log-in and no lanes: its token is tried by a probe alone, and a
//! consent page hands it out.

use super::place::BARE;
use crate::town::{self, around, noted};
use ascolto::app::{self, Surroundings};
use ascolto::clock::Clock;
use ascolto::config::{Registry, load};
use ascolto::domain::{Instant, MentionRef};
use ascolto::fetch::{Opened, SendFault, Transport};
use ascolto::pipeline::{Deps, runner};
use ascolto::store::credentials::{self, CredentialRow};
use ascolto::store::{Store, lanes};
use ascolto::wire::{
    Address, App, Ask, Body, BoxFuture, Consent, Ctx, Cursor, Fault, Got, Key, KeyFault, KeyKind,
    Lane, Meta, Network, Part, Request, Response, Secret, Shows, Step, Takes, Talk, read_settings,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::any::Any;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use url::Url;

/// When the stories begin: Friday, 2026-11-20T09:00:00Z.
pub const T0: Instant = Instant(1_795_165_200_000);

/// How the servers fare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weather {
    Fair,
    /// Nobody can be reached.
    Down,
    /// Every answer is a 503.
    Failing,
    /// Every answer is a 429.
    Limited,
}

/// The servers.
pub struct Club(Mutex<State>);

struct State {
    /// Whose each token is.
    tokens: BTreeMap<String, String>,
    weather: Weather,
    /// What the owner allowed, by code: the challenge of whoever asked.
    codes: BTreeMap<String, String>,
    /// Path and token of each request.
    asked: Vec<(String, String)>,
}

impl Club {
    fn new() -> Club {
        let tokens = [("tk-old", "acme"), ("tk-new", "acme"), ("tk-other", "globex")];
        let tokens = tokens.map(|(token, who)| (token.to_owned(), who.to_owned())).into();
        let (weather, codes, asked) = (Weather::Fair, BTreeMap::new(), Vec::new());
        Club(Mutex::new(State { tokens, weather, codes, asked }))
    }

    /// The owner opens the consent page of `lease` and allows it: the query with which the browser
    /// comes back.
    pub fn allow(&self, page: &str) -> String {
        let url = Url::parse(page).unwrap_or_else(|e| panic!("{page}: {e}"));
        let asked: BTreeMap<String, String> = url.query_pairs().into_owned().collect();
        assert!(page.starts_with("https://lease.example/allow?"), "{page}");
        assert_eq!((asked["client_id"].as_str(), asked["scope"].as_str()), ("l3ase", "read"));
        assert_eq!(
            (asked["redirect_uri"].as_str(), asked["response_type"].as_str()),
            (BACK, "code")
        );
        assert_eq!(asked["code_challenge_method"], "S256");
        let mut state = self.0.lock().unwrap();
        let code = format!("c0de-{}", state.codes.len());
        state.codes.insert(code.clone(), asked["code_challenge"].clone());
        format!("code={code}&state={}", asked["state"])
    }

    /// Takes a token back.
    pub fn revoke(&self, token: &str) {
        self.0.lock().unwrap().tokens.remove(token);
    }

    /// Hands a token out, or out again.
    pub fn grant(&self, token: &str) {
        self.0.lock().unwrap().tokens.insert(token.to_owned(), "acme".to_owned());
    }

    /// From now on.
    pub fn weather(&self, weather: Weather) {
        self.0.lock().unwrap().weather = weather;
    }

    /// How often this path was asked for with this token.
    pub fn asked(&self, path: &str, token: &str) -> usize {
        let state = self.0.lock().unwrap();
        state.asked.iter().filter(|(p, t)| p == path && t == token).count()
    }

    fn answer(&self, request: &Request) -> Result<Response, SendFault> {
        let mut state = self.0.lock().unwrap();
        let signed = request.secret_headers.iter().find(|(name, _)| *name == "authorization");
        let token = signed.and_then(|(_, value)| value.expose().strip_prefix("Bearer "));
        let (path, token) = (request.url.path().to_owned(), token.unwrap_or_default().to_owned());
        state.asked.push((path.clone(), token.clone()));
        let answer = |status, body: serde_json::Value| Response {
            status,
            headers: vec![("retry-after".to_owned(), "60".to_owned())],
            body: body.to_string().into_bytes(),
            url: Some(request.url.clone()),
        };
        match state.weather {
            Weather::Fair => {}
            Weather::Down => return Err(SendFault::never("no route")),
            Weather::Failing => return Ok(answer(503, json!({}))),
            Weather::Limited => return Ok(answer(429, json!({}))),
        }
        if path == "/token" {
            let Body::Form(fields) = &request.body else { panic!("a form is wanted") };
            let fields: BTreeMap<String, String> = fields.iter().cloned().collect();
            let field = |name: &str| fields.get(name).map(String::as_str).unwrap_or_default();
            assert_eq!((field("grant_type"), field("redirect_uri")), ("authorization_code", BACK));
            assert_eq!((field("client_id"), field("client_secret")), ("l3ase", "s3cret"));
            let fits = URL_SAFE_NO_PAD.encode(Sha256::digest(field("code_verifier").as_bytes()));
            return Ok(match state.codes.remove(field("code")) {
                Some(challenge) if challenge == fits => {
                    answer(200, json!({ "access_token": "tk-new" }))
                }
                _ => answer(400, json!({ "error": "invalid_grant" })),
            });
        }
        Ok(match (state.tokens.get(&token), path.as_str()) {
            (_, "/api/v1/instance") => answer(200, json!({})),
            (None, _) => answer(401, json!({ "error": "The access token was revoked" })),
            (Some(who), "/me" | "/api/v1/accounts/verify_credentials") => {
                answer(200, json!({ "id": who }))
            }
            (Some(_), _) => answer(200, json!([])),
        })
    }
}

impl Transport for Club {
    fn send<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, SendFault>> {
        Box::pin(async { self.answer(request) })
    }

    fn open<'a>(&'a self, _: &'a Request) -> BoxFuture<'a, Result<Opened, SendFault>> {
        Box::pin(async { Err(SendFault::never("the club streams nothing")) })
    }
}

/// Where the consent page of `lease` sends browsers.
const BACK: &str = "https://ascolto.example/connect/callback";

/// The network whose tokens end.
pub struct Lease;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LeaseSettings {
    token: Secret,
    ends: Instant,
    #[serde(default, rename = "client_id")]
    _client_id: String,
    #[serde(default, rename = "client_secret")]
    _client_secret: Secret,
}

static CONSENT: Consent = Consent {
    page: Address { key: None, base: "https://lease.example", path: "/allow" },
    token: Address { key: None, base: "https://lease.example", path: "/token" },
    app: App::Registered { id: "client_id", secret: "client_secret" },
    shows: Shows::Form,
    pkce: true,
    scopes: &["read"],
    more: &[],
    takes: Takes::Access,
    key: "token",
    before: "Enter {address}.",
};

static LEASE: Meta = Meta {
    name: "lease",
    title: "Lease",
    about: "A network that hands out tokens for a while.",
    keys: &[
        Key { name: "token", kind: KeyKind::Secret, required: true, doc: "It.", example: "\"t\"" },
        Key {
            name: "ends",
            kind: KeyKind::Text,
            required: true,
            doc: "When the token ends.",
            example: "\"2026-12-01T00:00:00Z\"",
        },
        Key {
            name: "client_id",
            kind: KeyKind::Text,
            required: false,
            doc: "The app.",
            example: "\"l3ase\"",
        },
        Key {
            name: "client_secret",
            kind: KeyKind::Secret,
            required: false,
            doc: "Its secret.",
            example: "\"s3cret\"",
        },
    ],
    ..BARE
};

impl Network for Lease {
    fn meta(&self) -> &'static Meta {
        &LEASE
    }

    fn settings(&self, table: &toml::Table) -> Result<Box<dyn Any + Send + Sync>, KeyFault> {
        Ok(Box::new(read_settings::<LeaseSettings>(table)?))
    }

    fn lanes(&self, _: &Ctx<'_>) -> Vec<Lane> {
        Vec::new()
    }

    fn consent(&self) -> Option<&'static Consent> {
        Some(&CONSENT)
    }

    fn probe(&self, _: &Ctx<'_>) -> Option<Box<dyn Talk<()> + '_>> {
        Some(Box::new(Me))
    }

    fn ends(&self, cx: &Ctx<'_>) -> Option<Instant> {
        Some(cx.settings::<LeaseSettings>().ends)
    }

    fn sign(&self, request: Request, cx: &Ctx<'_>) -> Request {
        request.bearer(cx.settings::<LeaseSettings>().token.expose())
    }

    fn listen(
        &self,
        _: &Lane,
        _: Option<&Cursor>,
        _: Option<&str>,
        _: &Ctx<'_>,
    ) -> Box<dyn Talk<Cursor> + '_> {
        unreachable!("it has no lane")
    }

    fn fit(&self, _: &str, _: &MentionRef, _: &Ctx<'_>) -> Result<Vec<Part>, Fault> {
        Err(Fault::refused("nobody answers there"))
    }
}

struct Me;

impl Talk<()> for Me {
    fn start(&mut self, _: &Ctx<'_>) -> Step<()> {
        let url = "https://lease.example/me".parse().unwrap();
        Step::Ask(vec![Ask::http(Request::get(url), 0, &[])])
    }

    fn read(&mut self, _: u8, got: Got, _: &Ctx<'_>) -> Result<Step<()>, Fault> {
        got.http().map(|_| Step::Done(()))
    }
}

const REGISTRY: Registry = Registry {
    network: |name| if name == "lease" { Some(&Lease) } else { (app::registry().network)(name) },
    networks: || [(app::registry().networks)(), vec!["lease"]].concat(),
    notifier: |name| (app::registry().notifier)(name),
    notifiers: || (app::registry().notifiers)(),
    ticket_system: |name| (app::registry().ticket_system)(name),
    ticket_systems: || (app::registry().ticket_systems)(),
};

/// The channel `masto`, whose owner is a recipient.
pub const MASTO: &str = "[channel.masto]\nnetwork = \"mastodon\"\nbrand = \"acme\"\n\
    server = \"https://social.example\"\ntoken = \"tk-old\"\nowner = \"anna\"\n\
    granted_by = \"Bruno of IT\"\n";

/// A channel of the network whose tokens end.
pub fn lease(ends: Instant) -> String {
    format!(
        "[channel.lease]\nnetwork = \"lease\"\nbrand = \"acme\"\ntoken = \"tk-old\"\n\
         ends = \"{ends}\"\nowner = \"the agency\"\n"
    )
}

/// The same in the name of an app, so that its owner may use the consent page.
pub fn lease_of_app(ends: Instant) -> String {
    format!("{}client_id = \"l3ase\"\nclient_secret = \"s3cret\"\n", lease(ends))
}

/// A house that listens there, on a clock moved by hand.
pub struct House {
    pub deps: Arc<Deps>,
    pub clock: Clock,
    pub club: Arc<Club>,
    said: Arc<Mutex<Vec<String>>>,
    folder: tempfile::TempDir,
    seed: u64,
}

impl House {
    /// With these channels.
    pub async fn new(channels: &str) -> House {
        let folder = town::folder();
        let (clock, club) = (Clock::manual(T0), Arc::new(Club::new()));
        let said = Arc::new(Mutex::new(Vec::new()));
        let deps = build(&folder, channels, &clock, &club, &said, 1).await;
        House { deps, clock, club, said, folder, seed: 1 }
    }

    /// Ends the process and starts it anew on the same file, perhaps with other channels.
    pub async fn restart(&mut self, channels: &str) {
        self.deps.store.close().await;
        self.seed += 1;
        let (folder, clock) = (&self.folder, &self.clock);
        self.deps = build(folder, channels, clock, &self.club, &self.said, self.seed).await;
    }

    /// Lets time pass in steps of `step` milliseconds, and does what is due in each.
    pub async fn pass(&self, steps: i64, step: i64) {
        for _ in 0..steps {
            self.clock.advance(step);
            runner::drain(&self.deps).await.unwrap();
        }
    }

    /// What people were told since the last look.
    pub fn told(&self) -> Vec<String> {
        std::mem::take(&mut *self.said.lock().unwrap())
    }

    /// How a credential stands.
    pub async fn credential(&self, channel: &str) -> CredentialRow {
        let mut tx = self.deps.store.read().await.unwrap();
        credentials::one(&mut tx, channel).await.unwrap().expect("it has a credential")
    }

    /// How a channel stands.
    pub async fn state(&self, channel: &str) -> String {
        let mut tx = self.deps.store.read().await.unwrap();
        lanes::channel(&mut tx, channel).await.unwrap().expect("it is known").state
    }
}

async fn build(
    folder: &tempfile::TempDir,
    channels: &str,
    clock: &Clock,
    club: &Arc<Club>,
    said: &Arc<Mutex<Vec<String>>>,
    seed: u64,
) -> Arc<Deps> {
    let text = format!(
        "[store]\nurl = \"sqlite:{}\"\n[web]\npublic_url = \"https://ascolto.example\"\n\
         [brand.acme]\nzone = \"Europe/Rome\"\nlanguage = \"en\"\nrecipients = [\"room\"]\n\
         [recipient.room]\nnotifier = \"terminal\"\n\
         [recipient.anna]\nnotifier = \"terminal\"\n{channels}",
        folder.path().join("club.db").display(),
    );
    let file = folder.path().join("ascolto.toml");
    std::fs::write(&file, text).unwrap();
    let config = load(&file, std::iter::empty(), &REGISTRY);
    let config = config.unwrap_or_else(|problems| panic!("{}", problems[0]));
    let around =
        Surroundings { say: noted(said), transport: Some(club.clone()), ..around(clock, seed) };
    let store = Store::open(config.store.url.expose()).await.unwrap();
    Arc::new(app::build(&config, store, around).await.unwrap())
}
