//! `Ear`: recipients whose presses come by one way, since they share what may listen only once.

use super::{carry_out, tell};
use crate::fetch::{Link, Peer};
use crate::pipeline::{Deps, Recipient, StepResult};
use crate::wire::{Answer, Hears, Notifier, Press};
use std::collections::BTreeMap;

/// One way by which presses come, and for whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ear {
    /// The notifier, and what its listeners share: a digest or id, never a secret.
    pub(super) name: String,
    /// The recipients by name. Never empty.
    pub(super) recipients: Vec<String>,
}

/// The ways by which presses of the configured recipients come, of one sort.
pub(super) fn ears(deps: &Deps, hears: Hears) -> Vec<Ear> {
    let mut by_name: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for recipient in deps.recipients.values() {
        let owned = recipient.link.settled();
        let cx = owned.cx();
        if recipient.notifier.hears(&cx) != hears {
            continue;
        }
        let notifier = recipient.notifier.meta().name;
        let name = match recipient.notifier.source(&cx).as_str() {
            "" => format!("{notifier}/recipient:{}", recipient.name),
            source => format!("{notifier}/{source}"),
        };
        by_name.entry(name).or_default().push(recipient.name.clone());
    }
    by_name.into_iter().map(|(name, recipients)| Ear { name, recipients }).collect()
}

impl Ear {
    /// The recipient by whose settings is listened, with its notifier and link.
    pub(super) fn first<'d>(&self, deps: &'d Deps) -> Option<(&'static dyn Notifier, &'d Link)> {
        let recipient = deps.recipients.get(self.recipients.first()?)?;
        Some((recipient.notifier, &recipient.link))
    }

    /// The recipients whose press this may be.
    fn of<'d>(&self, deps: &'d Deps, press: &Press) -> Vec<&'d Recipient> {
        let all = self.recipients.iter().filter_map(|name| deps.recipients.get(name));
        all.filter(|recipient| {
            let owned = deps.engine.glance(Peer::Notifier(recipient.notifier), &recipient.link);
            recipient.notifier.is_mine(press, &owned.cx())
        })
        .collect()
    }

    /// Carries out a press. `None`: it is none of these recipients', as what somebody presses in
    /// another room of the same bot.
    ///
    /// # Errors
    /// When the store fails: the press is to be brought again.
    pub(super) async fn carry_out<'d>(
        &self,
        deps: &'d Deps,
        press: &Press,
    ) -> StepResult<Option<(&'d Recipient, Answer)>> {
        let heard = self.of(deps, press);
        let Some(&first) = heard.first() else { return Ok(None) };
        let answer = carry_out(deps, &heard, press).await?;
        Ok(Some((first, answer)))
    }

    /// Carries out a press, and tells whoever pressed.
    pub(super) async fn take(&self, deps: &Deps, press: &Press) -> StepResult<()> {
        if let Some((recipient, answer)) = self.carry_out(deps, press).await? {
            tell(deps, recipient, press, &answer).await;
        }
        Ok(())
    }
}
