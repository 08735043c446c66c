//! Log-in, sessions and forms: who gets in, for how long, and what a forged form meets.

use super::browser::Browser;
use super::house::{COMPLAINT, House};
use axum::http::{StatusCode, header};

const PASSWORD: &str = "correct horse battery";

#[tokio::test]
async fn a_page_asks_for_a_log_in_and_goes_on_where_it_was() {
    let house = House::new().await;
    house.agent("anna", PASSWORD, "it").await;
    let mut browser = Browser::new(&house);
    let sent_away = browser.get("/cases/x?a=b").await;
    assert_eq!(sent_away.status, StatusCode::SEE_OTHER);
    assert_eq!(sent_away.header("location"), "/login?to=%2Fcases%2Fx%3Fa%3Db");
    let form = browser.get(sent_away.header("location")).await;
    assert!(form.text.contains(r#"value="&#x2f;cases&#x2f;x?a=b""#), "{}", form.text);
    let entered = browser.log_in("anna", PASSWORD, "/coverage").await;
    assert_eq!(entered.header("location"), "/coverage");
    let cookie = entered.header("set-cookie");
    for part in ["ascolto=", "HttpOnly", "SameSite=Lax", "Secure", "Path=/"] {
        assert!(cookie.contains(part), "{part}: {cookie}");
    }
    let page = browser.get("/coverage").await;
    assert!(page.text.contains("<html lang=\"it\">") && page.text.contains("Copertura"));
    assert_eq!(page.header("cache-control"), "no-store");
}

#[tokio::test]
async fn the_session_id_changes_at_log_in_and_ends_at_its_hour() {
    let house = House::new().await;
    house.agent("anna", PASSWORD, "it").await;
    let mut browser = Browser::new(&house);
    browser.set_cookie("ascolto", "AAAAAAAAAAAAAAAAAAAAAA");
    browser.log_in("anna", PASSWORD, "/").await;
    let first = browser.cookie("ascolto");
    assert_ne!(first, "AAAAAAAAAAAAAAAAAAAAAA");
    browser.log_in("anna", PASSWORD, "/").await;
    assert_ne!(browser.cookie("ascolto"), first);
    let mut thief = Browser::new(&house);
    thief.set_cookie("ascolto", &first);
    assert_eq!(thief.get("/").await.status, StatusCode::SEE_OTHER, "the old id is dead");
    house.deps.clock.advance(12 * 3_600_000 - 1);
    assert_eq!(browser.get("/").await.status, StatusCode::OK);
    house.deps.clock.advance(1);
    assert_eq!(browser.get("/").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn log_out_and_removal_end_a_session() {
    let house = House::new().await;
    house.agent("anna", PASSWORD, "it").await;
    house.agent("bruno", PASSWORD, "it").await;
    let mut browser = Browser::new(&house);
    browser.log_in("anna", PASSWORD, "/").await;
    let id = browser.cookie("ascolto");
    assert_eq!(browser.submit("/logout", "").await.status, StatusCode::SEE_OTHER);
    browser.set_cookie("ascolto", &id);
    assert_eq!(browser.get("/").await.status, StatusCode::SEE_OTHER);
    browser.log_in("bruno", PASSWORD, "/").await;
    let mut tx = house.deps.store.begin().await.unwrap();
    ascolto::store::access::remove_agent(&mut tx, "bruno", house.deps.now()).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(browser.get("/").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn guessing_is_slowed_down() {
    let house = House::new().await;
    house.agent("anna", PASSWORD, "it").await;
    let mut browser = Browser::new(&house);
    for n in 0..5 {
        let name = if n % 2 == 0 { "anna" } else { "nobody" };
        let wrong = browser.log_in(name, "wrong password", "/").await;
        assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
        assert!(wrong.text.contains("Name or password is wrong."));
    }
    let slowed = browser.log_in("anna", PASSWORD, "/").await;
    assert_eq!(slowed.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(slowed.header("retry-after"), "60");
    house.deps.clock.advance(60_000);
    assert_eq!(browser.log_in("anna", PASSWORD, "/").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_form_from_elsewhere_does_nothing() {
    let house = House::new().await;
    house.agent("anna", PASSWORD, "it").await;
    let case = house.case("1", COMPLAINT).await;
    let mut browser = Browser::new(&house);
    let forged = browser.post("/login", "name=anna&password=correct+horse+battery&csrf=x").await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
    browser.log_in("anna", PASSWORD, "/").await;
    for form in ["do=take", "do=take&csrf=", "do=take&csrf=0000"] {
        let refused = browser.post(&format!("/cases/{case}"), form).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{form}");
        assert_eq!(browser.post("/logout", form).await.status, StatusCode::FORBIDDEN);
    }
    let api = format!("/api/v1/cases/{case}/take");
    assert_eq!(browser.post(&api, "").await.status, StatusCode::FORBIDDEN);
    let csrf = browser.csrf().await;
    let good = browser.send(&api, "", &[("x-csrf-token", &csrf)]).await;
    assert_eq!(good.json()["case"]["attention"]["by"], "anna");
}

#[tokio::test]
async fn the_demos_link_logs_in_once() {
    let house = House::new().await;
    let mut browser = Browser::new(&house);
    assert_eq!(browser.get("/login/once/guess").await.status, StatusCode::GONE);
    let entered = browser.get("/login/once/once-only").await;
    assert_eq!((entered.status, entered.header("location")), (StatusCode::SEE_OTHER, "/"));
    assert_eq!(browser.get("/").await.status, StatusCode::OK);
    let mut other = Browser::new(&house);
    assert_eq!(other.get("/login/once/once-only").await.status, StatusCode::GONE);
    assert_eq!(other.get("/").await.status, StatusCode::SEE_OTHER);
    assert_eq!(other.log_in("demo", "", "/").await.status, StatusCode::UNAUTHORIZED);
    assert!(!entered.headers.contains_key(header::AUTHORIZATION));
}
