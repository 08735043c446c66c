//! The networks that Ascolto listens to: each is its description and pure conversations.
//!
//! A new network is one file (or a folder), one line in [`NETWORKS`], one section of `manual.toml`
//! and one folder of tapes; `tests/it/contract` then runs the same promises over it as over all
//! others.

mod bluesky;
mod email;
mod facebook;
mod feed;
mod google_business;
mod graph;
mod html;
mod ingest;
mod instagram;
mod json;
mod manual;
mod mastodon;
mod reddit;
mod rehearsal;
mod telegram;
mod x;

pub use manual::manual;

use crate::domain::length::LengthRule;
use crate::wire::{Fault, Network, Part};

/// Every network, in the order of the docs.
pub static NETWORKS: &[&dyn Network] = &[
    &mastodon::Mastodon,
    &bluesky::Bluesky,
    &x::X,
    &facebook::Facebook,
    &instagram::Instagram,
    &google_business::GoogleBusiness,
    &reddit::Reddit,
    &telegram::Telegram,
    &email::Email,
    &feed::Feed,
    &ingest::Ingest,
    &rehearsal::Rehearsal,
];

/// The network of that name in configuration and mentions.
pub fn network(name: &str) -> Option<&'static dyn Network> {
    NETWORKS.iter().copied().find(|network| network.meta().name == name)
}

/// Cuts a reply into pieces by a length rule; `prefix` stands before each and counts.
fn parts(rule: LengthRule, prefix: &str, text: &str) -> Result<Vec<Part>, Fault> {
    let pieces = rule.split(prefix, text).map_err(Fault::refused)?;
    if pieces.is_empty() {
        return Err(Fault::refused("the reply is empty; write what the customer should read"));
    }
    Ok(pieces.into_iter().map(|text| Part { text }).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_found() {
        for network in NETWORKS {
            let name = network.meta().name;
            assert_eq!(NETWORKS.iter().filter(|n| n.meta().name == name).count(), 1, "{name}");
            assert!(std::ptr::eq(super::network(name).unwrap().meta(), network.meta()));
        }
        assert!(network("myspace").is_none());
    }
}
