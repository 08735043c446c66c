//! The table of floors: what every part of `src/` holds and what it may import.

/// What a part may import from the floors below its own.
pub enum Below {
    /// Everything.
    All,
    /// Floor 0 and these.
    Only(&'static [&'static str]),
}

/// One folder or file directly under `src/`.
pub struct Part {
    /// How high it stands.
    pub floor: u8,
    /// Its name, without `.rs`.
    pub name: &'static str,
    /// What it holds, for ARCHITECTURE.md.
    pub holds: &'static str,
    /// The parts of its own floor that it may import; siblings are strangers otherwise.
    pub beside: &'static [&'static str],
    /// What it may import from below.
    pub below: Below,
}

const DOMAIN: &[&str] = &["domain"];
const NONE: &[&str] = &[];

const fn part(
    floor: u8,
    name: &'static str,
    beside: &'static [&'static str],
    holds: &'static str,
) -> Part {
    Part { floor, name, holds, beside, below: Below::All }
}

/// The house, from the top down.
pub const PARTS: &[Part] = &[
    part(5, "cli", &["app", "config"], "one file a subcommand"),
    part(5, "app", &["config"], "the only place that knows everyone: build, start, drain, stop"),
    part(5, "config", NONE, "the configuration; only cli and app read it"),
    part(4, "web", NONE, "inbox, case, coverage, API, hooks in, log-in, health, metrics"),
    part(
        3,
        "pipeline",
        NONE,
        "one step a file: poll, triage, casework, due, publish …; the runner",
    ),
    Part {
        floor: 2,
        name: "queue",
        holds: "lease, fence, retry and discard over the rows with a due time",
        beside: NONE,
        below: Below::Only(&["store"]),
    },
    part(1, "networks", NONE, "one file a network, without I/O"),
    part(1, "notify", NONE, "one file a notifier, the same shape"),
    part(1, "handover", NONE, "one file a ticket system, the same shape"),
    part(1, "classify", NONE, "text to verdict, pure"),
    part(1, "lookup", NONE, "one signed question to the company's own system: who is this?"),
    part(1, "draft", NONE, "templates and passages: case to draft, pure"),
    part(
        1,
        "fetch",
        NONE,
        "the engine: HTTP, mail, limits, time-outs, address guard, tapes, redaction",
    ),
    part(1, "store", NONE, "SQL for both databases; owns no clock"),
    part(0, "wire", DOMAIN, "requests, answers, conversations, faults, secrets; the traits"),
    part(0, "links", DOMAIN, "every URL shape; signs and checks action links"),
    part(0, "clock", DOMAIN, "the only clock"),
    part(0, "ids", DOMAIN, "the only randomness"),
    part(0, "observe", DOMAIN, "every log field and metric name"),
    part(0, "speech", DOMAIN, "the catalogues of what is said to people, per language"),
    part(0, "domain", NONE, "the words as types, the life of a case, deadlines, hours, text"),
];

/// The part of that name.
pub fn find(name: &str) -> Option<&'static Part> {
    PARTS.iter().find(|p| p.name == name)
}

impl Part {
    /// Whether it may import `other`.
    pub fn may_import(&self, other: &Part) -> bool {
        if self.name == other.name || self.beside.contains(&other.name) {
            return true;
        }
        other.floor < self.floor
            && match self.below {
                Below::All => true,
                Below::Only(some) => other.floor == 0 || some.contains(&other.name),
            }
    }
}

/// The table as ARCHITECTURE.md shows it.
pub fn table() -> String {
    let mut out = String::from("| floor | part | holds | imports |\n|---|---|---|---|\n");
    for p in PARTS {
        let below = match (p.floor, &p.below) {
            (0, _) => "nothing".to_owned(),
            (1, Below::All) => "floor 0".to_owned(),
            (_, Below::All) => format!("floors under {}", p.floor),
            (_, Below::Only(some)) => format!("floor 0, {}", names(some)),
        };
        let imports = match p.beside {
            [] => below,
            beside if p.floor == 0 => names(beside),
            beside => format!("{below}, {}", names(beside)),
        };
        out.push_str(&format!("| {} | `{}` | {} | {imports} |\n", p.floor, p.name, p.holds));
    }
    out
}

fn names(parts: &[&str]) -> String {
    parts.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ")
}

#[test]
fn the_rule_reads_as_it_is_meant() {
    let may = |from: &str, to: &str| {
        let known = |name: &str| find(name).unwrap_or_else(|| panic!("{name} stands on no floor"));
        known(from).may_import(known(to))
    };
    let allowed =
        [("cli", "app"), ("app", "web"), ("web", "store"), ("queue", "store"), ("wire", "domain")];
    let forbidden = [
        ("app", "cli"),
        ("web", "config"),
        ("pipeline", "web"),
        ("queue", "fetch"),
        ("networks", "fetch"),
        ("domain", "wire"),
        ("links", "ids"),
    ];
    assert!(allowed.iter().all(|(a, b)| may(a, b)));
    for (from, to) in forbidden {
        assert!(!may(from, to), "{from} may not import {to}");
    }
}
