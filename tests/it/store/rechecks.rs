//! What a network's terms ask of mentions: read again in turn, deleted in time, counted for ever.

use super::desk::{act, furnish, hear, mention, owe, sort_out};
use super::house::{House, T0};
use super::store_suite;
use ascolto::domain::case::CaseEvent;
use ascolto::domain::obligation::Owing;
use ascolto::domain::time::{DAY, HOUR};
use ascolto::domain::{Instant, MentionId};
use ascolto::store::cases::DraftRow;
use ascolto::store::rechecks::{self, RecheckRow};
use ascolto::store::{Tx, cases, hits, ledger, mentions, own};

store_suite!(
    what_is_due_is_leased_by_channel,
    what_told_nothing_is_asked_about_alone,
    what_is_gone_is_read_no_more_and_goes_after_triage,
    what_is_not_refreshed_goes_and_an_open_case_ends,
    what_hangs_on_a_mention_goes_with_it,
);

const DAY_ONE: &str = "2026-11-20";

async fn promise(tx: &mut Tx, ids: &[MentionId], due: Instant, blank: Option<Instant>) {
    let ids = ids.iter().map(ToString::to_string).collect();
    rechecks::add(tx, "masto", &ids, due, blank).await.unwrap();
}

async fn hear_three(house: &House) -> Vec<MentionId> {
    furnish(house).await;
    let page = ["1", "2", "3"].map(|id| mention(id, "a", "grazie"));
    hear(house, DAY_ONE, &page, &[]).await
}

fn ids(rows: &[RecheckRow]) -> Vec<String> {
    rows.iter().map(|row| row.mention_id.clone()).collect()
}

async fn what_is_due_is_leased_by_channel(house: &House) {
    let all = hear_three(house).await;
    let mut tx = house.begin().await;
    promise(&mut tx, &all[..1], T0 + DAY, None).await;
    promise(&mut tx, &all[1..], T0 + 2 * DAY, None).await;
    promise(&mut tx, &all[1..], T0, None).await;
    assert!(rechecks::due_channels(&mut tx, T0 + DAY - 1, 9).await.unwrap().is_empty());
    assert_eq!(rechecks::due_channels(&mut tx, T0 + DAY, 9).await.unwrap(), ["masto"]);
    let now = T0 + 2 * DAY;
    assert!(rechecks::take(&mut tx, "other", "a", now, 9).await.unwrap().is_empty());
    let due = rechecks::take(&mut tx, "masto", "a", now, 2).await.unwrap();
    assert_eq!(ids(&due), [all[0].to_string(), all[1].to_string()], "the longest due first");
    let rows = rechecks::mentions(&mut tx, &due).await.unwrap();
    assert_eq!(rows.iter().map(|r| r.external_id.as_str()).collect::<Vec<_>>(), ["1", "2"]);
    assert_eq!(rechecks::take(&mut tx, "masto", "b", now, 9).await.unwrap().len(), 1);
    // A lease that ran out is another's, and whoever had it changes nothing any more.
    own::free_leases(&mut tx, "a").await.unwrap();
    let again = rechecks::take(&mut tx, "masto", "b", now, 9).await.unwrap();
    assert_eq!(ids(&again), ids(&due));
    rechecks::refreshed(&mut tx, &[&due[0]], now + DAY, None).await.unwrap();
    rechecks::refreshed(&mut tx, &[&again[1]], now + DAY, None).await.unwrap();
    own::free_leases(&mut tx, "b").await.unwrap();
    let left = rechecks::take(&mut tx, "masto", "c", now, 9).await.unwrap();
    assert_eq!(ids(&left), [all[0].to_string(), all[2].to_string()]);
    rechecks::hold_off(&mut tx, "masto", now, now + HOUR).await.unwrap();
    assert!(rechecks::due_channels(&mut tx, now + HOUR - 1, 9).await.unwrap().is_empty());
    assert_eq!(rechecks::take(&mut tx, "masto", "c", now + HOUR, 9).await.unwrap().len(), 2);
    assert_eq!(rechecks::waiting(&mut tx, "masto").await.unwrap(), 3);
}

async fn what_told_nothing_is_asked_about_alone(house: &House) {
    let all = hear_three(house).await;
    let mut tx = house.begin().await;
    promise(&mut tx, &all, T0, None).await;
    let due = rechecks::take(&mut tx, "masto", "a", T0, 9).await.unwrap();
    let later = [(&due[0], T0 + HOUR), (&due[1], T0 + HOUR)];
    rechecks::later(&mut tx, &later).await.unwrap();
    rechecks::refreshed(&mut tx, &[&due[2]], T0 + HOUR, None).await.unwrap();
    let now = T0 + HOUR;
    let among = rechecks::take(&mut tx, "masto", "a", now, 9).await.unwrap();
    assert_eq!(ids(&among), [all[2].to_string()]);
    let alone = rechecks::take(&mut tx, "masto", "a", now, 9).await.unwrap();
    assert_eq!((ids(&alone), alone[0].tries), (vec![all[0].to_string()], 1));
    // Read in its thread meanwhile: it is due later, and one of all again.
    rechecks::shown(&mut tx, &all[0].to_string(), now + DAY, None).await.unwrap();
    own::free_leases(&mut tx, "a").await.unwrap();
    let due = rechecks::take(&mut tx, "masto", "a", now + DAY, 9).await.unwrap();
    assert_eq!(ids(&due), [all[2].to_string(), all[0].to_string()]);
}

async fn what_is_gone_is_read_no_more_and_goes_after_triage(house: &House) {
    let all = hear_three(house).await;
    let mut tx = house.begin().await;
    promise(&mut tx, &all, T0 + DAY, None).await;
    tx.commit().await.unwrap();
    sort_out(house, all[1], T0).await;
    let mut tx = house.begin().await;
    let now = T0 + HOUR;
    assert!(mentions::gone(&mut tx, "acme", "mastodon", "", "1", now).await.unwrap());
    assert!(mentions::gone(&mut tx, "acme", "mastodon", "", "2", now).await.unwrap());
    assert!(rechecks::blank_due(&mut tx, now, 9).await.unwrap().is_empty(), "triage comes first");
    assert!(!rechecks::any_blank_due(&mut tx, now).await.unwrap());
    mentions::done_with(&mut tx, &[all[1].to_string()]).await.unwrap();
    assert!(rechecks::any_blank_due(&mut tx, now).await.unwrap());
    let due = rechecks::blank_due(&mut tx, now, 9).await.unwrap();
    assert_eq!((due.len(), due[0].id.as_str()), (1, all[1].to_string().as_str()));
    rechecks::blank(&mut tx, &due, now).await.unwrap();
    assert!(!rechecks::any_blank_due(&mut tx, now).await.unwrap());
    let due = rechecks::take(&mut tx, "masto", "a", T0 + DAY, 9).await.unwrap();
    assert_eq!(ids(&due), [all[2].to_string()]);
    let row = mentions::by_id(&mut tx, all[1]).await.unwrap().unwrap();
    assert_eq!((row.blanked.as_deref(), row.text.as_str()), (Some("gone"), ""));
    assert_eq!((row.gone_at, row.disposition.as_str()), (Some(now.0), "not_owed"));
    let last = hits::last(&mut tx, "acme", 9).await.unwrap();
    assert_eq!(last.len(), 1, "no search for a name finds it");
}

async fn what_is_not_refreshed_goes_and_an_open_case_ends(house: &House) {
    let all = hear_three(house).await;
    let case = owe(house, all[0], Owing::Complaint, T0).await;
    for id in &all[1..] {
        sort_out(house, *id, T0).await;
    }
    let end = T0 + 30 * DAY;
    let mut tx = house.begin().await;
    promise(&mut tx, &all, T0 + 15 * DAY, Some(end)).await;
    let due = rechecks::take(&mut tx, "masto", "a", T0 + 15 * DAY, 9).await.unwrap();
    rechecks::refreshed(&mut tx, &[&due[2]], end, Some(end + 15 * DAY)).await.unwrap();
    assert!(rechecks::blank_due(&mut tx, end - 1, 9).await.unwrap().is_empty());
    let due = rechecks::blank_due(&mut tx, end, 9).await.unwrap();
    assert_eq!(due.len(), 2);
    rechecks::blank(&mut tx, &due, end).await.unwrap();
    let rows = mentions::take_untriaged(&mut tx, 9).await.unwrap();
    assert_eq!(rows.len(), 1, "what was open is triage's to withdraw");
    assert_eq!((rows[0].id.clone(), rows[0].gone_at), (all[0].to_string(), Some(end.0)));
    let other = mentions::by_id(&mut tx, all[1]).await.unwrap().unwrap();
    assert_eq!((other.blanked.as_deref(), other.gone_at), (Some("stale"), None));
    // The network may show it again: it stays as it is.
    let known = mentions::known(&mut tx, "acme", "mastodon", &[("", "2")]).await.unwrap();
    assert!(known[0].gone);
    assert!(!mentions::edit(&mut tx, &known[0], "grazie", None, end + 1).await.unwrap());
    mentions::done_with(&mut tx, &[all[0].to_string()]).await.unwrap();
    tx.commit().await.unwrap();
    act(house, case, CaseEvent::Withdrawn { mention: all[0] }, end).await;
    let mut tx = house.begin().await;
    let options = ledger::Options { verify: true, ..ledger::Options::default() };
    let ledger = ledger::check(&mut tx, end, &options).await.unwrap();
    assert!(ledger.broken.is_empty(), "{}", ledger.table());
    assert_eq!(ledger.totals.mentions, 3);
}

async fn what_hangs_on_a_mention_goes_with_it(house: &House) {
    furnish(house).await;
    let id = hear(house, DAY_ONE, &[mention("1", "a", "first")], &[]).await[0];
    let case = owe(house, id, Owing::Complaint, T0).await;
    let mut tx = house.begin().await;
    let known = mentions::known(&mut tx, "acme", "mastodon", &[("", "1")]).await.unwrap();
    assert!(mentions::edit(&mut tx, &known[0], "second", None, T0 + 5).await.unwrap());
    mentions::keep_payloads(&mut tx, &[(id, "{\"content\":\"second\"}")]).await.unwrap();
    super::likeness::note(&mut tx, id, case, "the second text of this mention").await;
    mentions::done_with(&mut tx, &[id.to_string()]).await.unwrap();
    let (text, language) = ("Dear A, …".to_owned(), "en".to_owned());
    let draft = DraftRow { text, language, made_by: "t".to_owned(), rev: 1 };
    cases::keep_drafts(&mut tx, &[(case, draft)], T0).await.unwrap();
    promise(&mut tx, &[id], T0 + DAY, Some(T0 + 2 * DAY)).await;
    let rev = cases::load(&mut tx, &[case]).await.unwrap()[0].rev;
    let due = rechecks::blank_due(&mut tx, T0 + 2 * DAY, 9).await.unwrap();
    rechecks::blank(&mut tx, &due, T0 + 2 * DAY).await.unwrap();
    let file = cases::load(&mut tx, &[case]).await.unwrap().remove(0);
    assert_eq!((file.author_handle.as_str(), file.author_name.as_str()), ("", ""));
    assert_eq!((file.rev, file.events), (rev + 1, 1), "whoever holds it loads it again");
    assert_eq!(cases::draft(&mut tx, case).await.unwrap().unwrap().text, "");
    assert_eq!(rechecks::waiting(&mut tx, "masto").await.unwrap(), 0);
    tx.commit().await.unwrap();
    for left in [
        "SELECT COUNT(*) FROM payloads",
        "SELECT COUNT(*) FROM versions WHERE text <> ''",
        "SELECT COUNT(*) FROM mentions WHERE like_1 IS NOT NULL OR like_2 IS NOT NULL OR like_3 IS NOT NULL OR like_4 IS NOT NULL",
        "SELECT COUNT(*) FROM mentions WHERE text <> '' OR url <> '' OR author_handle <> '' OR author_name <> ''",
    ] {
        assert_eq!(house.number(left).await, 0, "{left}");
    }
    let kept = "SELECT COUNT(*) FROM mentions WHERE external_id = '1' AND blanked_at IS NOT NULL AND heard_day = '2026-11-20'";
    assert_eq!(house.number(kept).await, 1);
}
