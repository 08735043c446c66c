//! A house with a web in front, without a socket, on a database of its own and a clock moved by hand.

use super::wall::WALL;
use crate::doubles::desk;
use crate::town::around;
use ascolto::app;
use ascolto::clock::Clock;
use ascolto::config::{Registry, load};
use ascolto::domain::Instant;
use ascolto::pipeline::replay::{Entrance, feed};
use ascolto::pipeline::{Deps, drafting, triage};
use ascolto::store::Store;
use ascolto::store::access::{self, AgentRow, TokenRow};
use ascolto::web::{Web, password, router, token_hash};
use ascolto::wire::Heard;
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use serde_json::{Value, json};
use std::sync::Arc;
use tower::ServiceExt;

/// When the tests begin: Friday, 2026-11-20T09:00:00Z.
pub const T0: Instant = Instant(1_795_165_200_000);

const CONFIG: &str = r#"
[store]
url = "sqlite:unused.db"
[web]
public_url = "https://ascolto.example"
[brand.acme]
title = "Acme"
zone = "Europe/Rome"
terms = ["acme"]
[brand.globex]
zone = "Europe/London"
terms = ["globex"]
[channel.posts]
network = "ingest"
brand = "acme"
[channel.wall]
network = "wall"
brand = "acme"
[public.videos]
brand = "acme"
title = "Video <b>"
url = "https://videos.example/@acme"
stopgap = "mail"
"#;

const REGISTRY: Registry = Registry {
    network: |name| if name == "wall" { Some(&WALL) } else { (app::registry().network)(name) },
    networks: || [(app::registry().networks)(), vec!["wall"]].concat(),
    notifier: desk::REGISTRY.notifier,
    notifiers: desk::REGISTRY.notifiers,
};

/// The house of one test.
pub struct House {
    pub deps: Arc<Deps>,
    pub router: Router,
    _folder: tempfile::TempDir,
}

/// What came back.
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|e| panic!("{e}: {}", self.text))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |v| v.to_str().unwrap())
    }
}

impl House {
    pub async fn new() -> House {
        House::with("").await
    }

    /// A house with more in its configuration.
    pub async fn with(more: &str) -> House {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ascolto.toml");
        std::fs::write(&file, format!("{CONFIG}{more}")).unwrap();
        let config = load(&file, std::iter::empty(), &REGISTRY);
        let config = config.unwrap_or_else(|p| panic!("{}", p[0]));
        let url = format!("sqlite:{}", folder.path().join("test.db").display());
        let store = Store::open(&url).await.unwrap();
        let around = around(&Clock::manual(T0), 7);
        let deps = Arc::new(app::build(&config, store, around).await.unwrap());
        let web = Web {
            deps: deps.clone(),
            session_hours: 12,
            secure_cookies: true,
            once: Some(ascolto::wire::Secret::new("once-only")),
        };
        let house = House { deps, router: router(web), _folder: folder };
        house.token("asc_in", "ingest", "posts", "").await;
        house.token("asc_wall", "ingest", "wall", "").await;
        house.token("asc_read", "read", "", "").await;
        house.token("asc_act", "read act", "", "anna").await;
        house
    }

    pub async fn token(&self, text: &str, scopes: &str, channel: &str, agent: &str) {
        let row = TokenRow {
            name: text.trim_start_matches("asc_").to_owned(),
            scopes: scopes.to_owned(),
            channel: channel.to_owned(),
            agent: agent.to_owned(),
            added_at: T0.0,
        };
        let mut tx = self.deps.store.begin().await.unwrap();
        assert!(access::add_token(&mut tx, &row, &token_hash(text)).await.unwrap());
        tx.commit().await.unwrap();
    }

    pub async fn agent(&self, name: &str, password: &str, language: &str) {
        let row = AgentRow {
            name: name.to_owned(),
            password: password::hash(password, &[7; 16]).unwrap(),
            role: "agent".to_owned(),
            language: language.to_owned(),
            added_at: T0.0,
        };
        let mut tx = self.deps.store.begin().await.unwrap();
        assert!(access::add_agent(&mut tx, &row).await.unwrap());
        tx.commit().await.unwrap();
    }

    pub async fn ask(&self, request: Request<Body>) -> Reply {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, 64 << 20).await.unwrap();
        let text = String::from_utf8(body.to_vec()).unwrap();
        Reply { status: parts.status, headers: parts.headers, text }
    }

    pub async fn get(&self, path: &str, token: &str) -> Reply {
        let request = Request::get(path).header(header::AUTHORIZATION, format!("Bearer {token}"));
        self.ask(request.body(Body::empty()).unwrap()).await
    }

    pub async fn post(&self, path: &str, token: &str, body: impl Into<Body>) -> Reply {
        let request = Request::post(path).header(header::AUTHORIZATION, format!("Bearer {token}"));
        self.ask(request.body(body.into()).unwrap()).await
    }

    /// Hands mentions over and lets triage and drafting do their work.
    pub async fn hear(&self, token: &str, mentions: Value) {
        let reply = self.post("/api/v1/mentions", token, mentions.to_string()).await;
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
        assert_eq!(reply.json()["rejected"], json!([]));
        triage::step(&self.deps).await.unwrap();
        drafting::step(&self.deps).await.unwrap();
    }

    /// A complaint that nobody addressed to the brand; gives its case.
    pub async fn overheard(&self, id: &str, text: &str) -> String {
        let to = Entrance {
            brand: &self.deps.brands["acme"],
            channel: "posts",
            lane: app::INGEST_LANE,
            addressed: false,
            follow: None,
        };
        let heard = Heard::Mention(serde_json::from_value(mention(id, text)).unwrap());
        feed(&self.deps, &to, std::iter::once(heard), |_| {}).await.unwrap();
        triage::step(&self.deps).await.unwrap();
        self.newest_case().await
    }

    /// A complaint on the wall; gives its case.
    pub async fn case(&self, id: &str, text: &str) -> String {
        self.hear("asc_wall", json!([mention(id, text)])).await;
        self.newest_case().await
    }

    async fn newest_case(&self) -> String {
        let cases = self.get("/api/v1/cases?state=open", "asc_read").await.json();
        let ids = cases["cases"].as_array().unwrap().iter().filter_map(|c| c["id"].as_str());
        ids.max().expect("a case was opened").to_owned()
    }
}

/// A mention as the API takes it, by an author of its own.
pub fn mention(id: &str, text: &str) -> Value {
    json!({
        "network": "wall",
        "external_id": id,
        "kind": "post",
        "visibility": "public",
        "author": { "id": format!("author-{id}"), "handle": format!("user_{id}"), "name": "Ada" },
        "text": text,
        "created_at": "2026-11-20T08:50:00Z",
        "url": format!("https://wall.example/{id}"),
        "thread_id": "",
    })
}

/// A plain complaint.
pub const COMPLAINT: &str =
    "Acme, terza settimana e il pacco non è ancora arrivato: è una vergogna, nessuno risponde!";
