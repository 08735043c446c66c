//! What a ticket says: the case as the people of the ticket system need it, in their language.

use super::Folder;
use crate::domain::text::one_line;
use crate::domain::{Instant, Lang, Topic};
use crate::pipeline::notify::live;
use crate::pipeline::{Deps, Handover, health};
use crate::speech::Catalogue;
use crate::store::handovers::HandoverRow;
use crate::store::mentions::MentionRow;
use crate::wire::{Ticket, TicketWord};

/// The language of the people there.
fn language(deps: &Deps, handover: &Handover, brand: &str) -> Lang {
    let of_brand = || deps.brands.get(brand).map_or(Lang::EN, |b| b.language);
    handover.language.unwrap_or_else(of_brand)
}

/// A time on the clocks of a brand's zone.
fn time(deps: &Deps, brand: &str, at: Instant) -> String {
    deps.brands.get(brand).map_or_else(|| at.to_string(), |brand| health::time(at, brand))
}

/// The ticket of a hand-over.
pub(super) fn ticket(
    deps: &Deps,
    handover: &Handover,
    row: &HandoverRow,
    folder: &Folder,
) -> Ticket {
    let Folder { file, mentions, draft } = folder;
    let case = &file.case;
    let language = language(deps, handover, &case.brand);
    let words = Catalogue::of(language);
    let is_hidden = |m: &&MentionRow| m.visibility == "private" && !handover.may_see_private;
    let private = mentions.iter().any(|m| is_hidden(&m));
    let newest = mentions.iter().rev().find_map(|m| m.topic.as_deref()?.parse().ok());
    let topic = newest.unwrap_or(Topic::Other);
    let known = deps.channels.get(&case.channel).map(|c| c.network.meta());
    let network =
        known.filter(|m| m.name == case.network).map_or(case.network.as_str(), |m| m.title);
    let author = match (file.author_handle.as_str(), file.author_name.as_str()) {
        ("", "") => case.author.clone(),
        ("", name) => name.to_owned(),
        (handle, _) => format!("@{handle}"),
    };
    let title = format!("[{network}] {} – {}", words.topic(topic), one_line(&author, 60));
    let said = mentions.iter().filter(|m| !is_hidden(m)).map(|m| {
        let at = Instant(m.created_at);
        // What its author took back is told to nobody once more.
        let gone = m.gone_at.is_some() || m.blanked.is_some();
        let text = match m.text.trim() {
            _ if gone => words.get("stands.withdrawn").to_owned(),
            "" => words.get("alert.no_text").to_owned(),
            text => text.to_owned(),
        };
        let time = time(deps, &case.brand, at);
        TicketWord { at, time, text, language: m.language(), url: m.url.clone() }
    });
    let due = case.deadline();
    Ticket {
        key: row.key.clone(),
        case: case.id.to_string(),
        language,
        title,
        brand: deps.brands.get(&case.brand).map_or(&case.brand, |b| &b.title).clone(),
        network: network.to_owned(),
        author,
        author_id: format!("{}/{}", case.origin, case.author),
        said: said.collect(),
        private,
        severity: case.severity(),
        topic,
        due,
        due_text: due.map_or_else(String::new, |due| time(deps, &case.brand, due)),
        // A draft may quote what it answers.
        draft: draft.as_ref().filter(|_| !private).map_or_else(String::new, |d| d.text.clone()),
        note: row.note.clone(),
        link: deps.links.case(case.id),
    }
}

/// The last word to the people there: how the case stands here, or that it was taken back.
pub(super) fn word(deps: &Deps, handover: &Handover, folder: &Folder) -> String {
    let case = &folder.file.case;
    let words = Catalogue::of(language(deps, handover, &case.brand));
    if case.owed().next().is_some() {
        return words.get("ticket.taken_back").to_owned();
    }
    let (state, more) = live::said(case, words);
    let told = words.fill("ticket.told", &[("state", &state)]);
    let link = deps.links.case(case.id);
    [told, more, link].into_iter().filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}
