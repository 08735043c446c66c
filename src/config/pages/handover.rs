//! The page of a ticket system, and the overview of all.

use super::sample;
use super::words::yes;
use super::{fields, keys, limits, secrets, section, shared};
use crate::links::path;
use crate::wire::{TicketMeta, TicketSystem};

/// All ticket systems, and the keys that all hand-overs share.
pub(super) fn overview(systems: &[&dyn TicketSystem]) -> String {
    let mut out =
        "# Ticket systems\n\nA case is *handed over* to one of these by a person. That is \
                   a flag and no answer: the case stays owed here, whatever becomes of the ticket, \
                   until somebody answers in public or says that no answer is needed.\n\n\
                   | ticket system | one key makes one ticket | tells how a ticket stands | calls \
                   us |\n|---|---|---|---|\n"
            .to_owned();
    for system in systems {
        let meta = system.meta();
        out.push_str(&format!(
            "| [{}]({}.md) | {} | {} | {} |\n",
            meta.title,
            meta.name,
            once(meta),
            yes(meta.reads_back),
            yes(!meta.calls.is_empty())
        ));
    }
    out.push_str(
        "\nWhere the system does not see to it that one key makes one ticket, Ascolto looks for the \
         key before it makes one; where an answer was lost, it looks again after 5 seconds, 30 \
         seconds and 2 minutes before it tries once more. A system that fails is tried for a day; \
         then the brand's recipients are told. How a ticket stands is asked every 15 minutes.\n\n\
         No ticket sends anything to the customer. Whoever wrote is a contact whose address leads \
         nowhere (`.invalid`, RFC 2606); what was said in private stays here unless \
         `may_see_private` says otherwise.\n\n## Keys of every hand-over\n\n",
    );
    out.push_str(&keys(shared("handover").fields));
    out
}

/// By what a key makes one ticket only.
fn once(meta: &TicketMeta) -> &'static str {
    if meta.dedups { "yes" } else { "Ascolto looks first, where it can" }
}

/// The page of one ticket system.
pub(super) fn page(system: &dyn TicketSystem) -> String {
    let meta = system.meta();
    let mut out = format!("# {}\n\n{}\n", meta.title, meta.about);
    if !meta.docs.is_empty() {
        out.push_str(&format!("\nIts own documentation: <{}>\n", meta.docs));
    }
    let own = fields(meta.keys);
    out.push_str(&format!("\n## Configure\n\n{}\n", section("handover", meta.name, &own)));
    out.push_str(secrets(meta.keys));
    out.push_str(
        "Every hand-over has [further keys](README.md#keys-of-every-hand-over). Cases of a brand go \
         there once its name stands in the brand's `handovers`.\n",
    );
    if !own.is_empty() {
        out.push_str(&format!("\n## Keys\n\n{}", keys(&own)));
    }
    out.push_str(&format!(
        "\n## Tickets\n\nThe key of a ticket is `ascolto-` and the case's id, the same for every \
         attempt.\n\n| | |\n|---|---|\n\
         | The system itself lets one key make one ticket | {} |\n\
         | How a ticket stands is read back | {} |\n",
        yes(meta.dedups),
        yes(meta.reads_back)
    ));
    if !meta.calls.is_empty() {
        let path = path::HOOK_HANDOVER.replace("{name}", meta.name);
        out.push_str(&format!(
            "\n## Calls\n\nA closed ticket shows here sooner if the system calls \
             `PUBLIC_URL{path}` (with the name of your section in its place). {}\n",
            meta.calls
        ));
    }
    if let Some(sample) = sample::of_ticket(system) {
        out.push_str(&format!(
            "\n## A sample\n\nThis makes a ticket there. A secret is shown as `…`.\n\n{sample}"
        ));
    }
    out.push_str(&format!("\n## Limits\n\n{}", limits(meta.buckets)));
    out
}
