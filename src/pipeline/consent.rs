//! Consent by a connect link: the owner of a channel has the network's own page hand the new
//! credential out, and it is then tried and kept like one that was put by hand.

use super::reconnect::{self, ReconnectError};
use super::{Channel, Deps};
use crate::links::Connect;
use crate::store::StoreError;
use crate::wire::{Consent, Errand, NoCode, Proofs, Secret};
use std::collections::BTreeMap;

/// Why a consent page connected nothing. In every case the old credential stays.
#[derive(Debug, thiserror::Error)]
pub enum ConsentError {
    /// The browser brought no code.
    #[error(transparent)]
    NoCode(#[from] NoCode),
    /// What was handed out does not do, or could not be fetched.
    #[error(transparent)]
    Reconnect(#[from] ReconnectError),
}

/// The consent page of a channel whose owner may use it: what it hands out could be put by hand too,
/// and a person registered the app.
fn page(deps: &Deps, channel: &Channel) -> Option<&'static Consent> {
    let consent = channel.network.consent().filter(|consent| consent.is_registered())?;
    let asked = reconnect::asks(channel, deps.now());
    asked.iter().any(|key| key.name == consent.key).then_some(consent)
}

/// The way through the consent page of a link's channel, by a `state` that was signed for that link.
/// `None` where there is no page, the settings name no app, or browsers could come back over an open
/// line only.
///
/// # Errors
/// A failure of the store.
pub async fn errand(
    deps: &Deps,
    link: &Connect,
    state: &str,
) -> Result<Option<Errand>, StoreError> {
    let Some(channel) = deps.channels.get(&link.channel) else { return Ok(None) };
    let Some((consent, back)) = page(deps, channel).zip(deps.links.connect_back()) else {
        return Ok(None);
    };
    let mut tx = deps.store.read().await?;
    let given = channel.given.with(&reconnect::standing(&mut tx, channel).await?);
    drop(tx);
    let Ok(Some(client)) = consent.client(&given) else { return Ok(None) };
    let verifier = Secret::new(deps.signer.verifier(state));
    let proofs = Proofs { state: state.to_owned(), verifier };
    Ok(Errand::new(consent, &given, client, &back, proofs).ok())
}

/// Goes on where the browser came back with this query: exchanges the code, and puts what it is
/// exchanged for as [`reconnect::reconnect`] does.
///
/// # Errors
/// Why nothing was changed; the link then works on.
pub async fn come_back(
    deps: &Deps,
    link: &Connect,
    state: &str,
    query: &str,
) -> Result<(), ConsentError> {
    let store = |e: StoreError| ConsentError::Reconnect(e.into());
    let unknown = || ConsentError::Reconnect(ReconnectError::Unknown(link.channel.clone()));
    let channel = deps.channels.get(&link.channel).ok_or_else(unknown)?;
    let consent = page(deps, channel).ok_or_else(unknown)?;
    let errand = errand(deps, link, state).await.map_err(store)?.ok_or_else(unknown)?;
    let code = errand.code(query)?;
    // A used link must not use up a code, nor hand out what nobody will keep.
    if !reconnect::works(deps, link).await.map_err(store)? {
        return Err(ReconnectError::Used.into());
    }
    let talk = errand.exchange(&code);
    let handed = deps.engine.consent(channel.network.meta().name, talk).await;
    let secret = handed.map_err(reconnect::unkept)?;
    let secrets = BTreeMap::from([(consent.key.to_owned(), secret)]);
    reconnect::reconnect(deps, link, &secrets).await?;
    Ok(())
}
