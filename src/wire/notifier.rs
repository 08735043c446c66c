//! `Notifier`: one way to tell people, described and spoken, without I/O.

use super::alert::Alert;
use super::ask::{BucketRule, Talk, Told};
use super::fault::Fault;
use super::hook::HookRequest;
use super::http::Response;
use super::network::Ctx;
use super::press::{Answer, Called, Fetched, Frame, Hears, Press, Socket};
use super::settings::{Key, KeyFault};
use std::any::Any;

/// What a notifier says of itself.
#[derive(Debug)]
pub struct NotifierMeta {
    /// Its name in configuration.
    pub name: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// What it does, for the generated docs page.
    pub about: &'static str,
    /// Address of its API documentation.
    pub docs: &'static str,
    /// Its limits.
    pub buckets: &'static [BucketRule],
    /// Its settings.
    pub keys: &'static [Key],
    /// A sent alert can be changed in place.
    pub edits: bool,
    /// The receiver drops a second alert with the same key.
    pub dedups: bool,
    /// What can be done in the alert itself, and by which way it reaches us.
    pub acts: Acts,
    /// Its own program asks whether what is public is meant before the press comes. Where it does
    /// not, a second press is asked for.
    pub confirms: bool,
}

/// How people act in a notifier's alerts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acts {
    /// By links that open a page of ours: the service vouches for nobody.
    Links,
    /// By buttons or marks of somebody whom the service vouches for, who is known by
    /// `ascolto user known`; without any port that is open to the outside.
    Outbound {
        /// What works so, and for what a page of ours must be reached all the same; for the docs.
        works: &'static str,
    },
    /// The same, where the service must be able to call us.
    Inbound,
    /// The same by either way, as the settings say.
    Either,
}

/// What a delivery came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delivered {
    /// The receiver's id of it, for a later change in place; empty where there is none.
    pub remote: String,
}

/// One way to tell people. Stateless; a recipient's settings come in with `Ctx`.
pub trait Notifier: Sync {
    /// What it says of itself.
    fn meta(&self) -> &'static NotifierMeta;

    /// Reads the recipient's settings into their own type.
    fn settings(&self, table: &toml::Table) -> Result<Box<dyn Any + Send + Sync>, KeyFault>;

    /// Delivers an alert. One that changes another (`alert.of`) is a short word that follows it.
    fn send(&self, alert: &Alert, cx: &Ctx<'_>) -> Box<dyn Talk<Delivered> + '_>;

    /// Changes an alert in place that was delivered before: `alert.of` names it by its key,
    /// `remote` is the receiver's id of it. `None`: that cannot be done, and a short word that
    /// follows is sent instead.
    fn edit(
        &self,
        _alert: &Alert,
        _remote: &str,
        _cx: &Ctx<'_>,
    ) -> Option<Box<dyn Talk<Delivered> + '_>> {
        None
    }

    /// Asks something harmless that only good settings are answered: nobody is told anything by it.
    /// `None`: there is nothing like that.
    fn probe(&self, _cx: &Ctx<'_>) -> Option<Box<dyn Talk<()> + '_>> {
        None
    }

    /// Whether the service vouches for who presses in this recipient's alerts; follows from the
    /// settings alone. Links that stand in such alerts ask who follows them.
    fn vouches(&self, _cx: &Ctx<'_>) -> bool {
        self.meta().acts != Acts::Links
    }

    /// How presses of this recipient's alerts reach us; follows from the settings alone.
    fn hears(&self, _cx: &Ctx<'_>) -> Hears {
        Hears::Called
    }

    /// What tells listeners of one source apart from those of another, where recipients may share
    /// a credential of which only one may ask (a bot's token): a digest or id, never a secret.
    /// Empty: each recipient hears for itself.
    fn source(&self, _cx: &Ctx<'_>) -> String {
        String::new()
    }

    /// Fetches presses from where `cursor` says (`None`: from now on), waiting up to `wait_s`
    /// seconds for the first where the service can.
    fn hear(
        &self,
        _cursor: Option<&str>,
        _wait_s: u32,
        _cx: &Ctx<'_>,
    ) -> Option<Box<dyn Talk<Fetched> + '_>> {
        None
    }

    /// Whether a press that was fetched from a shared source is this recipient's.
    fn is_mine(&self, _press: &Press, _cx: &Ctx<'_>) -> bool {
        true
    }

    /// Asks for the way to the socket that brings presses.
    fn socket(&self, _cx: &Ctx<'_>) -> Option<Box<dyn Talk<Socket> + '_>> {
        None
    }

    /// Reads a message of the socket.
    fn frame(&self, _message: &[u8], _cx: &Ctx<'_>) -> Frame {
        Frame::default()
    }

    /// Reads a call to `/hooks/recipient/NAME`. The signature is checked here, in constant time,
    /// and how old the call is.
    fn hook(&self, _req: &HookRequest<'_>, _cx: &Ctx<'_>) -> Called {
        Called::Refuse("this notifier takes no calls")
    }

    /// With what a press is acknowledged on the way that brought it (the body of the call, the
    /// message on the socket), once it was carried out.
    fn acked(&self, _press: &Press, _answer: &Answer, _cx: &Ctx<'_>) -> Vec<u8> {
        Vec::new()
    }

    /// Tells whoever pressed what came of it, or opens the form. `None`: there is nothing to ask;
    /// the alert that changes in place says it.
    fn answer(
        &self,
        _press: &Press,
        _answer: &Answer,
        _cx: &Ctx<'_>,
    ) -> Option<Box<dyn Talk<()> + '_>> {
        None
    }

    /// Whether an answer is fine although its status is none of success: what was asked for stands
    /// there already, or nobody waits for it any more. The conversation reads it as any other.
    fn passes(&self, _res: &Response) -> bool {
        false
    }

    /// What an answer's headers say of the limits.
    fn told(&self, _res: &Response, _cx: &Ctx<'_>) -> Vec<Told> {
        Vec::new()
    }

    /// What an answer means where it is not what RFC 9110 says.
    fn fault(&self, _res: &Response, _cx: &Ctx<'_>) -> Option<Fault> {
        None
    }
}
