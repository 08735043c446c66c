//! Logging in: whose profile it is, a user token that renews itself, and how much of the month's
//! budget is used.
//!
//! A refresh token works once, so the refresh is the last question: nothing can go wrong between
//! the new token and the moment when it is stored. What comes before it is asked by the app's own
//! token, which does not expire.

use super::super::json::{self, Id};
use super::limits::{ACCOUNT_ONE, Usage};
use super::settings::Settings;
use crate::domain::Instant;
use crate::domain::time::{DAY, MINUTE};
use crate::wire::{Ask, Body, Ctx, Fault, Got, Method, Request, Secret, Session, Step, Talk};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

/// Tags of the questions.
const WHO: u8 = 0;
const USED: u8 = 1;
const TOKEN: u8 = 2;
/// How often the used budget is asked about; the limit is 50 in 15 minutes.
const USED_EVERY: i64 = 30 * MINUTE;
/// An access token is renewed so long before its end.
const RENEW_BEFORE: i64 = 5 * MINUTE;
/// How long an access token lives where the answer does not tell (docs.x.com: 2 hours).
const TOKEN_SECONDS: i64 = 7_200;

/// What is known since the log-in; kept as `Session::facts`, so it holds no secret.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Facts {
    /// The id of the profile that is read.
    pub user_id: String,
    /// The handle it was found by.
    pub handle: String,
    /// When the access token ends.
    pub token_until: Option<Instant>,
    /// How much of the month is used, if a budget is set.
    pub usage: Option<Usage>,
}

impl Facts {
    /// The session's facts; nothing known without a session.
    pub(super) fn of(cx: &Ctx<'_>) -> Facts {
        let text = cx.session.map(|session| session.facts.as_str()).unwrap_or_default();
        serde_json::from_str(text).unwrap_or_default()
    }
}

/// The user's tokens; kept together as `Session::secret`.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Tokens {
    /// Signs requests.
    pub access: String,
    /// Gets the next pair.
    pub refresh: String,
    /// The refresh token of the configuration from which these came: another one there means
    /// that a person connected anew.
    from: String,
}

impl Tokens {
    /// The session's tokens, if a user allowed the app to act.
    pub(super) fn of(cx: &Ctx<'_>) -> Option<Tokens> {
        let kept = cx.session?.secret.as_ref()?;
        serde_json::from_str(kept.expose()).ok()
    }

    fn secret(&self) -> Option<Secret> {
        serde_json::to_string(self).ok().map(Secret::new)
    }
}

/// The log-in. Every question is asked only if its answer is not known yet.
#[derive(Default)]
pub(super) struct Login {
    facts: Option<Facts>,
    metered: bool,
    tokens: Option<Tokens>,
}

impl Login {
    /// What is still good of the session before.
    fn known(cx: &Ctx<'_>, settings: &Settings) -> (Facts, Option<Tokens>) {
        let mut facts = Facts::of(cx);
        if facts.handle != settings.handle {
            facts = Facts { token_until: facts.token_until, ..Facts::default() };
        }
        let configured = settings.refresh_token.as_ref().map(Secret::expose).unwrap_or_default();
        let good = |until: Instant| until > cx.now + RENEW_BEFORE;
        // A session that has not run out was refused, so its token is not good.
        let ran_out =
            cx.session.and_then(|session| session.expires_at).is_some_and(|at| at <= cx.now);
        let keep = ran_out && facts.token_until.is_some_and(good);
        let tokens = Tokens::of(cx).filter(|tokens| keep && tokens.from == configured);
        (facts, tokens)
    }

    /// The refresh token that is next: of the session, unless a person wrote a new one.
    fn refresh_token(cx: &Ctx<'_>, settings: &Settings) -> Option<String> {
        let configured = settings.refresh_token.as_ref()?.expose();
        let kept =
            Tokens::of(cx).filter(|kept| kept.from == configured && !kept.refresh.is_empty());
        Some(kept.map_or_else(|| configured.to_owned(), |kept| kept.refresh))
    }

    /// The request for new tokens: a confidential client signs it, a public one names itself.
    fn refresh(refresh_token: String, settings: &Settings) -> Request {
        let mut request = Request::new(Method::Post, settings.at(&["oauth2", "token"]));
        let mut form = vec![
            ("grant_type".to_owned(), "refresh_token".to_owned()),
            ("refresh_token".to_owned(), refresh_token),
        ];
        let id = settings.client_id.as_deref().unwrap_or_default();
        match &settings.client_secret {
            Some(secret) => {
                let pair = STANDARD.encode(format!("{id}:{}", secret.expose()));
                request =
                    request.secret_header("authorization", Secret::new(format!("Basic {pair}")));
            }
            None => form.push(("client_id".to_owned(), id.to_owned())),
        }
        Request { body: Body::Form(form), ..request }
    }

    fn session(&mut self, facts: &Facts, cx: &Ctx<'_>, settings: &Settings) -> Session {
        let tokens = self.tokens.take();
        let used = settings.budget_reads.map(|_| cx.now + USED_EVERY);
        let ends = tokens.as_ref().and(facts.token_until).map(|until| until - RENEW_BEFORE);
        let expires_at = [Some(cx.now + DAY), used, ends].into_iter().flatten().min();
        Session {
            secret: tokens.as_ref().and_then(Tokens::secret),
            own: vec![facts.user_id.clone()],
            facts: serde_json::to_string(facts).unwrap_or_default(),
            // Never in the past, else every question would begin with a log-in.
            expires_at: expires_at.map(|at| at.max(cx.now + MINUTE)),
        }
    }

    fn granted(&mut self, body: &[u8], cx: &Ctx<'_>) -> Result<Option<Instant>, Fault> {
        #[derive(Deserialize)]
        struct Granted {
            access_token: String,
            refresh_token: Option<String>,
            expires_in: Option<i64>,
        }
        let settings = cx.settings::<Settings>();
        let granted: Granted = json::answer(body, "the new token")?;
        if granted.access_token.is_empty() {
            return Err(Fault::retry("X handed out an empty access token"));
        }
        // An empty one never replaces one that may still work.
        let refresh = granted.refresh_token.filter(|token| !token.is_empty());
        let refresh = refresh.or_else(|| Login::refresh_token(cx, settings)).unwrap_or_default();
        let from = settings.refresh_token.as_ref().map(|token| token.expose().to_owned());
        let from = from.unwrap_or_default();
        self.tokens = Some(Tokens { access: granted.access_token, refresh, from });
        let seconds = granted.expires_in.filter(|seconds| *seconds > 0).unwrap_or(TOKEN_SECONDS);
        Ok(Some(cx.now + seconds.saturating_mul(1_000)))
    }
}

impl Talk<Session> for Login {
    fn start(&mut self, cx: &Ctx<'_>) -> Step<Session> {
        let settings = cx.settings::<Settings>();
        let facts = match self.facts.take() {
            Some(facts) => facts,
            None => {
                let (facts, tokens) = Login::known(cx, settings);
                self.tokens = tokens;
                facts
            }
        };
        let step = if facts.user_id.is_empty() {
            let url = settings.at(&["users", "by", "username", &settings.handle]);
            Step::Ask(vec![Ask::http(Request::get(url), WHO, ACCOUNT_ONE)])
        } else if settings.budget_reads.is_some() && !self.metered {
            let mut url = settings.at(&["usage", "tweets"]);
            url.query_pairs_mut()
                .append_pair("days", "1")
                .append_pair("usage.fields", "cap_reset_day,project_usage");
            Step::Ask(vec![Ask::http(Request::get(url), USED, ACCOUNT_ONE)])
        } else {
            match Login::refresh_token(cx, settings).filter(|_| self.tokens.is_none()) {
                Some(token) => Step::Ask(vec![Ask::open(Login::refresh(token, settings), TOKEN)]),
                None => Step::Done(self.session(&facts, cx, settings)),
            }
        };
        self.facts = Some(facts);
        step
    }

    fn read(&mut self, tag: u8, got: Got, cx: &Ctx<'_>) -> Result<Step<Session>, Fault> {
        let settings = cx.settings::<Settings>();
        let body = got.http()?.body;
        let mut facts = self.facts.take().unwrap_or_default();
        match tag {
            WHO => {
                #[derive(Deserialize)]
                struct Answer {
                    data: Who,
                }
                #[derive(Deserialize)]
                struct Who {
                    id: Id,
                }
                let who: Answer = json::answer(&body, "the profile of the handle")?;
                if who.data.id.0.is_empty() {
                    return Err(Fault::bug("the profile of the handle has an empty id"));
                }
                facts.user_id = who.data.id.0;
                facts.handle = settings.handle.clone();
            }
            USED => {
                facts.usage = Some(Usage::read(&body, cx.now)?);
                self.metered = true;
            }
            _ => facts.token_until = self.granted(&body, cx)?,
        }
        self.facts = Some(facts);
        Ok(self.start(cx))
    }
}
