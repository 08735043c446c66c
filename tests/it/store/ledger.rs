//! The ledger: it balances as long as nobody lays hands on a row, and names the row if somebody did.

mod statement;
mod story;
mod tampering;

use super::desk::{act, exclude, furnish, hear, mention, owe, sort_out};
use super::house::{House, T0};
use super::store_suite;
use ascolto::domain::case::CaseEvent;
use ascolto::domain::ledger::Disposition;
use ascolto::domain::obligation::Owing;
use ascolto::domain::time::{DAY, HOUR, MINUTE};
use ascolto::domain::{Instant, Mention};
use ascolto::store::hits;
use ascolto::store::ledger::{Ledger, Options, Sums, check};
use story::{DAY_ONE, DAY_TWO, story};

store_suite!(
    an_empty_store_balances,
    every_end_is_counted,
    the_past_can_be_asked,
    rows_are_shown_as_asked,
    pages_are_walked_to_the_end,
    exclusions_are_counted,
);

/// The ledger at `now`.
pub async fn ledger(house: &House, now: Instant, options: &Options) -> Ledger {
    let mut tx = house.store.read().await.unwrap();
    check(&mut tx, now, options).await.unwrap()
}

/// Its counts in the order of the dispositions.
fn stands(sums: &Sums) -> Vec<u64> {
    Disposition::ALL.iter().map(|d| sums.dispositions[d]).collect()
}

#[track_caller]
fn balances(ledger: &Ledger) {
    assert!(ledger.balanced(), "{}", ledger.table());
    assert!(ledger.table().ends_with("balanced\n"));
}

async fn an_empty_store_balances(house: &House) {
    let ledger = ledger(house, T0, &Options { verify: true, ..Options::default() }).await;
    balances(&ledger);
    assert!(ledger.rows.is_empty() && ledger.lanes.is_empty() && ledger.shares.is_empty());
}

async fn every_end_is_counted(house: &House) {
    let told = story(house).await;
    let ledger = ledger(house, T0 + 8 * DAY, &Options { verify: true, ..Options::default() }).await;
    balances(&ledger);
    let [one, two] = &ledger.rows[..] else { panic!("{:?}", ledger.rows) };
    assert_eq!((one.day.as_str(), two.day.as_str()), (DAY_ONE, DAY_TWO));
    // untriaged, open, not owed, answered, waived, withdrawn, closed
    assert_eq!(stands(&one.sums), [1, 1, 2, 1, 1, 1, 1]);
    assert_eq!(stands(&two.sums), [1, 0, 0, 0, 0, 0, 0]);
    assert_eq!((one.sums.intake.new, one.sums.intake.unreadable), (8, 1));
    assert_eq!(ledger.totals.mentions, 9);

    let share = &ledger.shares[0];
    // The open, the withdrawn and the closed one; the answered one was heard in time.
    assert_eq!((share.complaints.due, share.complaints.unheard), (4, 3));
    assert_eq!(share.complaints.by_choice, 1);
    assert_eq!(
        (share.questions.due, share.questions.unheard, share.questions.by_choice),
        (1, 1, 1)
    );
    assert_eq!((share.not_complaint, share.not_about_us), (1, 0));
    assert_eq!(share.unhearable_ms, 10 * MINUTE);

    let [hooks, polled] = &ledger.lanes[..] else { panic!("{:?}", ledger.lanes) };
    assert!(!hooks.polled && hooks.to.is_none());
    assert_eq!((polled.from, polled.to), (T0, Some(T0 + 2 * HOUR)));
    assert_eq!(polled.covered_ms, 2 * HOUR - 20 * MINUTE);
    assert_eq!((polled.open_ms, polled.unrecoverable_ms), (10 * MINUTE, 10 * MINUTE));
    assert_eq!(polled.gaps.iter().map(|g| g.backfilled).collect::<Vec<_>>(), [1, 0, 0]);

    let table = ledger.table();
    for words in [
        "receives only",
        "1 h 40 min of 2 h heard",
        "closed with 1 backfilled",
        "unrecoverable: the network shows no past",
        "75.0 % (3 of 4)",
        "by choice 1",
        "unhearable 10 min",
    ] {
        assert!(table.contains(words), "{words} is missing in\n{table}");
    }
    let json = serde_json::to_value(&ledger).unwrap();
    assert_eq!(json["balanced"], true);
    assert_eq!(json["rows"][0]["dispositions"]["not_owed"], 2);
    assert_eq!(json["shares"][0]["complaints"]["unheard"], 3);
    assert!(told.answered.to_string().len() == 26);
}

async fn the_past_can_be_asked(house: &House) {
    story(house).await;
    let at = |ms| Options { as_of: Some(T0 + ms), ..Options::default() };
    let before = ledger(house, T0 + 8 * DAY, &at(-1)).await;
    balances(&before);
    assert!(before.rows.is_empty());
    let heard = ledger(house, T0 + 8 * DAY, &at(0)).await;
    balances(&heard);
    assert_eq!(stands(&heard.totals), [9, 0, 0, 0, 0, 0, 0]);
    let judged = ledger(house, T0 + 8 * DAY, &at(MINUTE)).await;
    balances(&judged);
    assert_eq!(stands(&judged.totals), [2, 6, 1, 0, 0, 0, 0]);
    let now = ledger(house, T0 + 8 * DAY, &at(8 * DAY)).await;
    assert_eq!(stands(&now.totals), [2, 1, 2, 1, 1, 1, 1]);
    assert!(now.lanes.is_empty() && now.shares.is_empty());
    assert!(now.table().starts_with("As of 2026-11-28T"));
}

async fn rows_are_shown_as_asked(house: &House) {
    story(house).await;
    let day = Options { day: Some(DAY_TWO.to_owned()), ..Options::default() };
    let shown = ledger(house, T0, &day).await;
    assert_eq!((shown.rows.len(), shown.totals.mentions), (1, 1));
    let channel = Options { channel: Some("api".to_owned()), ..Options::default() };
    let shown = ledger(house, T0, &channel).await;
    assert_eq!((shown.rows.len(), shown.lanes.len()), (0, 1));
    house.by_hand("DELETE FROM intake").await;
    assert!(!ledger(house, T0, &channel).await.balanced(), "all is checked whatever is shown");
}

async fn pages_are_walked_to_the_end(house: &House) {
    furnish(house).await;
    for day in 0..6 {
        let post = |n| mention(&format!("{day}-{n}"), "a", "ciao");
        let page: Vec<Mention> = (0..2_000).map(post).collect();
        let ids = hear(house, &format!("2026-11-{}", 20 + day), &page, &[]).await;
        sort_out(house, ids[0], T0).await;
        let case = owe(house, ids[1_999], Owing::Complaint, T0).await;
        act(house, case, CaseEvent::Overdue, T0 + 4 * HOUR).await;
    }
    let whole = ledger(house, T0, &Options::default()).await;
    balances(&whole);
    assert_eq!(stands(&whole.totals), [11_988, 6, 6, 0, 0, 0, 0]);
    assert_eq!(whole.rows.len(), 6);
    let last = "DELETE FROM mentions WHERE id = (SELECT MAX(id) FROM mentions)";
    assert_eq!(house.by_hand(last).await, 1);
    let broken = ledger(house, T0, &Options::default()).await;
    let names: Vec<&str> = broken.broken.iter().map(|b| b.what.as_str()).collect();
    assert!(names[0].starts_with("mention 01"), "{names:?}");
    assert!(names.contains(&"channel masto, day 2026-11-25"), "{names:?}");
}

async fn exclusions_are_counted(house: &House) {
    furnish(house).await;
    let page: Vec<Mention> = (0..5).map(|n| mention(&n.to_string(), "a", "vento")).collect();
    let ids = hear(house, DAY_ONE, &page, &[]).await;
    for (id, phrase) in ids.iter().zip(["meteo", "vento forte", "vento forte"]) {
        exclude(house, *id, phrase, T0).await;
    }
    sort_out(house, ids[3], T0).await;
    let told = ledger(house, T0, &Options::default()).await;
    balances(&told);
    let counted: Vec<_> = told
        .sorted_out
        .iter()
        .map(|s| (s.brand.as_str(), s.rule.as_str(), s.exclusion.as_str(), s.mentions))
        .collect();
    let [kind, most, least] = &counted[..] else { panic!("{counted:?}") };
    assert_eq!(*kind, ("acme", "kind", "", 1));
    assert_eq!(*most, ("acme", "not_about_us", "vento forte", 2));
    assert_eq!(*least, ("acme", "not_about_us", "meteo", 1));
    assert!(told.table().contains("not_about_us by the exclusion meteo"), "{}", told.table());

    let mut tx = house.store.read().await.unwrap();
    let last = hits::last(&mut tx, "acme", 3).await.unwrap();
    let ids: Vec<String> = ids[2..].iter().rev().map(ToString::to_string).collect();
    assert_eq!(last.iter().map(|hit| hit.id.as_str()).collect::<Vec<_>>(), ids);
    assert_eq!(last[0].relevance, None, "not judged yet");
    assert_eq!(last[2].relevance.as_deref(), Some("not_about"));
    assert!(hits::last(&mut tx, "other", 3).await.unwrap().is_empty());
}
