//! How long a reply may be where it will stand, for the pages on which one is written.

use crate::domain::length::{Counting, LengthRule};
use crate::fetch::Peer;
use crate::pipeline::{Channel, Deps, thread};
use crate::store::mentions::MentionRow;
use std::time::Duration;

/// How long a page waits for a network's word on its limit before it shows the usual one.
const WAIT: Duration = Duration::from_secs(2);

/// How the network of a channel counts a reply to a mention, and how much of it the network's own
/// words take.
pub(super) async fn of(
    deps: &Deps,
    channel: Option<&Channel>,
    answered: Option<&MentionRow>,
) -> (LengthRule, usize) {
    let usual = LengthRule { counting: Counting::Graphemes, limit: 280 };
    let Some(channel) = channel else { return (usual, 0) };
    let asked = deps.engine.ctx(Peer::Network(channel.network), &channel.link);
    let Ok(Ok(owned)) = tokio::time::timeout(WAIT, asked).await else {
        return (channel.network.meta().length, 0);
    };
    let cx = owned.cx();
    let rule = channel.network.length(&cx);
    let of = answered.map(thread::reference);
    let first = of.and_then(|of| channel.network.fit("x", &of, &cx).ok()?.into_iter().next());
    let prefix = first.map_or(0, |p| rule.count(&p.text).saturating_sub(1));
    (rule, prefix)
}

/// How many more may be written, in the network's own count; under 0: so many too many.
pub(super) fn left(rule: LengthRule, prefix: usize, text: &str) -> i64 {
    i64::try_from(rule.limit.saturating_sub(prefix)).unwrap_or(i64::MAX)
        - i64::try_from(rule.count(text)).unwrap_or(i64::MAX)
}

/// How the script counts while the agent types; the server's count decides.
pub(super) fn counting(counting: Counting) -> &'static str {
    match counting {
        Counting::Graphemes | Counting::GraphemesAndBytes { .. } => "graphemes",
        Counting::Bytes => "bytes",
        Counting::Mastodon => "mastodon",
        Counting::XWeighted => "x",
        Counting::Utf16 => "utf16",
    }
}
