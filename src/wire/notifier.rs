//! `Notifier`: one way to tell people, described and spoken, without I/O.

use super::alert::Alert;
use super::ask::{BucketRule, Talk};
use super::fault::Fault;
use super::http::Response;
use super::network::Ctx;
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

    /// What an answer means where it is not what RFC 9110 says.
    fn fault(&self, _res: &Response, _cx: &Ctx<'_>) -> Option<Fault> {
        None
    }
}
