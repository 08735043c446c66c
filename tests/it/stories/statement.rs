//! The daily statement: a day is stated once it is over, and what happens later changes nothing of it.

use crate::town::{MORNING, Town};
use ascolto::domain::ledger::Disposition;
use ascolto::domain::time::{DAY, HOUR, MINUTE};
use ascolto::pipeline::acts::Act;
use ascolto::store::ledger::statement::{Stated, stated};

const COMPLAINT: &str = r#"{"at":62,"do":"post","id":"p1","author":"jo","handle":"jo","lang":"it","text":"@acme pacco perso, nessuno risponde, vergogna!"}
{"at":63,"do":"post","id":"p2","author":"al","handle":"al","lang":"it","text":"@acme grazie mille per la risposta, buona giornata"}"#;

async fn of_friday(t: &Town) -> Option<Stated> {
    let mut tx = t.deps.store.read().await.unwrap();
    stated(&mut tx, "acme", "2026-11-20").await.unwrap()
}

#[tokio::test]
async fn a_day_is_stated_when_it_is_over_and_stays_as_it_was() {
    let mut t = Town::new(COMPLAINT).await;
    t.pass(70).await;
    // Eight in the morning in Rome: midnight is 16 hours away.
    let midnight = MORNING + 16 * HOUR;
    t.clock.advance(midnight - t.deps.now() + 4 * MINUTE);
    t.settle().await;
    assert!(of_friday(&t).await.is_none(), "what is under way at midnight may settle");
    t.restart().await;
    t.clock.advance(MINUTE);
    t.settle().await;
    let friday = of_friday(&t).await.expect("it is stated");
    assert_eq!(friday.broken, Vec::<String>::new());
    let statement = &friday.statement;
    assert_eq!((statement.to, statement.from), (midnight, midnight - DAY));
    let piazza = &statement.account.channels["piazza"];
    assert_eq!((piazza.intake.new, piazza.dispositions[&Disposition::Open]), (2, 1));
    assert_eq!(statement.account.moved[&Disposition::NotOwed], 1);
    assert_eq!(statement.share.complaints.in_time, 1);

    t.act("p1", "ada", Act::Answered(String::new())).await.unwrap();
    t.clock.advance(DAY);
    t.settle().await;
    t.clock.advance(MINUTE);
    t.settle().await;
    let later = of_friday(&t).await.unwrap();
    assert_eq!((later.digest, later.broken.len()), (friday.digest, 0), "an answer is Saturday's");
    assert!(later.position.is_some(), "it stands in the sealed log");
    let mut tx = t.deps.store.read().await.unwrap();
    let saturday = stated(&mut tx, "acme", "2026-11-21").await.unwrap().unwrap();
    drop(tx);
    assert_eq!(saturday.statement.account.moved[&Disposition::Answered], 1);
    t.close().await;
}

#[tokio::test]
async fn days_without_a_running_service_are_stated_afterwards() {
    let mut t = Town::new(COMPLAINT).await;
    t.pass(70).await;
    t.clock.advance(3 * DAY);
    t.restart().await;
    t.settle().await;
    let mut tx = t.deps.store.read().await.unwrap();
    for day in ["2026-11-20", "2026-11-21", "2026-11-22"] {
        let one = stated(&mut tx, "acme", day).await.unwrap();
        let one = one.unwrap_or_else(|| panic!("{day} is not stated"));
        assert!(one.broken.is_empty(), "{:?}", one.broken);
    }
    assert!(stated(&mut tx, "acme", "2026-11-23").await.unwrap().is_none(), "it is not over");
    drop(tx);
    t.close().await;
}
