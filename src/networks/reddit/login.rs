//! Logging in: an access token by the refresh token, and whose account it is.

use super::super::json;
use super::limits::ONE;
use super::settings::Settings;
use crate::domain::time::{MINUTE, SECOND};
use crate::wire::{
    Ask, Body, Ctx, Fault, Got, Method, Next, Request, Secret, Session, Step, Talk, Via,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

/// The path at which tokens are handed out.
pub(super) const PATH: &str = "/api/v1/access_token";
/// Tags of the questions.
const TOKEN: u8 = 0;
const WHO: u8 = 1;
/// A token is renewed so long before its end.
const RENEW_BEFORE: i64 = 5 * MINUTE;
/// How long a token lives where the answer does not tell.
const TOKEN_SECONDS: i64 = 3_600;

/// The log-in. Whose account it is is asked once; then the session's facts name it.
#[derive(Default)]
pub(super) struct Login {
    token: Secret,
    lasts_ms: i64,
}

impl Login {
    fn session(&self, cx: &Ctx<'_>) -> Session {
        let name = cx.settings::<Settings>().username.to_lowercase();
        Session {
            secret: Some(self.token.clone()),
            own: vec![name.clone()],
            facts: name,
            // Never in the past, else every question would begin with a log-in.
            expires_at: Some(cx.now + (self.lasts_ms - RENEW_BEFORE).max(MINUTE)),
        }
    }
}

impl Talk<Session> for Login {
    fn start(&mut self, cx: &Ctx<'_>) -> Step<Session> {
        let settings = cx.settings::<Settings>();
        let client = format!("{}:{}", settings.client_id, settings.client_secret.expose());
        let basic = Secret::new(format!("Basic {}", STANDARD.encode(client)));
        let form = vec![
            ("grant_type".to_owned(), "refresh_token".to_owned()),
            ("refresh_token".to_owned(), settings.refresh_token.expose().to_owned()),
        ];
        let request = Request::new(Method::Post, settings.token_url());
        let request = settings.named(request).secret_header("authorization", basic);
        Step::Ask(vec![Ask::open(Request { body: Body::Form(form), ..request }, TOKEN)])
    }

    fn read(&mut self, tag: u8, got: Got, cx: &Ctx<'_>) -> Result<Step<Session>, Fault> {
        #[derive(Deserialize)]
        struct Granted {
            access_token: String,
            expires_in: Option<i64>,
        }
        #[derive(Deserialize)]
        struct Who {
            name: String,
        }
        let settings = cx.settings::<Settings>();
        let body = got.http()?.body;
        if tag == TOKEN {
            let granted: Granted = json::answer(&body, "the access token")?;
            if granted.access_token.is_empty() {
                return Err(Fault::retry("Reddit handed out an empty access token"));
            }
            let seconds = granted.expires_in.filter(|seconds| *seconds > 0);
            self.lasts_ms = seconds.unwrap_or(TOKEN_SECONDS).saturating_mul(SECOND);
            self.token = Secret::new(granted.access_token);
            let known = cx.session.map(|session| session.facts.as_str()).unwrap_or_default();
            if known.eq_ignore_ascii_case(&settings.username) {
                return Ok(Step::Done(self.session(cx)));
            }
            let request = Request::get(settings.at(&["api", "v1", "me"]));
            let request = settings.named(request).bearer(self.token.expose());
            let ask = Ask { via: Via::Http(request), tag: WHO, spend: ONE, auth: false };
            return Ok(Step::Ask(vec![ask]));
        }
        let who: Who = json::answer(&body, "the token's account")?;
        if !settings.username.eq_ignore_ascii_case(&who.name) {
            let why = format!(
                "the refresh token belongs to another account than u/{}; connect that one",
                settings.username
            );
            return Err(Fault::new(Next::Auth, why));
        }
        Ok(Step::Done(self.session(cx)))
    }
}
