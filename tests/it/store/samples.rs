//! Samples, rounds and what was sorted out, in the rows of both databases.

use super::desk::{furnish, hear, mention, owe, sort_out};
use super::house::{House, T0};
use super::store_suite;
use ascolto::domain::obligation::Owing;
use ascolto::domain::sample::{Drawn, Said, Stratum};
use ascolto::domain::time::{DAY, HOUR};
use ascolto::domain::{CaseId, Mention, MentionId, PerMillion};
use ascolto::store::rounds::{self, Round, RoundRow};
use ascolto::store::samples::{self, Frame};
use ascolto::store::unowed;

store_suite!(
    a_sample_is_kept_labelled_and_counted,
    a_round_is_planned_once_and_goes_on,
    what_was_sorted_out_is_listed_by_rule,
);

const WEEK: &str = "2026-11-16";

async fn a_sample_is_kept_labelled_and_counted(house: &House) {
    furnish(house).await;
    let page: Vec<Mention> = (0..5).map(|n| mention(&n.to_string(), "a", "ciao")).collect();
    let ids = hear(house, "2026-11-20", &page, &[]).await;
    for id in &ids[..4] {
        sort_out(house, *id, T0).await;
    }
    owe(house, ids[4], Owing::Complaint, T0).await;
    let mut tx = house.begin().await;
    let span = (T0 - HOUR, T0 + HOUR);
    let all = samples::candidates(&mut tx, "acme", span, "", 100).await.unwrap();
    let found: Vec<&str> = all.iter().map(|c| c.id.as_str()).collect();
    let expected: Vec<String> = ids[..4].iter().map(ToString::to_string).collect();
    assert_eq!(found, expected, "what owes nothing, in the order of ids");
    assert_eq!((all[0].network.as_str(), all[0].relevance.as_str()), ("mastodon", "about"));
    let rest = samples::candidates(&mut tx, "acme", span, found[2], 100).await.unwrap();
    assert_eq!(rest.len(), 1);
    let before = (T0 - 2 * HOUR, T0 - HOUR);
    assert!(samples::candidates(&mut tx, "acme", before, "", 100).await.unwrap().is_empty());

    let one = |n: usize| Drawn { of: ids[n], stratum: Stratum::Rest, probability: PerMillion(9) };
    let language = all[0].language.clone();
    let frame = Frame { stratum: Stratum::Rest, network: "mastodon".into(), language, mentions: 4 };
    samples::add(&mut tx, "acme", WEEK, &[one(1), one(0)], &[frame]).await.unwrap();
    samples::add(&mut tx, "acme", "2026-11-23", &[one(0)], &[]).await.unwrap();
    let shown: Vec<String> = samples::waiting(&mut tx, "acme", 9)
        .await
        .unwrap()
        .into_iter()
        .map(|row| row.mention.id)
        .collect();
    assert_eq!(shown, [ids[1].to_string(), ids[0].to_string()], "in the order drawn, each once");
    assert!(samples::label(&mut tx, ids[1], Said::Complaint, "ada", T0 + DAY).await.unwrap());
    assert!(!samples::label(&mut tx, ids[1], Said::Neither, "bob", T0 + DAY).await.unwrap());
    assert!(samples::drawn(&mut tx, ids[3]).await.unwrap().is_none());
    let (brand, said) = samples::drawn(&mut tx, ids[1]).await.unwrap().unwrap();
    assert_eq!((brand.as_str(), said.as_deref()), ("acme", Some("complaint")));
    assert_eq!(samples::left(&mut tx, "acme", WEEK).await.unwrap(), 1);
    let cells = samples::cells(&mut tx, "acme", WEEK).await.unwrap();
    let [only] = &cells[..] else { panic!("{cells:?}") };
    assert_eq!((only.cell.mentions, only.cell.labelled, only.cell.missed), (4, 1, 1));
    assert!(samples::cells(&mut tx, "acme", "2026-11-17").await.unwrap().is_empty());
    tx.commit().await.unwrap();
}

async fn a_round_is_planned_once_and_goes_on(house: &House) {
    let row = |day: &str, due| RoundRow { brand: "acme".into(), day: day.into(), due_at: due };
    let first = row("2026-11-20", T0.0);
    let mut tx = house.begin().await;
    rounds::plan(&mut tx, Round::Statement, &first).await.unwrap();
    rounds::plan(&mut tx, Round::Statement, &row("2026-12-01", 5)).await.unwrap();
    assert_eq!(rounds::first_due(&mut tx, Round::Statement, T0 - 1).await.unwrap(), None);
    assert_eq!(rounds::first_due(&mut tx, Round::Sample, T0).await.unwrap(), None);
    let taken = rounds::take_due(&mut tx, Round::Statement, T0).await.unwrap();
    assert_eq!(taken.as_ref(), Some(&first), "the first plan stays");
    rounds::next(&mut tx, Round::Statement, &row("2026-11-21", (T0 + DAY).0)).await.unwrap();
    assert_eq!(rounds::take_due(&mut tx, Round::Statement, T0).await.unwrap(), None);
    tx.commit().await.unwrap();
}

async fn what_was_sorted_out_is_listed_by_rule(house: &House) {
    furnish(house).await;
    let page: Vec<Mention> = (0..3).map(|n| mention(&n.to_string(), "a", "ciao")).collect();
    let ids = hear(house, "2026-11-20", &page, &[]).await;
    for (id, rule) in ids.iter().zip(["spam", "spam", "thanks"]) {
        sort_out(house, *id, T0).await;
        let sorted = format!(
            "UPDATE mentions SET rule = 'sorted_out', sorted_as = '{rule}' WHERE id = '{id}'"
        );
        house.by_hand(&sorted).await;
    }
    let mut tx = house.begin().await;
    let listed = async |tx: &mut ascolto::store::Tx, rule: &str, before: Option<MentionId>| {
        let rows = unowed::sorted(tx, "acme", rule, before, 100).await.unwrap();
        rows.into_iter().map(|row| row.mention.id).collect::<Vec<_>>()
    };
    let [a, b, c] = [ids[0], ids[1], ids[2]].map(|id| id.to_string());
    assert_eq!(listed(&mut tx, "", None).await, [c, b, a.clone()]);
    assert_eq!(listed(&mut tx, "spam", Some(ids[1])).await, [a]);
    let counts = unowed::counts(&mut tx, "").await.unwrap();
    let counts: Vec<_> = counts.iter().map(|c| (c.sorted_as.as_str(), c.mentions)).collect();
    assert_eq!(counts, [("spam", 2), ("thanks", 1)]);
    let (rule, sorted) = unowed::rule(&mut tx, ids[0]).await.unwrap();
    assert_eq!((rule.as_str(), sorted.as_str()), ("sorted_out", "spam"));
    unowed::owed(&mut tx, ids[0], CaseId(7), [Some(1), None, None, None]).await.unwrap();
    assert_eq!(unowed::rule(&mut tx, ids[0]).await.unwrap(), (String::new(), String::new()));
    tx.commit().await.unwrap();
}
