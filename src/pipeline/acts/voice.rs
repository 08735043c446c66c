//! As whom a reply stands there: what publishing one means, for whoever is about to do it.

use crate::domain::text::one_line;
use crate::fetch::Peer;
use crate::pipeline::{Channel, Deps};
use crate::speech::Catalogue;
use crate::store::cases::CaseFile;

/// The longest name that is shown, in graphemes.
const NAME: usize = 40;

/// "Publish as @acme on X": where a reply in this case will stand, and as whose.
pub fn publishing(deps: &Deps, file: &CaseFile, channel: &Channel, words: &Catalogue) -> String {
    let name = one_line(&seen_as(deps, file, channel), NAME);
    let network = channel.network.meta().title;
    words.fill("action.publish_as", &[("name", &name), ("network", network)])
}

/// Our address there, where the channel knows one; where people there have handles and the brand
/// has one alone, that; else what the brand is called.
fn seen_as(deps: &Deps, file: &CaseFile, channel: &Channel) -> String {
    let owned = deps.engine.glance(Peer::Network(channel.network), &channel.link);
    let cx = owned.cx();
    if let Some(address) = cx.own.iter().find(|id| is_address(id)) {
        return address.clone();
    }
    match deps.brands.get(&file.case.brand) {
        None => file.case.brand.clone(),
        Some(brand) => match brand.handles.as_slice() {
            [handle] if !file.author_handle.is_empty() => format!("@{handle}"),
            _ => brand.title.clone(),
        },
    }
}

/// Other ids of ours are for machines.
fn is_address(id: &str) -> bool {
    id.split_once('@').is_some_and(|(who, host)| !who.is_empty() && host.contains('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_address_is_a_name_that_people_know() {
        assert!(is_address("care@acme.example"));
        for id in ["109876", "did:plc:abc", "@acme", "acme@localhost", ""] {
            assert!(!is_address(id), "{id}");
        }
    }
}
