//! Makes store, web, fetch, channels and recipients of their sections.

use super::brands::refer;
use super::check::{Checked, check};
use super::form::{Field, Value};
use super::problem::{Problems, instead};
use super::section::{Section, Sections};
use super::tables::SHAPES;
use super::{ChannelConfig, FetchConfig, RecipientConfig, Registry, StoreConfig, WebConfig};
use crate::domain::delivery;
use crate::domain::hours::Span;
use crate::domain::time::SECOND;
use crate::wire::{Given, KeyFault};
use std::any::Any;
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

/// The port and address where nothing else is said: this machine only.
const LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 7070);

/// Reads the sections that have no names. `None` where a problem was added.
pub(super) fn singles(
    sections: &Sections,
    problems: &mut Problems,
) -> (Option<StoreConfig>, WebConfig, FetchConfig) {
    let keys = single("store", sections, problems);
    let store = keys.get("url").map(|url| StoreConfig { url });

    let keys = single("web", sections, problems);
    let listen = keys.get("listen").unwrap_or(LISTEN);
    let public: Option<String> = keys.get("public_url");
    if public.is_none() && listen.ip().is_unspecified() {
        let remedy = "Write public_url = \"https://…\" with the address that people open.";
        let what = "links in alerts would lead nowhere";
        problems.warn(&keys.place("listen"), keys.key("listen"), what, remedy);
    }
    let public = public.unwrap_or_else(|| format!("http://{listen}"));
    let web = WebConfig {
        listen,
        public_url: public.trim_end_matches('/').to_owned(),
        session_hours: keys.get("session_hours").unwrap_or(12),
    };

    let keys = single("fetch", sections, problems);
    let fetch = FetchConfig {
        timeout_ms: keys.get("timeout").unwrap_or(30 * SECOND),
        allow_private: keys.get("allow_private").unwrap_or_default(),
        user_agent_contact: keys.get("user_agent_contact"),
    };
    (store, web, fetch)
}

/// The one section of a kind; an absent one has no keys, and misses those it must have.
fn single(kind: &str, sections: &Sections, problems: &mut Problems) -> Checked {
    let shape = SHAPES.iter().find(|s| s.kind == kind).expect("the kinds asked for have a table");
    let none =
        Section { shape, name: String::new(), place: sections.start.clone(), entries: Vec::new() };
    let section = sections.of(kind).next().unwrap_or(&none);
    check(section, shape.fields, false, problems)
}

/// Reads all channels. A channel with a problem may be missing in what comes back.
pub(super) fn channels(
    sections: &Sections,
    registry: &Registry,
    problems: &mut Problems,
) -> BTreeMap<String, ChannelConfig> {
    let mut channels = BTreeMap::new();
    for section in sections.of("channel") {
        let network = named(section, "network").and_then(|name| (registry.network)(&name));
        let own = network.map(|n| n.meta().keys.iter().map(Field::of).collect::<Vec<_>>());
        let keys = checked(section, own.as_deref(), problems);
        let brand: Option<String> = keys.get("brand");
        if let Some(brand) = &brand {
            refer(&keys, "brand", brand, "brand", sections, problems);
        }
        let Some((network, own)) = network.zip(own) else {
            unknown(&keys, "network", &(registry.networks)(), problems);
            continue;
        };
        let read = |table: &toml::Table| network.settings(table);
        let settings = settings(&keys, &own, network.meta().docs, read, problems);
        let Some((brand, settings)) = brand.zip(settings) else { continue };
        let channel = ChannelConfig {
            name: section.name.clone(),
            brand,
            network,
            settings,
            own: keys.get("own_ids").unwrap_or_default(),
            disabled: keys.get("disabled").unwrap_or(false),
            every_ms: keys.get("every"),
            probe_every_ms: keys.get("probe_every"),
            granted_by: keys.get("granted_by").filter(|who: &String| !who.trim().is_empty()),
            owner: keys.get("owner").filter(|who: &String| !who.trim().is_empty()),
            given: Given::new(keys.table(&own), network.meta().keys),
            first_look_ms: keys.get("first_look"),
        };
        channels.insert(section.name.clone(), channel);
    }
    channels
}

/// Reads all recipients. A recipient with a problem may be missing in what comes back.
pub(super) fn recipients(
    sections: &Sections,
    registry: &Registry,
    problems: &mut Problems,
) -> BTreeMap<String, RecipientConfig> {
    let mut recipients = BTreeMap::new();
    for section in sections.of("recipient") {
        let notifier = named(section, "notifier").and_then(|name| (registry.notifier)(&name));
        let own = notifier.map(|n| n.meta().keys.iter().map(Field::of).collect::<Vec<_>>());
        let keys = checked(section, own.as_deref(), problems);
        let Some((notifier, own)) = notifier.zip(own) else {
            unknown(&keys, "notifier", &(registry.notifiers)(), problems);
            continue;
        };
        let read = |table: &toml::Table| notifier.settings(table);
        let settings = settings(&keys, &own, notifier.meta().docs, read, problems);
        let Some(settings) = settings else { continue };
        let quiet: Vec<Span> = keys.get("quiet").unwrap_or_default();
        if !delivery::ends(&quiet) {
            let what = "quiet hours that never end: nothing would ever be told";
            let remedy = "Leave some of the day out, as in quiet = [\"22:00-07:00\"].";
            problems.add(&keys.place("quiet"), keys.key("quiet"), what, remedy);
        }
        let agent = keys.get("agent").map(|who: String| who.trim().to_owned());
        let recipient = RecipientConfig {
            name: section.name.clone(),
            notifier,
            settings,
            language: keys.get("language"),
            at_most: keys.get("at_most"),
            quiet,
            agent: agent.filter(|who| !who.is_empty()),
            zone: keys.get("zone"),
        };
        recipients.insert(section.name.clone(), recipient);
    }
    recipients
}

/// What `network` or `notifier` says, before it is known which other keys there may be.
fn named(section: &Section, key: &str) -> Option<String> {
    let field = section.shape.fields.iter().find(|f| f.name == key)?;
    let entry = section.entries.iter().find(|e| e.key == key)?;
    match field.form.read(&entry.raw).ok()? {
        Value::Text(name) => Some(name),
        _ => None,
    }
}

/// Checks the common keys and, where it is known whose they are, the others.
fn checked(section: &Section, own: Option<&[Field]>, problems: &mut Problems) -> Checked {
    let fields = [section.shape.fields, own.unwrap_or_default()].concat();
    check(section, &fields, own.is_none(), problems)
}

fn unknown(keys: &Checked, key: &str, known: &[&str], problems: &mut Problems) {
    if let Some(name) = keys.get::<String>(key) {
        let what = format!("there is no {key} `{name}`");
        problems.add(&keys.place(key), keys.key(key), what, instead(&name, known));
    }
}

type Settings = Box<dyn Any + Send + Sync>;

/// Hands the keys to their network or notifier, which may know more about them.
fn settings(
    keys: &Checked,
    own: &[Field],
    docs: &str,
    read: impl Fn(&toml::Table) -> Result<Settings, KeyFault>,
    problems: &mut Problems,
) -> Option<Arc<dyn Any + Send + Sync>> {
    if !keys.sound {
        return None;
    }
    match read(&keys.table(own)) {
        Ok(settings) => Some(settings.into()),
        Err(KeyFault { key, why }) => {
            let remedy = match own.iter().find(|field| field.name == key) {
                Some(f) => format!("Write for example {} = {}", f.name, f.example),
                None if docs.is_empty() => {
                    "See its keys in config/ascolto.example.toml.".to_owned()
                }
                None => format!("See {docs}"),
            };
            let what = why.trim_end_matches('.');
            problems.add(&keys.place(&key), keys.key(&key), what, remedy);
            None
        }
    }
}
