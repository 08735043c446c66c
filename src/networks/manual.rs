//! The manuals of the networks, out of `manual.toml` beside this file.

use crate::wire::Manual;
use std::collections::BTreeMap;
use std::sync::LazyLock;

static MANUALS: LazyLock<BTreeMap<String, Manual>> = LazyLock::new(|| {
    toml::from_str(include_str!("manual.toml")).expect("the manuals are read by the tests")
});

/// What people must know of the network of that name: what to grant, and what is not heard.
pub fn manual(name: &str) -> Option<&'static Manual> {
    MANUALS.get(name)
}

#[cfg(test)]
mod tests {
    use super::super::NETWORKS;
    use super::*;

    #[test]
    fn every_network_has_a_manual_and_every_manual_a_network() {
        let networks: Vec<&str> = NETWORKS.iter().map(|n| n.meta().name).collect();
        for name in &networks {
            let manual = manual(name).unwrap_or_else(|| panic!("manual.toml has no [{name}]"));
            assert!(!manual.unheard.is_empty(), "[{name}] must say what is not heard");
            let grants = manual.grants.iter().flat_map(|g| [&g.name, &g.why]);
            assert!(grants.chain(&manual.unheard).all(|text| !text.trim().is_empty()), "{name}");
        }
        for name in MANUALS.keys() {
            assert!(networks.contains(&name.as_str()), "there is no network {name}");
        }
    }
}
