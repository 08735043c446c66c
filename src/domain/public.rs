//! `PublicChannel`: a place where a brand is spoken to in public and that no connector hears.

use super::verdict::words;
use serde::Serialize;

words! {
    /// What stands in for a connector.
    Stopgap {
        /// The network's notification mails.
        Mail = "mail",
        /// Another program hands mentions over to an ingest channel.
        Ingest = "ingest",
        /// A person enters links by hand.
        Link = "link",
        /// Nothing does.
        None = "none",
    }
}

/// A public channel of a brand that is not heard, in the configuration so that nobody forgets it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PublicChannel {
    /// Its name in the configuration.
    pub name: String,
    /// The brand.
    pub brand: String,
    /// Its name for people.
    pub title: String,
    /// Where a person sees it.
    pub url: String,
    /// What stands in for a connector.
    pub stopgap: Stopgap,
    /// What people should know about it, empty for nothing.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub note: String,
}

impl PublicChannel {
    /// What stands in its place, as a sentence in English.
    pub fn stands_in(&self) -> &'static str {
        match self.stopgap {
            Stopgap::Mail => "notification mails stand in",
            Stopgap::Ingest => "another program hands over what it hears",
            Stopgap::Link => "links are entered by hand",
            Stopgap::None => "nothing stands in",
        }
    }
}
