//! Logging in: which bot it is. The token does not change, so there is nothing to renew.

use super::super::json::{self, Id};
use super::{ONE, Settings};
use crate::domain::time::DAY;
use crate::wire::{Ask, Ctx, Fault, Got, Request, Session, Step, Talk};
use serde::{Deserialize, Serialize};

/// What the bot is; kept as `Session::facts`.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Facts {
    /// Its handle.
    pub username: String,
}

impl Facts {
    /// The session's facts; nothing known without a session.
    pub(super) fn of(cx: &Ctx<'_>) -> Facts {
        let text = cx.session.map(|session| session.facts.as_str()).unwrap_or_default();
        serde_json::from_str(text).unwrap_or_default()
    }
}

/// Asks who the bot is, once a day.
pub(super) struct Login;

impl Talk<Session> for Login {
    fn start(&mut self, cx: &Ctx<'_>) -> Step<Session> {
        let url = cx.settings::<Settings>().at("getMe");
        Step::Ask(vec![Ask::http(Request::get(url), 0, ONE)])
    }

    fn read(&mut self, _tag: u8, got: Got, cx: &Ctx<'_>) -> Result<Step<Session>, Fault> {
        #[derive(Deserialize)]
        struct Answer {
            result: Bot,
        }
        #[derive(Deserialize)]
        struct Bot {
            id: Id,
            username: Option<String>,
        }
        let Answer { result } = json::answer(&got.http()?.body, "the bot's own profile")?;
        if result.id.0.is_empty() {
            return Err(Fault::bug("the bot's own profile has an empty id"));
        }
        let facts = Facts { username: result.username.unwrap_or_default() };
        Ok(Step::Done(Session {
            secret: None,
            own: vec![result.id.0],
            facts: serde_json::to_string(&facts).unwrap_or_default(),
            expires_at: Some(cx.now + DAY),
        }))
    }
}
