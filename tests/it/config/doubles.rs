//! A network and a notifier of a few keys, to test the configuration without the real ones.

use ascolto::config::Registry;
use ascolto::domain::MentionRef;
use ascolto::domain::length::{Counting, LengthRule};
use ascolto::wire::{
    Alert, Capabilities, Ctx, Cursor, Delivered, Fault, Key, KeyFault, KeyKind, Lane, Meta,
    Network, Notifier, NotifierMeta, Part, Secret, Talk, Terms, read_settings,
};
use serde::Deserialize;
use std::any::Any;

pub const REGISTRY: Registry = Registry {
    network: |name| (name == "plaza").then_some(&Plaza as &dyn Network),
    networks: || vec!["plaza"],
    notifier: |name| (name == "pager").then_some(&Pager as &dyn Notifier),
    notifiers: || vec!["pager"],
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

pub struct Plaza;

static PLAZA: Meta = Meta {
    name: "plaza",
    title: "Plaza",
    about: "A square where people talk.",
    docs: "https://plaza.example/docs",
    can: Capabilities { poll: true, reply: true, thread: false, stream: false, backfill: false },
    length: LengthRule { counting: Counting::Graphemes, limit: 500 },
    buckets: &[],
    keys: &[
        key("instance", KeyKind::Url, true, "\"https://plaza.example\""),
        key("token", KeyKind::Secret, true, "\"a-token\""),
        key("limit", KeyKind::Number, false, "40"),
        key("tags", KeyKind::List, false, "[\"parcels\"]"),
        key("boosts", KeyKind::Flag, false, "false"),
    ],
    terms: Terms {
        refresh_within: None,
        delete_within: None,
        training_allowed: false,
        automated_replies_allowed: false,
    },
    natural_key: false,
};

impl Network for Plaza {
    fn meta(&self) -> &'static Meta {
        &PLAZA
    }

    fn settings(&self, table: &toml::Table) -> Result<Box<dyn Any + Send + Sync>, KeyFault> {
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

    fn lanes(&self, _cx: &Ctx<'_>) -> Vec<Lane> {
        Vec::new()
    }

    fn listen(
        &self,
        _lane: &Lane,
        _cursor: Option<&Cursor>,
        _resume: Option<&str>,
        _cx: &Ctx<'_>,
    ) -> Box<dyn Talk<Cursor> + '_> {
        unreachable!("a configuration is read, nobody listens")
    }

    fn fit(&self, text: &str, _of: &MentionRef, _cx: &Ctx<'_>) -> Result<Vec<Part>, Fault> {
        Ok(vec![Part { text: text.to_owned() }])
    }
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
