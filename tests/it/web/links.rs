//! Action links: a look changes nothing, one click acts once.

use super::house::{COMPLAINT, House, Reply, T0};
use ascolto::domain::AlertId;
use ascolto::domain::reason::Reason;
use ascolto::links::{Act, Action};
use ascolto::store::outbox::NewAlert;
use ascolto::store::{held, live, outbox};
use axum::body::Body;
use axum::http::{Request, StatusCode, header};

/// The recipient whose alerts the links stood in.
pub(super) const OPS: &str = "[recipient.ops]\nnotifier = \"terminal\"\nlanguage = \"en\"\n";

impl House {
    pub(super) fn link(&self, case: &str, act: Act, nonce: u8) -> String {
        self.link_of("ops", case, act, nonce)
    }

    pub(super) fn link_of(&self, recipient: &str, case: &str, act: Act, nonce: u8) -> String {
        let token = self.deps.signer.sign(&Action {
            act,
            case: case.parse().unwrap(),
            recipient: recipient.to_owned(),
            expires: T0 + 3_600_000,
            nonce: [nonce; 16],
        });
        format!("/act/{token}")
    }

    pub(super) async fn look(&self, link: &str) -> Reply {
        self.ask(Request::get(link).body(Body::empty()).unwrap()).await
    }

    pub(super) async fn click(&self, link: &str, form: &str) -> Reply {
        let form_type = "application/x-www-form-urlencoded";
        let request = Request::post(link).header(header::CONTENT_TYPE, form_type);
        self.ask(request.body(Body::from(form.to_owned())).unwrap()).await
    }

    pub(super) async fn state(&self, case: &str) -> (String, String) {
        let told = self.get(&format!("/api/v1/cases/{case}"), "asc_read").await.json();
        let text = |v: &serde_json::Value| v.as_str().unwrap_or_default().to_owned();
        (text(&told["case"]["state"]), text(&told["case"]["attention"]["by"]))
    }
}

#[tokio::test]
async fn a_look_changes_nothing_and_a_click_acts_once() {
    let house = House::with(OPS).await;
    let case =
        house.case("1", "Acme <script>alert(1)</script> che vergogna, pacco mai arrivato!").await;
    let link = house.link(&case, Act::Take, 1);
    for _ in 0..3 {
        let page = house.look(&link).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.text.contains("&lt;script&gt;alert") && !page.text.contains("<script>alert"));
        assert_eq!(page.header("referrer-policy"), "no-referrer");
        assert_eq!(page.header("cache-control"), "no-store");
    }
    assert_eq!(house.state(&case).await.0, "waiting");
    assert_eq!(house.click(&link, "").await.status, StatusCode::OK);
    assert_eq!(house.state(&case).await, ("taken".to_owned(), "link:ops".to_owned()));
    for late in [house.click(&link, "").await, house.look(&link).await] {
        assert_eq!(late.status, StatusCode::GONE);
        assert!(late.text.contains("used before") && late.text.contains("Taken by ops"));
    }
}

#[tokio::test]
async fn a_forged_or_late_link_says_so() {
    let house = House::with(OPS).await;
    let case = house.case("1", COMPLAINT).await;
    let link = house.link(&case, Act::Take, 1);
    let mut forged = link.clone().into_bytes();
    forged[20] ^= 1;
    let forged = String::from_utf8(forged).unwrap();
    for reply in [house.look(&forged).await, house.click(&forged, "").await] {
        assert_eq!(reply.status, StatusCode::NOT_FOUND);
        assert!(reply.text.contains("damaged or not ours"), "{}", reply.text);
    }
    house.deps.clock.advance(3_600_000);
    let late = house.click(&link, "").await;
    assert_eq!(late.status, StatusCode::GONE);
    assert!(late.text.contains(&case), "it leads to the case: {}", late.text);
    assert!(late.text.contains("nobody is on it"), "and says how it stands: {}", late.text);
    assert_eq!(house.state(&case).await.0, "waiting");
}

#[tokio::test]
async fn a_waiver_needs_its_reason_and_a_refusal_leaves_the_link_good() {
    let house = House::with(OPS).await;
    let case = house.case("1", COMPLAINT).await;
    let link = house.link(&case, Act::Waive, 1);
    assert_eq!(house.click(&link, "note=+").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    house.post(&format!("/api/v1/cases/{case}/take"), "asc_act", "").await;
    let refused = house.click(&link, "note=spam").await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(refused.text.contains("Nothing was changed"), "{}", refused.text);
    assert!(refused.text.contains("Taken by anna"), "{}", refused.text);
    assert!(refused.text.contains("spam"), "what was typed stays: {}", refused.text);
    house.post(&format!("/api/v1/cases/{case}/release"), "asc_act", "").await;
    assert_eq!(house.click(&link, "note=spam").await.status, StatusCode::OK);
    assert_eq!(house.state(&case).await.0, "waived");
}

#[tokio::test]
async fn a_link_publishes_the_draft_it_was_made_for_and_no_other() {
    let house = House::with(OPS).await;
    let case = house.case("1", COMPLAINT).await;
    let link = house.link(&case, Act::Publish { draft_rev: 1 }, 1);
    let shown = house.look(&link).await;
    let told = house.get(&format!("/api/v1/cases/{case}"), "asc_read").await.json();
    let draft = told["drafts"][0]["text"].as_str().unwrap();
    let first = draft.split(['\'', '"', '&', '/', '<']).next().unwrap();
    assert!(shown.text.contains(first), "{}", shown.text);
    assert!(shown.text.contains("Publish as Acme on The Wall"), "{}", shown.text);
    house.post(&format!("/api/v1/cases/{case}/draft"), "asc_act", r#"{"text":"Nuova"}"#).await;
    let changed = house.look(&link).await;
    assert!(changed.text.contains("Nuova") && !changed.text.contains("<button"));
    assert_eq!(house.click(&link, "").await.status, StatusCode::CONFLICT);
    let newer = house.link(&case, Act::Publish { draft_rev: 2 }, 2);
    assert_eq!(house.click(&newer, "").await.status, StatusCode::OK);
    let told = house.get(&format!("/api/v1/cases/{case}"), "asc_read").await.json();
    assert_eq!(told["replies"][0]["text"], "Nuova");
    assert_eq!(told["replies"][0]["by"], "link:ops");
}

#[tokio::test]
async fn a_link_acknowledges_and_leaves_the_case_owed() {
    let house = House::with(OPS).await;
    let case = house.case("1", COMPLAINT).await;
    let link = house.link(&case, Act::Ack, 1);
    assert!(house.look(&link).await.text.contains("the next level still comes"));
    assert_eq!(house.click(&link, "").await.status, StatusCode::OK);
    assert_eq!(house.state(&case).await.0, "waiting");
    let again = house.click(&house.link(&case, Act::Ack, 2), "").await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    assert!(again.text.contains("ops has acknowledged it already"), "{}", again.text);
}

#[tokio::test]
async fn that_an_alert_should_not_have_woken_is_kept_once_and_changes_no_case() {
    let house = House::with(OPS).await;
    let case = house.case("1", COMPLAINT).await;
    let alert = AlertId(house.deps.ids.next(T0));
    let new = NewAlert {
        id: alert,
        key: "k".to_owned(),
        brand: "acme".to_owned(),
        case: Some(case.parse().unwrap()),
        channel: String::new(),
        recipient: "ops".to_owned(),
        reason: Reason::NewComplaint,
        title: String::new(),
        body: String::new(),
        due_at: None,
        live: String::new(),
    };
    let mut tx = house.deps.store.begin().await.unwrap();
    outbox::add(&mut tx, &[new], T0).await.unwrap();
    held::mark_wakes(&mut tx, &[(alert, "safety", T0)]).await.unwrap();
    tx.commit().await.unwrap();
    let link = house.link(&case, Act::Woken { alert }, 1);
    for _ in 0..2 {
        let page = house.look(&link).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.text.contains("somebody may be hurt"), "{}", page.text);
    }
    let vain = async || {
        let mut tx = house.deps.store.read().await.unwrap();
        live::in_vain(&mut tx, &alert.to_string()).await.unwrap()
    };
    assert!(!vain().await, "a look changes nothing");
    assert_eq!(house.click(&link, "").await.status, StatusCode::OK);
    assert!(vain().await);
    assert_eq!(house.click(&link, "").await.status, StatusCode::GONE);
    assert_eq!(house.state(&case).await.0, "waiting");

    let route = format!("/api/v1/alerts/{alert}/woken");
    assert_eq!(house.post(&route, "asc_act", "").await.status, StatusCode::OK);
    assert_eq!(house.post(&route, "asc_read", "").await.status, StatusCode::FORBIDDEN);
    let none = format!("/api/v1/alerts/{}/woken", AlertId(1));
    assert_eq!(house.post(&none, "asc_act", "").await.status, StatusCode::NOT_FOUND);
}
