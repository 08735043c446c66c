//! A network, a notifier and a ticket system of a few keys, to test the configuration without the real ones.

use crate::doubles::place::{BARE, NOTHING, Place};
use ascolto::config::Registry;
use ascolto::wire::{
    Acts, Alert, Capabilities, Ctx, Delivered, Filed, Key, KeyFault, KeyKind, Meta, Network,
    Notifier, NotifierMeta, Secret, Talk, Ticket, TicketMeta, TicketSystem, read_settings,
};
use serde::Deserialize;
use std::any::Any;

pub const REGISTRY: Registry = Registry {
    network: |name| (name == "plaza").then_some(&PLAZA as &dyn Network),
    networks: || vec!["plaza"],
    notifier: |name| (name == "pager").then_some(&Pager as &dyn Notifier),
    notifiers: || vec!["pager"],
    ticket_system: |name| (name == "counter").then_some(&Counter as &dyn TicketSystem),
    ticket_systems: || vec!["counter"],
};

const fn key(name: &'static str, kind: KeyKind, required: bool, example: &'static str) -> Key {
    Key { name, kind, required, doc: "As its name says.", example }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlazaSettings {
    pub instance: String,
    pub token: Secret,
    pub limit: Option<i64>,
    #[serde(default)]
    pub tags: Vec<String>,
    #[serde(default)]
    pub boosts: bool,
}

static PLAZA_META: Meta = Meta {
    name: "plaza",
    title: "Plaza",
    about: "A square where people talk.",
    docs: "https://plaza.example/docs",
    can: Capabilities { poll: true, reply: true, ..NOTHING },
    keys: &[
        key("instance", KeyKind::Url, true, "\"https://plaza.example\""),
        key("token", KeyKind::Secret, true, "\"a-token\""),
        key("limit", KeyKind::Number, false, "40"),
        key("tags", KeyKind::List, false, "[\"parcels\"]"),
        key("boosts", KeyKind::Flag, false, "false"),
    ],
    ..BARE
};

static PLAZA: Place = Place { settings: plaza_settings, ..Place::of(&PLAZA_META) };

fn plaza_settings(table: &toml::Table) -> Result<Box<dyn Any + Send + Sync>, KeyFault> {
    let settings: PlazaSettings = read_settings(table)?;
    if settings.limit.is_some_and(|limit| limit > 80) {
        let why = format!("{} is above 80", settings.limit.unwrap());
        return Err(KeyFault { key: "limit".into(), why });
    }
    // A careless network: the loader must not pass this on.
    if settings.tags.iter().any(|tag| tag == "leak") {
        let why = format!("the token {} is odd", settings.token.expose());
        return Err(KeyFault { key: String::new(), why });
    }
    Ok(Box::new(settings))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PagerSettings {
    pub number: String,
}

pub struct Pager;

static PAGER: NotifierMeta = NotifierMeta {
    name: "pager",
    title: "Pager",
    about: "Beeps.",
    docs: "",
    buckets: &[],
    keys: &[key("number", KeyKind::Text, true, "\"0815\"")],
    edits: false,
    dedups: false,
    acts: Acts::Links,
    confirms: false,
};

impl Notifier for Pager {
    fn meta(&self) -> &'static NotifierMeta {
        &PAGER
    }

    fn settings(&self, table: &toml::Table) -> Result<Box<dyn Any + Send + Sync>, KeyFault> {
        Ok(Box::new(read_settings::<PagerSettings>(table)?))
    }

    fn send(&self, _alert: &Alert, _cx: &Ctx<'_>) -> Box<dyn Talk<Delivered> + '_> {
        unreachable!("a configuration is read, nobody is told")
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CounterSettings {
    pub window: String,
}

pub struct Counter;

static COUNTER: TicketMeta = TicketMeta {
    name: "counter",
    title: "Counter",
    about: "Hands out numbers.",
    docs: "",
    buckets: &[],
    keys: &[key("window", KeyKind::Text, true, "\"B\"")],
    reads_back: false,
    dedups: false,
    calls: "",
};

impl TicketSystem for Counter {
    fn meta(&self) -> &'static TicketMeta {
        &COUNTER
    }

    fn settings(&self, table: &toml::Table) -> Result<Box<dyn Any + Send + Sync>, KeyFault> {
        Ok(Box::new(read_settings::<CounterSettings>(table)?))
    }

    fn create(&self, _ticket: &Ticket, _cx: &Ctx<'_>) -> Box<dyn Talk<Filed> + '_> {
        unreachable!("a configuration is read, nothing is handed over")
    }
}
