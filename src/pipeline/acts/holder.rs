//! In whose name what a link of an alert does is done, and when nobody acts by it any more.

use crate::domain::case::by_link;
use crate::pipeline::{Deps, StepResult};
use crate::speech::Catalogue;
use crate::store::access;

/// Why nobody acts by a recipient's links.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Barred {
    /// It left the configuration.
    Recipient(String),
    /// There is no agent of the name that it stands for: removed, or never added.
    Agent(String),
}

impl Barred {
    /// What whoever holds the link is told.
    pub fn said(&self, words: &Catalogue) -> String {
        let (key, name) = match self {
            Barred::Recipient(name) => ("link.recipient_gone", name),
            Barred::Agent(name) => ("link.agent_gone", name),
        };
        words.fill(key, &[("name", name)])
    }
}

/// In whose name a link acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holder {
    /// In this one, whoever holds it.
    Name(String),
    /// In that of whoever follows it and is logged in. Beside it stand buttons that act for none but
    /// those whom the service vouches for; a link there must prove no less.
    LoggedIn,
}

/// In whose name a link acts that was made for this recipient: its agent's where it has one.
pub async fn holder(deps: &Deps, recipient: &str) -> StepResult<Result<Holder, Barred>> {
    let Some(known) = deps.recipients.get(recipient) else {
        return Ok(Err(Barred::Recipient(recipient.to_owned())));
    };
    let Some(agent) = &known.agent else {
        let vouched = known.is_vouched_for();
        return Ok(Ok(if vouched { Holder::LoggedIn } else { Holder::Name(by_link(recipient)) }));
    };
    let mut tx = deps.store.read().await?;
    let row = access::agent(&mut tx, agent).await?;
    Ok(row.map(|row| Holder::Name(row.name)).ok_or_else(|| Barred::Agent(agent.clone())))
}
