//! All URL shapes of the product, and the signing and checking of action links.
//!
//! The router takes its patterns from [`path`], everybody else builds addresses with [`Links`]:
//! a link in an alert cannot point where no route is.

mod button;
mod connect;
#[cfg(test)]
mod tests;
mod token;

pub use button::Button;
pub use connect::{Connect, ConnectFault};
pub use token::{Act, Action, LinkFault, Signer};

use crate::domain::{CaseId, ReplyId, StormId};
use url::Url;

/// Route patterns in axum's form; `{name}` stands for one segment.
pub mod path {
    /// Open cases by urgency.
    pub const INBOX: &str = "/";
    /// One case.
    pub const CASE: &str = "/cases/{id}";
    /// Storms, the newest first.
    pub const STORMS: &str = "/storms";
    /// One storm with its members.
    pub const STORM: &str = "/storms/{id}";
    /// What was read without a hole, and the gaps.
    pub const COVERAGE: &str = "/coverage";
    /// What rules sorted out, and the button by which one is owed after all.
    pub const SORTED_OUT: &str = "/sorted-out";
    /// The blind sample: one mention at a time.
    pub const SAMPLE: &str = "/sample";
    /// The share unheard with its parts.
    pub const REPORT: &str = "/report";
    /// The first look at a channel, and the choice about it.
    pub const FIRST_LOOK: &str = "/channels/{name}/first-look";
    /// Log in.
    pub const LOGIN: &str = "/login";
    /// Log out.
    pub const LOGOUT: &str = "/logout";
    /// An action link out of an alert: `GET` shows, `POST` acts.
    pub const ACT: &str = "/act/{token}";
    /// A link by which the owner of a channel connects it again: `GET` shows, `POST` connects.
    pub const CONNECT: &str = "/connect/{token}";
    /// Where a network's consent page sends the browser of whoever follows such a link.
    pub const CONNECT_BACK: &str = "/connect/callback";
    /// Where it sends the browser of whoever adds a channel on the command line, on that machine.
    pub const LOOPBACK: &str = "/callback";
    /// Calls from a network's own server, for one channel.
    pub const HOOK_CHANNEL: &str = "/hooks/channel/{name}";
    /// Calls from a recipient's own service: somebody pressed a button.
    pub const HOOK_RECIPIENT: &str = "/hooks/recipient/{name}";
    /// Calls from a ticket system.
    pub const HOOK_HANDOVER: &str = "/hooks/handover/{name}";
    /// The same for every channel that names this app.
    pub const HOOK_APP: &str = "/hooks/app/{name}";
    /// Style sheet, script and pictures.
    pub const STATIC: &str = "/static/{file}";
    /// Mentions in and out.
    pub const API_MENTIONS: &str = "/api/v1/mentions";
    /// A person says that a mention is owed an answer after all.
    pub const API_MENTION_OWED: &str = "/api/v1/mentions/{id}/owed";
    /// Cases.
    pub const API_CASES: &str = "/api/v1/cases";
    /// One case.
    pub const API_CASE: &str = "/api/v1/cases/{id}";
    /// What a person does with a case: `take`, `waive`, `publish` …
    pub const API_CASE_ACT: &str = "/api/v1/cases/{id}/{act}";
    /// Storms.
    pub const API_STORMS: &str = "/api/v1/storms";
    /// One storm with its members.
    pub const API_STORM: &str = "/api/v1/storms/{id}";
    /// A person's word on a reply of unknown fate.
    pub const API_REPLY_DECIDE: &str = "/api/v1/replies/{id}/decide";
    /// Somebody has seen what an alert told.
    pub const API_ALERT_ACK: &str = "/api/v1/alerts/{id}/ack";
    /// A person's word that an alert should not have woken anybody.
    pub const API_ALERT_WOKEN: &str = "/api/v1/alerts/{id}/woken";
    /// What a person does with a customer: `link`, `unlink`, `mute`, `unmute`. The id is that of a
    /// person, or of a case of one of its authors.
    pub const API_PERSON_ACT: &str = "/api/v1/persons/{id}/{act}";
    /// The ledger.
    pub const API_LEDGER: &str = "/api/v1/ledger";
    /// The share unheard of a span of time, with its parts.
    pub const API_REPORT: &str = "/api/v1/reports/summary";
    /// Channels and how they fare.
    pub const API_CHANNELS: &str = "/api/v1/channels";
    /// A person chooses how much of a channel's first look to open.
    pub const API_FIRST_LOOK: &str = "/api/v1/channels/{name}/first-look";
    /// Changes as they happen, by server-sent events.
    pub const API_EVENTS: &str = "/api/v1/events";
    /// The process lives.
    pub const HEALTH: &str = "/healthz";
    /// The process can work: the database answers.
    pub const READY: &str = "/readyz";
    /// Figures for Prometheus.
    pub const METRICS: &str = "/metrics";
}

/// The port of 127.0.0.1 to which a consent page sends a browser where nothing else is said: the
/// one behind that of the inbox.
pub const LOOPBACK_PORT: u16 = 7071;

/// The address on this machine to which a consent page sends a browser (RFC 8252, 7.3).
pub fn loopback(port: u16) -> String {
    format!("http://127.0.0.1:{port}{}", path::LOOPBACK)
}

/// Builds absolute addresses below the public one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Links {
    /// The public address without a slash at its end.
    base: String,
}

impl Links {
    /// Below `public_url` (`[web] public_url`), which may have a path of its own.
    ///
    /// # Errors
    /// When it is no plain `http` or `https` address; the text says what to write.
    pub fn new(public_url: &str) -> Result<Links, String> {
        let wrong = |what: &str| {
            format!(
                "`public_url` {what}; write the address at which people open the inbox, \
                 for example https://ascolto.example.com"
            )
        };
        let url = Url::parse(public_url.trim()).map_err(|_| wrong("is no address"))?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(wrong("does not begin with https:// or http://"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong("holds a user name or password, which every link would show"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(wrong("holds `?` or `#`"));
        }
        Ok(Links { base: url.as_str().trim_end_matches('/').to_owned() })
    }

    /// The inbox.
    pub fn inbox(&self) -> String {
        self.at(path::INBOX)
    }

    /// The inbox, cut down to one channel.
    pub fn inbox_of(&self, channel: &str) -> String {
        self.with("/?channel={name}", "{name}", channel)
    }

    /// The inbox, cut down to what of a brand is only to look at.
    pub fn tray(&self, brand: &str) -> String {
        self.with("/?brand={name}&state=look", "{name}", brand)
    }

    /// The inbox, cut down to the questions of a brand.
    pub fn questions(&self, brand: &str) -> String {
        self.with("/?brand={name}&state=question", "{name}", brand)
    }

    /// The first look at a channel.
    pub fn first_look(&self, channel: &str) -> String {
        self.with(path::FIRST_LOOK, "{name}", channel)
    }

    /// The page of a case.
    pub fn case(&self, id: CaseId) -> String {
        self.with(path::CASE, "{id}", &id.to_string())
    }

    /// The page of a storm.
    pub fn storm(&self, id: StormId) -> String {
        self.with(path::STORM, "{id}", &id.to_string())
    }

    /// The page that shows an action and asks for the click that confirms it.
    pub fn act(&self, token: &str) -> String {
        self.with(path::ACT, "{token}", token)
    }

    /// The page on which a channel's owner puts a new credential.
    pub fn connect(&self, token: &str) -> String {
        self.with(path::CONNECT, "{token}", token)
    }

    /// Where a consent page sends the browser of a channel's owner. `None` without https: a code is
    /// sent over no open line.
    pub fn connect_back(&self) -> Option<String> {
        self.base.starts_with("https:").then(|| self.at(path::CONNECT_BACK))
    }

    /// What became of a request for deletion, below the route and name that took it.
    pub fn deletion(&self, hook: &str, name: &str, code: &str) -> String {
        format!("{}?deletion={code}", self.with(hook, "{name}", name))
    }

    /// The coverage page.
    pub fn coverage(&self) -> String {
        self.at(path::COVERAGE)
    }

    /// The log-in page.
    pub fn login(&self) -> String {
        self.at(path::LOGIN)
    }

    /// Where a person decides what became of a reply.
    pub fn reply_decide(&self, id: ReplyId) -> String {
        self.with(path::API_REPLY_DECIDE, "{id}", &id.to_string())
    }

    /// Any route without a variable part, by its pattern.
    pub fn at(&self, pattern: &str) -> String {
        format!("{}{pattern}", self.base)
    }

    /// Puts one encoded segment into a pattern.
    fn with(&self, pattern: &str, slot: &str, value: &str) -> String {
        let value: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
        // A form writes a blank as `+`, a path as `%20`.
        self.at(&pattern.replace(slot, &value.replace('+', "%20")))
    }
}
