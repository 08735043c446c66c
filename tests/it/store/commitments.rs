//! Commitments: stored and loaded with their case, whatever became of them; found in lists.

use super::desk::{act, furnish, hear, mention, new_case, owe};
use super::house::{House, T0};
use super::store_suite;
use ascolto::domain::case::{CaseEvent, CommitmentEvent};
use ascolto::domain::commitment::{
    Commitment, CommitmentKind, CommitmentState, Source, offers_follow_up,
};
use ascolto::domain::obligation::{Before, Evidence, Obligation, Owing, Standing};
use ascolto::domain::time::{DAY, HOUR};
use ascolto::domain::{CaseId, Instant, Lang, MentionId, ReplyId, Topic};
use ascolto::store::cases::{self, CaseFile};
use ascolto::store::inbox::{self, Filter};

store_suite!(
    every_state_and_source_round_trips,
    an_answered_case_is_due_for_its_promise_and_in_no_list_of_what_is_owed,
    where_a_follow_up_is_offered_is_listed,
);

/// An answered case with these.
fn answered(house: &House, thread: &str, commitments: Vec<Commitment>) -> CaseFile {
    let mut file = new_case(CaseId(house.id()), thread);
    let evidence = Evidence::Word { by: "ada".to_owned(), url: String::new() };
    file.case.obligations = vec![Obligation {
        mention: MentionId(house.id()),
        owing: Owing::Complaint,
        severity: 1,
        language: Lang::IT,
        since: T0,
        heard_at: T0,
        due: T0 + HOUR,
        first_look: false,
        overdue_told: false,
        before: Before::default(),
        standing: Standing::Met { evidence, at: T0 },
    }];
    file.case.commitments = commitments;
    file
}

fn set(number: u32, state: CommitmentState, source: Source) -> Commitment {
    let set = Commitment::follow_up(number, T0 + DAY, "\"è\" 5".to_owned(), T0, source);
    Commitment { state, ..set }
}

fn states() -> Vec<CommitmentState> {
    let evidence = Evidence::Native { external_id: "9".to_owned(), url: String::new() };
    let (by, note) = ("ada".to_owned(), "no date".to_owned());
    vec![
        CommitmentState::Open,
        CommitmentState::Kept { evidence, at: T0 + 5 },
        CommitmentState::Broken { at: T0 + 6 },
        CommitmentState::Dropped { by, note, at: T0 + 7 },
    ]
}

async fn every_state_and_source_round_trips(house: &House) {
    furnish(house).await;
    let sources = [
        Source::Reply(ReplyId(7)),
        Source::Native("n\"1".to_owned()),
        Source::Agent("ada".to_owned()),
        Source::Rule(Topic::Refund),
    ];
    let all = (1..).zip(states()).zip(sources).map(|((n, state), source)| Commitment {
        kind: if n == 1 { CommitmentKind::Promise } else { CommitmentKind::FollowUp },
        remind_at: (n == 1).then_some(T0 + 1),
        reminded_at: (n == 1).then_some(T0 + 2),
        told_at: (n == 2).then_some(T0 + 3),
        ..set(n, state, source)
    });
    let mut file = answered(house, "t", all.collect());
    let mut tx = house.begin().await;
    cases::save(&mut tx, &[&file]).await.unwrap();
    let mut loaded = cases::load(&mut tx, &[file.case.id]).await.unwrap().remove(0);
    assert_eq!(loaded.case, file.case);
    // Each turned into the next state, with another date.
    let turned = states().into_iter().cycle().skip(1);
    for (c, state) in loaded.case.commitments.iter_mut().zip(turned) {
        (c.state, c.due, c.told_at) = (state, T0 + 2 * DAY, Some(T0 + 9));
    }
    cases::save(&mut tx, &[&loaded]).await.unwrap();
    file.case = loaded.case;
    let again = cases::load(&mut tx, &[file.case.id]).await.unwrap().remove(0);
    assert_eq!(again.case, file.case);
}

async fn an_answered_case_is_due_for_its_promise_and_in_no_list_of_what_is_owed(house: &House) {
    furnish(house).await;
    let by = || Source::Agent("ada".to_owned());
    let open = answered(house, "open", vec![set(1, CommitmentState::Open, by())]);
    let broken = CommitmentState::Broken { at: T0 };
    let broken = answered(house, "broken", vec![set(1, broken, by())]);
    let done = answered(house, "done", Vec::new());
    let mut tx = house.begin().await;
    cases::save(&mut tx, &[&open, &broken, &done]).await.unwrap();
    assert_eq!(cases::take_due(&mut tx, T0 + DAY - 1, 9).await.unwrap(), []);
    let due = cases::take_due(&mut tx, T0 + DAY, 9).await.unwrap();
    assert_eq!(due, [open.case.id, broken.case.id], "a broken one is told again each day");
    assert!(cases::open(&mut tx, "", 9).await.unwrap().is_empty());
    let mut list = async |state: &str| {
        let filter = Filter { state: state.to_owned(), ..Filter::default() };
        let found = inbox::cases(&mut tx, &filter, None, 9).await.unwrap();
        let mut ids: Vec<CaseId> = found.iter().map(|c| c.id.parse().unwrap()).collect();
        ids.sort_unstable();
        ids
    };
    assert_eq!(list("open").await, []);
    assert_eq!(list("promised").await, [open.case.id, broken.case.id]);
    assert_eq!(list("broken").await, [broken.case.id]);
    assert_eq!(list("answered").await.len(), 3);
}

async fn where_a_follow_up_is_offered_is_listed(house: &House) {
    furnish(house).await;
    let page = [("1", "rotto"), ("2", "perso"), ("3", "guasto")];
    let page = page.map(|(id, text)| mention(id, "a", text));
    let ids = hear(house, "2026-11-20", &page, &[]).await;
    let answered_at = T0 + HOUR;
    let mut all = Vec::new();
    for id in &ids {
        let case = owe(house, *id, Owing::Complaint, T0).await;
        all.push(case);
        if *id != ids[2] {
            let evidence = Evidence::Word { by: "ada".to_owned(), url: String::new() };
            let at = answered_at;
            let answered = CaseEvent::Answered { evidence, at, covers: vec![*id] };
            act(house, case, answered, at).await;
        }
    }
    let (silent, planned) = (all[0], all[1]);
    let by = Source::Agent("ada".to_owned());
    let due = answered_at + 5 * DAY;
    let set = Commitment::follow_up(1, due, String::new(), answered_at + HOUR, by);
    let made = CaseEvent::Commitment(CommitmentEvent::Made(set));
    act(house, planned, made, answered_at + HOUR).await;
    let listed = async |now: Instant, last_heard: Instant| {
        let mut tx = house.store.read().await.unwrap();
        let filter = Filter { state: "follow_up".to_owned(), now, ..Filter::default() };
        let found = inbox::cases(&mut tx, &filter, None, 9).await.unwrap();
        let found: Vec<CaseId> = found.iter().map(|c| c.id.parse().unwrap()).collect();
        let files = cases::load(&mut tx, &all).await.unwrap();
        let offered = files.iter().filter(|f| offers_follow_up(&f.case, last_heard, now));
        let offered: Vec<CaseId> = offered.map(|f| f.case.id).collect();
        assert_eq!(found, offered, "the page of a case says the same at {now}");
        found
    };
    assert_eq!(listed(answered_at + 3 * DAY - 1, T0).await, []);
    assert_eq!(listed(answered_at + 3 * DAY, T0).await, [silent]);
    assert_eq!(listed(answered_at + 30 * DAY - 1, T0).await, [silent]);
    assert_eq!(listed(answered_at + 30 * DAY, T0).await, []);
    let wrote = answered_at.0 + 1;
    house.by_hand(&format!("UPDATE mentions SET created_at = {wrote}")).await;
    assert_eq!(listed(answered_at + 3 * DAY, Instant(wrote)).await, [], "there is a word");
}
