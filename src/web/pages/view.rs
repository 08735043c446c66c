//! What pages show of rows: times in the brand's zone, spans, previews, marked words.

use crate::domain::time::{DAY, HOUR, MINUTE};
use crate::domain::{Instant, Lang, Topic, Why};
use crate::pipeline::Deps;
use crate::speech::Catalogue;
use crate::store::mentions::MentionRow;
use jiff::tz::TimeZone;
use serde::Serialize;

/// A point in time for people and for machines.
#[derive(Clone, Debug, Serialize)]
pub struct When {
    /// In the brand's zone and the reader's order.
    pub text: String,
    /// RFC 3339.
    pub iso: String,
}

/// The zone of a brand; UTC for one that left the configuration.
pub fn zone(deps: &Deps, brand: &str) -> TimeZone {
    deps.brands.get(brand).map_or(TimeZone::UTC, |b| b.zone.clone())
}

/// The name of a brand for people.
pub fn brand_title<'d>(deps: &'d Deps, brand: &'d str) -> &'d str {
    deps.brands.get(brand).map_or(brand, |b| b.title.as_str())
}

/// A time in a zone.
pub fn when(at: i64, zone: &TimeZone, words: &Catalogue) -> When {
    let form = if words.language == Lang::IT { "%d/%m/%Y %H:%M" } else { "%d %b %Y, %H:%M" };
    let at = Instant(at);
    let text = at.timestamp().to_zoned(zone.clone()).strftime(form).to_string();
    When { text, iso: at.to_string() }
}

/// A span of time in its largest fitting unit, rounded down.
pub fn span(ms: i64, words: &'static Catalogue) -> String {
    let (key, n) = match ms.abs() {
        ms if ms < HOUR => ("screen.minutes", ms / MINUTE),
        ms if ms < 2 * DAY => ("screen.hours", ms / HOUR),
        ms => ("screen.days", ms / DAY),
    };
    words.fill(key, &[("count", &n.to_string())])
}

/// A deadline as the inbox shows it.
#[derive(Clone, Debug, Serialize)]
pub struct Deadline {
    /// "due in 3 h", "overdue by 20 min".
    pub text: String,
    /// The deadline itself.
    pub at: When,
    /// `over`, `soon` (within two hours) or `calm`.
    pub press: &'static str,
}

/// What a deadline looks like now.
pub fn deadline(at: i64, now: Instant, zone: &TimeZone, words: &'static Catalogue) -> Deadline {
    let left = at - now.0;
    let (key, press) = match left {
        left if left <= 0 => ("screen.overdue_by", "over"),
        left if left < 2 * HOUR => ("screen.due_in", "soon"),
        _ => ("screen.due_in", "calm"),
    };
    let text = words.fill(key, &[("time", &span(left, words))]);
    Deadline { text, at: when(at, zone, words), press }
}

/// Who wrote, as a person reads it.
pub fn author(name: &str, handle: &str) -> (String, String) {
    let at = if handle.is_empty() { String::new() } else { format!("@{handle}") };
    match name {
        "" => (at, String::new()),
        name => (name.to_owned(), at),
    }
}

/// What the verdict says of the topic, in words.
pub fn topic(row: &MentionRow, words: &'static Catalogue) -> &'static str {
    let topic = row.topic.as_deref().and_then(|t| t.parse::<Topic>().ok());
    topic.map_or("", |t| words.topic(t))
}

/// The risks that the verdict flags, in words.
pub fn risks(row: &MentionRow, words: &'static Catalogue) -> Vec<&'static str> {
    row.risks().into_iter().map(|r| words.risk(r)).collect()
}

/// What stands where a text stood that was deleted as its network asks.
pub fn blanked(row: &MentionRow, network: &str, words: &'static Catalogue) -> Option<String> {
    let key = match row.blanked.as_deref()? {
        "stale" => "screen.blanked_stale",
        "asked" => "screen.blanked_asked",
        _ => "screen.blanked",
    };
    Some(words.fill(key, &[("network", network)]))
}

/// Why the verdict is what it is.
pub fn why(row: &MentionRow) -> Vec<Why> {
    row.why.as_deref().and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default()
}

/// A reason of the verdict, for its reader.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// What the cue is called.
    pub cue: String,
    /// The words it saw, as written there; empty where it saw none.
    pub words: String,
}

/// Why the verdict is what it is, in words.
pub fn reasons(row: &MentionRow, words: &'static Catalogue) -> Vec<Reason> {
    let told = |why: Why| Reason { cue: words.cue(&why.cue).to_owned(), words: why.words };
    why(row).into_iter().map(told).collect()
}

/// A piece of a text; marked where the verdict rests on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Piece {
    /// The text.
    pub text: String,
    /// Whether it carried the verdict.
    pub marked: bool,
}

/// Cuts a text where the words of the reasons stand in it.
pub fn marked(text: &str, why: &[Why]) -> Vec<Piece> {
    let mut spans: Vec<(usize, usize)> = why
        .iter()
        .filter(|w| !w.words.trim().is_empty())
        .flat_map(|w| text.match_indices(w.words.as_str()).map(|(at, hit)| (at, at + hit.len())))
        .collect();
    spans.sort_unstable();
    let mut pieces = Vec::new();
    let mut push = |text: &str, marked| {
        if !text.is_empty() {
            pieces.push(Piece { text: text.to_owned(), marked });
        }
    };
    let mut at = 0;
    for (from, to) in spans {
        if to <= at {
            continue;
        }
        push(&text[at..from.max(at)], false);
        push(&text[from.max(at)..to], true);
        at = to;
    }
    push(&text[at..], false);
    pieces
}

/// An address from the network, if a browser may follow it: everything else is shown as text.
pub fn link(url: &str) -> &str {
    let web = url.get(..8).is_some_and(|head| head.eq_ignore_ascii_case("https://"))
        || url.get(..7).is_some_and(|head| head.eq_ignore_ascii_case("http://"));
    if web { url } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_marked_where_they_stand() {
        let why = |words: &str| Why { cue: "c".into(), words: words.into() };
        let pieces = marked("mai arrivato, mai", &[why("mai"), why("mai arr"), why("")]);
        let told: Vec<(&str, bool)> = pieces.iter().map(|p| (p.text.as_str(), p.marked)).collect();
        assert_eq!(told, [("mai", true), (" arr", true), ("ivato, ", false), ("mai", true)]);
        assert_eq!(marked("", &[why("x")]), []);
    }

    #[test]
    fn spans_and_deadlines_are_told_in_words() {
        let it = Catalogue::of(Lang::IT);
        assert_eq!(span(59 * MINUTE, it), "59 min");
        assert_eq!(span(-47 * HOUR, it), "47 h");
        assert_eq!(span(2 * DAY, it), "2 g");
        let rome = TimeZone::get("Europe/Rome").unwrap();
        let at = Instant::parse("2026-11-20T09:00:00Z").unwrap();
        let soon = deadline(at.0 + HOUR, at, &rome, it);
        assert_eq!((soon.text.as_str(), soon.press), ("scade tra 1 h", "soon"));
        assert_eq!(soon.at.text, "20/11/2026 11:00");
        let over = deadline(at.0, at + MINUTE, &rome, Catalogue::of(Lang::EN));
        assert_eq!((over.text.as_str(), over.press), ("overdue by 1 min", "over"));
    }

    #[test]
    fn only_web_addresses_become_links() {
        assert_eq!(link("https://a.example/1"), "https://a.example/1");
        assert_eq!(link("javascript:alert(1)"), "");
        assert_eq!(link("è"), "");
    }
}
