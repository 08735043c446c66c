//! The team of a simulation: agents who do whatever comes to their minds, from a seed.

use super::house::House;
use crate::chance::Chance;
use ascolto::domain::time::MINUTE;
use ascolto::domain::{CaseId, ReplyId};
use ascolto::pipeline::acts::{self, Act, ActError};
use ascolto::store::{StoreError, cases};

/// The agents.
pub struct Team {
    chance: Chance,
    /// Every text that an agent asked to publish: each is written once.
    pub texts: Vec<String>,
    /// Replies that the house accepted.
    pub replies: Vec<ReplyId>,
}

impl Team {
    /// Agents who follow a seed.
    pub fn new(seed: u64) -> Team {
        Team { chance: Chance::new(seed ^ 0x7EA3), texts: Vec::new(), replies: Vec::new() }
    }

    /// Somebody does something, or nobody does.
    pub async fn act(&mut self, house: &House) {
        if !self.chance.one_in(3) {
            return;
        }
        let mut tx = house.deps.store.read().await.unwrap();
        let open = cases::open(&mut tx, "acme", 50).await.unwrap();
        drop(tx);
        if open.is_empty() {
            return;
        }
        let id = self.chance.pick(&open).case.id;
        let agent = *self.chance.pick(&["ada", "bob"]);
        let done = match self.chance.below(8) {
            0 => acts::act(&house.deps, id, agent, Act::Take).await,
            1 => {
                let until = house.clock.now() + 20 * MINUTE;
                acts::act(&house.deps, id, agent, Act::Snooze(until)).await
            }
            2 => acts::act(&house.deps, id, agent, Act::NotComplaint("a joke".to_owned())).await,
            3 => acts::act(&house.deps, id, agent, Act::Note("seen before".to_owned())).await,
            _ => self.publish(house, id, agent).await,
        };
        match done {
            Ok(()) | Err(ActError::NotAllowed(_)) => {}
            Err(ActError::Store(StoreError::Crashed)) => assert!(house.fate.died().is_some()),
            Err(error) => panic!("an agent was told: {error}"),
        }
    }

    async fn publish(&mut self, house: &House, id: CaseId, agent: &str) -> Result<(), ActError> {
        let text = format!("Ci scusiamo, guardiamo subito. ({})", self.texts.len());
        self.texts.push(text.clone());
        let rev = acts::draft(&house.deps, id, agent, &text).await?;
        self.replies.push(acts::publish(&house.deps, id, agent, rev, &text).await?);
        Ok(())
    }
}
