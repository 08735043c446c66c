//! `Caller`: who sends a request to the API, by bearer token or by a page's session.

use super::front::{self, Shared};
use super::pages::session;
use super::problem::Problem;
use crate::store::access;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use sha2::{Digest, Sha256};

/// How every API token begins, so that people and scanners know one when they see it.
pub const TOKEN_PREFIX: &str = "asc_";

/// What a caller may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Hand over mentions.
    Ingest,
    /// Read everything.
    Read,
    /// Act on cases and replies.
    Act,
}

impl Scope {
    fn name(self) -> &'static str {
        match self {
            Scope::Ingest => "ingest",
            Scope::Read => "read",
            Scope::Act => "act",
        }
    }
}

/// Who sends a request.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Keeps one caller's `Idempotency-Key`s apart from another's.
    pub id: String,
    /// The name under which acts are logged.
    pub agent: String,
    /// The ingest channel that a token writes to, empty for none.
    pub channel: String,
    scopes: String,
}

impl Caller {
    /// Lets the request pass if the caller may do this.
    ///
    /// # Errors
    /// 403 with the scope that is missing.
    pub fn must(&self, scope: Scope) -> Result<(), Problem> {
        if self.scopes.split_whitespace().any(|s| s == scope.name()) {
            return Ok(());
        }
        let detail = format!(
            "this token lacks the scope `{}`; make one with `ascolto user token`",
            scope.name()
        );
        Err(Problem::new(StatusCode::FORBIDDEN, detail))
    }
}

/// How a token is stored and looked up: the SHA-256 of its text, in hexadecimal digits. The text
/// has 256 random bits, so a fast hash gives nothing away.
pub fn token_hash(token: &str) -> String {
    Sha256::digest(token.as_bytes()).iter().map(|b| format!("{b:02x}")).collect()
}

impl FromRequestParts<Shared> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, front: &Shared) -> Result<Caller, Problem> {
        let told = parts.headers.get(header::AUTHORIZATION);
        let Some(told) = told else {
            return session::caller(parts, front).await;
        };
        let token = told.to_str().ok().and_then(|v| {
            let (scheme, token) = v.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
        });
        let row = match token.filter(|t| t.starts_with(TOKEN_PREFIX)) {
            None => None,
            Some(token) => {
                let mut tx = front.web.deps.store.read().await?;
                access::token_by_hash(&mut tx, &token_hash(token)).await?
            }
        };
        if let Some(row) = row {
            let agent = if row.agent.is_empty() {
                format!("token:{}", row.name)
            } else {
                row.agent.clone()
            };
            let id = format!("token:{}", row.name);
            return Ok(Caller { id, agent, channel: row.channel, scopes: row.scopes });
        }
        let (now, from) = (front.now(), front::address(&parts.extensions, &parts.headers));
        if let Some(seconds) = front.throttle.wait(from, now) {
            let detail = format!("too many bad tokens from your address; wait {seconds} s");
            return Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, detail).retry(seconds));
        }
        front.throttle.failed(from, now);
        let detail = "this token is not known; make one with `ascolto user token` and send it as \
                      `Authorization: Bearer asc_…`";
        Err(Problem::new(StatusCode::UNAUTHORIZED, detail))
    }
}

impl Caller {
    /// A person who is logged in: reads and acts, under the own name.
    pub fn agent(name: &str) -> Caller {
        Caller {
            id: format!("agent:{name}"),
            agent: name.to_owned(),
            channel: String::new(),
            scopes: "read act".to_owned(),
        }
    }
}
