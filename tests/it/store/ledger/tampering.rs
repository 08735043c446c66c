//! What somebody with the database in hand can do, and what the ledger says to it.

use super::super::house::{House, T0};
use super::super::store_suite;
use super::story::story;
use super::{balances, ledger};
use ascolto::domain::time::DAY;
use ascolto::store::events;
use ascolto::store::ledger::Options;

store_suite!(
    each_broken_row_is_named,
    each_broken_row_is_named_when_sealed,
    a_changed_seal_names_the_first_event_that_differs,
    blanked_data_keeps_the_chain,
);

/// Changes a table by hand, sees that the ledger names `what` and says `why`, and puts all back.
async fn breaks(house: &House, table: &str, sql: &str, what: &str, why: &str) {
    house.by_hand(&format!("CREATE TABLE kept AS SELECT * FROM {table}")).await;
    assert!(house.by_hand(sql).await > 0, "{sql} changed nothing");
    let options = Options { verify: true, ..Options::default() };
    let found = ledger(house, T0 + 8 * DAY, &options).await;
    assert!(!found.balanced(), "not noticed: {sql}");
    let named = found.broken.iter().any(|b| b.what.contains(what) && b.why.contains(why));
    assert!(named, "{sql}\nnames not `{what}` with `{why}` but\n{}", found.table());
    assert!(found.table().contains("BROKEN"));
    house.by_hand(&format!("DELETE FROM {table}")).await;
    house.by_hand(&format!("INSERT INTO {table} SELECT * FROM kept")).await;
    house.by_hand("DROP TABLE kept").await;
}

async fn each_broken_row_is_named(house: &House) {
    let told = story(house).await;
    break_everything(house, &told).await;
}

async fn each_broken_row_is_named_when_sealed(house: &House) {
    let told = story(house).await;
    seal(house).await;
    break_everything(house, &told).await;
    let event = format!("DELETE FROM events WHERE subject = '{}'", told.praise);
    breaks(house, "events", &event, "sealed log of brand acme", "position 1 is missing").await;
}

async fn seal(house: &House) {
    let mut tx = house.begin().await;
    assert!(events::seal(&mut tx, "acme", T0 + 8 * DAY, 1_000).await.unwrap() > 10);
    tx.commit().await.unwrap();
    balances(&ledger(house, T0, &Options { verify: true, ..Options::default() }).await);
}

async fn break_everything(house: &House, told: &super::story::Told) {
    let (open, answered) = (told.open.to_string(), told.answered.to_string());
    let (waived, untriaged) = (told.waived.to_string(), told.untriaged.to_string());
    let case = told.open_case.to_string();
    let day = "channel masto, day 2026-11-20";
    let lane = "channel masto, lane mentions";
    let table = [
        // Events dropped: the last move, the first one, one that moves nothing.
        ("events", format!("DELETE FROM events WHERE mention_id = '{answered}' AND becomes = 'answered'"), &*answered, "moved 2 times, but the log holds 1"),
        ("events", format!("DELETE FROM events WHERE mention_id = '{answered}' AND becomes = 'open'"), &answered, "move 1 is missing"),
        ("events", format!("DELETE FROM events WHERE subject = '{case}' AND kind = 'taken'"), &case, "counts 2 events, but the log holds 1"),
        ("events", format!("DELETE FROM events WHERE subject = '{}'", told.praise), &told.praise.to_string(), "moved 1 times"),
        // Dispositions flipped, with and without the log.
        ("mentions", format!("UPDATE mentions SET disposition = 'waived' WHERE id = '{open}'"), &open, "stored as waived, but its events make it open"),
        ("mentions", format!("UPDATE mentions SET disposition = 'not_owed' WHERE id = '{untriaged}'"), &untriaged, "its events make it untriaged"),
        ("events", format!("UPDATE events SET becomes = 'closed' WHERE mention_id = '{waived}' AND becomes = 'waived'"), &waived, "its events make it closed"),
        ("events", format!("UPDATE events SET becomes = 'answered' WHERE mention_id = '{waived}' AND becomes = 'open'"), &waived, "no event leads from untriaged to answered"),
        // Mentions taken away, one without a single event.
        ("mentions", format!("DELETE FROM mentions WHERE id = '{open}'"), &open, "the mention is not there"),
        ("mentions", format!("DELETE FROM mentions WHERE id = '{open}'"), day, "8 new, but 7 mentions"),
        ("mentions", format!("DELETE FROM mentions WHERE id = '{untriaged}'"), day, "8 new, but 7 mentions"),
        ("mentions", format!("UPDATE mentions SET heard_day = '2026-11-21' WHERE id = '{open}'"), day, "8 new, but 7 mentions"),
        ("mentions", format!("UPDATE mentions SET triage_due = FALSE WHERE id = '{untriaged}'"), &untriaged, "no triage is due"),
        ("mentions", "UPDATE mentions SET model = '', rule = '' WHERE judged = 'praise'".to_owned(), &told.praise.to_string(), "neither model, rule nor person"),
        // The books.
        ("intake", "DELETE FROM intake WHERE day = '2026-11-20'".to_owned(), day, "0 new, but 8 mentions"),
        ("quarantine", "DELETE FROM quarantine".to_owned(), day, "1 unreadable, but 0"),
        // Evidence and due times.
        ("obligations", format!("UPDATE obligations SET evidence = NULL WHERE mention_id = '{answered}'"), &answered, "what proves it"),
        ("obligations", format!("UPDATE obligations SET note = '' WHERE mention_id = '{waived}'"), &waived, "no reason is written down"),
        ("obligations", format!("UPDATE obligations SET reason = 'closed' WHERE mention_id = '{waived}'"), &waived, "with the reason `closed`"),
        ("obligations", format!("DELETE FROM obligations WHERE mention_id = '{open}'"), &open, "its obligation is not there"),
        ("cases", format!("UPDATE cases SET due_at = NULL WHERE id = '{case}'"), &open, "no due time"),
        ("cases", format!("DELETE FROM cases WHERE id = '{case}'"), &open, "is not there"),
        // Lanes.
        ("coverage", "DELETE FROM coverage WHERE to_at = (SELECT MAX(to_at) FROM coverage)".to_owned(), lane, "neither coverage nor a gap"),
        ("coverage", "UPDATE coverage SET to_at = to_at + 1 WHERE from_at = (SELECT MIN(from_at) FROM coverage)".to_owned(), lane, "overlaps"),
        ("gaps", "DELETE FROM gaps WHERE state = 'open'".to_owned(), lane, "neither coverage nor a gap"),
        ("gaps", "UPDATE gaps SET state = 'closed' WHERE state = 'unrecoverable'".to_owned(), lane, "neither coverage nor a gap"),
    ];
    for (name, sql, what, why) in &table {
        breaks(house, name, sql, what, why).await;
    }
    balances(&ledger(house, T0, &Options { verify: true, ..Options::default() }).await);
}

async fn a_changed_seal_names_the_first_event_that_differs(house: &House) {
    let told = story(house).await;
    seal(house).await;
    let of = format!("WHERE mention_id = '{}' AND becomes = 'waived'", told.waived);
    for (set, why) in [
        ("data = '{\"n\":9}'", "its data is not what was sealed"),
        ("actor = 'bob'", "it is not the event that was sealed"),
        ("at = at - 1", "it is not the event that was sealed"),
        ("kind = 'answered'", "it is not the event that was sealed"),
        ("seal = digest", "it is not the event that was sealed"),
    ] {
        let sql = format!("UPDATE events SET {set} {of}");
        let what = "event 01";
        breaks(house, "events", &sql, what, why).await;
    }
    let head = "UPDATE brands SET head = salt";
    breaks(house, "brands", head, "sealed log of brand acme", "not the head").await;
    let sealed = "UPDATE brands SET sealed = sealed + 1";
    breaks(house, "brands", sealed, "sealed log of brand acme", "events were sealed").await;
    // Without --verify the texts are taken on trust.
    house.by_hand(&format!("UPDATE events SET actor = 'bob' {of}")).await;
    balances(&ledger(house, T0, &Options::default()).await);
}

async fn blanked_data_keeps_the_chain(house: &House) {
    story(house).await;
    seal(house).await;
    house.by_hand("UPDATE events SET data = ''").await;
    balances(&ledger(house, T0, &Options { verify: true, ..Options::default() }).await);
}
