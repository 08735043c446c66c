//! The tray: when it is told of, and what waits in it.

use super::desk::{act, furnish, hear, mention, owe};
use super::house::{House, T0};
use super::store_suite;
use ascolto::domain::Instant;
use ascolto::domain::case::CaseEvent;
use ascolto::domain::obligation::Owing;
use ascolto::domain::time::{HOUR, MINUTE};
use ascolto::store::inbox::{self, Filter};
use ascolto::store::trays::{self, LateQuestions, Waiting};

store_suite!(
    a_time_that_came_is_told_before_another_is_planned,
    what_waits_is_counted,
    overdue_questions_are_counted,
);

async fn a_time_that_came_is_told_before_another_is_planned(house: &House) {
    let mut tx = house.begin().await;
    trays::plan(&mut tx, "acme", T0 + HOUR, T0).await.unwrap();
    assert!(!trays::any_due(&mut tx, T0 + HOUR - 1).await.unwrap());
    assert!(trays::any_due(&mut tx, T0 + HOUR).await.unwrap());
    trays::plan(&mut tx, "acme", T0 + 2 * HOUR, T0).await.unwrap();
    assert!(!trays::any_due(&mut tx, T0 + HOUR).await.unwrap(), "it follows the configuration");
    trays::plan(&mut tx, "acme", T0 + 5 * HOUR, T0 + 3 * HOUR).await.unwrap();
    let due = trays::take_due(&mut tx, T0 + 3 * HOUR).await.unwrap();
    assert_eq!((due.len(), due[0].due_at, due[0].told_at), (1, (T0 + 2 * HOUR).0, 0));
    trays::again(&mut tx, "acme", T0 + 5 * HOUR, T0 + 3 * HOUR).await.unwrap();
    assert!(trays::take_due(&mut tx, T0 + 4 * HOUR).await.unwrap().is_empty());
    let due = trays::take_due(&mut tx, T0 + 5 * HOUR).await.unwrap();
    assert_eq!(due[0].told_at, (T0 + 3 * HOUR).0);
}

async fn waiting(house: &House, told_at: Instant) -> Waiting {
    let mut tx = house.store.read().await.unwrap();
    trays::waiting(&mut tx, "acme", told_at).await.unwrap()
}

async fn what_waits_is_counted(house: &House) {
    furnish(house).await;
    assert_eq!(waiting(house, Instant(0)).await, Waiting::default());
    let page = [("1", "vielleicht"), ("2", "forse"), ("3", "rotto"), ("4", "quando?")];
    let page = page.map(|(id, text)| mention(id, "a", text));
    let ids = hear(house, "2026-11-20", &page, &[]).await;
    let first = owe(house, ids[0], Owing::Look, T0).await;
    let second = owe(house, ids[1], Owing::Look, T0 + MINUTE).await;
    owe(house, ids[2], Owing::Complaint, T0).await;
    owe(house, ids[3], Owing::Question, T0).await;
    let all = Waiting { cases: 2, fresh: 2, oldest_at: Some(T0.0) };
    assert_eq!(waiting(house, Instant(0)).await, all);
    assert_eq!(waiting(house, T0).await, Waiting { fresh: 1, ..all });
    assert_eq!(waiting(house, T0 + MINUTE).await, Waiting { fresh: 0, ..all });
    let mut tx = house.store.read().await.unwrap();
    assert_eq!(trays::waiting(&mut tx, "other", T0).await.unwrap(), Waiting::default());
    let lines = trays::likeliest(&mut tx, "acme", 9).await.unwrap();
    let told: Vec<_> = lines.iter().map(|l| (l.text.as_str(), l.probability)).collect();
    assert_eq!(told, [("vielleicht", 900_000), ("forse", 900_000)]);
    assert_eq!(lines[0].case_id, first.to_string());
    assert_eq!(trays::likeliest(&mut tx, "acme", 1).await.unwrap().len(), 1);
    let tray = Filter { state: "look".to_owned(), ..Filter::default() };
    let listed = inbox::by_urgency(&mut tx, &tray, 9, 0).await.unwrap();
    assert_eq!(listed.len(), 2, "the inbox shows the same");
    drop(tx);

    let snooze = CaseEvent::Snoozed { by: "ada".to_owned(), until: T0 + HOUR };
    act(house, second, snooze, T0 + 2 * MINUTE).await;
    assert_eq!(waiting(house, T0).await, Waiting { cases: 1, fresh: 0, ..all });
}

async fn overdue_questions_are_counted(house: &House) {
    furnish(house).await;
    let page = [("1", "quando?"), ("2", "dove?"), ("3", "rotto"), ("4", "forse")];
    let page = page.map(|(id, text)| mention(id, "a", text));
    let ids = hear(house, "2026-11-20", &page, &[]).await;
    owe(house, ids[0], Owing::Question, T0).await;
    let put_off = owe(house, ids[1], Owing::Question, T0).await;
    owe(house, ids[2], Owing::Complaint, T0).await;
    owe(house, ids[3], Owing::Look, T0).await;
    let due = T0 + 4 * HOUR;
    let late = async |brand: &str, now: Instant| {
        let mut tx = house.store.read().await.unwrap();
        trays::late_questions(&mut tx, brand, now).await.unwrap()
    };
    assert_eq!(late("acme", due - 1).await, LateQuestions::default(), "they are in time");
    let both = LateQuestions { cases: 2, oldest_at: Some(due.0) };
    assert_eq!(late("acme", due).await, both);
    assert_eq!(late("other", due).await, LateQuestions::default());
    let mut tx = house.store.read().await.unwrap();
    let questions = Filter { state: "question".to_owned(), ..Filter::default() };
    let listed = inbox::by_urgency(&mut tx, &questions, 9, 0).await.unwrap();
    assert_eq!(listed.len(), 2, "the inbox shows the same");
    drop(tx);
    let snooze = CaseEvent::Snoozed { by: "ada".to_owned(), until: due + HOUR };
    act(house, put_off, snooze, T0 + MINUTE).await;
    assert_eq!(late("acme", due).await, LateQuestions { cases: 1, ..both });
}
