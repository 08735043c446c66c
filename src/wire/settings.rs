//! How a network or notifier describes its settings: one table serves the check, the docs and the
//! example configuration.

use super::secret::Secret;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// The form of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// Text.
    Text,
    /// Text that is a secret; `KEY_file` may name a file that holds it.
    Secret,
    /// An absolute `http` or `https` address.
    Url,
    /// A whole number.
    Number,
    /// `true` or `false`.
    Flag,
    /// A list of texts.
    List,
}

impl KeyKind {
    /// For messages: what to write.
    pub fn expected(self) -> &'static str {
        match self {
            KeyKind::Text | KeyKind::Secret => "text in quotes",
            KeyKind::Url => "an address in quotes that begins with https:// or http://",
            KeyKind::Number => "a whole number",
            KeyKind::Flag => "true or false",
            KeyKind::List => "a list of texts, as in [\"one\", \"two\"]",
        }
    }
}

/// One key of a network's or notifier's settings.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// Its form.
    pub kind: KeyKind,
    /// Whether it must be there.
    pub required: bool,
    /// What it does, and the default if it is absent.
    pub doc: &'static str,
    /// A value that parses, as TOML.
    pub example: &'static str,
}

/// A value that does not do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyFault {
    /// The key; empty if it is about the whole table.
    pub key: String,
    /// What is wrong and what to write.
    pub why: String,
}

/// Reads settings into their type. Unknown keys, missing keys and wrong forms were refused with
/// their line before; what still fails is about the value itself.
pub fn read_settings<T: DeserializeOwned>(table: &toml::Table) -> Result<T, KeyFault> {
    T::deserialize(table.clone())
        .map_err(|e| KeyFault { key: String::new(), why: e.message().to_owned() })
}

/// Whether a text can be a credential or an id as a server shows it: one word of visible ASCII.
/// What is none was pasted with a space or the end of a line.
pub fn is_one_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic())
}

/// What the configuration gives a channel's network, its secrets apart from the rest, so that a
/// person can replace them while it runs.
#[derive(Clone, Default)]
pub struct Given {
    plain: toml::Table,
    secrets: BTreeMap<String, Secret>,
}

impl Given {
    /// Takes the values of secret keys out of a table.
    pub fn new(mut table: toml::Table, keys: &[Key]) -> Given {
        let mut secrets = BTreeMap::new();
        for key in keys.iter().filter(|key| key.kind == KeyKind::Secret) {
            if let Some(toml::Value::String(text)) = table.remove(key.name) {
                secrets.insert(key.name.to_owned(), Secret::new(text));
            }
        }
        Given { plain: table, secrets }
    }

    /// Whether a secret key has a value.
    pub fn gives(&self, key: &str) -> bool {
        self.secrets.get(key).is_some_and(|secret| !secret.is_empty())
    }

    /// SHA-256 of a secret in hexadecimal digits, empty where there is none: by it a secret that
    /// was changed in the configuration is noticed.
    pub fn digest(&self, key: &str) -> String {
        let Some(secret) = self.secrets.get(key) else { return String::new() };
        Sha256::digest(secret.expose().as_bytes()).iter().map(|b| format!("{b:02x}")).collect()
    }

    /// The same with these secrets in place of its own.
    pub fn with(&self, instead: &BTreeMap<String, Secret>) -> Given {
        let mut given = self.clone();
        given.secrets.extend(instead.clone());
        given
    }

    /// The whole table for [`super::Network::settings`], with these secrets in place of its own.
    pub fn table(&self, instead: &BTreeMap<String, Secret>) -> toml::Table {
        let mut table = self.plain.clone();
        for (key, secret) in self.secrets.iter().chain(instead) {
            table.insert(key.clone(), toml::Value::String(secret.expose().to_owned()));
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn key(name: &'static str, kind: KeyKind) -> Key {
        Key { name, kind, required: false, doc: "", example: "" }
    }

    #[test]
    fn a_credential_is_one_word() {
        assert!(is_one_word("tk-1_/+=~"));
        assert!(!["", "tk 1", "tk1\n", "tk\u{a0}1", "città"].into_iter().any(is_one_word));
    }

    #[test]
    fn a_secret_is_replaced_and_known_by_its_digest() {
        let keys = [key("handle", KeyKind::Text), key("token", KeyKind::Secret)];
        let table: toml::Table = "handle = \"acme\"\ntoken = \"tk_1\"".parse().unwrap();
        let given = Given::new(table, &keys);
        assert!(given.gives("token") && !given.gives("handle") && !given.gives("other"));
        let text = |over: &BTreeMap<String, Secret>| given.table(over).to_string();
        assert!(text(&BTreeMap::new()).contains("tk_1"));
        let over = BTreeMap::from([("token".to_owned(), Secret::new("tk_2"))]);
        assert!(text(&over).contains("tk_2") && !text(&over).contains("tk_1"));
        assert!(text(&over).contains("acme"));
        assert_eq!((given.digest("token").len(), given.digest("other").len()), (64, 0));
        assert!(text(&BTreeMap::new()).contains("tk_1"), "the given one stays as it was");
        assert!(given.with(&over).table(&BTreeMap::new()).to_string().contains("tk_2"));
    }
}
