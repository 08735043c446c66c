//! Trap 21: the clock of an answer. It starts with the customer's message, and no update, no answer of
//! ours and no end of the case makes it wrong.

use crate::town::{MORNING, Plan, Town};
use ascolto::domain::case::{State, next_due};
use ascolto::domain::time::MINUTE;
use ascolto::pipeline::acts::Act;

const COMPLAINT: &str = r#"{"at":62,"do":"post","id":"p1","author":"jo","handle":"jo","lang":"it","text":"@acme pacco perso, nessuno risponde, vergogna!"}"#;
const GOLD: &str = "sla = \"gold\"\n[sla.gold]\nfirst_response = \"4h\"\nquestion = \"1h\"\n\
    next_response = \"1h\"\nresolution = \"6h\"";

async fn town(rest: &str) -> Town {
    let script = format!("{COMPLAINT}\n{rest}");
    let t = Town::of(Plan { script: &script, brand: GOLD, ..Plan::default() }).await;
    t.pass(64).await;
    t
}

#[tokio::test]
async fn no_update_moves_the_first_deadline() {
    let t = town(r#"{"at":80,"do":"edit","id":"p1","text":"@acme pacco perso, nessuno risponde: vergogna!"}"#).await;
    let due = MORNING + (62 + 240) * MINUTE;
    assert_eq!(t.case("p1").await.case.deadline(), Some(due));
    t.act("p1", "ada", Act::Note("chiedo al magazzino".into())).await.unwrap();
    t.act("p1", "ada", Act::Take).await.unwrap();
    t.pass(20).await;
    assert_eq!(t.mention("p1").await.version, 2);
    assert_eq!(t.case("p1").await.case.deadline(), Some(due));
    t.close().await;
}

#[tokio::test]
async fn after_our_answer_nothing_counts_until_the_customer_writes_again() {
    let t = town(
        r#"{"at":120,"do":"answer","id":"n1","parent":"p1","text":"Ciao, in quale città?"}
{"at":240,"do":"post","id":"p2","author":"jo","handle":"jo","parent":"n1","lang":"it","text":"@acme a Roma, ma il pacco è sempre perso e nessuno risponde, vergogna!"}
{"at":560,"do":"answer","id":"n2","parent":"p2","text":"Ciao, arriva domani."}"#,
    )
    .await;
    t.pass(160).await;
    let case = t.case("p1").await.case;
    assert_eq!((case.state(), case.deadline(), next_due(&case)), (State::Answered, None, None));
    t.pass(18).await;
    let case = t.case("p2").await.case;
    assert_eq!(case.deadline(), Some(MORNING + (240 + 60) * MINUTE), "an hour from the message");
    // 58 minutes were ours before the answer; five hours and two minutes are left of six hours.
    assert_eq!(case.resolution.spent, 58 * MINUTE);
    assert_eq!(case.resolution.due, Some(MORNING + (240 + 302) * MINUTE));
    t.pass(303).await;
    let told = ["new_complaint sent", "again sent", "overdue sent", "not_resolved sent"];
    assert_eq!(t.alerts("p1").await, told);
    t.pass(60).await;
    assert_eq!(t.state("p1").await, State::Answered);
    t.pass(24 * 60).await;
    assert_eq!(t.alerts("p1").await, told, "what is answered is told no more");
    t.close().await;
}

#[tokio::test]
async fn what_a_person_ended_has_no_clock() {
    let t = town("").await;
    t.act("p1", "ada", Act::Close("risolto al telefono".into())).await.unwrap();
    let case = t.case("p1").await.case;
    assert_eq!((case.deadline(), case.resolution.due, next_due(&case)), (None, None, None));
    t.pass(24 * 60).await;
    assert_eq!(t.alerts("p1").await, ["new_complaint sent"]);
    t.close().await;
}

#[tokio::test]
async fn a_late_question_rings_nobody() {
    let t = town(r#"{"at":63,"do":"post","id":"q1","author":"ann","lang":"it","text":"@acme a che ora apre lo sportello?"}"#).await;
    let case = t.case("q1").await.case;
    assert_eq!(case.deadline(), Some(MORNING + (63 + 60) * MINUTE), "a deadline of its own");
    t.pass(120).await;
    assert_eq!(t.state("q1").await, State::Waiting);
    assert_eq!(t.alerts("q1").await, ["not_alerted_kind silent"]);
    t.close().await;
}
