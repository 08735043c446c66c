//! A day that is lived through, made up from a seed: a whole night in it, often one in which the
//! clocks change or before a holiday, customers who come back, and a brand that uses all it can.

use super::day::{Day, minute, recipient};
use crate::chance::Chance;
use ascolto::domain::Instant;
use ascolto::domain::time::MINUTE;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// How long each lasts, in minutes: from one morning to the next one.
pub const LENGTH: u64 = 26 * 60;

/// The last minute at which anybody writes.
const LAST: u64 = LENGTH - 60;

/// Mornings at eight in Rome: before the clocks go back, and forward (on Easter, with its Monday
/// behind it), before Christmas, in front of a weekend, and ordinary ones.
const MORNINGS: &[&str] = &[
    "2026-10-24T08:00:00+02:00",
    "2027-03-27T08:00:00+01:00",
    "2027-03-28T08:00:00+02:00",
    "2026-12-24T08:00:00+01:00",
    "2026-11-20T08:00:00+01:00",
    "2026-11-24T08:00:00+01:00",
    "2027-06-01T08:00:00+02:00",
];

/// Who sleeps: from when to when, in hours on the clocks of Rome.
pub const SLEEPERS: &[(&str, i8, i8)] = &[("ada", 22, 7), ("bob", 22, 7), ("lead", 20, 8)];

/// Who is told so much an hour and no more.
pub const RATES: &[(&str, usize)] = &[("desk", 4), ("ada", 3), ("bob", 3)];

/// What customers write about: mostly what is wrong.
const TEXTS: &[&str] = &[
    "@acme pacco perso, nessuno risponde, vergogna!",
    "@acme terza settimana e il pacco non è ancora arrivato, nessuno risponde",
    "@acme sono senza luce da ieri, pessimo servizio, voglio il rimborso",
    "@acme my parcel never arrived and nobody answers, worst service ever",
    "@acme mi avete addebitato due volte la fattura, rivoglio i miei soldi, vergogna",
    "@acme pacco perso, nessuno risponde, vergogna! Ho dato mandato al mio avvocato",
    "@acme quali sono gli orari del negozio di Torino?",
    "@acme grazie mille, servizio perfetto!",
    "",
];

/// Somebody may be hurt.
const FIRE: &str = "@acme la stufa che mi avete mandato ha preso fuoco, mio figlio è al pronto \
                    soccorso, nessuno risponde, vergogna!";

/// What many write at once.
const ALIKE: &str = "@acme il vostro sito è fermo da stamattina, non riesco a pagare la bolletta e \
                     nessuno risponde al telefono, vergogna!";

/// What colleagues answer in the network's own app.
const NATIVE: &[&str] = &["Ci pensiamo noi, scusaci.", "Scusaci: ti facciamo sapere entro 4h."];

/// Few enough to complain again and again.
const CUSTOMERS: &[&str] = &["anna", "bea", "carlo", "dino"];

/// The brand's lines: levels, somebody on call, a lead, storms of few people.
const BRAND: &str = "recipients = [\"desk\"]\nsla = \"quick\"\ncalendar = \"shop\"\n\
    escalation = \"ladder\"\non_call = \"duty\"\nlead = \"lead\"\nstorm_at = 5\n\
    wakes = [\"safety\", \"legal\", \"storm\", \"deaf\"]\n\
    follow_up = [{ topic = \"delivery\", after = \"3h\" }]";

/// By what it goes. The rota hands over each morning, so it does within each of the days.
const TABLES: &str = r#"
[triage]
encoder = false
[sla.quick]
first_response = ["3h", "2h", "1h"]
next_response = ["2h", "1h", "1h"]
question = "4h"
resolution = "5h"
answer_at_latest = "20h"
[calendar.shop]
monday = ["09:00-13:00", "14:00-18:00"]
tuesday = ["09:00-13:00", "14:00-18:00"]
wednesday = ["09:00-13:00", "14:00-18:00"]
thursday = ["09:00-13:00", "14:00-18:00"]
friday = ["09:00-13:00", "14:00-18:00"]
saturday = ["09:00-13:00"]
country = ["it"]
[escalation.ladder]
levels = [
    { at = "0%", to = ["desk"] },
    { at = "50%", to = ["duty"], repeat = "45m" },
    { at = "80%", to = ["duty", "desk"], severity_from = 2 },
    { at = "overdue", to = ["chief"] },
]
fallback = "desk"
last_resort = "chief"
[rota.duty]
people = ["ada", "bob"]
zone = "Europe/Rome"
start = 2026-01-05
every = "1d"
change = "09:00"
"#;

/// The tables: those above, and everybody who is told.
fn tables() -> String {
    let mut all = TABLES.to_owned();
    for name in ["desk", "ada", "bob", "chief", "lead"] {
        let mut more = String::new();
        if let Some((_, from, to)) = SLEEPERS.iter().find(|(who, ..)| *who == name) {
            more += &format!("quiet = [\"{from:02}:00-{to:02}:00\"]\n");
        }
        if let Some((_, most)) = RATES.iter().find(|(who, _)| *who == name) {
            more += &format!("at_most = \"{most}/h\"\n");
        }
        all += &recipient(name, &more);
    }
    all
}

/// The day of a seed.
pub fn day(seed: u64) -> Day {
    let mut story = Story::new(seed);
    for n in 0..7 + story.chance.below(5) {
        let author = *story.chance.pick(CUSTOMERS);
        let text = *story.chance.pick(TEXTS);
        let at = minute(&mut story.chance, 5, LAST - 120);
        story.post(&format!("p{n}"), at, author, text);
        story.goes_on(n, at, author);
    }
    if story.chance.one_in(3) {
        let at = minute(&mut story.chance, 5, LAST);
        story.post("fire", at, "elsa", FIRE);
    }
    if story.chance.one_in(3) {
        let at = minute(&mut story.chance, 5, LAST - 60);
        for n in 0..6 + story.chance.below(4) {
            story.post(&format!("s{n}"), at + n as f64 * 3.0, &format!("w{n}"), ALIKE);
        }
    }
    for n in 0..story.chance.below(4) {
        // The longest outage ends before the day does.
        let at = minute(&mut story.chance, 1, LAST - 120);
        let line = match story.chance.below(4) {
            0 => json!({"at": at, "do": "broken", "id": format!("b{n}")}),
            1 => json!({"at": at, "do": "own", "id": format!("o{n}"), "text": "Siamo aperti."}),
            _ => {
                let minutes = minute(&mut story.chance, 1, 90);
                let kind = story.chance.pick(&["down", "auth", "limit"]);
                json!({"at": at, "do": "outage", "minutes": minutes, "kind": kind})
            }
        };
        story.lines.push(line);
    }
    story.end()
}

/// A script as it is being made up.
struct Story {
    chance: Chance,
    lines: Vec<Value>,
    standing: BTreeSet<String>,
}

impl Story {
    fn new(seed: u64) -> Story {
        let chance = Chance::new(seed ^ 0x11FE);
        Story { chance, lines: Vec::new(), standing: BTreeSet::new() }
    }

    fn post(&mut self, id: &str, at: f64, author: &str, text: &str) {
        self.lines.push(json!({"at": at, "do": "post", "id": id, "author": author,
            "handle": author, "text": text}));
        self.standing.insert(id.to_owned());
    }

    /// What becomes of a post: most customers come back to it.
    fn goes_on(&mut self, n: u64, at: f64, author: &str) {
        let id = format!("p{n}");
        let wait = minute(&mut self.chance, 10, 480);
        let later = (at + wait).min(LAST as f64);
        let text = *self.chance.pick(TEXTS);
        match self.chance.below(11) {
            // After an answer, if one came by then: it is looked at again.
            0 | 1 => {
                self.lines.push(json!({"at": later, "do": "edit", "id": id, "text": text}));
            }
            2 => {
                self.standing.remove(&id);
                self.lines.push(json!({"at": later, "do": "delete", "id": id}));
            }
            3 => {
                let text = self.chance.pick(NATIVE);
                self.lines.push(json!({"at": later, "do": "answer", "id": format!("n{n}"),
                    "parent": id, "text": text}));
            }
            4 => {
                let reach = self.chance.below(5_000);
                self.lines.push(json!({"at": later, "do": "repost", "of": id, "reach": reach}));
            }
            5 => {
                let minutes = minute(&mut self.chance, 1, 5);
                self.lines.push(json!({"do": "late", "id": id, "minutes": minutes}));
            }
            // In the same thread, whether the case stands, was answered or was closed.
            6..=8 => {
                let again = format!("r{n}");
                self.post(&again, later, author, text);
                if let Some(line) = self.lines.last_mut() {
                    line["parent"] = json!(id);
                }
            }
            // The private contact that was asked for, perhaps.
            9 => {
                self.post(&format!("d{n}"), later, author, text);
                if let Some(line) = self.lines.last_mut() {
                    line["visibility"] = json!("private");
                }
            }
            _ => {}
        }
    }

    fn end(mut self) -> Day {
        let morning = *self.chance.pick(MORNINGS);
        let start = Instant::parse(morning).unwrap();
        let minutes = i64::try_from(self.chance.below(120)).unwrap();
        let walk = *self.chance.pick(&["ascending", "newest", "snapshot"]);
        // A window that is smaller than what it is to show loses by its nature; see the stories.
        let page = if walk == "snapshot" { 500 } else { 1 + self.chance.below(5) };
        Day {
            start: start + minutes * MINUTE,
            brand: BRAND.to_owned(),
            tables: tables(),
            script: self.lines.iter().map(Value::to_string).collect::<Vec<_>>().join("\n"),
            walk,
            page,
            standing: self.standing,
        }
    }
}
