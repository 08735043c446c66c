//! Digests: complaints that were too old for an alert each when they were first heard are told in
//! one message a channel and backfill, and what waits to be looked at in one a brand, twice a day.

use super::{Deps, Did, StepResult, notify, tray};
use crate::domain::Instant;
use crate::domain::reason::Reason;
use crate::domain::time::{DAY, HOUR, MINUTE};
use crate::speech::Catalogue;
use crate::store::digests::DigestRow;
use crate::store::{Tx, digests, outbox};

/// So long nothing more must have come before a digest is told: a burst of pages is one.
const QUIET: i64 = 5 * MINUTE;
/// No digest waits longer, however long a backfill lasts.
const LONGEST: i64 = DAY;

/// Tells the digests that are due.
pub async fn step(deps: &Deps) -> StepResult<Did> {
    let (late, trays) = (late(deps).await?, tray::step(deps).await?);
    Ok(Did { rows: late.rows + trays.rows, more: late.more || trays.more })
}

/// Tells what was heard too late, once no more of it comes.
async fn late(deps: &Deps) -> StepResult<Did> {
    let now = deps.now();
    let (quiet, longest) = (now - QUIET, now - LONGEST);
    let mut tx = deps.store.read().await?;
    if !digests::any_due(&mut tx, quiet, longest).await? {
        return Ok(Did::default());
    }
    drop(tx);
    let mut tx = deps.store.begin().await?;
    let due = digests::take_due(&mut tx, quiet, longest).await?;
    for digest in &due {
        tell(deps, &mut tx, digest, now).await?;
    }
    tx.commit().await?;
    deps.bell.notify_waiters();
    Ok(Did { rows: due.len(), more: false })
}

async fn tell(deps: &Deps, tx: &mut Tx, digest: &DigestRow, now: Instant) -> StepResult<()> {
    // Without its brand nobody is to be told; the cases stand in the inbox all the same.
    let Some(brand) = deps.brands.get(&digest.brand) else { return Ok(()) };
    let (count, hours) = (digest.complaints.to_string(), brand.alert_max_age / HOUR);
    let age = (now - Instant(digest.oldest_at)) / DAY;
    let link = deps.links.inbox_of(&digest.channel);
    let cause = Instant(digest.began_at);
    let body = |words: &'static Catalogue| {
        words.fill(
            "alert.heard_late",
            &[
                ("count", &count),
                ("hours", &hours.to_string()),
                ("oldest", &age.to_string()),
                ("link", &link),
            ],
        )
    };
    let (name, reason) = (&digest.channel, Reason::HeardLate);
    let alerts = notify::about_channel(deps, brand, name, reason, cause, body);
    outbox::add(tx, &alerts, now).await
}
