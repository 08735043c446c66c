//! The configuration: TOML files and environment variables in, checked domain types out.
//!
//! One table a section (`tables.rs`, and the `wire::Key` tables of networks and notifiers) says
//! which keys there are; the check, the messages, the example and the pages of the docs are all
//! made from it. A load goes through: `source` (files to spanned TOML), `section` (TOML to
//! sections), `overlay` (environment), `check` (sections to typed values, by their tables),
//! `brands`, `calendars` and `outside` (values to what the rest of the house takes). Every problem
//! is collected, so one run of `ascolto check` shows all.
//!
//! A secret reaches no problem: values of unknown keys, secrets, addresses and `KEY_file` paths are
//! never quoted, and what was read as a secret is struck out of every text at the end.

mod brands;
mod calendars;
mod campaign;
mod check;
mod consumers;
mod duration;
mod escalation;
mod example;
mod form;
mod holes;
mod inner;
mod lookup;
mod outside;
mod overlay;
mod pages;
mod pledge;
mod priority;
mod problem;
mod rota;
mod section;
mod sla;
mod source;
mod tables;

pub use duration::parse_duration;
pub use escalation::EscalationConfig;
pub use example::example;
pub use lookup::LookupConfig;
pub use overlay::from_env;
pub use pages::{DocsPage, Manuals, pages};
pub use problem::Problem;

use crate::domain::delivery::Rate;
use crate::domain::hours::Span;
use crate::domain::rota::Rotas;
use crate::domain::{Brand, Lang};
use crate::wire::{Given, Network, Notifier, Secret, TicketSystem};
use jiff::tz::TimeZone;
use problem::{Place, Problems};
use source::Source;
use std::any::Any;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

/// The networks, notifiers and ticket systems that exist, by name. They stand on a floor of their
/// own; the configuration learns of them through this.
#[derive(Clone, Copy)]
pub struct Registry {
    /// The network of this name.
    pub network: fn(&str) -> Option<&'static dyn Network>,
    /// All names of networks.
    pub networks: fn() -> Vec<&'static str>,
    /// The notifier of this name.
    pub notifier: fn(&str) -> Option<&'static dyn Notifier>,
    /// All names of notifiers.
    pub notifiers: fn() -> Vec<&'static str>,
    /// The ticket system of this name.
    pub ticket_system: fn(&str) -> Option<&'static dyn TicketSystem>,
    /// All names of ticket systems.
    pub ticket_systems: fn() -> Vec<&'static str>,
}

/// A configuration in which everything fits together.
pub struct Config {
    /// Where everything is stored.
    pub store: StoreConfig,
    /// How inbox and API are served.
    pub web: WebConfig,
    /// How the outside is spoken to.
    pub fetch: FetchConfig,
    /// Whether the sentence encoder judges beside rules and Stage A.
    pub encoder: bool,
    /// The brands by name.
    pub brands: BTreeMap<String, Brand>,
    /// The channels by name, disabled ones included.
    pub channels: BTreeMap<String, ChannelConfig>,
    /// The recipients by name.
    pub recipients: BTreeMap<String, RecipientConfig>,
    /// Who of them is on duty when, by the rota's name.
    pub rotas: Rotas,
    /// The ticket systems to which cases are handed over, by name.
    pub handovers: BTreeMap<String, HandoverConfig>,
    /// Who hears of complaints when, by name; brands hold a copy of theirs.
    pub escalations: BTreeMap<String, EscalationConfig>,
    /// The company's own system that says who a customer is.
    pub lookup: Option<LookupConfig>,
    /// What is allowed, but hardly meant.
    pub warnings: Vec<Problem>,
    /// Where each brand says who is on call.
    on_call: BTreeMap<String, Place>,
}

/// `[store]`.
#[derive(Clone, Debug)]
pub struct StoreConfig {
    /// `sqlite:PATH` or `postgres://…`; secret, because it may hold a password.
    pub url: Secret,
}

/// `[web]`.
#[derive(Clone, Debug)]
pub struct WebConfig {
    /// Where it listens.
    pub listen: SocketAddr,
    /// What all links begin with, without a slash at the end.
    pub public_url: String,
    /// How long a log-in lasts, in hours.
    pub session_hours: i64,
}

/// `[fetch]`.
#[derive(Clone, Debug)]
pub struct FetchConfig {
    /// How long an answer may take, in milliseconds.
    pub timeout_ms: i64,
    /// Hosts, addresses and networks (CIDR) that may be asked although they are private.
    pub allow_private: Vec<String>,
    /// How the operator of a network can reach us; stands in the User-Agent.
    pub user_agent_contact: Option<String>,
}

/// `[channel.NAME]`.
pub struct ChannelConfig {
    /// Its name.
    pub name: String,
    /// The brand it listens for.
    pub brand: String,
    /// The network it speaks.
    pub network: &'static dyn Network,
    /// The settings, in the network's own type.
    pub settings: Arc<dyn Any + Send + Sync>,
    /// Author ids there that are ours, beside the one that the log-in tells.
    pub own: Vec<String>,
    /// It is kept but not read.
    pub disabled: bool,
    /// How often its lanes are read, in milliseconds, in place of the network's own rhythm.
    pub every_ms: Option<i64>,
    /// How often its credential is tried, in milliseconds, in place of every six hours.
    pub probe_every_ms: Option<i64>,
    /// Who granted the credential.
    pub granted_by: Option<String>,
    /// Who owns it: the name of a recipient, or whatever tells people whom to ask.
    pub owner: Option<String>,
    /// What the settings were read from.
    pub given: Given,
    /// How far back it is read when it is new, in milliseconds, in place of the network's own
    /// habit; 0 for not at all.
    pub first_look_ms: Option<i64>,
}

/// `[recipient.NAME]`.
pub struct RecipientConfig {
    /// Its name.
    pub name: String,
    /// The way it is told.
    pub notifier: &'static dyn Notifier,
    /// The settings, in the notifier's own type.
    pub settings: Arc<dyn Any + Send + Sync>,
    /// The language of its alerts, in place of the brand's.
    pub language: Option<Lang>,
    /// How many messages it gets at most.
    pub at_most: Option<Rate>,
    /// Its quiet hours, on the clocks of its zone.
    pub quiet: Vec<Span>,
    /// The agent who alone reads it.
    pub agent: Option<String>,
    /// The zone of whoever reads it, in place of the brand's.
    pub zone: Option<TimeZone>,
}

/// `[handover.NAME]`.
pub struct HandoverConfig {
    /// Its name.
    pub name: String,
    /// The ticket system.
    pub system: &'static dyn TicketSystem,
    /// The settings, in the system's own type.
    pub settings: Arc<dyn Any + Send + Sync>,
    /// The language of its tickets, in place of the brand's.
    pub language: Option<Lang>,
    /// Whether what was said in private may stand in its tickets.
    pub may_see_private: bool,
}

/// Reads a configuration: one file, or all `*.toml` files of a folder.
///
/// `env` are environment variables; those that begin with `ASCOLTO__` are laid over the files.
///
/// # Errors
/// All problems at once, sorted by file and line. Where a file is no TOML, only that is told: what
/// else is wrong can be said once it can be read.
pub fn load(
    path: &Path,
    env: impl Iterator<Item = (String, String)>,
    registry: &Registry,
) -> Result<Config, Vec<Problem>> {
    load_beside(path, None, env, registry)
}

/// The same with one more file, given by its path and its text: how the configuration would be if
/// that stood there.
///
/// # Errors
/// As [`load`].
pub fn load_beside(
    path: &Path,
    draft: Option<(&Path, &str)>,
    env: impl Iterator<Item = (String, String)>,
    registry: &Registry,
) -> Result<Config, Vec<Problem>> {
    let mut problems = Problems::default();
    let mut sources = source::read(path, &mut problems);
    sources.extend(draft.map(|(file, text)| Source { file: file.into(), text: text.to_owned() }));
    let tables: Vec<_> = sources.iter().map(|s| source::parse(s, &mut problems)).collect();
    if problems.any() {
        return Err(problems.sorted());
    }
    let mut sections = section::split(&sources, &tables, &mut problems);
    overlay::lay(&mut sections, env, &mut problems);

    let (store, web, fetch) = outside::singles(&sections, &mut problems);
    let rotas = rota::read(&sections, &mut problems);
    let escalations = escalation::read(&sections, &mut problems);
    let networks = (registry.networks)();
    let (mut brands, encoder) = brands::read(&sections, &networks, &escalations, &mut problems);
    brands::public(&sections, &mut brands, &mut problems);
    let channels = outside::channels(&sections, registry, &mut problems);
    let recipients = outside::recipients(&sections, registry, &mut problems);
    let lookup = lookup::read(&sections, &mut problems);
    consumers::check(&sections, &channels, &recipients, &mut problems);
    let handovers = outside::handovers(&sections, registry, &mut problems);
    brands::warn(&sections, &brands, &channels, &mut problems);

    match store {
        Some(store) if !problems.any() => {
            let warnings = problems.warnings();
            Ok(Config {
                store,
                web,
                fetch,
                encoder,
                brands,
                channels,
                recipients,
                handovers,
                rotas,
                escalations,
                lookup,
                warnings,
                on_call: brands::on_call(&sections),
            })
        }
        _ => Err(problems.sorted()),
    }
}
