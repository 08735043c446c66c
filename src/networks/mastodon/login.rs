//! Logging in: whose token it is, and what the server allows.

use super::super::json::{self, Id};
use super::{ONE, Settings};
use crate::wire::{Ask, Ctx, Fault, Got, Request, Session, Step, Talk};
use serde::{Deserialize, Serialize};
use url::Url;

/// Tags of the two questions.
const WHO: u8 = 0;
const SERVER: u8 = 1;

/// What the server told at log-in; kept as `Session::facts`.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Facts {
    /// Longest post.
    pub max_characters: Option<usize>,
    /// Base address of streams, as http or https.
    pub streaming: Option<Url>,
}

impl Facts {
    /// The session's facts; nothing known without a session.
    pub(super) fn of(cx: &Ctx<'_>) -> Facts {
        let text = cx.session.map(|session| session.facts.as_str()).unwrap_or_default();
        serde_json::from_str(text).unwrap_or_default()
    }
}

/// Asks who we are and what the server allows. The older `/api/v1/instance` is asked since every
/// server that speaks this API has it, and a missing page would end the log-in.
#[derive(Default)]
pub(super) struct Login {
    own: Option<String>,
    facts: Option<Facts>,
}

impl Talk<Session> for Login {
    fn start(&mut self, cx: &Ctx<'_>) -> Step<Session> {
        let settings = cx.settings::<Settings>();
        let server = Request::get(settings.at(&["v1", "instance"]));
        Step::Ask(vec![ask_who(settings), Ask::http(server, SERVER, ONE)])
    }

    fn read(&mut self, tag: u8, got: Got, _cx: &Ctx<'_>) -> Result<Step<Session>, Fault> {
        let res = got.http()?;
        match tag {
            WHO => self.own = Some(whose(&res.body)?),
            _ => self.facts = Some(facts(&res.body)),
        }
        Ok(match (self.own.take(), self.facts.take()) {
            (Some(own), Some(facts)) => Step::Done(Session {
                secret: None,
                own: vec![own],
                facts: serde_json::to_string(&facts).unwrap_or_default(),
                expires_at: None,
            }),
            (own, facts) => {
                (self.own, self.facts) = (own, facts);
                Step::Ask(Vec::new())
            }
        })
    }
}

/// Asks whose token it is, and nothing else: only a living token is answered.
pub(super) struct Probe;

impl Talk<()> for Probe {
    fn start(&mut self, cx: &Ctx<'_>) -> Step<()> {
        Step::Ask(vec![ask_who(cx.settings())])
    }

    fn read(&mut self, _tag: u8, got: Got, _cx: &Ctx<'_>) -> Result<Step<()>, Fault> {
        whose(&got.http()?.body).map(|_| Step::Done(()))
    }
}

fn ask_who(settings: &Settings) -> Ask {
    let path = ["v1", "accounts", "verify_credentials"];
    Ask::http(Request::get(settings.at(&path)), WHO, ONE)
}

/// The id of the token's profile.
fn whose(body: &[u8]) -> Result<String, Fault> {
    #[derive(Deserialize)]
    struct Who {
        id: Id,
    }
    let who: Who = json::answer(body, "the token's profile")?;
    Ok(who.id.0)
}

/// Reads the server's description. What is missing there takes the documented default, so an odd
/// server costs no log-in.
fn facts(body: &[u8]) -> Facts {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Statuses {
        max_characters: Option<usize>,
    }
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Configuration {
        statuses: Statuses,
    }
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Urls {
        streaming_api: Option<String>,
    }
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Instance {
        configuration: Configuration,
        urls: Urls,
        /// Where Pleroma and others say it.
        max_toot_chars: Option<usize>,
    }
    let instance: Instance = json::answer(body, "the server's description").unwrap_or_default();
    let limit = instance.configuration.statuses.max_characters.or(instance.max_toot_chars);
    let streaming = instance.urls.streaming_api.and_then(|address| {
        // wss:// becomes https://, ws:// http://: the same stream as server-sent events.
        let rest = address.strip_prefix("ws")?;
        Url::parse(&format!("http{rest}")).ok().filter(Url::has_host)
    });
    Facts { max_characters: limit.filter(|n| (20..=1_000_000).contains(n)), streaming }
}
