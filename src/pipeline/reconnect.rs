//! Reconnecting: a new credential is tried before it is kept, and then holds in place of the
//! configuration's until that changes.

use super::{Channel, Deps, StepResult, health};
use crate::domain::case::by_link;
use crate::domain::time::HOUR;
use crate::domain::{EventId, Instant};
use crate::fetch::{Peer, Tried};
use crate::links::Connect;
use crate::store::credentials::Override;
use crate::store::events::{self, Entry};
use crate::store::{StoreError, Tx, access, credentials, hints, lanes};
use crate::wire::{Ctx, Fault, Key, KeyKind, Next, Secret, Session};
use serde_json::json;
use std::any::Any;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// How soon after a new credential was put it is tried again, beside the polls.
const LOOK_AGAIN: i64 = HOUR;
/// The longest secret that is taken, in bytes; the configuration takes as much.
const LONGEST_SECRET: usize = 64 * 1024;

/// Why a channel was not connected. In every case the old credential stays.
#[derive(Debug, thiserror::Error)]
pub enum ReconnectError {
    /// No such channel is configured, or it has no credential that could be put here.
    #[error("there is no channel {0} whose credential could be put here")]
    Unknown(String),
    /// The link was used, or the channel was connected since it was made.
    #[error("this link was used, or the channel was connected again since")]
    Used,
    /// Nothing was written.
    #[error("write the new credential; an empty one is never kept")]
    Empty,
    /// The network, or its settings, do not take it.
    #[error("the new credential is not taken: {0}")]
    Refused(String),
    /// It is good, but somebody else's.
    #[error("this credential belongs to another profile ({theirs}); the channel listens to {ours}")]
    OtherProfile {
        /// Whose it is.
        theirs: String,
        /// Whom the channel listens to.
        ours: String,
    },
    /// Nobody knows: the network gave no answer to go by.
    #[error("the network could not be asked: {0}")]
    Unasked(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The secrets that a person may put for a channel: those that it must have or has. None where
/// the network offers no way to try them.
pub fn asks(channel: &Channel, now: Instant) -> Vec<&'static Key> {
    let settings = channel.link.settings();
    let cx = Ctx { settings: &*settings, session: None, now, own: &channel.link.own, seed: 0 };
    let network = channel.network;
    if network.login(&cx).is_none() && network.probe(&cx).is_none() {
        return Vec::new();
    }
    let keys = network.meta().keys.iter();
    keys.filter(|k| k.kind == KeyKind::Secret && (k.required || channel.given.gives(k.name)))
        .collect()
}

/// Whether a link still works: it was not used, and nobody connected the channel since it was made.
///
/// # Errors
/// A failure of the store.
pub async fn works(deps: &Deps, link: &Connect) -> Result<bool, StoreError> {
    let mut tx = deps.store.read().await?;
    if access::is_used(&mut tx, &link.nonce).await? {
        return Ok(false);
    }
    let row = credentials::one(&mut tx, &link.channel).await?;
    let connected = row.and_then(|row| row.connected_at);
    Ok(connected.is_none_or(|at| Instant(at) < link.made_at()))
}

/// Puts new secrets for the one channel of a link: tries them on the network, and only when it
/// takes them uses the link up and keeps them, with the session that they gave. Empty ones are
/// left out; what is left out stays as it is.
///
/// # Errors
/// Why nothing was changed; the link then works on.
pub async fn reconnect(
    deps: &Deps,
    link: &Connect,
    secrets: &BTreeMap<String, Secret>,
) -> Result<(), ReconnectError> {
    let known = deps.channels.get(&link.channel);
    let unknown = || ReconnectError::Unknown(link.channel.clone());
    let channel = known.ok_or_else(unknown)?;
    let asked = asks(channel, deps.now());
    if asked.is_empty() {
        return Err(unknown());
    }
    let fresh: Vec<Override> = asked
        .iter()
        .filter_map(|key| {
            let secret = secrets.get(key.name).filter(|s| !s.expose().trim().is_empty())?;
            let digest = channel.given.digest(key.name);
            Some(Override { key: key.name.to_owned(), secret: secret.clone(), digest })
        })
        .collect();
    if fresh.is_empty() {
        return Err(ReconnectError::Empty);
    }
    if let Some(long) = fresh.iter().find(|put| put.secret.expose().len() > LONGEST_SECRET) {
        let why = format!("{}: no secret is longer than {LONGEST_SECRET} bytes", long.key);
        return Err(ReconnectError::Refused(why));
    }
    // From here on no log-in of this process uses the old credential, nor does a second click.
    let _alone = channel.link.alone().await;
    if !works(deps, link).await? {
        return Err(ReconnectError::Used);
    }
    let mut tx = deps.store.read().await?;
    let mut all = standing(&mut tx, channel).await?;
    let ours = lanes::session(&mut tx, &channel.name).await?.map(|s| s.own).unwrap_or_default();
    drop(tx);
    all.extend(fresh.iter().map(|put| (put.key.clone(), put.secret.clone())));
    let settings = settings(channel, &all).map_err(ReconnectError::Refused)?;
    let peer = Peer::Network(channel.network);
    let session = match deps.engine.try_settings(peer, &channel.link, settings.clone()).await {
        Ok(Tried::LoggedIn(session)) => Some(session),
        Ok(Tried::Answered) => None,
        Ok(Tried::Untried) => return Err(unknown()),
        Err(fault) => return Err(unkept(fault)),
    };
    let theirs = session.as_ref().map_or(&[][..], |s| s.own.as_slice());
    if !ours.is_empty() && !theirs.is_empty() && !theirs.iter().any(|id| ours.contains(id)) {
        let (theirs, ours) = (theirs.join(", "), ours.join(", "));
        return Err(ReconnectError::OtherProfile { theirs, ours });
    }
    keep(deps, link, channel, &fresh, session.as_ref(), &settings).await?;
    channel.link.put(settings);
    deps.bell.notify_waiters();
    Ok(())
}

/// What a fault says of the credential that was to be put.
pub(super) fn unkept(fault: Fault) -> ReconnectError {
    match fault.next {
        Next::Auth | Next::Refused | Next::Gone | Next::Expired => {
            ReconnectError::Refused(fault.why)
        }
        Next::Retry { .. } | Next::Throttled { .. } | Next::Bug => {
            ReconnectError::Unasked(fault.why)
        }
    }
}

/// Keeps what the network took, and everything that follows from it, in one transaction.
async fn keep(
    deps: &Deps,
    link: &Connect,
    channel: &Channel,
    fresh: &[Override],
    session: Option<&Session>,
    settings: &Arc<dyn Any + Send + Sync>,
) -> Result<(), ReconnectError> {
    let now = deps.now();
    let (name, by) = (channel.name.as_str(), by_link(&link.recipient));
    let cx = Ctx { settings: &**settings, session, now, own: &channel.link.own, seed: 0 };
    let ends = channel.network.ends(&cx);
    let mut tx = deps.store.begin().await?;
    if !access::use_link(&mut tx, &link.nonce, now).await? {
        return Err(ReconnectError::Used);
    }
    for put in fresh {
        credentials::put(&mut tx, name, put, now).await?;
    }
    if let Some(session) = session {
        lanes::keep_session(&mut tx, name, session).await?;
    }
    credentials::connect(&mut tx, name, &by, ends, now + LOOK_AGAIN, now).await?;
    let subject = format!("channel:{name}");
    let keys: Vec<&str> = fresh.iter().map(|put| put.key.as_str()).collect();
    let entry = Entry {
        id: EventId(deps.ids.next(now)),
        brand: channel.brand.clone(),
        seq: events::last_seq(&mut tx, &subject).await? + 1,
        subject,
        moves: None,
        kind: "connected".to_owned(),
        at: now,
        actor: by,
        data: json!({ "keys": keys }).to_string(),
    };
    events::append(&mut tx, &[entry]).await?;
    health::back(deps, &mut tx, channel, now).await?;
    lanes::start_over(&mut tx, name, now).await?;
    hints::start_over(&mut tx, name, now).await?;
    tx.commit().await?;
    channel.connected.store(now.0, Ordering::SeqCst);
    Ok(())
}

/// The overrides of a channel that hold: the configuration's own secrets are what they were then.
pub(super) async fn standing(
    tx: &mut Tx,
    channel: &Channel,
) -> StepResult<BTreeMap<String, Secret>> {
    let all = credentials::overrides(tx, &channel.name).await?;
    let holds = |put: &Override| put.digest == channel.given.digest(&put.key);
    Ok(all.into_iter().filter(holds).map(|put| (put.key, put.secret)).collect())
}

/// The settings that come of these secrets in place of the configuration's. What a network says
/// against them quotes none.
fn settings(
    channel: &Channel,
    instead: &BTreeMap<String, Secret>,
) -> Result<Arc<dyn Any + Send + Sync>, String> {
    let table = channel.given.table(instead);
    channel.network.settings(&table).map(Arc::from).map_err(|fault| {
        let keys = channel.network.meta().keys.iter().filter(|k| k.kind == KeyKind::Secret);
        let secrets = keys.filter_map(|k| table.get(k.name)?.as_str()).filter(|s| !s.is_empty());
        let why = secrets.fold(fault.why, |why, secret| why.replace(secret, "[secret]"));
        format!("{}: {why}", fault.key)
    })
}

/// Ends the overrides of secrets that were changed in the configuration since.
pub async fn end_stale(tx: &mut Tx, channel: &Channel) -> StepResult<()> {
    for key in channel.network.meta().keys.iter().filter(|k| k.kind == KeyKind::Secret) {
        let digest = channel.given.digest(key.name);
        credentials::end_override(tx, &channel.name, key.name, &digest).await?;
    }
    Ok(())
}

/// Goes on with credentials that were put since this process looked last: before its start, or in
/// another instance.
pub async fn learn(deps: &Deps, tx: &mut Tx) -> StepResult<()> {
    for (name, at) in credentials::connected(tx).await? {
        let Some(channel) = deps.channels.get(&name) else { continue };
        if channel.connected.load(Ordering::SeqCst) >= at {
            continue;
        }
        let all = standing(tx, channel).await?;
        match settings(channel, &all) {
            Ok(settings) => channel.link.put(settings),
            Err(why) => tracing::warn!(
                channel = %name,
                error = %why,
                "a secret that a person put does not fit the configuration any more; the \
                 configuration's own one is used"
            ),
        }
        channel.connected.store(at, Ordering::SeqCst);
    }
    Ok(())
}
