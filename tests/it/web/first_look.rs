//! The choice about a first look: on its page, over the API, once.

use super::browser::Browser;
use super::house::{House, T0};
use ascolto::domain::Instant;
use ascolto::domain::first_look::Figures;
use ascolto::domain::time::DAY;
use ascolto::store::looks::{self, LookRow};
use axum::http::StatusCode;
use serde_json::json;

const PASSWORD: &str = "correct horse battery";
const PAGE: &str = "/channels/wall/first-look";
const API: &str = "/api/v1/channels/wall/first-look";

/// A first look at the wall begins; with `asked` its figures were told.
async fn begin(house: &House, asked: bool) {
    let mut tx = house.deps.store.begin().await.unwrap();
    looks::begin(&mut tx, "wall", "acme", T0 - 30 * DAY, T0).await.unwrap();
    if asked {
        let look = looks::of_channel(&mut tx, "wall").await.unwrap().remove(0);
        let found = Figures {
            mentions: 412,
            first_at: Some(T0 - 29 * DAY),
            complaints: 63,
            unanswered: 41,
            oldest_at: Some(T0 - 23 * DAY),
        };
        looks::ask(&mut tx, &look, &found, T0, T0 + 7 * DAY).await.unwrap();
    }
    tx.commit().await.unwrap();
}

async fn row(house: &House) -> LookRow {
    let mut tx = house.deps.store.read().await.unwrap();
    looks::of_channel(&mut tx, "wall").await.unwrap().remove(0)
}

#[tokio::test]
async fn three_buttons_stand_below_the_figures_and_one_click_chooses() {
    let house = House::new().await;
    house.agent("eve", PASSWORD, "en").await;
    let mut browser = Browser::new(&house);
    browser.log_in("eve", PASSWORD, "/").await;
    assert_eq!(browser.get(PAGE).await.status, StatusCode::NOT_FOUND, "none began");
    begin(&house, true).await;
    let page = browser.get(PAGE).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    let figures =
        "In 30 days: 412 mentions, 63 complaints, 41 without an answer, the oldest 23 days.";
    assert!(page.text.contains(figures), "{}", page.text);
    for part in [r#"value="all""#, r#"value="week""#, r#"value="none""#, "/?channel=wall"] {
        assert!(page.text.contains(part), "{part}: {}", page.text);
    }
    for other in ["/", "/coverage"] {
        assert!(browser.get(other).await.text.contains(PAGE), "{other} leads there");
    }
    let forged = browser.post(PAGE, "open=all").await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
    let odd = browser.submit(PAGE, "open=some").await;
    assert_eq!(odd.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(odd.text.contains("all, week, none"), "{}", odd.text);
    assert_eq!(row(&house).await.state, "asked");
    let chosen = browser.submit(PAGE, "open=week").await;
    assert_eq!((chosen.status, chosen.header("location")), (StatusCode::SEE_OTHER, PAGE));
    let look = row(&house).await;
    assert_eq!((look.state.as_str(), look.chosen_by.as_str()), ("week", "eve"));
    let page = browser.get(PAGE).await;
    assert!(page.text.contains("eve chose on") && !page.text.contains(r#"value="all""#));
    assert!(!browser.get("/").await.text.contains(PAGE), "nothing waits any more");
    let again = browser.submit(PAGE, "open=none").await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    assert!(again.text.contains("eve chose for wall already: week"), "{}", again.text);
}

/// First looks at six channels, each named like the state that it is in.
async fn in_every_state(house: &House) -> [&'static str; 6] {
    let states = ["reading", "empty", "asked", "all", "week", "none"];
    let mut tx = house.deps.store.begin().await.unwrap();
    for state in states {
        looks::begin(&mut tx, state, "acme", T0 - 30 * DAY, T0).await.unwrap();
        let look = looks::of_channel(&mut tx, state).await.unwrap().remove(0);
        let found = Figures { mentions: 2, ..Figures::default() };
        match state {
            "reading" => {}
            "empty" => looks::empty(&mut tx, &look).await.unwrap(),
            _ => looks::ask(&mut tx, &look, &found, T0, T0 + DAY).await.unwrap(),
        }
        if let Ok(opening) = state.parse() {
            assert!(looks::choose(&mut tx, state, opening, "eve", T0).await.unwrap());
        }
        assert_eq!(looks::of_channel(&mut tx, state).await.unwrap()[0].state, state);
    }
    tx.commit().await.unwrap();
    states
}

#[tokio::test]
async fn the_page_speaks_both_languages_in_every_state() {
    let house = House::new().await;
    let states = in_every_state(&house).await;
    let mut browser = Browser::new(&house);
    for (name, language, words) in
        [("ida", "it", "Primo sguardo a"), ("eve", "en", "First look at")]
    {
        house.agent(name, PASSWORD, language).await;
        browser.log_in(name, PASSWORD, "/").await;
        for state in states {
            let page = browser.get(&format!("/channels/{state}/first-look")).await;
            assert_eq!(page.status, StatusCode::OK, "{state}: {}", page.text);
            assert!(page.text.contains(&format!("{words} {state}")), "{state} in {language}");
            for raw in ["screen.", "alert.", "{name}", "{days}", "{time}"] {
                assert!(!page.text.contains(raw), "{raw} in {state}: {}", page.text);
            }
        }
    }
}

#[tokio::test]
async fn programs_choose_with_the_scope_to_act() {
    let house = House::new().await;
    let all = r#"{"open":"all"}"#;
    assert_eq!(house.post(API, "asc_read", all).await.status, StatusCode::FORBIDDEN);
    let none = house.post(API, "asc_act", all).await;
    assert_eq!(none.status, StatusCode::CONFLICT, "{}", none.text);
    assert!(none.text.contains("wall has had no first look"), "{}", none.text);
    let nowhere = house.post("/api/v1/channels/well/first-look", "asc_act", all).await;
    assert_eq!(nowhere.status, StatusCode::NOT_FOUND);
    begin(&house, false).await;
    let early = house.post(API, "asc_act", all).await;
    assert_eq!(early.status, StatusCode::CONFLICT);
    assert!(early.text.contains("still being read"), "{}", early.text);
    let look = row(&house).await;
    let mut tx = house.deps.store.begin().await.unwrap();
    let found = Figures { mentions: 3, ..Figures::default() };
    looks::ask(&mut tx, &look, &found, T0, Instant(T0.0 + DAY)).await.unwrap();
    tx.commit().await.unwrap();
    for wrong in ["", "{}", r#"{"open":"some"}"#, r#"{"open":"all","more":1}"#] {
        let refused = house.post(API, "asc_act", wrong).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
        assert!(refused.text.contains("none"), "{}", refused.text);
    }
    let chosen = house.post(API, "asc_act", all).await;
    assert_eq!(chosen.status, StatusCode::OK, "{}", chosen.text);
    assert_eq!(chosen.json()["first_look"]["state"], "all");
    assert_eq!(chosen.json()["first_look"]["chosen_by"], "anna");
    let channels = house.get("/api/v1/channels", "asc_read").await.json();
    let wall = channels["channels"].as_array().unwrap().iter().find(|c| c["name"] == "wall");
    assert_eq!(wall.unwrap()["first_looks"][0]["mentions"], json!(3));
    let ledger = house.get("/api/v1/ledger", "asc_read").await.json();
    assert_eq!(ledger["balanced"], true, "the choice stands in the log");
}
