//! A day on the rehearsed network, made up from a seed: who writes what, and what goes wrong.

use crate::chance::Chance;
use crate::town::MORNING;
use ascolto::domain::Instant;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Complaints, questions and the rest, as the classifier knows them well.
const TEXTS: &[&str] = &[
    "@acme pacco perso, nessuno risponde, vergogna!",
    "@acme terza settimana e il pacco non è ancora arrivato",
    "@acme sono senza luce da ieri, pessimo servizio, voglio il rimborso",
    "@acme my parcel never arrived and nobody answers, worst service ever",
    "@acme you charged me twice, I want a refund now",
    "@acme quali sono gli orari del negozio di Torino?",
    "@acme how can I change my address?",
    "@acme grazie mille, servizio perfetto!",
    "oggi piove su @acme e su tutti noi",
    "",
];

/// The seeds' days all last this long, in minutes; after that the world only rests.
pub const LENGTH: u64 = 90;

/// What a day holds.
pub struct Day {
    /// When it begins.
    pub start: Instant,
    /// Lines for the brand's table.
    pub brand: String,
    /// The tables of those who are told, and of what the brand goes by.
    pub tables: String,
    /// Its script.
    pub script: String,
    /// How the lane is read.
    pub walk: &'static str,
    /// Entries a page.
    pub page: u64,
    /// Posts that stand to the end: each must have been heard.
    pub standing: BTreeSet<String>,
}

/// A day of so many posts.
pub fn day(seed: u64, posts: u64) -> Day {
    let mut chance = Chance::new(seed ^ 0xDA7);
    let mut lines: Vec<Value> = Vec::new();
    let mut standing = BTreeSet::new();
    for n in 0..posts {
        let at = minute(&mut chance, 1, LENGTH);
        let id = format!("p{n}");
        let author = format!("a{}", chance.below(posts / 2 + 1));
        let mut post = json!({"at": at, "do": "post", "id": id, "author": author,
            "text": chance.pick(TEXTS)});
        if n > 0 && chance.one_in(4) {
            post["parent"] = json!(format!("p{}", chance.below(n)));
        }
        lines.push(post);
        standing.insert(id.clone());
        let later = |chance: &mut Chance| at + minute(chance, 0, 30);
        match chance.below(9) {
            0 => lines.push(json!({"at": later(&mut chance), "do": "edit", "id": id,
                "text": chance.pick(TEXTS)})),
            1 => {
                standing.remove(&id);
                lines.push(json!({"at": later(&mut chance), "do": "delete", "id": id}));
            }
            2 => lines.push(json!({"at": later(&mut chance), "do": "answer",
                "id": format!("n{n}"), "parent": id, "text": "Ci pensiamo noi, scusaci."})),
            3 => lines.push(json!({"at": later(&mut chance), "do": "repost", "of": id,
                "reach": chance.below(5_000)})),
            4 => lines.push(json!({"do": "late", "id": id, "minutes": minute(&mut chance, 1, 5)})),
            _ => {}
        }
    }
    for n in 0..posts / 8 {
        let at = minute(&mut chance, 1, LENGTH);
        lines.push(match chance.below(3) {
            0 => json!({"at": at, "do": "broken", "id": format!("b{n}")}),
            1 => json!({"at": at, "do": "own", "id": format!("o{n}"), "text": "Siamo aperti."}),
            _ => json!({"at": at, "do": "outage", "minutes": minute(&mut chance, 1, 20),
                "kind": chance.pick(&["down", "auth", "limit"])}),
        });
    }
    let walk = *chance.pick(&["ascending", "newest", "snapshot"]);
    if walk != "snapshot" && chance.one_in(2) {
        let at = minute(&mut chance, 1, LENGTH);
        lines.push(json!({"at": at, "do": "lose", "minutes": minute(&mut chance, 1, 10)}));
    }
    // A window that is smaller than what it is to show loses by its nature; see the stories.
    let page = if walk == "snapshot" { 500 } else { 1 + chance.below(5) };
    let script = lines.iter().map(Value::to_string).collect::<Vec<_>>().join("\n");
    let (brand, tables) = ("recipients = [\"desk\"]".to_owned(), recipient("desk", ""));
    Day { start: MORNING, brand, tables, script, walk, page, standing }
}

/// The table of somebody who is told by a webhook; `more` are further lines of it.
pub fn recipient(name: &str, more: &str) -> String {
    format!(
        "[recipient.{name}]\nnotifier = \"webhook\"\nurl = \"https://desk.example/alerts/{name}\"\n\
         secret = \"whsec_YW4gZXhhbXBsZSwgbm90IGEgc2VjcmV0IQ==\"\n{more}\n"
    )
}

/// An instant in minutes with one decimal.
pub fn minute(chance: &mut Chance, from: u64, to: u64) -> f64 {
    (from * 10 + chance.below((to - from) * 10)) as f64 / 10.0
}
