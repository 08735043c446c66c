//! `ascolto user known`: by which id a service vouches for an agent, who may then act in alerts.

use super::is_agent;
use crate::app;
use crate::cli::failure::Failure;
use crate::cli::{house, out};
use crate::domain::text::one_line;
use crate::store::{Store, identities};
use crate::wire::Acts;

/// Longest id in characters; those of services are far shorter.
const LONGEST: usize = 200;

/// Makes an id known as an agent's, or forgets it.
pub(super) async fn known(
    store: &Store,
    name: &str,
    id: &str,
    forget: bool,
) -> Result<(), Failure> {
    let (service, external) = parts(id)?;
    let mut tx = store.begin().await?;
    if forget {
        if !identities::remove(&mut tx, service, external, name).await? {
            return Err(Failure::no(format!(
                "{id} is not known as {name}; see `ascolto user list`"
            )));
        }
        tx.commit().await?;
        return out::line(&format!("{id} is not known as {name} any more"));
    }
    is_agent(&mut tx, name).await?;
    let whose = identities::add(&mut tx, service, external, name, house::now()).await?;
    if whose != name {
        return Err(Failure::no(format!(
            "{id} is known as {whose}, and one id is one person; if that is wrong, type first: \
             ascolto user known {whose} {id} --forget"
        )));
    }
    tx.commit().await?;
    out::line(&format!("{id} is known as {name}, who may press the buttons of alerts there"))
}

/// The service and the id there.
fn parts(id: &str) -> Result<(&str, &str), Failure> {
    let vouching = services();
    let all = vouching.join(", ");
    let Some((service, external)) = id.split_once(':') else {
        return Err(Failure::usage(format!(
            "write the service, a colon and the id there, as in slack:U0123; services that vouch \
             for people: {all}"
        )));
    };
    if !vouching.contains(&service) {
        return Err(Failure::usage(format!(
            "{service} is no service that vouches for who presses; there is {all}"
        )));
    }
    if external.is_empty() || one_line(external, LONGEST) != external {
        return Err(Failure::usage(format!(
            "an id has 1 to {LONGEST} characters on one line, without blanks at its ends"
        )));
    }
    Ok((service, external))
}

/// The notifiers whose service vouches for who presses.
fn services() -> Vec<&'static str> {
    let registry = app::registry();
    let names = (registry.notifiers)();
    let vouches = |name: &&'static str| {
        (registry.notifier)(name).is_some_and(|n| n.meta().acts != Acts::Links)
    };
    names.into_iter().filter(vouches).collect()
}
