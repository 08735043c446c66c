//! Callbacks: what a network tells of a person, and what that obliges us to.
//!
//! Nothing of a call is believed but its signature, which the network's file has checked: a
//! permission that was taken back makes a credential dead until it is taken again, and an author
//! who asks for deletion is blanked everywhere by the way that deleted posts go.

use super::{Channel, Deps, StepResult, health};
use crate::domain::Instant;
use crate::store::{access, credentials, customers, deletions, lanes};
use std::collections::BTreeSet;

/// What people are told of a channel whose permission was taken back.
const TAKEN_BACK: &str =
    "the network says that somebody took the app's permission back; connect it again";

/// The permission of a channel was taken back at `issued`. Its credential is dead at once; its
/// lanes are read at once too: a permission that stands all the same (another person's was taken
/// back) shows by the first poll that is answered, which revives it.
///
/// # Errors
/// When the store fails: nothing was marked, and the caller may call again.
pub async fn deauthorized(
    deps: &Deps,
    channel: &Channel,
    issued: Instant,
    mark: &[u8; 16],
) -> StepResult<()> {
    let now = deps.now();
    let mut tx = deps.store.begin().await?;
    // The same call once more is no news. The channels of an app share its calls.
    let nonce = mixed(mark, &channel.name);
    if !access::use_link(&mut tx, &nonce, now).await? {
        return Ok(());
    }
    let row = credentials::one(&mut tx, &channel.name).await?;
    let renewed = row.and_then(|row| row.connected_at).is_some_and(|at| Instant(at) > issued);
    if !renewed {
        health::dead(deps, &mut tx, channel, TAKEN_BACK, now).await?;
        lanes::wake_all(&mut tx, &channel.name, now).await?;
    }
    tx.commit().await?;
    deps.bell.notify_waiters();
    Ok(())
}

/// A mark of its own for each channel.
fn mixed(mark: &[u8; 16], channel: &str) -> [u8; 16] {
    use sha2::{Digest, Sha256};
    let digest = Sha256::new().chain_update(mark).chain_update(channel).finalize();
    let mut mixed = [0; 16];
    mixed.copy_from_slice(&digest[..16]);
    mixed
}

/// Deletes what is stored of the authors who ask for it, each on the network of a channel that took
/// the call; gives the code by which whoever asked sees what was done. The same call once more
/// gives the same code and changes nothing.
///
/// # Errors
/// When the store fails: nothing was noted, and the caller may call again.
pub async fn erase(
    deps: &Deps,
    asked: &[(&Channel, String)],
    mark: &[u8; 16],
) -> StepResult<String> {
    let now = deps.now();
    let code: String = mark.iter().map(|byte| format!("{byte:02x}")).collect();
    // Two channels of a brand on one network hear the same author.
    let authors: BTreeSet<(&str, &str, &str)> = asked
        .iter()
        .map(|(c, author)| (c.brand.as_str(), c.network.meta().name, author.as_str()))
        .collect();
    let mut tx = deps.store.begin().await?;
    if deletions::add(&mut tx, &code, now).await? {
        let mut found = 0;
        for (brand, network, author) in authors {
            found += deletions::ask(&mut tx, &code, brand, network, author, now).await?;
            customers::erase(&mut tx, brand, network, author).await?;
        }
        tx.commit().await?;
        tracing::info!(mentions = found, "an author asked that their data is deleted");
        deps.bell.notify_waiters();
    }
    Ok(code)
}
