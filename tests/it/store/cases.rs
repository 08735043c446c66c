//! Cases: stored and loaded whole, guarded by their revision, found, due, drafted.

use super::desk::{furnish, new_case};
use super::house::{House, T0};
use super::store_suite;
use ascolto::domain::case::{Attention, HandedOver, Resolution};
use ascolto::domain::escalation::{Ack, Coming, Escalation, Own};
use ascolto::domain::obligation::{Before, Evidence, Obligation, Owing, Standing, VoidReason};
use ascolto::domain::time::{DAY, HOUR};
use ascolto::domain::{CaseId, Instant, Lang, MentionId, ReplyId};
use ascolto::store::StoreError;
use ascolto::store::cases::{self, CaseFile, CaseKey, DraftRow};

store_suite!(
    every_standing_and_attention_round_trips,
    a_changed_case_is_not_overwritten,
    a_case_is_found_by_its_key,
    what_is_due_is_taken,
    the_newest_draft_counts,
);

fn debt(house: &House, standing: Standing) -> Obligation {
    Obligation {
        mention: MentionId(house.id()),
        owing: Owing::Question,
        severity: 2,
        language: Lang::DE,
        since: T0 - DAY,
        heard_at: T0,
        due: T0 + HOUR,
        first_look: true,
        overdue_told: true,
        before: Before { owing: Some(Owing::Complaint), met_at: Some(T0 + 2) },
        standing,
    }
}

fn standings() -> Vec<Standing> {
    let met = |evidence| Standing::Met { evidence, at: T0 + 3 };
    let (id, url) = ("9".to_owned(), "https://example.org/9".to_owned());
    let mut all = vec![
        Standing::Owed,
        met(Evidence::Reply { reply: ReplyId(7), external_id: id.clone(), url: url.clone() }),
        met(Evidence::Native { external_id: id, url: url.clone() }),
        met(Evidence::Word { by: "ada".to_owned(), url: url.clone() }),
        met(Evidence::Moved { by: String::new(), case: Some(CaseId(8)), url }),
    ];
    all.extend(VoidReason::ALL.iter().map(|reason| Standing::Void {
        reason: *reason,
        by: "ada".to_owned(),
        note: "because \"è\"".to_owned(),
        at: T0 + 4,
    }));
    all
}

/// Every second one handed over, with a clock that runs or stands still.
fn flags(n: usize) -> (Option<HandedOver>, Resolution) {
    let (by, to, reference) = ("ada".to_owned(), "zammad".to_owned(), "#7".to_owned());
    let even = n.is_multiple_of(2);
    let handed_over = even.then_some(HandedOver { by, to, at: T0 + 5, reference });
    let runs_since = (!even).then_some(T0 - HOUR);
    let (stood_at, due) = (T0 - DAY, runs_since.map(|at| at + DAY));
    (handed_over, Resolution { spent: 7, runs_since, stood_at, due, told: even })
}

async fn every_standing_and_attention_round_trips(house: &House) {
    furnish(house).await;
    let (by, until) = ("ada".to_owned(), T0 + HOUR);
    let attentions = [
        Attention::Free,
        Attention::Taken { by: by.clone(), until },
        Attention::Snoozed { by: by.clone(), until },
        Attention::Moved { by, until },
    ];
    let mut files = Vec::new();
    for (n, attention) in attentions.into_iter().enumerate() {
        let mut file = new_case(CaseId(house.id()), &n.to_string());
        file.case.attention = attention;
        (file.case.handed_over, file.case.resolution) = flags(n);
        file.case.obligations = standings().into_iter().map(|s| debt(house, s)).collect();
        (file.events, file.draft_rev, file.draft_due) = (3, 2, true);
        (file.checked_at, file.reread_at) = (T0 + 8, T0 + 9);
        file.case.escalation = climbed(n);
        files.push(file);
    }
    let mut tx = house.begin().await;
    cases::save(&mut tx, &files.iter().collect::<Vec<_>>()).await.unwrap();
    for file in &files {
        same(&cases::load(&mut tx, &[file.case.id]).await.unwrap()[0], file, 1);
    }
    // The same through an update of all, with every debt turned into the next kind.
    let ids: Vec<CaseId> = files.iter().map(|f| f.case.id).collect();
    let mut loaded = cases::load(&mut tx, &ids).await.unwrap();
    for file in &mut loaded {
        let turned: Vec<_> = standings().into_iter().cycle().skip(1).take(10).collect();
        for (o, standing) in file.case.obligations.iter_mut().zip(turned) {
            (o.standing, o.owing, o.severity, o.first_look) = (standing, Owing::Look, 3, false);
            (o.language, o.heard_at) = (Lang::IT, T0 + 2);
        }
        (file.case.handed_over, file.case.resolution) = flags(file.case.obligations.len());
        file.events += 1;
    }
    cases::save(&mut tx, &loaded.iter().collect::<Vec<_>>()).await.unwrap();
    for file in &loaded {
        same(&cases::load(&mut tx, &[file.case.id]).await.unwrap()[0], file, 2);
    }
    assert!(cases::load(&mut tx, &[CaseId(1)]).await.unwrap().is_empty());
}

/// An escalation with all that it may hold, and for the first case none.
fn climbed(n: usize) -> Escalation {
    if n == 0 {
        return Escalation::default();
    }
    Escalation {
        level: 2,
        own: [(MentionId(7), Own { level: 2, from: T0 })].into(),
        rang: 1,
        told_at: Some(T0 + 1),
        acked: Some(Ack { by: "ada".to_owned(), at: T0 + 2 }),
        next: Some(Coming { level: 4, at: T0 + 3 }),
        repeat_at: (n == 1).then_some(T0 + 4),
    }
}

#[track_caller]
fn same(stored: &CaseFile, file: &CaseFile, rev: i64) {
    let mut expected = file.case.clone();
    expected.obligations.sort_by_key(|o| (o.since, o.mention));
    assert_eq!(stored.case, expected);
    let beside = |f: &CaseFile| (f.events, f.draft_rev, f.draft_due, f.checked_at, f.reread_at);
    assert_eq!(beside(stored), beside(file));
    assert_eq!(stored.rev, rev);
}

async fn a_changed_case_is_not_overwritten(house: &House) {
    let mut file = new_case(CaseId(house.id()), "t");
    file.case.obligations = vec![debt(house, Standing::Owed)];
    let mut tx = house.begin().await;
    cases::save(&mut tx, &[&file]).await.unwrap();
    tx.commit().await.unwrap();

    let mut tx = house.begin().await;
    let loaded = cases::load(&mut tx, &[file.case.id]).await.unwrap().remove(0);
    cases::save(&mut tx, &[&loaded]).await.unwrap();
    tx.commit().await.unwrap();
    let mut tx = house.begin().await;
    let stale = cases::save(&mut tx, &[&loaded]).await;
    assert!(matches!(stale, Err(StoreError::Conflict)), "{stale:?}");
    drop(tx);
    let mut tx = house.begin().await;
    let twin =
        CaseFile { case: ascolto::domain::case::Case { id: CaseId(1), ..file.case }, ..file };
    let twice = cases::save(&mut tx, &[&twin]).await;
    assert!(matches!(twice, Err(StoreError::Conflict)), "two cases under one key: {twice:?}");
}

async fn a_case_is_found_by_its_key(house: &House) {
    let mut file = new_case(CaseId(house.id()), "thread");
    file.case.obligations = vec![debt(house, Standing::Owed)];
    let mut tx = house.begin().await;
    cases::save(&mut tx, &[&file]).await.unwrap();
    let key = CaseKey {
        brand: "acme".to_owned(),
        network: "mastodon".to_owned(),
        origin: String::new(),
        thread: "thread".to_owned(),
        author: "a".to_owned(),
    };
    let other = CaseKey { author: "b".to_owned(), ..key.clone() };
    let found = cases::find(&mut tx, &[other, key]).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].case, file.case);
}

async fn what_is_due_is_taken(house: &House) {
    let mut tx = house.begin().await;
    let mut ids = Vec::new();
    for (n, due) in [300, 100, 200].into_iter().enumerate() {
        let mut file = new_case(CaseId(house.id()), &n.to_string());
        let standing = if n == 2 { standings().remove(3) } else { Standing::Owed };
        let o = Obligation {
            due: T0 + due,
            overdue_told: false,
            first_look: false,
            ..debt(house, standing)
        };
        (file.case.obligations, file.draft_due) = (vec![o], n == 0);
        cases::save(&mut tx, &[&file]).await.unwrap();
        ids.push(file.case.id);
    }
    assert_eq!(cases::take_due(&mut tx, T0 + 99, 9).await.unwrap(), []);
    assert_eq!(cases::take_due(&mut tx, T0 + 300, 9).await.unwrap(), [ids[1], ids[0]]);
    assert_eq!(cases::take_due(&mut tx, T0 + 300, 1).await.unwrap(), [ids[1]]);
    assert_eq!(cases::draft_due(&mut tx, 9).await.unwrap(), [ids[0]]);
}

async fn the_newest_draft_counts(house: &House) {
    let mut tx = house.begin().await;
    let draft = |rev, text: &str| DraftRow {
        text: text.to_owned(),
        language: "it".to_owned(),
        made_by: "delivery.it".to_owned(),
        rev,
    };
    let mut ids = Vec::new();
    for n in 0..2 {
        let mut file = new_case(CaseId(house.id()), &n.to_string());
        (file.case.obligations, file.draft_rev) = (vec![debt(house, Standing::Owed)], 2);
        cases::save(&mut tx, &[&file]).await.unwrap();
        ids.push(file.case.id);
    }
    cases::keep_drafts(&mut tx, &[(ids[0], draft(1, "old"))], T0).await.unwrap();
    let more = [(ids[0], draft(2, "new")), (ids[1], draft(2, "other"))];
    cases::keep_drafts(&mut tx, &more, Instant(0)).await.unwrap();
    assert_eq!(cases::draft(&mut tx, ids[0]).await.unwrap(), Some(draft(2, "new")));
    let all = cases::drafts(&mut tx, &ids).await.unwrap();
    assert_eq!((all.len(), &all[&ids[1]]), (2, &draft(2, "other")));
    assert_eq!(cases::draft(&mut tx, CaseId(1)).await.unwrap(), None);
}
