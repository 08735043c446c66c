//! Refuses those that would take each other's messages away: what one credential brings, only one
//! may fetch.

use super::problem::Problems;
use super::section::{Section, Sections};
use super::{ChannelConfig, RecipientConfig};
use crate::domain::Instant;
use crate::wire::{Ctx, Hears};
use std::collections::BTreeMap;

/// Says which channels and recipients would consume one credential against each other. Recipients
/// of one credential share one way of hearing and are no danger to each other.
pub(super) fn check(
    sections: &Sections,
    channels: &BTreeMap<String, ChannelConfig>,
    recipients: &BTreeMap<String, RecipientConfig>,
    problems: &mut Problems,
) {
    let place = |kind: &str, name: &str| {
        sections.of(kind).find(|section| section.name == name).map(|s: &Section| s.place.clone())
    };
    let mut taken: BTreeMap<String, String> = BTreeMap::new();
    for channel in channels.values().filter(|c| !c.disabled) {
        let source = channel.network.source(&cx(&*channel.settings, &channel.own));
        let path = format!("channel.{}", channel.name);
        match taken.get(&source) {
            _ if source.is_empty() => {}
            None => drop(taken.insert(source, path)),
            Some(first) => {
                if let Some(place) = place("channel", &channel.name) {
                    let remedy = "Keep one of the two, or give each a credential of its own.";
                    problems.add(&place, path, told(first), remedy);
                }
            }
        }
    }
    for recipient in recipients.values() {
        let cx = cx(&*recipient.settings, &[]);
        if recipient.notifier.hears(&cx) != Hears::Asks {
            continue;
        }
        let source = recipient.notifier.source(&cx);
        let Some(first) = taken.get(&source).filter(|_| !source.is_empty()) else { continue };
        if let Some(place) = place("recipient", &recipient.name) {
            let remedy = "Give the recipient a credential of its own (a second bot, for one).";
            let path = format!("recipient.{}", recipient.name);
            problems.add(&place, path, told(first), remedy);
        }
    }
}

/// What the settings alone say.
fn cx<'a>(settings: &'a (dyn std::any::Any + Send + Sync), own: &'a [String]) -> Ctx<'a> {
    Ctx { settings, session: None, now: Instant::default(), own, seed: 0 }
}

fn told(first: &str) -> String {
    format!("it takes with the same credential what [{first}] waits for, and each would miss half")
}
