//! `Manual`: what people must know of a network and no code needs: what to grant, what is not heard.

use serde::Deserialize;

/// One right that the owner of an account grants at the network.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// The network's own name of it: a scope, a permission, a role.
    pub name: String,
    /// What it is used for, a sentence.
    pub why: String,
    /// What works without it, a sentence; empty where the channel does not work at all.
    #[serde(default)]
    pub without: String,
}

/// What people must know of a network, beside what its `Meta` says. The docs page and
/// `ascolto channel add` read this.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manual {
    /// What to grant.
    #[serde(default)]
    pub grants: Vec<Grant>,
    /// What is not heard there, a sentence each.
    #[serde(default)]
    pub unheard: Vec<String>,
    /// The name of a page in `docs/` with more, as `meta.md`; empty where there is none.
    #[serde(default)]
    pub more: String,
}
