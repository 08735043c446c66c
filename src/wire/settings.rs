//! How a network or notifier describes its settings: one table serves the check, the docs and the
//! example configuration.

use serde::de::DeserializeOwned;

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
