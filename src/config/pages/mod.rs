//! Writes the pages about networks, notifiers, ticket systems and the life of a case from what they
//! say of themselves.
//!
//! | file | does |
//! |---|---|
//! | `mod` | which pages there are, the overviews, what all of them share |
//! | `life` | the page about the life of a case |
//! | `network` | the page of a network |
//! | `notifier` | the page of a notifier |
//! | `handover` | the page of a ticket system |
//! | `sample` | what is sent there, on the pages of notifiers and ticket systems |
//! | `words` | spans, limits and lengths in words, cells of tables |

mod handover;
mod life;
mod network;
mod notifier;
mod sample;
mod words;

use super::Registry;
use super::form::Field;
use super::tables::{SHAPES, Shape};
use crate::wire::{BucketRule, Counts, Key, KeyKind, Manual};
use words::{cell, number, span};

/// One generated page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocsPage {
    /// Its path below the folder of the docs, as `networks/mastodon.md`.
    pub path: String,
    /// Its text, as Markdown.
    pub text: String,
}

/// Where the manual of a network is found.
pub type Manuals = fn(&str) -> Option<&'static Manual>;

/// First line of every page: who changes it by hand loses that.
const MARK: &str =
    "<!-- Written by `ascolto docs`; change the source that it is made from. -->\n\n";

/// Every generated page, overviews first.
pub fn pages(registry: &Registry, manuals: Manuals) -> Vec<DocsPage> {
    let networks: Vec<_> = (registry.networks)().into_iter().filter_map(registry.network).collect();
    let notifiers: Vec<_> =
        (registry.notifiers)().into_iter().filter_map(registry.notifier).collect();
    let systems: Vec<_> =
        (registry.ticket_systems)().into_iter().filter_map(registry.ticket_system).collect();
    let page = |path: String, text: String| DocsPage {
        path,
        text: format!("{MARK}{}\n", text.trim_end()),
    };
    let mut pages = vec![
        page("networks/README.md".to_owned(), network::overview(&networks)),
        page("notifiers/README.md".to_owned(), notifier::overview(&notifiers)),
        page("handover/README.md".to_owned(), handover::overview(&systems)),
        page("cases/README.md".to_owned(), life::page()),
    ];
    for network in networks {
        let name = network.meta().name;
        pages.push(page(format!("networks/{name}.md"), network::page(network, manuals(name))));
    }
    for notifier in notifiers {
        let meta = notifier.meta();
        pages.push(page(format!("notifiers/{}.md", meta.name), notifier::page(notifier)));
    }
    for system in systems {
        let meta = system.meta();
        pages.push(page(format!("handover/{}.md", meta.name), handover::page(system)));
    }
    pages
}

/// The keys that all sections of a kind share.
fn shared(kind: &str) -> &'static Shape {
    SHAPES.iter().find(|shape| shape.kind == kind).expect("the kinds of the pages have a table")
}

/// The shortest section that does: what must be there, with secrets in files of their own.
fn section(kind: &str, name: &str, own: &[Field]) -> String {
    let mut out = format!("```toml\n[{kind}.{name}]\n");
    let which = match kind {
        "channel" => "network",
        "handover" => "system",
        _ => "notifier",
    };
    for field in shared(kind).fields.iter().chain(own).filter(|field| field.required) {
        let line = if field.name == which {
            format!("{which} = \"{name}\"")
        } else if field.secret() {
            format!("{}_file = \"{name}.{}\"", field.name, field.name)
        } else {
            format!("{} = {}", field.name, field.example)
        };
        out.push_str(&line);
        out.push('\n');
    }
    out + "```\n"
}

/// The keys of a section as a table.
fn keys(fields: &[Field]) -> String {
    let mut out =
        "| key | takes | default | what it does | example |\n|---|---|---|---|---|\n".to_owned();
    for field in fields {
        let (help, default) = words::split_default(field.doc);
        let default = if field.required { "must be given" } else { default };
        let takes = if field.secret() {
            format!("a secret; or `{}_file` with the path of a file", field.name)
        } else {
            field.form.expected().to_owned()
        };
        let example = match field.example {
            "" => String::new(),
            example => format!("`{example}`"),
        };
        out.push_str(&format!(
            "| `{}` | {} | {} | {} | {} |\n",
            field.name,
            cell(&takes),
            cell(default),
            cell(help),
            cell(&example)
        ));
    }
    out
}

/// The limits as a table.
fn limits(buckets: &[BucketRule]) -> String {
    if buckets.is_empty() {
        return "None are counted.\n".to_owned();
    }
    let mut out = "Ascolto keeps to these by itself, and to what the server's answers say.\n\n\
                   | limit | at most | in | counted by | kept for replies |\n\
                   |---|---|---|---|---|\n"
        .to_owned();
    for rule in buckets {
        let by = match rule.counts {
            Counts::Token => "credential",
            Counts::Host => "server",
        };
        out.push_str(&format!(
            "| `{}` | {} | {} | {by} | {} |\n",
            rule.bucket.0,
            number(rule.limit),
            span(rule.window_ms),
            number(rule.reserve)
        ));
    }
    out
}

/// The keys of a network, notifier or ticket system as fields.
fn fields(keys: &[Key]) -> Vec<Field> {
    keys.iter().map(Field::of).collect()
}

/// A section in which every key has the value of its example.
fn examples(keys: &[Key]) -> toml::Table {
    let text: String = keys.iter().map(|key| format!("{} = {}\n", key.name, key.example)).collect();
    text.parse().expect("the contract suites read the example of every key")
}

/// Where secrets belong, if there are any.
fn secrets(keys: &[Key]) -> &'static str {
    if keys.iter().any(|key| key.kind == KeyKind::Secret) {
        "A `KEY_file` is looked for from the folder of the configuration; it holds the secret and \
         nothing else.\n"
    } else {
        ""
    }
}
