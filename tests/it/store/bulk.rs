//! Many rows in one statement: any number of them, any text in them.

use super::desk::{furnish, insert, mention};
use super::house::{House, T0};
use super::store_suite;
use ascolto::domain::ledger::Disposition;
use ascolto::domain::{EventId, Mention, MentionId};
use ascolto::store::mentions;

store_suite!(any_number_of_rows, any_text);

async fn any_number_of_rows(house: &House) {
    furnish(house).await;
    for count in [0usize, 1, 8, 50, 117, 1_000] {
        let page: Vec<Mention> =
            (0..count).map(|n| mention(&format!("{count}-{n}"), "a", "ciao")).collect();
        let new: Vec<_> = page.iter().map(|m| (MentionId(house.id()), m)).collect();
        let mut tx = house.begin().await;
        assert_eq!(insert(&mut tx, "2026-11-20", &new).await, count);
        assert_eq!(insert(&mut tx, "2026-11-20", &new).await, 0, "{count} rows, twice");
        let keys: Vec<(&str, &str)> = page.iter().map(|m| ("", m.external_id.as_str())).collect();
        let known = mentions::known(&mut tx, "acme", "mastodon", &keys).await.unwrap();
        assert_eq!(known.len(), count);
        let moves: Vec<_> =
            new.iter().zip(1..).map(|((id, _), n)| (*id, Disposition::Open, n)).collect();
        mentions::save_moves(&mut tx, &moves).await.unwrap();
        let ids: Vec<MentionId> = new.iter().map(|(id, _)| *id).collect();
        let mut stored = mentions::moves_of(&mut tx, &ids).await.unwrap();
        stored.sort();
        let expected: Vec<_> = moves.iter().map(|(id, _, n)| (id.to_string(), *n)).collect();
        assert_eq!(stored, expected, "each row got its own value");
        tx.commit().await.unwrap();
    }
}

async fn any_text(house: &House) {
    furnish(house).await;
    let texts = [
        ("1", "a\0b", "a\u{FFFD}b"),
        ("2", "", ""),
        ("3", "👩‍👩‍👧‍👦 è ß 漢字 \u{202E}'; DROP TABLE mentions; --", ""),
        ("4", "\u{10FFFF}\n\t$1 {rows}", ""),
    ];
    let page: Vec<Mention> = texts.iter().map(|(id, text, _)| mention(id, "a", text)).collect();
    let new: Vec<_> = page.iter().map(|m| (MentionId(house.id()), m)).collect();
    let mut tx = house.begin().await;
    insert(&mut tx, "2026-11-20", &new).await;
    for ((id, _), (_, text, other)) in new.iter().zip(texts) {
        let row = mentions::by_id(&mut tx, *id).await.unwrap().unwrap();
        assert_eq!(row.text, if other.is_empty() { text } else { other });
    }
    // Texts that no type has cleaned before: a NUL stops neither database.
    let id = EventId(house.id());
    mentions::quarantine(&mut tx, id, "masto", "mentions", "2026-11-20", T0, "a\0b", b"a\0b")
        .await
        .unwrap();
    let known = mentions::known(&mut tx, "acme", "mastodon", &[("", "1\0")]).await.unwrap();
    assert!(known.is_empty());
    tx.commit().await.unwrap();
    assert_eq!(house.number("SELECT COUNT(*) FROM quarantine WHERE why = 'a\u{FFFD}b'").await, 1);
}
