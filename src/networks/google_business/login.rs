//! Logging in: an access token by the refresh token, which stays the same.

use super::super::json;
use super::settings::Settings;
use crate::domain::time::{MINUTE, SECOND};
use crate::wire::{Ask, Body, Ctx, Fault, Got, Method, Request, Secret, Session, Step, Talk};
use serde::Deserialize;

/// The path at which tokens are handed out (developers.google.com/identity/protocols/oauth2).
pub(super) const PATH: &str = "/token";
/// A token is renewed so long before its end.
const RENEW_BEFORE: i64 = 5 * MINUTE;
/// How long a token lives where the answer does not tell.
const TOKEN_SECONDS: i64 = 3_600;

/// The log-in.
pub(super) struct Login;

impl Talk<Session> for Login {
    fn start(&mut self, cx: &Ctx<'_>) -> Step<Session> {
        let settings = cx.settings::<Settings>();
        let form = [
            ("grant_type", "refresh_token"),
            ("client_id", settings.client_id.as_str()),
            ("client_secret", settings.client_secret.expose()),
            ("refresh_token", settings.refresh_token.expose()),
        ];
        let form = form.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let request = Request::new(Method::Post, settings.token_url());
        Step::Ask(vec![Ask::open(Request { body: Body::Form(form.into()), ..request }, 0)])
    }

    fn read(&mut self, _tag: u8, got: Got, cx: &Ctx<'_>) -> Result<Step<Session>, Fault> {
        #[derive(Deserialize)]
        struct Granted {
            access_token: String,
            expires_in: Option<i64>,
        }
        let granted: Granted = json::answer(&got.http()?.body, "the access token")?;
        if granted.access_token.is_empty() {
            return Err(Fault::retry("Google handed out an empty access token"));
        }
        let seconds = granted.expires_in.filter(|seconds| *seconds > 0).unwrap_or(TOKEN_SECONDS);
        let lasts = seconds.saturating_mul(SECOND).saturating_sub(RENEW_BEFORE);
        Ok(Step::Done(Session {
            secret: Some(Secret::new(granted.access_token)),
            own: vec![cx.settings::<Settings>().origin()],
            facts: String::new(),
            // Never in the past, else every question would begin with a log-in.
            expires_at: Some(cx.now + lasts.max(MINUTE)),
        }))
    }
}
