//! Presses: what people do in an alert where they read it, carried out in the name of who they are.
//!
//! The service vouches for who presses, `identities` says which agent that is, the button's
//! signature that this recipient's alert offered the act. Then it is an act like any other
//! (`acts`), with the same rules and the same log. Whoever came second is told who was first.
//! A press that is brought again acts once: it is known by its key, and what it did by the case.
//!
//! `ear` says which recipients one way of hearing serves, `hear` asks for presses, `socket` is
//! told of them; calls from outside come in by `web/hooks`. `meant` reads a press, `forms` opens
//! what asks for more, `told` puts into words what came of it.

mod ear;
mod forms;
pub mod hear;
mod meant;
mod socket;
mod told;

use super::acts::{self, ActError};
use super::{Deps, Recipient, StepResult};
use crate::domain::CaseId;
use crate::domain::text::one_line;
use crate::domain::time::MINUTE;
use crate::fetch::{Peer, Purpose};
use crate::links::Act;
use crate::speech::Catalogue;
use crate::store::presses::{self, Brought};
use crate::store::{StoreError, identities, live};
use crate::wire::{Answer, Asks, Fault, Hears, Press};
use meant::Meant;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// So many presses of one person are carried out in a minute: more than anybody reads alerts for,
/// and few enough that a program which presses for somebody does little harm.
const MOST: i64 = 30;
/// How often an act is tried when somebody else changes the case at the same moment.
const TRIES: usize = 5;
/// Whoever pressed is told within this, or by the alert alone.
const TELLING: Duration = Duration::from_secs(5);

/// Carries out a press that one of these recipients' services brought; they share its notifier.
/// Gives what whoever pressed is told: also where nothing was done.
///
/// # Errors
/// When the store fails: the press is to be brought again.
pub async fn carry_out(deps: &Deps, heard: &[&Recipient], press: &Press) -> StepResult<Answer> {
    let Some(&first) = heard.first() else { return Ok(Answer::default()) };
    let service = first.notifier.meta().name;
    let (key, now) = (digest(&press.key), deps.now());
    let mut tx = deps.store.begin().await?;
    let lately = (MOST, now - MINUTE);
    let brought = presses::begin(&mut tx, service, &key, &press.by, lately, now).await?;
    let known = identities::one(&mut tx, service, &press.by).await?;
    if brought == Some(Brought::Anew) {
        presses::sweep(&mut tx, now).await?;
    }
    tx.commit().await?;
    let words = Catalogue::of(first.language);
    let Some(brought) = brought else {
        return Ok(refused(first, "somebody presses without end", told::often(words)));
    };
    let Some(agent) = known.map(|row| row.agent) else {
        let id = format!("{service}:{}", one_line(&press.by, 100));
        let why = format!("nobody here is known as {id}");
        return Ok(refused(first, &why, told::stranger(&id, words)));
    };
    let meant = match meant::read(deps, heard, press).await? {
        Ok(meant) => meant,
        Err(unclear) => {
            let by = unclear.recipient().unwrap_or(first);
            let words = Catalogue::of(by.language);
            return Ok(refused(by, unclear.why(), told::unclear(deps, &unclear, &agent, words)));
        }
    };
    let answer = meant_by(deps, &meant, &agent, brought).await?;
    if answer.done {
        let mut tx = deps.store.begin().await?;
        presses::end(&mut tx, service, &key).await?;
        tx.commit().await?;
    }
    Ok(answer)
}

/// Does what an agent meant, or opens the form that asks for the rest.
async fn meant_by(
    deps: &Deps,
    meant: &Meant<'_>,
    agent: &str,
    brought: Brought,
) -> StepResult<Answer> {
    let words = Catalogue::of(meant.recipient.language);
    if meant.case == CaseId(0) && meant.act == Act::Take {
        return Ok(told::sample(agent, words));
    }
    let asked = match acts::asks(meant.act) {
        Asks::Nothing => false,
        // Where the service's own program asks, the press says yes already.
        Asks::Sure => !meant.recipient.notifier.meta().confirms,
        Asks::Reason | Asks::Until | Asks::Text | Asks::Link => true,
    };
    if meant.said.is_none() && asked {
        return forms::open(deps, meant, words).await;
    }
    // Brought again, it may have been carried out by the time that we were stopped.
    let again = match brought {
        Brought::Anew => false,
        Brought::Done => true,
        Brought::Again => told::was_done(deps, meant, agent).await?,
    };
    if again {
        return told::done(deps, meant, words).await;
    }
    let error = match tried(deps, meant, agent).await {
        Ok(()) => return told::done(deps, meant, words).await,
        Err(ActError::Store(error)) => return Err(error),
        Err(error) => error,
    };
    if told::was_done(deps, meant, agent).await? {
        return told::done(deps, meant, words).await;
    }
    let why = error.to_string();
    let answer = match error {
        ActError::Stale(draft) => told::stale(deps, meant.case, &draft, words).await?,
        _ => told::not_done(deps, meant, agent, &why, words).await?,
    };
    Ok(refused(meant.recipient, &why, answer))
}

/// Acts, and again when somebody else changed the case at the same moment. An alert may not show yet
/// what the customer wrote since: that stays owed.
async fn tried(deps: &Deps, meant: &Meant<'_>, agent: &str) -> Result<(), ActError> {
    let said = meant.said.unwrap_or_default();
    let mut tx = deps.store.read().await?;
    let seen = Some(live::seen(&mut tx, meant.case, &meant.recipient.name).await?);
    drop(tx);
    for _ in 1..TRIES {
        match acts::carry_out(deps, meant.act, meant.case, agent, said, seen).await {
            Err(ActError::Store(StoreError::Conflict)) => {}
            done => return done,
        }
    }
    acts::carry_out(deps, meant.act, meant.case, agent, said, seen).await
}

/// Notes that a press did nothing, and why. What was written into a form is not noted.
fn refused(recipient: &Recipient, why: &str, answer: Answer) -> Answer {
    tracing::warn!(recipient = %recipient.name, error = why, "a press was refused");
    answer
}

/// Tells whoever pressed what came of it, or opens the form for it. The alert itself changes
/// whether or not this arrives.
pub async fn tell(deps: &Deps, recipient: &Recipient, press: &Press, answer: &Answer) {
    let telling = async {
        let peer = Peer::Notifier(recipient.notifier);
        let talk = {
            let owned = deps.engine.ctx(peer, &recipient.link).await?;
            recipient.notifier.answer(press, answer, &owned.cx())
        };
        match talk {
            None => Ok(()),
            Some(talk) => {
                let talk = deps.engine.begin(peer, &recipient.link, talk, Purpose::Alert, None);
                talk.finish().await
            }
        }
    };
    let told: Result<Result<(), Fault>, _> = tokio::time::timeout(TELLING, telling).await;
    let why = match told {
        Ok(Ok(())) => return,
        Ok(Err(fault)) => fault.why,
        Err(_) => format!("no answer within {} s", TELLING.as_secs()),
    };
    tracing::warn!(recipient = %recipient.name, error = %why, "whoever pressed could not be told");
}

/// Starts the loops that ask for presses and are told of them; they end when `stop` is cancelled.
pub fn start(deps: &Arc<Deps>, stop: &CancellationToken, tasks: &TaskTracker) {
    for ear in ear::ears(deps, Hears::Asks) {
        tasks.spawn(hear::listen(deps.clone(), ear, stop.clone()));
    }
    for ear in ear::ears(deps, Hears::Socket) {
        tasks.spawn(socket::listen(deps.clone(), ear, stop.clone()));
    }
}

/// The key of a press as it is kept: keys of services may be long, and may say who and where.
fn digest(key: &str) -> String {
    Sha256::digest(key.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
