//! An authorization server (RFC 6749, 7636) with just enough of the networks behind it to log in.
//!
//! Its page is played by the test, which stands for the owner in the browser; all else is asked
//! over HTTP. It refuses an address that the app did not register to the letter, an app that shows
//! who it is in another way than it should, a code twice, and a verifier that does not fit.

use super::Server;
use axum::extract::{Form, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};
use url::Url;

type Fields = BTreeMap<String, String>;
type Refused = (StatusCode, Json<Value>);

/// An app that is known there.
#[derive(Clone)]
struct App {
    secret: String,
    /// Where browsers may be sent; empty for any port of 127.0.0.1.
    redirect: String,
    /// Shows who it is by `Basic`, else in the form.
    basic: bool,
}

/// What a code stands for.
struct Grant {
    client: String,
    redirect: String,
    challenge: Option<String>,
}

#[derive(Default)]
struct Books {
    apps: BTreeMap<String, App>,
    codes: BTreeMap<String, Grant>,
    tokens: BTreeSet<String>,
    count: u32,
}

impl Books {
    fn next(&mut self, what: &str) -> String {
        self.count += 1;
        format!("{what}-{}", self.count)
    }

    fn token(&mut self, what: &str) -> String {
        let token = self.next(what);
        self.tokens.insert(token.clone());
        token
    }
}

#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Books>>);

impl Shared {
    fn books(&self) -> MutexGuard<'_, Books> {
        self.0.lock().unwrap()
    }
}

/// The server.
pub struct Gate {
    /// Its address.
    pub url: String,
    shared: Shared,
    _server: Server,
}

impl Gate {
    /// Starts it; it knows no app yet.
    pub async fn start() -> Gate {
        let shared = Shared::default();
        let router = Router::new()
            .route("/api/v1/apps", post(register))
            .route("/oauth/token", post(token))
            .route("/token", post(token))
            .route("/api/v1/access_token", post(token))
            .route("/api/v1/accounts/verify_credentials", get(who))
            .route("/api/v1/instance", get(|| async { Json(json!({ "title": "gate" })) }));
        let server = Server::start(router.with_state(shared.clone())).await;
        Gate { url: server.url.clone(), shared, _server: server }
    }

    /// Knows an app from now on. Without an address it may send browsers to any port of 127.0.0.1.
    pub fn knows(&self, id: &str, secret: &str, redirect: &str, basic: bool) {
        let app = App { secret: secret.to_owned(), redirect: redirect.to_owned(), basic };
        self.shared.books().apps.insert(id.to_owned(), app);
    }

    /// The owner opens the page and allows it; where the browser is sent then.
    pub fn allow(&self, page: &str) -> String {
        let asked = self.asked(page);
        let mut books = self.shared.books();
        let code = books.next("c0de");
        let grant = Grant {
            client: asked["client_id"].clone(),
            redirect: asked["redirect_uri"].clone(),
            challenge: asked.get("code_challenge").cloned(),
        };
        books.codes.insert(code.clone(), grant);
        format!("{}?state={}&code={code}#_", asked["redirect_uri"], asked["state"])
    }

    /// The owner opens the page and denies it.
    pub fn deny(&self, page: &str) -> String {
        let asked = self.asked(page);
        format!("{}?error=access_denied&state={}", asked["redirect_uri"], asked["state"])
    }

    /// No code is good any more.
    pub fn forget(&self) {
        self.shared.books().codes.clear();
    }

    /// Whether it handed this token out.
    pub fn handed_out(&self, token: &str) -> bool {
        self.shared.books().tokens.contains(token)
    }

    /// What the page is asked, if a page would be shown at all.
    fn asked(&self, page: &str) -> Fields {
        let url = Url::parse(page).unwrap_or_else(|e| panic!("{page}: {e}"));
        let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        let asked: Fields = pairs.iter().cloned().collect();
        assert_eq!(asked.len(), pairs.len(), "nothing is said twice: {page}");
        assert_eq!(asked["response_type"], "code");
        assert!(!asked["scope"].is_empty());
        assert!(asked["state"].len() >= 22, "128 bits at least: {page}");
        assert_eq!(
            asked.get("code_challenge").map(String::len),
            asked.get("code_challenge_method").map(|method| {
                assert_eq!(method, "S256");
                43
            })
        );
        let books = self.shared.books();
        let app = books.apps.get(&asked["client_id"]).expect("a known app");
        let redirect = &asked["redirect_uri"];
        match app.redirect.as_str() {
            "" => assert!(redirect.starts_with("http://127.0.0.1:"), "{redirect}"),
            registered => assert_eq!(redirect, registered),
        }
        asked
    }
}

async fn register(State(shared): State<Shared>, Form(fields): Form<Fields>) -> Json<Value> {
    let mut books = shared.books();
    let (id, secret) = (books.next("app"), books.next("app-s3cret"));
    let redirect = fields["redirect_uris"].clone();
    assert!(!fields["client_name"].is_empty() && !fields["scopes"].is_empty());
    books.apps.insert(id.clone(), App { secret: secret.clone(), redirect, basic: false });
    Json(json!({ "client_id": id, "client_secret": secret }))
}

fn refused(status: StatusCode, error: &str, why: &str) -> Refused {
    (status, Json(json!({ "error": error, "error_description": why })))
}

async fn token(
    State(shared): State<Shared>,
    headers: HeaderMap,
    Form(fields): Form<Fields>,
) -> Result<Json<Value>, Refused> {
    let mut books = shared.books();
    let field = |name: &str| fields.get(name).cloned().unwrap_or_default();
    let basic = headers.get("authorization").map(|value| {
        let pair = value.to_str().unwrap().strip_prefix("Basic ").expect("Basic").to_owned();
        let pair = String::from_utf8(STANDARD.decode(pair).unwrap()).unwrap();
        let (id, secret) = pair.split_once(':').expect("a pair");
        (id.to_owned(), secret.to_owned())
    });
    let is_basic = basic.is_some();
    let (id, secret) = basic.unwrap_or_else(|| (field("client_id"), field("client_secret")));
    let known = books.apps.get(&id).is_some_and(|a| a.secret == secret && a.basic == is_basic);
    if !known {
        return Err(refused(StatusCode::UNAUTHORIZED, "invalid_client", "nobody we know"));
    }
    let no_grant = |why| refused(StatusCode::BAD_REQUEST, "invalid_grant", why);
    match field("grant_type").as_str() {
        "authorization_code" => {
            let grant =
                books.codes.remove(&field("code")).ok_or_else(|| no_grant("no such code"))?;
            if grant.client != id || grant.redirect != field("redirect_uri") {
                return Err(no_grant("another app or address"));
            }
            let shown = fields
                .get("code_verifier")
                .map(|verifier| URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes())));
            if shown != grant.challenge {
                return Err(no_grant("the verifier does not fit"));
            }
            let (access, refresh) = (books.token("acc3ss"), books.token("r3fresh"));
            Ok(Json(json!({ "access_token": access, "refresh_token": refresh })))
        }
        "refresh_token" if books.tokens.contains(&field("refresh_token")) => {
            let access = books.token("acc3ss");
            Ok(Json(json!({ "access_token": access, "expires_in": 3600 })))
        }
        _ => Err(no_grant("no such grant")),
    }
}

/// Whose token it is, as Mastodon tells.
async fn who(State(shared): State<Shared>, headers: HeaderMap) -> Result<Json<Value>, StatusCode> {
    let bearer = headers.get("authorization").and_then(|value| value.to_str().ok());
    match bearer.and_then(|value| value.strip_prefix("Bearer ")) {
        Some(token) if shared.books().tokens.contains(token) => {
            Ok(Json(json!({ "id": "42", "username": "acme" })))
        }
        _ => Err(StatusCode::UNAUTHORIZED),
    }
}
