//! What is stored around mentions: what they answer, and what their authors wrote before.

use super::desk::{furnish, hear, mention, owe, sort_out};
use super::house::{House, T0};
use super::store_suite;
use ascolto::domain::obligation::Owing;
use ascolto::domain::time::HOUR;
use ascolto::domain::{CaseId, Instant, Mention, MentionId, ReplyId};
use ascolto::store::around::{self, Before, ParentKey, ParentRow};
use ascolto::store::replies::{self, NewReply};
use ascolto::store::{Tx, mentions};

store_suite!(
    what_is_answered_is_found_by_its_key,
    earlier_complaints_are_counted_by_author,
    an_author_with_very_many_is_not_counted_out,
);

const DAY: &str = "2026-11-20";

fn key<'a>(brand: &'a str, id: &'a str) -> ParentKey<'a> {
    ParentKey { brand, network: "mastodon", origin: "", id }
}

async fn found(tx: &mut Tx, keys: &[ParentKey<'_>]) -> Vec<ParentRow> {
    let mut rows = around::parents(tx, keys).await.unwrap();
    rows.sort_by(|a, b| (&a.brand, &a.external_id).cmp(&(&b.brand, &b.external_id)));
    rows
}

async fn what_is_answered_is_found_by_its_key(house: &House) {
    furnish(house).await;
    let long = "à".repeat(5_000);
    hear(house, DAY, &[mention("1", "a", "no parcel"), mention("2", "a", &long)], &[]).await;
    let mut tx = house.begin().await;
    let reply = ReplyId(house.id());
    let parts = [("k".to_owned(), "our words".to_owned(), "hash".to_owned())];
    let (case, answered, by) = (CaseId(5), MentionId(6), "ada");
    let new = NewReply {
        id: reply,
        case,
        brand: "acme",
        channel: "masto",
        mention: answered,
        text: "our words",
        by,
        parts: &parts,
    };
    replies::add(&mut tx, &new, T0).await.unwrap();
    let mut part = replies::take_due(&mut tx, "a", T0, 9).await.unwrap().remove(0);
    (part.state, part.external_id) = ("posted".to_owned(), "3".to_owned());
    replies::settle(&mut tx, &part).await.unwrap();
    let id = Some(reply.to_string());
    mentions::remember_own(&mut tx, "mastodon", "", "3", id, T0).await.unwrap();
    mentions::remember_own(&mut tx, "mastodon", "", "4", None, T0).await.unwrap();

    let asked = [
        key("acme", "1"),
        key("acme", "2"),
        key("acme", "3"),
        key("acme", "4"),
        key("acme", "5"),
        key("other", "1"),
        key("other", "3"),
        key("other", "4"),
        ParentKey { origin: "elsewhere.example", ..key("acme", "1") },
    ];
    let rows = found(&mut tx, &asked).await;
    let told: Vec<_> = rows
        .iter()
        .map(|r| (r.brand.as_str(), r.external_id.as_str(), r.text.as_deref(), r.ours))
        .collect();
    let cut = "à".repeat(4_000);
    let wanted = [
        ("acme", "1", Some("no parcel"), false),
        ("acme", "2", Some(cut.as_str()), false),
        ("acme", "3", Some("our words"), true),
        ("acme", "4", None, true),
        ("other", "3", Some("our words"), false),
        ("other", "4", None, true),
    ];
    assert_eq!(told, wanted);
    assert_eq!(rows[0].key(), key("acme", "1"));
    assert!(found(&mut tx, &[]).await.is_empty());
}

/// A mention that came so many hours after the first.
fn later(id: &str, who: &str, hours: i64) -> Mention {
    Mention { created_at: T0 + hours * HOUR, ..mention(id, who, "pacco perso") }
}

/// Who is asked about: the author `who`, at `hours`, back to `from`.
fn before<'a>(mention: &'a str, who: &'a str, from: i64, hours: i64) -> Before<'a> {
    let at = |hours: i64| -> Instant { T0 + hours * HOUR };
    let (brand, network, origin) = ("acme", "mastodon", "");
    Before { mention, brand, network, origin, author: who, from: at(from), to: at(hours) }
}

async fn earlier_complaints_are_counted_by_author(house: &House) {
    furnish(house).await;
    let page = [
        later("1", "ann", 0),
        later("2", "ann", 1),
        later("3", "ann", 2),
        later("4", "ann", 3),
        later("5", "bob", 1),
        later("6", "bob", 4),
    ];
    let ids = hear(house, DAY, &page, &[]).await;
    for id in [ids[0], ids[1], ids[2]] {
        owe(house, id, Owing::Complaint, T0).await;
    }
    sort_out(house, ids[4], T0).await;
    // A person's word: the second was none.
    let refused = format!("UPDATE mentions SET disposition = 'not_owed' WHERE id = '{}'", ids[1]);
    house.by_hand(&refused).await;
    let mut tx = house.begin().await;
    let names: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let asked = [
        before(&names[3], "ann", -9, 3),
        // Itself does not count, nor what came later or is too old.
        before(&names[2], "ann", -9, 2),
        before(&names[0], "ann", -9, 0),
        before("nobody's", "ann", 1, 3),
        before(&names[5], "bob", -9, 4),
        Before { brand: "other", ..before("another's", "ann", -9, 3) },
        Before { origin: "elsewhere.example", ..before("elsewhere", "ann", -9, 3) },
    ];
    let mut counts = around::earlier(&mut tx, &asked).await.unwrap();
    counts.sort();
    let mut wanted = [(names[3].clone(), 2), (names[2].clone(), 1), ("nobody's".to_owned(), 1)];
    wanted.sort();
    assert_eq!(counts, wanted);
}

async fn an_author_with_very_many_is_not_counted_out(house: &House) {
    furnish(house).await;
    let page: Vec<Mention> = (0..30).map(|n| mention(&n.to_string(), "a", "ciao")).collect();
    hear(house, DAY, &page, &[]).await;
    house.by_hand("UPDATE mentions SET judged = 'complaint', disposition = 'open'").await;
    let mut tx = house.begin().await;
    let counts = around::earlier(&mut tx, &[before("x", "a", -1, 1)]).await.unwrap();
    assert_eq!(counts, [("x".to_owned(), 10)]);
}
