//! Statements, and what somebody with the database in hand can do to them.

use super::super::house::{House, T0};
use super::super::store_suite;
use super::story::{DAY_ONE, story};
use super::{balances, ledger};
use ascolto::domain::ledger::Disposition;
use ascolto::domain::time::{DAY, HOUR};
use ascolto::domain::{EventId, Instant};
use ascolto::store::events::{self, Entry};
use ascolto::store::ledger::Options;
use ascolto::store::ledger::statement::{self, Stated, Statement};

store_suite!(a_statement_says_what_the_log_says, each_hand_on_it_shows);

const FROM: Instant = Instant(T0.0 - 10 * HOUR);
const TO: Instant = Instant(T0.0 + 14 * HOUR);

/// States the first day of the story and puts the digest into the log, as the pipeline does.
async fn state(house: &House) -> Statement {
    story(house).await;
    let mut tx = house.begin().await;
    let account = statement::account(&mut tx, "acme", DAY_ONE, (FROM, TO)).await.unwrap();
    let now = T0 + DAY;
    let shares = ascolto::store::ledger::shares(&mut tx, now, None).await.unwrap();
    let made = Statement {
        brand: "acme".to_owned(),
        day: DAY_ONE.to_owned(),
        from: FROM,
        to: TO,
        made_at: now,
        account,
        share: shares[0].clone(),
    };
    let digest = statement::add(&mut tx, &made).await.unwrap().expect("there is none yet");
    assert_eq!(statement::add(&mut tx, &made).await.unwrap(), None, "one a day");
    let entry = Entry {
        id: EventId(house.ids.next(now)),
        brand: "acme".to_owned(),
        subject: statement::subject("acme"),
        seq: 1,
        moves: None,
        kind: statement::EVENT.to_owned(),
        at: now,
        actor: "clock".to_owned(),
        data: statement::event_data(DAY_ONE, &digest),
    };
    events::append(&mut tx, &[entry]).await.unwrap();
    tx.commit().await.unwrap();
    made
}

async fn stated(house: &House) -> Stated {
    let mut tx = house.store.read().await.unwrap();
    statement::stated(&mut tx, "acme", DAY_ONE).await.unwrap().expect("it is stated")
}

async fn a_statement_says_what_the_log_says(house: &House) {
    let made = state(house).await;
    let masto = &made.account.channels["masto"];
    assert_eq!((masto.intake.new, masto.intake.unreadable), (8, 1));
    let stood: Vec<(Disposition, u64)> = masto.dispositions.iter().map(|(d, n)| (*d, *n)).collect();
    use Disposition::*;
    let all = [
        (Untriaged, 1),
        (Open, 1),
        (NotOwed, 2),
        (Answered, 1),
        (Waived, 1),
        (Withdrawn, 1),
        (Closed, 1),
    ];
    assert_eq!(stood, all);
    assert_eq!((made.account.moved[&Open], made.account.moved[&NotOwed]), (6, 2));
    let there = stated(house).await;
    assert_eq!((&there.statement, there.position), (&made, None));
    assert!(there.broken.is_empty(), "{:?}", there.broken);
    balances(&ledger(house, T0 + 8 * DAY, &Options { verify: true, ..Options::default() }).await);
    // Of the day as it stood before anybody had answered.
    let mut tx = house.store.read().await.unwrap();
    let early = statement::account(&mut tx, "acme", DAY_ONE, (FROM, T0 + HOUR)).await.unwrap();
    assert_eq!(early.channels["masto"].dispositions.get(&Answered), None);
    assert_eq!(early.channels["masto"].dispositions[&Open], 6);
}

async fn each_hand_on_it_shows(house: &House) {
    state(house).await;
    let figures = "UPDATE statements SET body = REPLACE(body, '\"new\":8', '\"new\":9')";
    let back = "UPDATE statements SET body = REPLACE(body, '\"new\":9', '\"new\":8')";
    assert_eq!(house.by_hand(figures).await, 1);
    let told = ledger(house, T0 + 8 * DAY, &Options::default()).await;
    let named = |what: &str| told.broken.iter().any(|b| b.why.contains(what));
    assert!(named("not those of its digest"), "{}", told.table());
    house.by_hand(back).await;
    balances(&ledger(house, T0 + 8 * DAY, &Options::default()).await);

    let event = "UPDATE events SET data = REPLACE(data, 'digest\":\"', 'digest\":\"0') \
                 WHERE kind = 'statement'";
    house.by_hand(event).await;
    let told = ledger(house, T0 + 8 * DAY, &Options::default()).await;
    assert!(told.broken.iter().any(|b| b.why.contains("another digest")), "{}", told.table());
    house.by_hand("DELETE FROM events WHERE kind = 'statement'").await;
    let told = ledger(house, T0 + 8 * DAY, &Options::default()).await;
    assert!(told.broken.iter().any(|b| b.why.contains("knows nothing of it")), "{}", told.table());

    house.by_hand("UPDATE intake SET again = again + 1 WHERE day = '2026-11-20'").await;
    let broken = stated(house).await.broken.join("\n");
    assert!(broken.contains("channel masto: stated"), "{broken}");
}
