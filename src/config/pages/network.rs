//! The page of a network, and the overview of all with what each can do.

use super::words::{cell, length, money, span, yes};
use super::{examples, fields, keys, limits, secrets, section, shared};
use crate::domain::Instant;
use crate::links;
use crate::wire::{Consent, Ctx, Manual, Meta, Network, Price, Terms, Walk};

/// Something that a network can do or not: in full, as the matrix shortens it, and whether.
type Ability = (&'static str, &'static str, fn(&Meta) -> bool);

/// What a network can do, one row each.
const CAN: &[Ability] = &[
    ("It is read again and again", "read", |m| m.can.poll),
    ("Approved replies are posted; else the agent gets a link", "replies", |m| m.can.reply),
    (
        "Threads are read again, so that an answer in the network's own app is seen",
        "native answers",
        |m| m.can.thread,
    ),
    ("A stream wakes the reading", "stream", |m| m.can.stream),
    ("A hole of the past is read again (`ascolto backfill`)", "backfill", |m| m.can.backfill),
    (
        "The network itself refuses to let a reply stand twice; elsewhere Ascolto looks first",
        "refuses doubles",
        |m| m.natural_key,
    ),
];

/// The matrix of all networks, and the keys that all channels share.
pub(super) fn overview(networks: &[&dyn Network]) -> String {
    let mut out = "# Networks\n\nA *channel* is a login or source on one of these. \
                   `ascolto channel add NETWORK` asks for what it needs, tries it and writes it \
                   down; each network's page says what that is.\n\n| network |"
        .to_owned();
    for (_, short, _) in CAN {
        out.push_str(&format!(" {short} |"));
    }
    out.push_str(" first look | longest reply |\n|---|");
    out.push_str(&"---|".repeat(CAN.len() + 2));
    out.push('\n');
    for network in networks {
        let meta = network.meta();
        out.push_str(&format!("| [{}]({}.md) |", meta.title, meta.name));
        for (_, _, can) in CAN {
            out.push_str(&format!(" {} |", yes(can(meta))));
        }
        out.push_str(&format!(" {} | {} |\n", look(*network), cell(&length(meta.length))));
    }
    out.push_str("\n| column | means |\n|---|---|\n");
    for (long, short, _) in CAN {
        out.push_str(&format!("| {short} | {long} |\n"));
    }
    out.push_str(
        "| first look | How far back a new channel is read, unless `first_look` says otherwise |\n\
         \n## Keys of every channel\n\n",
    );
    out.push_str(&keys(shared("channel").fields));
    let public = shared("public");
    out.push_str(&format!(
        "\n## Channels that no connector hears\n\n{}\n\n{}",
        public.doc,
        keys(public.fields)
    ));
    out
}

/// How far back a new channel is read.
fn look(network: &dyn Network) -> String {
    match network.first_look_ms() {
        Some(ms) if network.meta().can.poll => span(ms),
        _ => "none".to_owned(),
    }
}

/// The page of one network.
pub(super) fn page(network: &dyn Network, manual: Option<&Manual>) -> String {
    let meta = network.meta();
    let mut out = format!("# {}\n\n{}\n", meta.title, meta.about);
    if !meta.docs.is_empty() {
        out.push_str(&format!("\nThe network's own documentation: <{}>\n", meta.docs));
    }
    if let Some(manual) = manual.filter(|manual| !manual.more.is_empty()) {
        out.push_str(&format!("\nStep by step: [{0}](../{0})\n", manual.more));
    }
    let own = fields(meta.keys);
    out.push_str(&format!("\n## Configure\n\n{}\n", section("channel", meta.name, &own)));
    out.push_str(secrets(meta.keys));
    out.push_str(&format!(
        "`ascolto channel add {}` asks for these and writes them down. Every channel has \
         [further keys](README.md#keys-of-every-channel), as `every` and `owner`.\n",
        meta.name
    ));
    if let Some(said) = network.consent() {
        out.push_str(&format!("\n{}", consent(meta, said)));
    }
    if !own.is_empty() {
        out.push_str(&format!("\n## Keys\n\n{}", keys(&own)));
    }
    if let Some(manual) = manual {
        out.push_str(&grants(manual));
    }
    out.push_str(&format!("\n## What it can do\n\n{}", can(meta)));
    let known = "the contract suite reads the example of every key";
    let settings = network.settings(&examples(meta.keys)).expect(known);
    // What follows from the settings does so without a session; the time only stands in for one.
    let cx = Ctx { settings: &*settings, session: None, now: Instant(0), own: &[], seed: 0 };
    out.push_str(&format!("\n## What it reads\n\n{}", lanes(network, &cx)));
    if let Some(manual) = manual {
        out.push_str("\n## What is not heard\n\n");
        for line in &manual.unheard {
            out.push_str(&format!("- {line}\n"));
        }
    }
    let by = if meta.can.reply { "" } else { "A person writes them where the mention stands. " };
    out.push_str(&format!(
        "\n## Replies\n\n{by}The longest: {}, unless the network or a key says otherwise. Drafts \
         keep to it.\n",
        length(meta.length)
    ));
    out.push_str(&format!("\n## Limits\n\n{}", limits(meta.buckets)));
    out.push_str(&prices(&network.prices(&cx)));
    out.push_str(&format!("\n## Terms\n\n{}", terms(meta.terms)));
    out
}

/// How the network's own page hands the credential out.
fn consent(meta: &Meta, said: &Consent) -> String {
    let scopes: Vec<String> = said.scopes.iter().map(|scope| format!("`{scope}`")).collect();
    let mut out = format!(
        "With `--consent`, or when you say yes on a terminal, {}'s own page hands out `{}`: you \
         open it in a browser, log in there and allow {}.",
        meta.title,
        said.key,
        scopes.join(", ")
    );
    if !said.before.is_empty() {
        let address = format!("`{}`", links::loopback(links::LOOPBACK_PORT));
        out.push_str(&format!(" {}", said.before(&address)));
    }
    if said.is_registered() {
        out.push_str(&format!(
            " Whoever connects the channel again by a link (`ascolto channel reconnect`) is led \
             there too where `public_url` begins with https, if the app names `PUBLIC_URL{}` as \
             such an address; one that takes a single address serves one way at a time.",
            links::path::CONNECT_BACK
        ));
    }
    out.push('\n');
    out
}

fn grants(manual: &Manual) -> String {
    if manual.grants.is_empty() {
        return String::new();
    }
    let mut out =
        "\n## What to grant\n\n| grant | what for | without it |\n|---|---|---|\n".to_owned();
    for grant in &manual.grants {
        let without = match grant.without.as_str() {
            "" => "The channel does not work.",
            without => without,
        };
        out.push_str(&format!(
            "| {} | {} | {} |\n",
            cell(&grant.name),
            cell(&grant.why),
            cell(without)
        ));
    }
    out
}

fn can(meta: &Meta) -> String {
    let mut out = "| | |\n|---|---|\n".to_owned();
    for (long, _, can) in CAN {
        out.push_str(&format!("| {long} | {} |\n", yes(can(meta))));
    }
    out
}

fn lanes(network: &dyn Network, cx: &Ctx<'_>) -> String {
    let lanes = network.lanes(cx);
    if lanes.is_empty() {
        return "Nothing is asked for: what comes is heard.\n".to_owned();
    }
    let mut out = "With the keys of the examples above:\n\n\
                   | lane | every | order | what it brings is |\n|---|---|---|---|\n"
        .to_owned();
    for lane in lanes {
        let order = match lane.walk {
            Walk::Ascending => "old to new",
            Walk::NewestFirst => "new to old, down to where the last reading began",
            Walk::Snapshot => "a window of what is there now",
        };
        let meant =
            if lane.addressed { "addressed to the brand" } else { "judged by the brand's names" };
        out.push_str(&format!(
            "| `{}` | {} | {order} | {meant} |\n",
            cell(&lane.id),
            span(lane.every_ms)
        ));
    }
    out
}

fn prices(prices: &[Price]) -> String {
    if prices.is_empty() {
        return String::new();
    }
    let mut out = "\n## Prices\n\nWith the keys of the examples above; the network's own list \
                   counts.\n\n| of | counted in | price of one |\n|---|---|---|\n"
        .to_owned();
    for price in prices {
        out.push_str(&format!(
            "| {} | `{}` | {} {} |\n",
            cell(price.unit),
            price.bucket.0,
            money(price.micros),
            price.currency
        ));
    }
    out
}

fn terms(terms: Terms) -> String {
    let within = |what: &str, ms: Option<i64>| match ms {
        Some(ms) => format!("- {what} within {}.\n", span(ms)),
        None => String::new(),
    };
    let may = |so: bool| if so { "may" } else { "may not" };
    format!(
        "{}{}- What is heard there {} train a model.\n- A reply {} be sent without a person (an \
         acknowledgement).\n",
        within("What is stored must be refreshed", terms.refresh_within),
        within("What is deleted there must be deleted here", terms.delete_within),
        may(terms.training_allowed),
        may(terms.automated_replies_allowed)
    )
}
