//! What only a hook tells is heard though the process dies, and what Meta tells of a person is done.

use crate::doubles::graph::{House, T0};
use ascolto::domain::ledger::Disposition;
use ascolto::domain::time::{HOUR, MINUTE, SECOND};
use ascolto::store::{credentials, hints, lanes};
use axum::http::StatusCode;
use serde_json::{Value, json};

const COMPLAINT: &str =
    "@acme terza settimana e il pacco non è ancora arrivato, nessuno risponde, vergogna!";

/// A mention in a comment below somebody else's post.
fn naming(comment: &str) -> Value {
    json!({ "media_id": "18", "comment_id": comment })
}

impl House {
    async fn waiting(&self) -> i64 {
        let mut tx = self.deps.store.read().await.unwrap();
        hints::waiting(&mut tx, "shots").await.unwrap()
    }

    /// How the channel of the Page stands, and its credential.
    async fn stands(&self) -> (String, String) {
        let mut tx = self.deps.store.read().await.unwrap();
        let row = lanes::channel(&mut tx, "page").await.unwrap().expect("it is known");
        let credential = credentials::one(&mut tx, "page").await.unwrap().expect("it has one");
        (row.state, credential.state)
    }
}

#[tokio::test]
async fn what_only_a_hook_told_becomes_a_case_once_though_the_process_dies() {
    let mut t = House::new().await;
    t.graph.names_the_account("17", COMPLAINT, T0 + MINUTE);
    let heard = t.hook("instagram", "999", "mentions", &naming("17")).await;
    assert_eq!(heard, StatusCode::OK);
    assert_eq!((t.waiting().await, t.graph.followed()), (1, 0), "noted, and not read yet");
    t.restart().await;
    t.pass(1, MINUTE).await;
    let row = t.find("instagram", "17").await.expect("it was heard");
    assert!(row.case_id.is_some() && row.addressed, "{}", row.disposition);
    assert_eq!((row.thread_id.as_str(), row.parent_id.as_deref()), ("", Some("18")));
    assert_eq!((t.waiting().await, t.graph.followed()), (0, 1));

    // Meta brings it once more, since our answer was lost; and the process dies once more.
    t.hook("instagram", "999", "mentions", &naming("17")).await;
    t.hook("instagram", "999", "mentions", &naming("17")).await;
    assert_eq!(t.waiting().await, 1, "told twice is one");
    t.restart().await;
    t.pass(2, MINUTE).await;
    let ledger = t.ledger().await;
    assert_eq!((ledger.totals.mentions, ledger.totals.intake.again), (1, 1));
    assert_eq!(ledger.totals.dispositions[&Disposition::Open], 1);
    let lane = ledger.lanes.iter().find(|lane| lane.lane == "mentions").expect("it is printed");
    assert!(!lane.polled && lane.to.is_none(), "it covers nothing");
}

#[tokio::test]
async fn what_cannot_be_read_is_declared_and_not_dropped() {
    let t = House::new().await;
    for value in [naming("17"), json!({ "odd": true })] {
        assert_eq!(t.hook("instagram", "999", "mentions", &value).await, StatusCode::OK);
    }
    t.pass(1, SECOND).await;
    assert_eq!(t.ledger().await.totals.intake.unreadable, 1, "no id: nobody could ask for it");
    assert_eq!(t.waiting().await, 1);
    // What was just written may not show yet, so it is tried for a day and more.
    t.pass(20, HOUR).await;
    assert_eq!(t.waiting().await, 1);
    t.pass(30, HOUR).await;
    assert_eq!((t.waiting().await, t.graph.followed()), (0, 12));
    let totals = t.ledger().await.totals;
    assert_eq!((totals.mentions, totals.intake.unreadable), (0, 2));
}

#[tokio::test]
async fn a_line_that_is_down_costs_no_try() {
    let t = House::new().await;
    t.graph.names_the_account("17", COMPLAINT, T0 + MINUTE);
    t.graph.down(true);
    t.hook("instagram", "999", "mentions", &naming("17")).await;
    t.pass(72, HOUR).await;
    assert_eq!((t.waiting().await, t.graph.followed()), (1, 0));
    t.graph.down(false);
    t.pass(2, 5 * MINUTE).await;
    assert!(t.find("instagram", "17").await.is_some());
    t.ledger().await;
}

#[tokio::test]
async fn a_removed_app_is_a_dead_credential_at_once_and_told_once() {
    let t = House::new().await;
    t.told();
    assert_eq!(t.stands().await, ("hearing".to_owned(), "good".to_owned()));
    t.graph.fails(190, Some(458), 0);
    let issued = t.deps.now().0 / SECOND;
    let said = json!({ "algorithm": "HMAC-SHA256", "issued_at": issued, "user_id": "9001" });
    assert_eq!(t.callback("deauthorize", &said).await.0, StatusCode::OK);
    assert_eq!(t.stands().await, ("deaf".to_owned(), "dead".to_owned()));
    t.pass(3, MINUTE).await;
    let told = t.told();
    let page = |line: &&String| line.contains("page hears nothing");
    assert_eq!(told.iter().filter(page).count(), 1, "{told:?}");
    assert!(told.iter().any(|line| line.contains("took the app's permission back")), "{told:?}");

    t.graph.recovers();
    t.pass(2, 5 * MINUTE).await;
    assert_eq!(t.stands().await, ("hearing".to_owned(), "good".to_owned()));
    assert!(t.told().iter().any(|line| line.contains("page hears again")));
    // A recording of that call changes nothing.
    assert_eq!(t.callback("deauthorize", &said).await.0, StatusCode::OK);
    assert_eq!(t.stands().await, ("hearing".to_owned(), "good".to_owned()));
    t.ledger().await;
}

#[tokio::test]
async fn a_permission_that_stands_all_the_same_is_found_out_by_the_next_poll() {
    let t = House::new().await;
    t.told();
    let issued = t.deps.now().0 / SECOND;
    let said = json!({ "algorithm": "HMAC-SHA256", "issued_at": issued, "user_id": "9001" });
    t.callback("deauthorize", &said).await;
    t.pass(1, SECOND).await;
    assert_eq!(t.stands().await, ("hearing".to_owned(), "good".to_owned()));
}

#[tokio::test]
async fn who_asks_for_deletion_is_blanked_and_sees_by_a_code_what_was_done() {
    let t = House::new().await;
    t.graph.posts("777_1", ("9001", "Jo Rossi"), COMPLAINT, t.deps.now());
    let praise = "Complimenti, sempre gentili e veloci, grazie!";
    t.graph.posts("777_2", ("9002", "Jo Rossi"), praise, t.deps.now());
    t.pass(4, MINUTE).await;
    let row = t.find("facebook", "777_1").await.expect("it was heard");
    assert_eq!((row.disposition.as_str(), row.author_name.as_str()), ("open", "Jo Rossi"));

    let issued = t.deps.now().0 / SECOND;
    let said = json!({ "algorithm": "HMAC-SHA256", "issued_at": issued, "user_id": "9001" });
    let (status, body) = t.callback("data-deletion", &said).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    let answer: Value = serde_json::from_str(&body).unwrap();
    let (url, code) = (answer["url"].as_str().unwrap(), answer["confirmation_code"].clone());
    let path = url.strip_prefix("https://ascolto.example").expect("our own address");
    let code = code.as_str().unwrap();
    assert!(path.contains(code) && code.bytes().all(|b| b.is_ascii_alphanumeric()), "{url}");
    let (status, page) = t.page(path).await;
    assert!(status == StatusCode::OK && page.contains("is being carried out"), "{page}");

    t.pass(1, MINUTE).await;
    let (_, page) = t.page(path).await;
    assert!(page.contains("is carried out") && page.contains("(1)"), "{page}");
    assert!(!page.contains("Rossi") && !page.contains("pacco"), "{page}");
    let row = t.find("facebook", "777_1").await.expect("its id stays");
    assert_eq!((row.text.as_str(), row.author_name.as_str()), ("", ""));
    assert_eq!((row.blanked.as_deref(), row.disposition.as_str()), (Some("asked"), "withdrawn"));
    let other = t.find("facebook", "777_2").await.expect("somebody else's");
    assert!(!other.text.is_empty() && other.blanked.is_none());

    // The Page still shows the post, and Meta calls once more: nothing comes back, nothing changes.
    t.pass(8, HOUR).await;
    assert_eq!(t.find("facebook", "777_1").await.unwrap().text, "");
    let fresh = t.callback("data-deletion", &said).await;
    assert_eq!(fresh, (StatusCode::OK, body), "the same call has the same code");
    let (_, again) = t.page(path).await;
    assert_eq!(again, page);
    let nobody = json!({ "algorithm": "HMAC-SHA256", "issued_at": issued, "user_id": "9003" });
    let (_, body) = t.callback("data-deletion", &nobody).await;
    let answer: Value = serde_json::from_str(&body).unwrap();
    let path = answer["url"].as_str().unwrap().replace("https://ascolto.example", "");
    assert!(t.page(&path).await.1.contains("nothing of this author"));
    let (status, page) = t.page("/hooks/app/one?deletion=0123456789abcdef").await;
    assert_eq!(status, StatusCode::NOT_FOUND, "{page}");
    assert_eq!(t.ledger().await.totals.mentions, 2);
}
