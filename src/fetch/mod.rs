//! The engine that runs the conversations of networks and notifiers over HTTP and mail.
//!
//! A conversation ([`crate::wire::Talk`]) only says what to ask and reads what came back. The
//! engine does the rest, the same for all: it spends the limits before it asks, signs, watches
//! the time, sends, learns from the server's headers, renews the session once, and turns
//! whatever goes wrong into a [`Fault`] that holds no secret.
//!
//! | file | does |
//! |---|---|
//! | `mod` | the engine, its settings, what it speaks for |
//! | `conversation` | runs one talk, ask by ask |
//! | `session` | loads, renews and keeps sessions, one at a time per link |
//! | `limits` | spends, corrects and shuts buckets |
//! | `transport` | one HTTP exchange: redirects, caps, time-outs; WebSockets |
//! | `mail` | IMAP and SMTP: lines, log-in, folders, mails in and out |
//! | `guard` | which addresses may be connected to |
//! | `stream` | server-sent events and WebSockets that wake lanes; WebSockets that bring presses |
//! | `tape` | records exchanges without secrets, plays them back |
//! | `redact` | keeps secrets out of texts |

mod conversation;
mod guard;
mod limits;
mod mail;
mod redact;
mod session;
mod stream;
mod tape;
#[cfg(test)]
mod testing;
mod transport;

pub use conversation::{Conversation, Turn};
pub use limits::Spent;
pub use mail::Outside;
pub use session::Tried;
pub use stream::{Frames, TwoWay};
pub use tape::{Exchange, Recorder, Replay};
pub use transport::{HttpTransport, Opened, SendFault, Transport, Voice};

pub use crate::wire::Purpose;

use crate::clock::Clock;
use crate::domain::Instant;
use crate::domain::time::SECOND;
use crate::ids::Ids;
use crate::wire::{
    Bucket, BucketRule, Ctx, Fault, Keep, Network, Next, Notifier, Reached, Request, Response,
    Session, Talk, TicketSystem, Told, consent_fault,
};
use std::any::Any;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

/// How the engine speaks to the outside.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What we call ourselves there.
    pub user_agent: String,
    /// How long an exchange may take with all its redirects and its body, in milliseconds;
    /// connecting may take half of it.
    pub timeout_ms: i64,
    /// The longest body that is read, in bytes after decompression.
    pub body_limit: usize,
    /// Hosts (`crm.internal`, `localhost:8080`), addresses (`127.0.0.1:8080`) and networks
    /// (`10.0.0.0/8`) that may be spoken to although they are private.
    pub allow_private: Vec<String>,
    /// Where every exchange is recorded, without secrets; for developers.
    pub tape: Option<PathBuf>,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            user_agent: concat!("Ascolto/", env!("CARGO_PKG_VERSION")).to_owned(),
            timeout_ms: 20 * SECOND,
            body_limit: 8 * 1024 * 1024,
            allow_private: Vec::new(),
            tape: None,
        }
    }
}

impl Settings {
    /// The real network as these settings want it, recorded where they say so.
    ///
    /// # Errors
    /// Text for a person: what in the settings does not do.
    pub fn transport(&self) -> Result<Arc<dyn Transport>, String> {
        let outside = Arc::new(Outside::new(self)?);
        Ok(match &self.tape {
            None => outside,
            Some(path) => Arc::new(Recorder::new(outside, path.clone())),
        })
    }
}

/// Whose language is spoken.
#[derive(Clone, Copy)]
pub enum Peer<'a> {
    /// A network, for a channel.
    Network(&'a dyn Network),
    /// A notifier, for a recipient.
    Notifier(&'a dyn Notifier),
    /// A ticket system, for a hand-over.
    Tickets(&'a dyn TicketSystem),
    /// The server behind a network's consent page, by that network's name. It has no settings, no
    /// session and no limits.
    Consent(&'a str),
    /// The company's own system that says who a customer is, with what it is asked at most.
    Lookup(&'static [BucketRule]),
}

impl<'a> Peer<'a> {
    fn name(self) -> &'a str {
        match self {
            Peer::Network(network) => network.meta().name,
            Peer::Notifier(notifier) => notifier.meta().name,
            Peer::Tickets(system) => system.meta().name,
            Peer::Consent(network) => network,
            Peer::Lookup(_) => "lookup",
        }
    }

    fn rules(self) -> &'static [BucketRule] {
        match self {
            Peer::Network(network) => network.meta().buckets,
            Peer::Notifier(notifier) => notifier.meta().buckets,
            Peer::Tickets(system) => system.meta().buckets,
            Peer::Consent(_) => &[],
            Peer::Lookup(rules) => rules,
        }
    }

    fn sign(self, request: Request, cx: &Ctx<'_>) -> Request {
        match self {
            Peer::Network(network) => network.sign(request, cx),
            Peer::Notifier(_) | Peer::Tickets(_) | Peer::Consent(_) | Peer::Lookup(_) => request,
        }
    }

    fn own(self, settings: &(dyn Any + Send + Sync)) -> Vec<String> {
        match self {
            Peer::Network(network) => network.own(settings),
            Peer::Notifier(_) | Peer::Tickets(_) | Peer::Consent(_) | Peer::Lookup(_) => Vec::new(),
        }
    }

    fn login(self, cx: &Ctx<'_>) -> Option<Box<dyn Talk<Session> + 'a>> {
        match self {
            Peer::Network(network) => network.login(cx),
            Peer::Notifier(_) | Peer::Tickets(_) | Peer::Consent(_) | Peer::Lookup(_) => None,
        }
    }

    fn probe(self, cx: &Ctx<'_>) -> Option<Box<dyn Talk<()> + 'a>> {
        match self {
            Peer::Network(network) => network.probe(cx),
            Peer::Notifier(notifier) => notifier.probe(cx),
            Peer::Tickets(_) | Peer::Consent(_) | Peer::Lookup(_) => None,
        }
    }

    fn passes(self, res: &Response) -> bool {
        match self {
            Peer::Notifier(notifier) => notifier.passes(res),
            Peer::Network(_) | Peer::Tickets(_) | Peer::Consent(_) | Peer::Lookup(_) => false,
        }
    }

    fn fault(self, res: &Response, cx: &Ctx<'_>) -> Option<Fault> {
        match self {
            Peer::Network(network) => network.fault(res, cx),
            Peer::Notifier(notifier) => notifier.fault(res, cx),
            Peer::Tickets(system) => system.fault(res, cx),
            Peer::Consent(_) => consent_fault(res),
            Peer::Lookup(_) => None,
        }
    }

    fn told(self, res: &Response, cx: &Ctx<'_>) -> Vec<Told> {
        match self {
            Peer::Network(network) => network.told(res, cx),
            Peer::Notifier(notifier) => notifier.told(res, cx),
            Peer::Tickets(_) | Peer::Consent(_) | Peer::Lookup(_) => Vec::new(),
        }
    }

    fn cost(self, res: &Response, cx: &Ctx<'_>) -> Vec<(Bucket, u32)> {
        match self {
            Peer::Network(network) => network.cost(res, cx),
            Peer::Notifier(_) | Peer::Tickets(_) | Peer::Consent(_) | Peer::Lookup(_) => Vec::new(),
        }
    }

    fn limit(self, rule: &BucketRule, link: &Link) -> u32 {
        match self {
            Peer::Network(network) => network.limit(rule, &link.settled().cx()),
            Peer::Notifier(_) | Peer::Tickets(_) | Peer::Consent(_) | Peer::Lookup(_) => rule.limit,
        }
    }
}

/// One configured channel or recipient.
pub struct Link {
    /// Its name; sessions and limits are kept under it, so no channel and no recipient may
    /// share one.
    pub name: String,
    /// Our own author ids there that the configuration names.
    pub own: Vec<String>,
    /// Its settings, of its network's or notifier's own type. A person may put a new credential
    /// into them while the process runs.
    settings: RwLock<Arc<dyn Any + Send + Sync>>,
    session: session::Cell,
}

impl Link {
    /// A link whose session is not loaded yet.
    pub fn new(
        name: impl Into<String>,
        settings: Arc<dyn Any + Send + Sync>,
        own: Vec<String>,
    ) -> Link {
        let settings = RwLock::new(settings);
        Link { name: name.into(), own, settings, session: session::Cell::default() }
    }

    /// Its settings as they stand now.
    pub fn settings(&self) -> Arc<dyn Any + Send + Sync> {
        Arc::clone(&self.settings.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Goes on with new settings, and with the session that is stored.
    pub fn put(&self, settings: Arc<dyn Any + Send + Sync>) {
        *self.settings.write().unwrap_or_else(PoisonError::into_inner) = settings;
        self.session.forget();
    }

    /// Nobody of this process logs in here while the guard lives: whoever exchanges a credential
    /// holds it from the first question until the new one is stored and put.
    pub async fn alone(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.session.alone().await
    }

    /// What the settings alone say: no session, no time.
    pub fn settled(&self) -> OwnedCtx {
        OwnedCtx {
            settings: self.settings(),
            session: None,
            now: Instant::default(),
            own: self.own.clone(),
            seed: 0,
        }
    }
}

/// What a network's code may know, held for as long as a conversation lasts.
#[derive(Clone)]
pub struct OwnedCtx {
    settings: Arc<dyn Any + Send + Sync>,
    session: Option<Arc<Session>>,
    now: Instant,
    own: Vec<String>,
    seed: u64,
}

impl OwnedCtx {
    /// The same, borrowed.
    pub fn cx(&self) -> Ctx<'_> {
        Ctx {
            settings: &*self.settings,
            session: self.session.as_deref(),
            now: self.now,
            own: &self.own,
            seed: self.seed,
        }
    }
}

/// Runs conversations. One for the whole process; all of its state is behind `Keep`, but for
/// the cached sessions of the links.
pub struct Engine {
    transport: Arc<dyn Transport>,
    keep: Arc<dyn Keep>,
    clock: Clock,
    ids: Ids,
    say: Arc<dyn Fn(&str) + Send + Sync>,
}

impl Engine {
    /// An engine over a transport and a memory. `say` prints a line on our own terminal.
    pub fn new(
        transport: Arc<dyn Transport>,
        keep: Arc<dyn Keep>,
        clock: Clock,
        ids: Ids,
        say: Arc<dyn Fn(&str) + Send + Sync>,
    ) -> Engine {
        Engine { transport, keep, clock, ids, say }
    }

    /// What the code of `peer` may know about `link` now. Loads the session on first use; where
    /// the network has a log-in and there is no session, or it has ended, logs in.
    ///
    /// # Errors
    /// The fault of the log-in, or that the session cannot be loaded or stored.
    pub async fn ctx(&self, peer: Peer<'_>, link: &Link) -> Result<OwnedCtx, Fault> {
        let session = self.session(peer, link).await?;
        Ok(self.ctx_with(peer, link, session, self.ids.number()))
    }

    fn ctx_with(
        &self,
        peer: Peer<'_>,
        link: &Link,
        session: Option<Arc<Session>>,
        seed: u64,
    ) -> OwnedCtx {
        let settings = link.settings();
        let mut own = link.own.clone();
        own.extend(peer.own(&*settings));
        own.extend(session.iter().flat_map(|s| s.own.iter().cloned()));
        OwnedCtx { settings, session, now: self.clock.now(), own, seed }
    }

    /// Begins a conversation. Nothing is asked before its first turn, and nothing after
    /// `not_after`.
    pub fn begin<'a, T>(
        &'a self,
        peer: Peer<'a>,
        link: &'a Link,
        talk: Box<dyn Talk<T> + 'a>,
        purpose: Purpose,
        not_after: Option<Instant>,
    ) -> Conversation<'a, T> {
        Conversation::new(self, peer, link, talk, purpose, not_after)
    }
}

/// A fault before anything was sent: try again later.
fn unsent(why: impl Into<String>) -> Fault {
    Fault { next: Next::Retry { after: None }, why: why.into(), reached: Reached::Never }
}
