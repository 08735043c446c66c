//! Presses by a socket that we open: outbound alone, so it works behind a firewall.
//!
//! Every instance holds a socket of its own and carries out what comes by it. That needs no lease:
//! a service with several sockets of one app brings each press by one of them (Slack does), all
//! that a press needs is in the store, and what two were brought acts once by its key. So when an
//! instance dies, nobody has to wait until its turn runs out.
//!
//! A press is acknowledged once it was carried out. Where the store did not take it, it is not,
//! and the service brings it again.

use super::ear::Ear;
use super::{hear, tell};
use crate::domain::time::MINUTE;
use crate::fetch::{Peer, Purpose, TwoWay};
use crate::pipeline::wake::{Ended, Tries};
use crate::pipeline::{Deps, StepResult};
use crate::store::outbox;
use crate::wire::{Answer, Fault, Frame, Press, Socket};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Keeps a socket open until `stop`, and carries out what comes by it.
pub(super) async fn listen(deps: Arc<Deps>, ear: Ear, stop: CancellationToken) {
    let (mut tries, mut asked_to) = (Tries::default(), false);
    while !stop.is_cancelled() {
        let (ended, ends) = match once(&deps, &ear, &stop).await {
            Ok(ended) => ended,
            Err(fault) => {
                tracing::warn!(ear = %ear.name, error = %fault.why, "no socket for presses");
                if let Err(error) = told_deaf(&deps, &ear, &fault).await {
                    tracing::warn!(ear = %ear.name, error = %error, "nobody could be told of it");
                }
                (Ended::Never, false)
            }
        };
        tries.ended(ended);
        // A server that is about to end a socket wants the next one at once; one that does nothing
        // else is given time.
        let lasted = matches!(ended, Ended::After { open_ms, .. } if open_ms >= MINUTE);
        let at_once = ends && (lasted || !asked_to);
        asked_to = at_once;
        let ms = if at_once { 0 } else { tries.wait_ms(deps.ids.number()) };
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(Duration::from_millis(ms.unsigned_abs())) => {}
        }
    }
}

/// Listens until the socket ends; whether the server asked for a new one.
async fn once(
    deps: &Arc<Deps>,
    ear: &Ear,
    stop: &CancellationToken,
) -> Result<(Ended, bool), Fault> {
    let mut line = tokio::select! {
        () = stop.cancelled() => return Ok((Ended::Never, false)),
        line = open(deps, ear) => line?,
    };
    let (since, mut brought, mut ends) = (deps.now(), false, false);
    let mut telling = JoinSet::new();
    while !ends {
        let message = tokio::select! {
            () = stop.cancelled() => break,
            message = line.next() => message,
        };
        let Ok(message) = message else { break };
        brought = true;
        while telling.try_join_next().is_some() {}
        let frame = read(deps, ear, &message);
        ends = frame.ends;
        let word = match &frame.press {
            None => frame.answer,
            Some(press) => match ear.carry_out(deps, press).await {
                Ok(carried) => {
                    let name = carried.as_ref().map(|(recipient, _)| recipient.name.clone());
                    let answer = carried.map(|(_, answer)| answer).unwrap_or_default();
                    let word = acked(deps, ear, press, &answer);
                    if let Some(name) = name {
                        telling.spawn(tell_later(deps.clone(), name, press.clone(), answer));
                    }
                    Some(word)
                }
                Err(error) => {
                    tracing::warn!(ear = %ear.name, error = %error, "a press is left to be brought again");
                    None
                }
            },
        };
        if let Some(word) = word.filter(|word| !word.is_empty())
            && let Err(fault) = line.say(&word).await
        {
            tracing::warn!(ear = %ear.name, error = %fault.why, "the socket takes no answer");
            break;
        }
    }
    // Who pressed last is told before the line is left.
    while telling.join_next().await.is_some() {}
    Ok((Ended::After { open_ms: deps.now() - since, brought }, ends))
}

/// Opens the socket by the first of the recipients that share the credential.
async fn open(deps: &Deps, ear: &Ear) -> Result<TwoWay, Fault> {
    let gone = || Fault::bug("this way of hearing is nobody's");
    let (notifier, link) = ear.first(deps).ok_or_else(gone)?;
    let peer = Peer::Notifier(notifier);
    let talk = {
        let owned = deps.engine.ctx(peer, link).await?;
        notifier.socket(&owned.cx())
    };
    let Some(talk) = talk else {
        return Err(Fault::bug("this notifier says that it has a socket, and names none"));
    };
    let Socket { open } =
        deps.engine.begin(peer, link, talk, Purpose::Alert, None).finish().await?;
    deps.engine.two_way(open).await
}

/// What a message comes to.
fn read(deps: &Deps, ear: &Ear, message: &[u8]) -> Frame {
    let Some((notifier, link)) = ear.first(deps) else { return Frame::default() };
    let owned = deps.engine.glance(Peer::Notifier(notifier), link);
    notifier.frame(message, &owned.cx())
}

/// With what a press is acknowledged.
fn acked(deps: &Deps, ear: &Ear, press: &Press, answer: &Answer) -> Vec<u8> {
    let Some((notifier, link)) = ear.first(deps) else { return Vec::new() };
    let owned = deps.engine.glance(Peer::Notifier(notifier), link);
    notifier.acked(press, answer, &owned.cx())
}

/// Tells whoever pressed, beside the next presses.
async fn tell_later(deps: Arc<Deps>, recipient: String, press: Press, answer: Answer) {
    if let Some(recipient) = deps.recipients.get(&recipient) {
        tell(&deps, recipient, &press, &answer).await;
    }
}

/// Has somebody told that no socket can be had, where only a person can mend it.
async fn told_deaf(deps: &Deps, ear: &Ear, fault: &Fault) -> StepResult<()> {
    let alerts = hear::deaf(deps, ear, fault);
    if alerts.is_empty() {
        return Ok(());
    }
    let mut tx = deps.store.begin().await?;
    outbox::add(&mut tx, &alerts, deps.now()).await?;
    tx.commit().await?;
    deps.bell.notify_waiters();
    Ok(())
}
