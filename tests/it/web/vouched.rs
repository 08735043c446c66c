//! Links in a room whose service vouches for who presses: they act for who is logged in, in that name.

use super::browser::Browser;
use super::house::{COMPLAINT, House, T0};
use super::presses::{called, house};
use crate::doubles::desk::Service;
use ascolto::domain::AlertId;
use ascolto::domain::time::HOUR;
use ascolto::links::{Act, Button};
use ascolto::store::access;
use axum::http::StatusCode;
use serde_json::{Value, json};

/// Of anna, and of everybody else here.
const PASSWORD: &str = "correct horse battery";

/// The only case that is open.
async fn case(house: &House) -> String {
    let open = house.get("/api/v1/cases?state=open", "asc_read").await.json();
    open["cases"][0]["id"].as_str().expect("a case is open").to_owned()
}

async fn told(house: &House, case: &str) -> Value {
    house.get(&format!("/api/v1/cases/{case}"), "asc_read").await.json()
}

/// Where a link leads whoever is not logged in.
fn log_in_for(link: &str) -> String {
    format!("/login?to={}", link.replace('/', "%2F"))
}

#[tokio::test]
async fn who_took_it_by_a_button_goes_on_by_a_page_in_the_same_name() {
    let (house, desk, take) = house().await;
    let case = case(&house).await;
    let button = Button { act: Act::Waive, case: case.parse().unwrap(), expires: T0 + HOUR };
    let waive = house.deps.signer.sign_button(button, "desk");
    for (key, button) in [("k1", take), ("k2", waive)] {
        let press = json!({ "key": key, "by": "U1", "button": button });
        assert_eq!(called(&house, "desk", "word", &press).await.status, StatusCode::OK);
    }
    desk.answers.wait_for(2).await;
    let opened = desk.answer("k2")["link"].as_str().unwrap().to_owned();
    let link = opened.strip_prefix("https://ascolto.example").expect("a page of ours");

    let mut browser = Browser::new(&house);
    let asked = browser.get(link).await;
    assert_eq!(asked.status, StatusCode::SEE_OTHER);
    assert_eq!(asked.header("location"), log_in_for(link));
    let entered = browser.log_in("anna", PASSWORD, link).await;
    assert_eq!(entered.header("location"), link, "and on to where it led");
    let page = browser.get(link).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains("in the name of anna"), "{}", page.text);
    let csrf = browser.csrf().await;
    assert!(page.text.contains(&format!("name=\"csrf\" value=\"{csrf}\"")), "{}", page.text);
    for forged in ["note=spam", "note=spam&csrf=", "note=spam&csrf=0000"] {
        assert_eq!(browser.post(link, forged).await.status, StatusCode::FORBIDDEN, "{forged}");
    }
    assert_eq!(house.state(&case).await, ("taken".to_owned(), "anna".to_owned()));
    let done = browser.submit(link, "note=spam").await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.text);
    assert!(done.text.contains("No answer needed, says anna"), "{}", done.text);
    assert_eq!(house.state(&case).await.0, "waived");
    assert_eq!(browser.submit(link, "note=spam").await.status, StatusCode::GONE, "once");
}

#[tokio::test]
async fn who_is_nobody_here_is_sent_to_the_log_in_and_changes_nothing() {
    let (house, _desk, _) = house().await;
    let case = case(&house).await;
    let before = told(&house, &case).await;
    let rev = before["drafts"][0]["rev"].as_i64().unwrap();
    let acts = [
        Act::Take,
        Act::Publish { draft_rev: rev },
        Act::Edit { draft_rev: rev },
        Act::Waive,
        Act::Woken { alert: AlertId(1) },
    ];
    for (act, nonce) in acts.into_iter().zip(1..) {
        let link = house.link_of("desk", &case, act, nonce);
        let form = "note=spam&text=Ciao&csrf=";
        for reply in [house.look(&link).await, house.click(&link, form).await] {
            assert_eq!(reply.status, StatusCode::SEE_OTHER, "{act:?}: {}", reply.text);
            assert_eq!(reply.header("location"), log_in_for(&link), "{act:?}");
            assert!(!reply.text.contains("terza settimana"), "{act:?}: {}", reply.text);
        }
    }
    assert_eq!(told(&house, &case).await, before);
    let mut tx = house.deps.store.read().await.unwrap();
    for nonce in 1..=5 {
        assert!(!access::is_used(&mut tx, &[nonce; 16]).await.unwrap(), "the links stay good");
    }
}

#[tokio::test]
async fn a_link_acts_in_the_name_of_who_follows_it_until_that_person_is_removed() {
    let (house, _desk, take) = house().await;
    let case = case(&house).await;
    house.agent("bruno", PASSWORD, "en").await;
    let mut browser = Browser::new(&house);
    browser.log_in("bruno", PASSWORD, "/").await;
    let link = house.link_of("desk", &case, Act::Snooze, 1);
    assert!(browser.get(&link).await.text.contains("in the name of bruno"));
    let press = json!({ "key": "k1", "by": "U1", "button": take });
    called(&house, "desk", "word", &press).await;
    let refused = browser.submit(&link, "until=1h").await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(refused.text.contains("Taken by anna"), "{}", refused.text);
    house.post(&format!("/api/v1/cases/{case}/release"), "asc_act", "").await;

    let csrf = browser.csrf().await;
    let mut tx = house.deps.store.begin().await.unwrap();
    assert!(access::remove_agent(&mut tx, "bruno", house.deps.now()).await.unwrap());
    tx.commit().await.unwrap();
    let removed = browser.post(&link, &format!("csrf={csrf}&until=1h")).await;
    assert_eq!(removed.status, StatusCode::SEE_OTHER);
    assert_eq!(removed.header("location"), log_in_for(&link));
    assert_eq!(house.state(&case).await.0, "waiting");
}

#[tokio::test]
async fn where_one_person_alone_reads_the_room_its_links_ask_for_no_log_in() {
    let desk = Service::start().await;
    let house = House::with(&desk.recipient("desk", "agent = \"anna\"")).await;
    house.agent("anna", PASSWORD, "it").await;
    let case = house.case("1", COMPLAINT).await;
    let link = house.link_of("desk", &case, Act::Take, 1);
    assert_eq!(house.look(&link).await.status, StatusCode::OK);
    assert_eq!(house.click(&link, "").await.status, StatusCode::OK);
    assert_eq!(house.state(&case).await, ("taken".to_owned(), "anna".to_owned()));
}
