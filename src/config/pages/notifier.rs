//! The page of a notifier, and the overview of all.

use super::sample;
use super::words::yes;
use super::{fields, keys, limits, secrets, section, shared};
use crate::notify::steps;
use crate::wire::{Acts, Notifier, NotifierMeta};

/// All notifiers, and the keys that all recipients share.
pub(super) fn overview(notifiers: &[&dyn Notifier]) -> String {
    let mut out = "# Notifiers\n\nA *recipient* is somebody who is told by one of these. A brand \
                   names its recipients in order: the next is told when one cannot be reached. \
                   `ascolto recipient test NAME` sends a sample by the way that alerts go, and \
                   shows each step.\n\n\
                   | notifier | changes an alert in place | what is pressed | all of it without an \
                   inbound port | drops a repeated alert |\n\
                   |---|---|---|---|---|\n"
        .to_owned();
    for notifier in notifiers {
        let meta = notifier.meta();
        let (pressed, outbound) = acts(meta.acts);
        out.push_str(&format!(
            "| [{}]({}.md) | {} | {pressed} | {outbound} | {} |\n",
            meta.title,
            meta.name,
            yes(meta.edits),
            yes(meta.dedups)
        ));
    }
    out.push_str(
        "\nAlerts themselves go out by calls of ours, so none needs an open port. Where an alert is \
         not changed in place, a short word follows it. What is pressed acts at once where the \
         service vouches for who pressed and `ascolto user known` says which agent that is; nobody \
         else can act so. A link that stands there opens a page that asks for the log-in and acts in \
         that name. Elsewhere it opens a page of Ascolto by a signed link, which expires, \
         works once and asks for a click, so a program that opens links does nothing: whoever acts \
         must reach `public_url`, from inside the company's own network too. Text that is typed in \
         a chat is read by nobody and never reaches a customer.\n\n## Keys of every recipient\n\n",
    );
    out.push_str(&keys(shared("recipient").fields));
    out
}

/// What pressing in an alert does, and whether that needs no port that is open to the outside.
fn acts(acts: Acts) -> (&'static str, &'static str) {
    match acts {
        Acts::Links => ("opens a page", "yes; the page must be reached"),
        Acts::Outbound { works } => ("acts", works),
        Acts::Inbound => ("acts", "alerts only: for presses the service calls"),
        Acts::Either => ("acts", "yes, or by calls, as its keys say"),
    }
}

/// The page of one notifier.
pub(super) fn page(notifier: &dyn Notifier) -> String {
    let meta = notifier.meta();
    let mut out = format!("# {}\n\n{}\n", meta.title, meta.about);
    if !meta.docs.is_empty() {
        out.push_str(&format!("\nIts own documentation: <{}>\n", meta.docs));
    }
    let own = fields(meta.keys);
    out.push_str(&format!("\n## Configure\n\n{}\n", section("recipient", meta.name, &own)));
    out.push_str(secrets(meta.keys));
    out.push_str(
        "Every recipient has [further keys](README.md#keys-of-every-recipient). A brand is told \
         by it once its name stands in the brand's `recipients`. ",
    );
    out.push_str(&format!("`ascolto recipient test {}` tries it.\n", meta.name));
    let steps = steps(meta.name);
    if !steps.is_empty() {
        out.push_str("\n## Connect\n\n");
        for (at, step) in steps.iter().enumerate() {
            out.push_str(&format!("{}. {step}\n", at + 1));
        }
    }
    if !own.is_empty() {
        out.push_str(&format!("\n## Keys\n\n{}", keys(&own)));
    }
    out.push_str(&delivery(meta));
    out.push_str(&format!(
        "\n## A sample\n\nThis goes there for the sample of `ascolto recipient test`. A secret is \
         shown as `…`.\n\n{}",
        sample::of_alert(notifier)
    ));
    out.push_str(&format!("\n## Limits\n\n{}", limits(meta.buckets)));
    out
}

/// How its alerts come, and what can be done in them.
fn delivery(meta: &NotifierMeta) -> String {
    let mut out = format!(
        "\n## Delivery\n\nAn alert is delivered at least once, with the same key each time.\n\n\
         | | |\n|---|---|\n\
         | An alert that was sent is changed in place | {} |\n\
         | The receiver drops a second alert with the same key | {} |\n",
        yes(meta.edits),
        yes(meta.dedups)
    );
    let (pressed, outbound) = acts(meta.acts);
    out.push_str(&format!(
        "| What is pressed in it | {pressed} |\n| All of it works without an inbound port | \
         {outbound} |\n"
    ));
    out
}
