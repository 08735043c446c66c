//! Trap 17: the customer deletes, and one entry is poison. A deletion stops the clock and silences
//! nobody else; what cannot be read hangs nothing.

use crate::town::Town;
use ascolto::domain::case::{State, next_due};

#[tokio::test]
async fn a_deletion_before_the_alert_silences_nobody_else() {
    let t = Town::new(
        r#"{"at":1,"do":"post","id":"p1","author":"jo","lang":"it","text":"@acme pacco perso, nessuno risponde, vergogna!"}
{"at":1,"do":"post","id":"p2","author":"ann","lang":"it","text":"@acme pacco perso anche a me, nessuno risponde, vergogna!"}
{"at":20,"do":"delete","id":"p1"}"#,
    )
    .await;
    t.pass(40).await;
    assert_eq!(t.state("p1").await, State::Withdrawn);
    assert_eq!(t.mention("p1").await.disposition, "withdrawn");
    assert_eq!(t.state("p2").await, State::Waiting);
    t.close().await;
}

#[tokio::test]
async fn a_deletion_stops_the_clock() {
    let t = Town::new(
        r#"{"at":62,"do":"post","id":"p1","author":"jo","lang":"it","text":"@acme pacco perso, nessuno risponde, vergogna!"}
{"at":90,"do":"delete","id":"p1"}"#,
    )
    .await;
    t.pass(64).await;
    let due = t.case("p1").await.case.deadline().unwrap();
    t.pass(30).await;
    let case = t.case("p1").await.case;
    assert_eq!((case.deadline(), next_due(&case)), (None, None));
    while t.deps.now() <= due {
        t.pass(30).await;
    }
    t.pass(24 * 60).await;
    assert_eq!(t.alerts("p1").await, ["new_complaint sent"], "nobody is told that it is overdue");
    assert_eq!(t.mention("p1").await.disposition, "withdrawn");
    t.close().await;
}

#[tokio::test]
async fn an_entry_that_cannot_be_read_hangs_nothing() {
    let t = Town::new(
        r#"{"at":1,"do":"post","id":"p1","author":"jo","lang":"it","text":"@acme pacco perso, nessuno risponde, vergogna!"}
{"at":1.1,"do":"broken","id":"b1"}
{"at":1.2,"do":"post","id":"p2","author":"ann","lang":"it","text":"@acme pacco perso anche a me, nessuno risponde, vergogna!"}
{"at":5,"do":"post","id":"p3","author":"eva","lang":"it","text":"@acme terzo pacco perso e nessuno risponde, vergogna!"}"#,
    )
    .await;
    t.pass(8).await;
    for id in ["p1", "p2", "p3"] {
        assert_eq!(t.state(id).await, State::Waiting, "{id}");
        assert_eq!(t.alerts(id).await, ["new_complaint sent"], "{id}");
    }
    assert!(t.find("b1").await.is_none());
    assert_eq!(t.ledger().await.totals.intake.unreadable, 1, "it is counted and kept");
    t.close().await;
}
