//! The page of a notifier, and the overview of all.

use super::words::yes;
use super::{fields, keys, limits, secrets, section, shared};
use crate::wire::{Notifier, NotifierMeta};

/// All notifiers, and the keys that all recipients share.
pub(super) fn overview(notifiers: &[&dyn Notifier]) -> String {
    let mut out = "# Notifiers\n\nA *recipient* is somebody who is told by one of these. A brand \
                   names its recipients in order: the next is told when one cannot be reached.\n\n\
                   | notifier | changes an alert in place | drops a repeated alert |\n\
                   |---|---|---|\n"
        .to_owned();
    for notifier in notifiers {
        let meta = notifier.meta();
        out.push_str(&format!(
            "| [{}]({}.md) | {} | {} |\n",
            meta.title,
            meta.name,
            yes(meta.edits),
            yes(meta.dedups)
        ));
    }
    out.push_str("\n## Keys of every recipient\n\n");
    out.push_str(&keys(shared("recipient").fields));
    out
}

/// The page of one notifier.
pub(super) fn page(meta: &NotifierMeta) -> String {
    let mut out = format!("# {}\n\n{}\n", meta.title, meta.about);
    if !meta.docs.is_empty() {
        out.push_str(&format!("\nIts own documentation: <{}>\n", meta.docs));
    }
    let own = fields(meta.keys);
    out.push_str(&format!("\n## Configure\n\n{}\n", section("recipient", meta.name, &own)));
    out.push_str(secrets(meta.keys));
    out.push_str(
        "Every recipient has [further keys](README.md#keys-of-every-recipient). A brand is told \
         by it once its name stands in the brand's `recipients`.\n",
    );
    if !own.is_empty() {
        out.push_str(&format!("\n## Keys\n\n{}", keys(&own)));
    }
    out.push_str(&format!(
        "\n## Delivery\n\nAn alert is delivered at least once, with the same key each time.\n\n\
         | | |\n|---|---|\n\
         | An alert that was sent is changed in place | {} |\n\
         | The receiver drops a second alert with the same key | {} |\n",
        yes(meta.edits),
        yes(meta.dedups)
    ));
    out.push_str(&format!("\n## Limits\n\n{}", limits(meta.buckets)));
    out
}
