//! Hand-overs over the web: what the case page and the API show, and the calls of ticket systems.

use super::browser::Browser;
use super::house::{COMPLAINT, House, Reply};
use ascolto::domain::{CaseId, HandoverId};
use ascolto::store::handovers::{self, NewHandover};
use ascolto::wire::Filed;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::json;

const SECRET: &str = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz";
const DESK: &str = "[handover.desk]\nsystem = \"webhook\"\nurl = \"https://desk.example/hook\"\n\
                    secret = \"whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz\"\n";
const PASSWORD: &str = "correct horse battery";

/// A case whose ticket stands at the desk.
async fn handed_over(house: &House) -> String {
    let case = house.case("1", COMPLAINT).await;
    let over = json!({ "to": "desk", "reference": "#7" }).to_string();
    let told = house.post(&format!("/api/v1/cases/{case}/hand-over"), "asc_act", over).await;
    assert_eq!(told.status, StatusCode::OK, "{}", told.text);
    let (now, id): (_, CaseId) = (house.deps.now(), case.parse().unwrap());
    let new = NewHandover {
        id: HandoverId(house.deps.ids.next(now)),
        case: id,
        brand: "acme".to_owned(),
        system: "desk".to_owned(),
        key: "ascolto-1".to_owned(),
        note: String::new(),
        by: "anna".to_owned(),
    };
    let url = "https://desk.example/7".to_owned();
    let ticket = Filed { remote: "ascolto-1".to_owned(), name: "#7<b>".to_owned(), url };
    let mut tx = house.deps.store.begin().await.unwrap();
    assert!(handovers::add(&mut tx, &new, now).await.unwrap());
    let row = handovers::take_due(&mut tx, "test", now, 1).await.unwrap().remove(0);
    assert!(handovers::filed(&mut tx, &row, &ticket, None, now).await.unwrap());
    tx.commit().await.unwrap();
    case
}

/// A call of the desk, signed with this secret.
async fn called(house: &House, name: &str, secret: &str, body: &str) -> Reply {
    let seconds = house.deps.now().0 / 1_000;
    let signer = standardwebhooks::Webhook::new(secret).unwrap();
    let signature = signer.sign("msg_1", seconds, body.as_bytes()).unwrap();
    let request = Request::post(format!("/hooks/handover/{name}"))
        .header("webhook-id", "msg_1")
        .header("webhook-timestamp", seconds.to_string())
        .header("webhook-signature", signature);
    house.ask(request.body(Body::from(body.to_owned())).unwrap()).await
}

#[tokio::test]
async fn a_ticket_that_is_closed_there_shows_and_the_case_stays_owed() {
    let house = House::with(DESK).await;
    let case = handed_over(&house).await;
    let closed = json!({ "type": "ticket.closed", "data": { "key": "ascolto-1" } }).to_string();
    let other = "whsec_b3RoZXIgb3RoZXIgb3RoZXIgb3RoZXI=";
    for (name, secret) in [("desk", other), ("nowhere", SECRET)] {
        let forged = called(&house, name, secret, &closed).await;
        assert_eq!(forged.status, StatusCode::FORBIDDEN, "{name}: {}", forged.text);
    }
    let told = house.get(&format!("/api/v1/cases/{case}"), "asc_read").await.json();
    assert_eq!(told["tickets"][0]["state"], "filed", "nothing of a forged call is believed");
    assert_eq!(called(&house, "desk", SECRET, &closed).await.text, "heard\n");
    let told = house.get(&format!("/api/v1/cases/{case}"), "asc_read").await.json();
    assert_eq!(
        (&told["tickets"][0]["state"], &told["case"]["state"]),
        (&json!("closed"), &json!("waiting"))
    );
    assert!(told["case"]["handed_over"]["closed_at"].is_string(), "{told}");
    house.agent("anna", PASSWORD, "it").await;
    let mut browser = Browser::new(&house);
    browser.log_in("anna", PASSWORD, "/").await;
    let page = browser.get(&format!("/cases/{case}")).await.text;
    for part in [
        "Ticket in desk",
        "https:&#x2f;&#x2f;desk.example&#x2f;7",
        "#7&lt;b&gt;",
        "chiuso là: attende",
    ] {
        assert!(page.contains(part), "{part} is not in {page}");
    }
    assert!(page.contains("Ticket chiuso là; ancora dovuto qui"), "{page}");
}

#[tokio::test]
async fn a_case_goes_only_where_its_brand_says() {
    let house = House::with(DESK).await;
    let case = house.case("1", COMPLAINT).await;
    let path = format!("/api/v1/cases/{case}/hand-over");
    for (system, why) in [("desk", "[brand.acme]"), ("nowhere", "no ticket system here")] {
        let body = json!({ "system": system, "note": "x" }).to_string();
        let told = house.post(&path, "asc_act", body).await;
        assert_eq!(told.status, StatusCode::CONFLICT, "{}", told.text);
        assert!(told.text.contains(why), "{}", told.text);
    }
}
